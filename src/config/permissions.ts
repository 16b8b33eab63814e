/**
 * The Deno permissions that a configuration needs, and no more.
 *
 * Printed by `doctor` and held against README and `mcp.config.json` by tests. A pure function: it does not
 * look at the permissions that this process has.
 */
import { METADATA_ORIGIN } from "../auth/ecs_metadata.ts";
import type { Config } from "./config.ts";

/** Flags for `deno run`, such as `--allow-net=dbss.cn-north-4.myhuaweicloud.com:443`. */
export function permissionFlags(config: Config, command: "stdio" | "http"): string[] {
  const { credentials, auditFile } = config;
  const hosts = [...cloudOrigins(config).map(hostAndPort), ...(command === "http" ? httpHosts(config) : [])];
  return [
    flag("env", variables(config)),
    flag("net", hosts),
    flag("read", credentials?.kind === "profile" ? [credentials.path] : []),
    flag("write", auditFile === undefined ? [] : [auditFile]),
  ].flat();
}

/** All of the server's own, also those that are not set: they may restrict changes one day. */
function variables({ variables, isSimulated }: Config): string[] {
  const others = variables.filter((name) => !name.startsWith("DBSS_MCP_"));
  return isSimulated ? [...variables] : [...others, "DBSS_MCP_*"];
}

/** Where it listens, and who issues the tokens; an issuer may keep its keys on another host, which it alone knows. */
function httpHosts({ httpHost, httpPort, oauthIssuer, oauthJwksUrl }: Config): string[] {
  const issuer = oauthJwksUrl ?? oauthIssuer;
  return [`${httpHost}:${httpPort}`, ...(issuer === undefined ? [] : [hostAndPort(issuer)])];
}

function flag(name: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [`--allow-${name}=${[...new Set(values)].join(",")}`];
}

/** IAM is asked only for a token, or for a project that is not configured. */
function cloudOrigins({ isSimulated, origins, credentials, projectId }: Config): string[] {
  if (isSimulated) return [];
  const needsIam = credentials?.kind === "iam_user" || projectId === undefined;
  return [
    origins.dbss,
    origins.vpc,
    needsIam ? origins.iam : undefined,
    credentials?.kind === "ecs_metadata" ? METADATA_ORIGIN : undefined,
  ].filter((origin) => origin !== undefined);
}

function hostAndPort(origin: string): string {
  const { protocol, hostname, port } = new URL(origin);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}
