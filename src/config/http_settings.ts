/**
 * The settings of the `http` command.
 *
 * Listed with all others by `settings.ts`. A setting is judged by itself here; what has to be true of
 * several together stands in `http/requirements.ts`. It never reads the environment itself.
 */
import type { NamedToken } from "../http/authentication.ts";
import { isSecureUrl, SECURE_URL_FORM } from "../http/names.ts";
import { ENDPOINT_FORM, readEndpoint } from "../huaweicloud/endpoint.ts";
import { preset, setting, wholeNumber } from "./setting.ts";

/** A bare host name or address; IPv6 in brackets, as a URL has it. Undefined when it is none. */
function readHost(text: string): string | undefined {
  const host = text.includes(":") && !text.startsWith("[") ? `[${text}]` : text;
  if (!/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253})$/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`).hostname;
}

/** Parts between commas, each of which has to be valid. */
const listOf = <Value>(read: (text: string) => Value | undefined) => (text: string): readonly Value[] | undefined => {
  const values = text.split(",").map((part) => read(part.trim()));
  return values.every((value) => value !== undefined) ? values as Value[] : undefined;
};

function readTokens(text: string): readonly NamedToken[] | undefined {
  const tokens = listOf((part) => {
    const match = /^([A-Za-z0-9._-]{1,64}):([\x21-\x2b\x2d-\x7e]{32,4096})$/.exec(part);
    return match ? { name: match[1]!, token: match[2]! } : undefined;
  })(text);
  // A token with two names would leave the audit to guess who called.
  const areDistinct = (["name", "token"] as const)
    .every((part) => new Set(tokens?.map((entry) => entry[part])).size === tokens?.length);
  return areDistinct ? tokens : undefined;
}

export const HTTP_SETTINGS = {
  httpHost: preset({
    env: "DBSS_MCP_HTTP_HOST",
    flag: "http-host",
    about: "Address that the http command listens on; any but loopback needs authentication",
    wanted: "a host name or an IP address",
    read: readHost,
    default: "127.0.0.1",
  }),
  httpPort: preset({
    env: "DBSS_MCP_HTTP_PORT",
    flag: "http-port",
    about: "Port that the http command listens on; 0 lets the system choose",
    wanted: "a whole number from 0 to 65535",
    read: wholeNumber(0, 65_535),
    default: 8080,
  }),
  httpTokens: setting({
    env: "DBSS_MCP_HTTP_TOKENS",
    isSecret: true,
    about: "Bearer tokens with their owners' names, as name:token,name:token",
    wanted:
      "name:token pairs with distinct names and tokens, each token at least 32 visible ASCII characters without commas",
    read: readTokens,
  }),
  httpPublicOrigin: setting({
    env: "DBSS_MCP_HTTP_PUBLIC_ORIGIN",
    flag: "http-public-origin",
    about: "Origin under which callers reach the server; its host is answered to",
    wanted: ENDPOINT_FORM,
    read: readEndpoint,
  }),
  httpAllowedHosts: setting({
    env: "DBSS_MCP_HTTP_ALLOWED_HOSTS",
    flag: "http-allowed-hosts",
    about: "Host names to answer to, beside loopback's, the address's and the public origin's",
    wanted: "host names or IP addresses without ports, separated by commas",
    read: listOf(readHost),
  }),
  httpAllowedOrigins: setting({
    env: "DBSS_MCP_HTTP_ALLOWED_ORIGINS",
    flag: "http-allowed-origins",
    about: "Origins of web pages that may call (CORS), beside those on loopback",
    wanted: `origins separated by commas, each ${ENDPOINT_FORM}`,
    read: listOf(readEndpoint),
  }),
  httpMaxCalls: preset({
    env: "DBSS_MCP_HTTP_MAX_CALLS",
    flag: "http-max-calls",
    about: "Calls that may run at once; more are answered 503",
    wanted: "a whole number from 1 to 10000",
    read: wholeNumber(1, 10_000),
    default: 32,
  }),
  httpRatePerMinute: preset({
    env: "DBSS_MCP_HTTP_RATE_PER_MINUTE",
    flag: "http-rate-per-minute",
    about: "Requests a minute for each caller, by name or else by address; more are answered 429",
    wanted: "a whole number from 1 to 9999999",
    read: wholeNumber(1, 9_999_999),
    default: 300,
  }),
  httpDeadlineMs: preset({
    env: "DBSS_MCP_HTTP_DEADLINE_MS",
    flag: "http-deadline-ms",
    about: "Time for one HTTP request, its body included; longer than the whole call's",
    wanted: "a whole number of milliseconds from 100 to 900000",
    read: wholeNumber(100, 900_000),
    default: 60_000,
  }),
  oauthIssuer: setting({
    env: "DBSS_MCP_OAUTH_ISSUER",
    flag: "oauth-issuer",
    about: "Issuer of the OAuth access tokens to accept",
    wanted: SECURE_URL_FORM,
    read: (text) => isSecureUrl(text) ? text : undefined,
  }),
  oauthAudience: setting({
    env: "DBSS_MCP_OAUTH_AUDIENCE",
    flag: "oauth-audience",
    about: "What the tokens' aud has to name; default: the public origin with /mcp",
    wanted: "1 to 1000 visible ASCII characters",
    read: (text) => /^[\x21-\x7e]{1,1000}$/.test(text) ? text : undefined,
  }),
  oauthJwksUrl: setting({
    env: "DBSS_MCP_OAUTH_JWKS_URL",
    flag: "oauth-jwks-url",
    about: "Where the issuer's keys are; default: found through its metadata",
    wanted: SECURE_URL_FORM,
    read: (text) => isSecureUrl(text) ? text : undefined,
  }),
};
