import assert from "node:assert/strict";
import { chooseCredentials, type CredentialChoice, type CredentialSettings } from "../../src/auth/credentials.ts";

const KEY = { accessKey: "TESTAK", secretKey: "visible-fake-sk" };
const TEMPORARY = { ...KEY, securityToken: "visible-fake-token" };
const USER = { domainName: "account", userName: "user", userPassword: "visible-fake-password" };
const TOKEN = { authToken: "visible-fake-token" };
const FILE = { credentialsFile: "/home/someone/credentials" };
const ECS = { isEcsMetadataUsed: true };

const ROWS: [string, Partial<CredentialSettings>, Partial<CredentialChoice>][] = [
  ["nothing is set", {}, {}],
  ["only the account's name is set", { domainName: "account" }, {}],
  ["a key is set", KEY, { source: { kind: "access_key", key: { ...KEY, securityToken: undefined } } }],
  ["a temporary key is set", TEMPORARY, { source: { kind: "access_key", key: TEMPORARY } }],
  ["a user is set", USER, { source: { kind: "iam_user", user: USER } }],
  ["a token is set", TOKEN, { source: { kind: "token", token: TOKEN.authToken } }],
  ["a profile file is set", FILE, { source: { kind: "profile", path: FILE.credentialsFile } }],
  ["ECS metadata is on", ECS, { source: { kind: "ecs_metadata" } }],
  ["everything is set", { ...TEMPORARY, ...USER, ...TOKEN, ...FILE, ...ECS }, {
    source: { kind: "access_key", key: TEMPORARY },
    ignored: [
      "HW_DOMAIN_NAME",
      "HW_USER_NAME",
      "HW_USER_PASSWORD",
      "HW_AUTH_TOKEN",
      "HUAWEICLOUD_SDK_CREDENTIALS_FILE",
      "DBSS_MCP_ECS_METADATA",
    ],
  }],
  ["a user comes before a token", { ...USER, ...TOKEN }, {
    source: { kind: "iam_user", user: USER },
    ignored: ["HW_AUTH_TOKEN"],
  }],
  ["a token comes before a profile file", { ...TOKEN, ...FILE }, {
    source: { kind: "token", token: TOKEN.authToken },
    ignored: ["HUAWEICLOUD_SDK_CREDENTIALS_FILE"],
  }],
  ["a profile file comes before ECS metadata", { ...FILE, ...ECS }, {
    source: { kind: "profile", path: FILE.credentialsFile },
    ignored: ["DBSS_MCP_ECS_METADATA"],
  }],
  ["a key comes with the account's name", { ...KEY, domainName: "account" }, {
    source: { kind: "access_key", key: { ...KEY, securityToken: undefined } },
  }],
  ["a half set user comes after a key", { ...KEY, userName: "user" }, {
    source: { kind: "access_key", key: { ...KEY, securityToken: undefined } },
    ignored: ["HW_USER_NAME"],
  }],
  ["the secret key is lacking", { accessKey: "TESTAK", ...TOKEN }, {
    half: { set: ["HW_ACCESS_KEY"], lacking: ["HW_SECRET_KEY"] },
  }],
  ["the access key is lacking", { secretKey: "visible-fake-sk" }, {
    half: { set: ["HW_SECRET_KEY"], lacking: ["HW_ACCESS_KEY"] },
  }],
  ["a security token has no key", { securityToken: "visible-fake-token" }, {
    half: { set: ["HW_SECURITY_TOKEN"], lacking: ["HW_ACCESS_KEY", "HW_SECRET_KEY"] },
  }],
  ["the password is lacking", { domainName: "account", userName: "user", ...FILE }, {
    half: { set: ["HW_DOMAIN_NAME", "HW_USER_NAME"], lacking: ["HW_USER_PASSWORD"] },
  }],
  ["only the password is set", { userPassword: "visible-fake-password" }, {
    half: { set: ["HW_USER_PASSWORD"], lacking: ["HW_DOMAIN_NAME", "HW_USER_NAME"] },
  }],
];
for (const [title, settings, wanted] of ROWS) {
  Deno.test(`chooseCredentials() chooses in the documented order when ${title}`, () => {
    const choice = chooseCredentials({ isEcsMetadataUsed: false, ...settings });
    assert.deepEqual(choice, { ignored: [], ...wanted });
  });
}
