/**
 * Inbound HTTP: the steps that a request passes, in their order, and what is served at all.
 *
 * A function from Request to Response, put on a socket by `serve.ts`. It decides nothing itself: every step
 * is a file beside this one. It never serves anything but `/mcp`, health and the OAuth metadata.
 */
import { Hono } from "hono";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import type { MiddlewareHandler } from "hono";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { authenticate, type Challenge, refuseToken, TokenError, type TokenJudge } from "./authentication.ts";
import { type Caller, type HttpEnv, refuse } from "./exchange.ts";
import { limitRate } from "./limits.ts";
import { mcpEndpoint, type McpOptions } from "./mcp.ts";
import { checkNames, type Names } from "./names.ts";
import { SCOPES } from "./oauth.ts";

export const MCP_PATH = "/mcp";
export const METADATA_PATH = "/.well-known/oauth-protected-resource";

export interface AppOptions extends Omit<McpOptions, "forbid"> {
  names: Names;
  /** Who can judge a token; empty when everybody may call, which only a server on loopback may do. */
  judges: readonly TokenJudge[];
  /** Where tokens come from, when they come from somebody else. */
  oauth?: { issuer: string; publicOrigin: string };
  ratePerMinute: number;
  /** Whether a tool of this name changes anything. */
  isWrite(tool: unknown): boolean;
  /** Puts into the audit that a change was refused, since its caller's token does not allow any. */
  recordRefusal(principal: string, tool: string): void;
  /** What is missing before calls can succeed; undefined when nothing is. */
  missing?: string;
  log: Log;
  clock: Clock;
}

export interface App {
  fetch(request: Request, from: { address: string }): Response | Promise<Response>;
  /** Resolves when no call is running, also not one whose caller has gone. */
  settled(): Promise<void>;
}

/** Makes the app; it holds nothing that a second replica would need. */
export function createApp(options: AppOptions): App {
  const { judges, oauth, names, log, clock } = options;
  const challenge: Challenge = oauth
    ? { resourceMetadata: `${oauth.publicOrigin}${METADATA_PATH}${MCP_PATH}`, scope: Object.values(SCOPES).join(" ") }
    : {};
  const { handle, settled } = mcpEndpoint({
    ...options,
    forbid({ method, params }, { principal, canWrite }) {
      const tool = (params as { name?: unknown } | undefined)?.name;
      if (method !== "tools/call" || canWrite || !options.isWrite(tool)) return undefined;
      options.recordRefusal(principal, String(tool));
      return refuseToken(new TokenError("insufficient_scope", `The token lacks the scope ${SCOPES.write}`), challenge);
    },
  });
  const app = new Hono<HttpEnv>();

  // Around everything, so that refusals have an id, a line in the log and safe headers, too. Strict transport
  // security is for whoever terminates TLS to promise.
  app.use(
    requestId({ limitLength: 64 }),
    accessLog(log, clock),
    secureHeaders({ strictTransportSecurity: false }),
    finish,
  );

  // Probes come by address, with whatever Host, and hold no token: they learn nothing but yes or no.
  app.get("/healthz", (c) => c.text("ok\n"));
  app.get("/readyz", (c) => options.missing === undefined ? c.text("ok\n") : c.text("not configured\n", 503));

  const crossOrigin = names.origins.length > 0 ? corsFor(names.origins) : undefined;
  if (oauth) {
    if (crossOrigin) app.use(`${METADATA_PATH}/*`, crossOrigin);
    const metadata = {
      resource: `${oauth.publicOrigin}${MCP_PATH}`,
      resource_name: "DBSS MCP",
      authorization_servers: [oauth.issuer],
      scopes_supported: Object.values(SCOPES),
      bearer_methods_supported: ["header"],
    };
    app.get(METADATA_PATH, (c) => c.json(metadata));
    app.get(`${METADATA_PATH}${MCP_PATH}`, (c) => c.json(metadata));
  }

  // Cheapest and least trusting first. Names: a foreign page learns nothing more. CORS: a preflight has no
  // token. Who: before counting, so that one caller cannot use up another's share. Count: before refusing,
  // so that whoever fails again and again is told to wait. Only then is the body read (bounded by `handle`) and parsed, so that a
  // stranger cannot make this process hold or parse anything.
  app.use(MCP_PATH, checkNames(names));
  if (crossOrigin) app.use(MCP_PATH, crossOrigin);
  app.use(
    MCP_PATH,
    judges.length > 0 ? authenticate(judges, challenge) : anonymous,
    limitRate(options.ratePerMinute, clock),
    async (c, next) => c.get("unauthenticated") ?? await next(),
  );
  app.post(MCP_PATH, handle);
  app.all(MCP_PATH, () => refuse(405, "Cannot answer to this method, wanted POST", { allow: "POST" }));

  app.notFound(() => refuse(404, `Nothing is served here, wanted ${MCP_PATH}`));
  app.onError((error) => {
    log.error("defect", { error: String(error.stack ?? error) });
    return refuse(500, "This server failed in a way that it should not");
  });
  return { fetch: (request, from) => app.fetch(request, from), settled };
}

/** Everybody on this machine, as a server on loopback without authentication has it. */
const ANYBODY: Caller = { principal: "anonymous", canWrite: true };

const anonymous: MiddlewareHandler<HttpEnv> = async (c, next) => {
  c.set("caller", ANYBODY);
  await next();
};

/**
 * Set at the end, because a plain Response does not take over what was set before it; and on the response
 * itself, because Hono would copy it for each header.
 */
const finish: MiddlewareHandler<HttpEnv> = async (c, next) => {
  await next();
  c.res.headers.set("x-request-id", c.get("requestId"));
  c.res.headers.set("cache-control", "no-store");
};

function corsFor(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: [...origins],
    allowMethods: ["POST"],
    allowHeaders: ["authorization", "content-type", "accept", "mcp-protocol-version", "x-request-id"],
    exposeHeaders: ["www-authenticate", "retry-after", "x-request-id"],
    maxAge: 600,
  });
}

/** One line per request; a stream's line comes when it begins. No query, no body, no header but the id. */
function accessLog(log: Log, clock: Clock): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const started = clock.now();
    await next();
    log.info("request", {
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      duration_ms: clock.now() - started,
      principal: c.get("caller")?.principal,
      address: c.env.address,
      http_request_id: c.get("requestId"),
    });
  };
}
