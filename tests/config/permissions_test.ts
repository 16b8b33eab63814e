import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/config.ts";
import { permissionFlags } from "../../src/config/permissions.ts";

const KEY = { HW_ACCESS_KEY: "TESTACCESSKEY", HW_SECRET_KEY: "visible-fake-sk" };
const USER = { HW_DOMAIN_NAME: "account", HW_USER_NAME: "user", HW_USER_PASSWORD: "visible-fake-password" };
const PROJECT = { HW_PROJECT_ID: "p".repeat(32) };
const PROFILE = "[basic]\nak = TESTACCESSKEY\nsk = visible-fake-sk\n";
const [DBSS, VPC, IAM] = ["dbss", "vpc", "iam"].map((service) => `${service}.cn-north-4.myhuaweicloud.com:443`);

function flags(variables: Record<string, string>, args: string[] = [], command: "stdio" | "http" = "stdio"): string[] {
  const env: Record<string, string> = { HW_REGION_NAME: "cn-north-4", ...variables };
  const parsed = parseConfig(args, (name) => env[name], () => PROFILE);
  assert.ok(parsed.kind === "config", JSON.stringify(parsed));
  return permissionFlags(parsed.config, command);
}

const ROWS: [string, string[], string[]][] = [
  ["a key and its project need no IAM", flags({ ...KEY, ...PROJECT }), [
    "--allow-env=HW_REGION_NAME,HW_PROJECT_ID,HW_ACCESS_KEY,HW_SECRET_KEY,DBSS_MCP_*",
    `--allow-net=${DBSS},${VPC}`,
  ]],
  ["a key without a project needs IAM", flags(KEY), [
    "--allow-env=HW_REGION_NAME,HW_ACCESS_KEY,HW_SECRET_KEY,DBSS_MCP_*",
    `--allow-net=${DBSS},${VPC},${IAM}`,
  ]],
  ["a user needs IAM in any case", flags({ ...USER, ...PROJECT }), [
    "--allow-env=HW_REGION_NAME,HW_PROJECT_ID,HW_DOMAIN_NAME,HW_USER_NAME,HW_USER_PASSWORD,DBSS_MCP_*",
    `--allow-net=${DBSS},${VPC},${IAM}`,
  ]],
  ["what comes as a flag needs no variable", flags(KEY, [`--project-id=${"p".repeat(32)}`]), [
    "--allow-env=HW_REGION_NAME,HW_ACCESS_KEY,HW_SECRET_KEY,DBSS_MCP_*",
    `--allow-net=${DBSS},${VPC}`,
  ]],
  ["a fallback is named as it was found", flags({ HUAWEICLOUD_SDK_AK: "A", HUAWEICLOUD_SDK_SK: "b", ...PROJECT }), [
    "--allow-env=HW_REGION_NAME,HW_PROJECT_ID,HUAWEICLOUD_SDK_AK,HUAWEICLOUD_SDK_SK,DBSS_MCP_*",
    `--allow-net=${DBSS},${VPC}`,
  ]],
  ["ECS metadata needs its address", flags({ DBSS_MCP_ECS_METADATA: "true", ...PROJECT }), [
    "--allow-env=HW_REGION_NAME,HW_PROJECT_ID,DBSS_MCP_*",
    `--allow-net=${DBSS},${VPC},169.254.169.254:80`,
  ]],
  ["a profile file has to be read", flags({ HUAWEICLOUD_SDK_CREDENTIALS_FILE: "/x/credentials", ...PROJECT }), [
    "--allow-env=HW_REGION_NAME,HW_PROJECT_ID,HUAWEICLOUD_SDK_CREDENTIALS_FILE,DBSS_MCP_*",
    `--allow-net=${DBSS},${VPC}`,
    "--allow-read=/x/credentials",
  ]],
  ["the profile file in the home directory has to be found", flags({ HOME: "/home/someone", ...PROJECT }), [
    "--allow-env=HW_REGION_NAME,HW_PROJECT_ID,HOME,DBSS_MCP_*",
    `--allow-net=${DBSS},${VPC}`,
    "--allow-read=/home/someone/.huaweicloud/credentials",
  ]],
  ["an audit file has to be written", flags({ ...KEY, ...PROJECT, DBSS_MCP_AUDIT_FILE: "audit.jsonl" }), [
    "--allow-env=HW_REGION_NAME,HW_PROJECT_ID,HW_ACCESS_KEY,HW_SECRET_KEY,DBSS_MCP_*",
    `--allow-net=${DBSS},${VPC}`,
    "--allow-write=audit.jsonl",
  ]],
  [
    "endpoints keep their ports, and a host is named once",
    flags({ ...KEY, DBSS_MCP_DBSS_ENDPOINT: "http://127.0.0.1:8080", DBSS_MCP_VPC_ENDPOINT: "http://127.0.0.1:8080" }, [
      "--iam-endpoint=http://[::1]",
    ]),
    [
      "--allow-env=HW_REGION_NAME,HW_ACCESS_KEY,HW_SECRET_KEY,DBSS_MCP_*",
      "--allow-net=127.0.0.1:8080,[::1]:80",
    ],
  ],
  ["http needs the address that it listens on", flags(PROJECT, ["--ecs-metadata=true"], "http"), [
    "--allow-env=HW_REGION_NAME,HW_PROJECT_ID,DBSS_MCP_*",
    `--allow-net=${DBSS},${VPC},169.254.169.254:80,127.0.0.1:8080`,
  ]],
  [
    "http needs the issuer of its tokens",
    flags({ ...KEY, ...PROJECT, DBSS_MCP_OAUTH_ISSUER: "https://login.example/realm" }, [], "http"),
    [
      "--allow-env=HW_REGION_NAME,HW_PROJECT_ID,HW_ACCESS_KEY,HW_SECRET_KEY,DBSS_MCP_*",
      `--allow-net=${DBSS},${VPC},127.0.0.1:8080,login.example:443`,
    ],
  ],
  [
    "http needs the issuer's keys where they are named",
    flags({ ...KEY, ...PROJECT }, [
      "--oauth-issuer=https://login.example",
      "--oauth-jwks-url=https://keys.example:8443/jwks",
      "--http-host=::1",
      "--http-port=9000",
    ], "http"),
    [
      "--allow-env=HW_REGION_NAME,HW_PROJECT_ID,HW_ACCESS_KEY,HW_SECRET_KEY,DBSS_MCP_*",
      `--allow-net=${DBSS},${VPC},[::1]:9000,keys.example:8443`,
    ],
  ],
  ["the simulated cloud needs no network", flags({}, ["--simulate"]), ["--allow-env=HW_REGION_NAME"]],
];
for (const [title, got, wanted] of ROWS) {
  Deno.test(`permissionFlags() names what is needed: ${title}`, () => assert.deepEqual(got, wanted));
}
