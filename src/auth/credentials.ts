/**
 * Which credentials a configuration asks for: the order of the sources, and what is half set.
 *
 * Called by `resolve.ts`, before anything runs; what it finds decides which authenticator `identity.ts` makes
 * and what `doctor` says. A pure function of the settings: it reads no file and never tries whether a
 * credential is good.
 */
import type { IamUser } from "./password.ts";
import type { AccessKey } from "./signature.ts";

export type CredentialSource =
  | { kind: "access_key"; key: AccessKey }
  | { kind: "iam_user"; user: IamUser }
  | { kind: "token"; token: string }
  | { kind: "profile"; path: string }
  | { kind: "ecs_metadata" };

/** The settings that decide, as far as they are set. */
export interface CredentialSettings {
  accessKey?: string;
  secretKey?: string;
  securityToken?: string;
  domainName?: string;
  userName?: string;
  userPassword?: string;
  authToken?: string;
  credentialsFile?: string;
  isEcsMetadataUsed: boolean;
}

export interface CredentialChoice {
  /** Undefined when no source is complete. */
  source?: CredentialSource;
  /** The variables of complete or half set sources that come after the chosen one. */
  ignored: string[];
  /** A half set source that comes before any complete one: its variables that are set, and those that are not. */
  half?: { set: string[]; lacking: string[] };
}

/** The first source in the documented order wins: access key, IAM user, token, profile file, ECS metadata. */
export function chooseCredentials(settings: CredentialSettings): CredentialChoice {
  const [first, ...rest] = candidates(settings).filter(({ isWanted }) => isWanted);
  if (first === undefined) return { ignored: [] };
  if (first.source === undefined) {
    return { ignored: [], half: { set: namesOf(first.variables, true), lacking: namesOf(first.variables, false) } };
  }
  return { source: first.source, ignored: rest.flatMap(({ variables }) => namesOf(variables, true)) };
}

interface Candidate {
  /** Its variables by name; undefined where one is not set. */
  variables: Record<string, string | undefined>;
  /** Whether what is set can only be meant for this source. */
  isWanted: boolean;
  /** Undefined while a variable is lacking. */
  source?: CredentialSource;
}

function candidates(settings: CredentialSettings): Candidate[] {
  const { accessKey, secretKey, securityToken, domainName, userName, userPassword, authToken, credentialsFile } =
    settings;
  return [
    {
      variables: {
        HW_ACCESS_KEY: accessKey,
        HW_SECRET_KEY: secretKey,
        ...(securityToken === undefined ? {} : { HW_SECURITY_TOKEN: securityToken }),
      },
      isWanted: (accessKey ?? secretKey ?? securityToken) !== undefined,
      source: accessKey && secretKey ? { kind: "access_key", key: { accessKey, secretKey, securityToken } } : undefined,
    },
    {
      variables: { HW_DOMAIN_NAME: domainName, HW_USER_NAME: userName, HW_USER_PASSWORD: userPassword },
      isWanted: (userName ?? userPassword) !== undefined,
      source: domainName && userName && userPassword
        ? { kind: "iam_user", user: { domainName, userName, userPassword } }
        : undefined,
    },
    {
      variables: { HW_AUTH_TOKEN: authToken },
      isWanted: authToken !== undefined,
      source: authToken ? { kind: "token", token: authToken } : undefined,
    },
    {
      variables: { HUAWEICLOUD_SDK_CREDENTIALS_FILE: credentialsFile },
      isWanted: credentialsFile !== undefined,
      source: credentialsFile ? { kind: "profile", path: credentialsFile } : undefined,
    },
    {
      variables: { DBSS_MCP_ECS_METADATA: "true" },
      isWanted: settings.isEcsMetadataUsed,
      source: { kind: "ecs_metadata" },
    },
  ];
}

function namesOf(variables: Candidate["variables"], areSet: boolean): string[] {
  return Object.keys(variables).filter((name) => (variables[name] !== undefined) === areSet);
}
