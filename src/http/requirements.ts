/**
 * What has to be true of the HTTP settings together, before anything listens.
 *
 * Called by `main.ts`, which ends with the faults when there are any. It never lets a server that others
 * can reach start without authentication.
 */
import { isLoopback } from "./names.ts";

export interface HttpSettings {
  httpHost: string;
  httpTokens?: readonly unknown[];
  httpPublicOrigin?: string;
  httpDeadlineMs: number;
  timeoutMs: number;
  oauthIssuer?: string;
  oauthAudience?: string;
  oauthJwksUrl?: string;
}

/** Every fault, as a sentence; none when the server may start. */
export function httpFaults(settings: HttpSettings): string[] {
  const { httpHost, httpTokens, httpPublicOrigin, httpDeadlineMs, timeoutMs, oauthIssuer } = settings;
  const faults: string[] = [];
  if (!isLoopback(httpHost) && httpTokens === undefined && oauthIssuer === undefined) {
    faults.push(
      `DBSS_MCP_HTTP_HOST is "${httpHost}", which others may reach, wanted DBSS_MCP_HTTP_TOKENS or ` +
        "DBSS_MCP_OAUTH_ISSUER beside it, or a loopback address",
    );
  }
  if (oauthIssuer !== undefined && httpPublicOrigin === undefined) {
    faults.push(
      "DBSS_MCP_HTTP_PUBLIC_ORIGIN is missing, wanted beside DBSS_MCP_OAUTH_ISSUER: tokens are for one server",
    );
  }
  for (const [name, value] of [["AUDIENCE", settings.oauthAudience], ["JWKS_URL", settings.oauthJwksUrl]]) {
    if (value !== undefined && oauthIssuer === undefined) {
      faults.push(`DBSS_MCP_OAUTH_${name} has no effect by itself, wanted DBSS_MCP_OAUTH_ISSUER beside it`);
    }
  }
  if (httpDeadlineMs <= timeoutMs) {
    faults.push(
      `DBSS_MCP_HTTP_DEADLINE_MS is ${httpDeadlineMs}, wanted more than DBSS_MCP_TIMEOUT_MS, which is ${timeoutMs}`,
    );
  }
  return faults;
}
