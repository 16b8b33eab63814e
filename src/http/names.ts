/**
 * Which names this server answers to, and which web pages may call it.
 *
 * The first check of a request to `/mcp`, before its caller is known: a page that resolved its own name to
 * this host (DNS rebinding) still sends that name. It never trusts a forwarded header.
 */
import type { MiddlewareHandler } from "hono";
import { tidy } from "../redaction.ts";
import { type HttpEnv, refuse } from "./exchange.ts";

export const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"] as const;

/** Of a host name as URL has it: IPv6 in brackets, no port. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK_NAMES.some((name) => name === hostname);
}

export interface Names {
  /** Host names without ports; IPv6 addresses in brackets. */
  hosts: readonly string[];
  /** Whole origins, beside those of pages on loopback names. */
  origins: readonly string[];
}

/** Answers 403 to a Host or an Origin that is not allowed; ports do not count for the Host. */
export function checkNames({ hosts, origins }: Names): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    // Most send the very name, with a port or without: only what is written otherwise is worth parsing.
    if (!hosts.includes(host.replace(/:\d{1,5}$/, "")) && !hosts.includes(hostname(`http://${host}`))) {
      return refuse(403, `Cannot answer to the host "${tidy(host, 80)}", wanted one of DBSS_MCP_HTTP_ALLOWED_HOSTS`);
    }
    const origin = c.req.header("origin");
    if (origin !== undefined && !origins.includes(origin) && !isLoopback(hostname(origin))) {
      return refuse(
        403,
        `Cannot answer to a page of "${tidy(origin, 80)}", wanted one of DBSS_MCP_HTTP_ALLOWED_ORIGINS`,
      );
    }
    return await next();
  };
}

/** The host name of a bare http(s) origin; empty when it is anything more or else. */
function hostname(origin: string): string {
  return /^https?:\/\/[^/?#\\@\s]+$/.test(origin) && URL.canParse(origin) ? new URL(origin).hostname : "";
}

export const SECURE_URL_FORM = "an https URL (plain http only for localhost, 127.0.0.1 or [::1])";

/** Whether keys and metadata may be fetched from there. */
export function isSecureUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  return (protocol === "https:" || (protocol === "http:" && isLoopback(hostname))) &&
    username + password + hash === "";
}
