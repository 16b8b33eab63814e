/**
 * The settings that say who this server is to Huawei Cloud.
 *
 * Listed with all others by `settings.ts`. A setting is judged by itself here; which of several is used stands
 * in `auth/credentials.ts`. It never reads the environment itself.
 */
import { matching, preset, setting, truth } from "./setting.ts";

/** Header values: visible ASCII, no spaces. */
const secretText = matching(/^[\x21-\x7e]{1,16384}$/);
const SECRET_FORM = "visible ASCII characters without spaces";

const name = matching(/^[^\p{Cc}]{1,64}$/u);
const NAME_FORM = "1 to 64 characters, none of them a control character";

export const CREDENTIAL_SETTINGS = {
  accessKey: setting({
    env: "HW_ACCESS_KEY",
    fallbackEnv: "HUAWEICLOUD_SDK_AK",
    isSecret: true,
    about: "Access key id (AK); with HW_SECRET_KEY the recommended credential",
    wanted: SECRET_FORM,
    read: secretText,
  }),
  secretKey: setting({
    env: "HW_SECRET_KEY",
    fallbackEnv: "HUAWEICLOUD_SDK_SK",
    isSecret: true,
    about: "Secret access key (SK); signs requests and is never sent",
    wanted: SECRET_FORM,
    read: secretText,
  }),
  securityToken: setting({
    env: "HW_SECURITY_TOKEN",
    fallbackEnv: "HUAWEICLOUD_SDK_SECURITY_TOKEN",
    isSecret: true,
    about: "Security token of a temporary access key",
    wanted: SECRET_FORM,
    read: secretText,
  }),
  domainName: setting({
    env: "HW_DOMAIN_NAME",
    flag: "domain-name",
    about: "Account name of the IAM user",
    wanted: NAME_FORM,
    read: name,
  }),
  userName: setting({
    env: "HW_USER_NAME",
    flag: "user-name",
    about: "Name of the IAM user",
    wanted: NAME_FORM,
    read: name,
  }),
  userPassword: setting({
    env: "HW_USER_PASSWORD",
    isSecret: true,
    about: "Password of the IAM user, exchanged for a token that is kept and renewed",
    wanted: "1 to 128 characters",
    read: matching(/^.{1,128}$/su),
  }),
  authToken: setting({
    env: "HW_AUTH_TOKEN",
    isSecret: true,
    about: "IAM user token, sent as X-Auth-Token",
    wanted: "a token of visible ASCII characters without spaces",
    read: secretText,
  }),
  credentialsFile: setting({
    env: "HUAWEICLOUD_SDK_CREDENTIALS_FILE",
    flag: "credentials-file",
    about: "Profile file of Huawei Cloud's SDK; when nothing else is set, ~/.huaweicloud/credentials if it is there",
    wanted: "the path of a file",
    read: (text) => text,
  }),
  isEcsMetadataUsed: preset({
    env: "DBSS_MCP_ECS_METADATA",
    flag: "ecs-metadata",
    about: "true gets temporary keys from the metadata service, on an ECS instance with an agency",
    wanted: "true or false",
    read: truth,
    default: false,
  }),
};
