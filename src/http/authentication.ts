/**
 * Who calls: the bearer token of a request, judged by whoever knows such tokens.
 *
 * Stands before the rate limit, which counts by name, and never refuses by itself: `app.ts` answers with the
 * refusal once it is counted. It takes a token from the Authorization header alone, never logs it, and
 * never hands it on.
 */
import type { MiddlewareHandler } from "hono";
import { type Caller, type HttpEnv, refuse } from "./exchange.ts";

export interface NamedToken {
  name: string;
  token: string;
}

/** Why a token is not accepted. `message` is a sentence of ours, without a full stop. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  constructor(
    /** The codes of RFC 6750, section 3.1, and one for a token that cannot be judged right now. */
    readonly code: "invalid_token" | "insufficient_scope" | "unavailable",
    message: string,
  ) {
    super(message);
  }
}

/**
 * The caller that a token stands for; undefined when it is none of this judge's tokens.
 *
 * @throws TokenError
 */
export type TokenJudge = (token: string) => Promise<Caller | undefined>;

/** How a refusal tells the client where to get a token (RFC 6750 and RFC 9728, section 5.1). */
export interface Challenge {
  /** The URL of the protected resource's metadata. */
  resourceMetadata?: string;
  /** The scopes to ask for. */
  scope?: string;
}

/** Sets `caller`, or `unauthenticated` with the refusal to answer with. */
export function authenticate(judges: readonly TokenJudge[], challenge: Challenge): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    const token = /^Bearer +([\x21-\x7e]+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (token === undefined) {
      c.set(
        "unauthenticated",
        refuse(401, "Cannot answer without a bearer token in the Authorization header", {
          "www-authenticate": wwwAuthenticate(challenge),
        }),
      );
      return await next();
    }
    try {
      const caller = await firstOf(judges, token);
      if (caller === undefined) throw new TokenError("invalid_token", "The token is not valid here");
      c.set("caller", caller);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      c.set("unauthenticated", refuseToken(error, challenge));
    }
    await next();
  };
}

async function firstOf(judges: readonly TokenJudge[], token: string): Promise<Caller | undefined> {
  for (const judge of judges) {
    const caller = await judge(token);
    if (caller !== undefined) return caller;
  }
  return undefined;
}

/** 401, 403 with `insufficient_scope`, or 503 when the token cannot be judged now. */
export function refuseToken({ code, message }: TokenError, challenge: Challenge): Response {
  if (code === "unavailable") return refuse(503, message, { "retry-after": "5" });
  return refuse(code === "insufficient_scope" ? 403 : 401, message, {
    "www-authenticate": wwwAuthenticate(challenge, { error: code, error_description: message }),
  });
}

function wwwAuthenticate({ resourceMetadata, scope }: Challenge, error: Record<string, string> = {}): string {
  const parameters = Object.entries({ ...error, scope, resource_metadata: resourceMetadata })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${value}"`);
  return ["Bearer", parameters.join(", ")].join(" ").trim();
}

/**
 * Fixed tokens, each with its owner's name. They are compared by digest, so that the time it takes says
 * nothing about them, not even their length.
 */
export async function fixedTokens(tokens: readonly NamedToken[]): Promise<TokenJudge> {
  // Loaded only here: in the one-file build a static import would be loaded by every start.
  const { timingSafeEqual } = await import("node:crypto");
  const known = await Promise.all(tokens.map(async ({ name, token }) => ({ name, digest: await digest(token) })));
  return async (token) => {
    const presented = await digest(token);
    // All of them, always: stopping at the first match would tell which one it was.
    const [match] = known.filter((entry) => timingSafeEqual(entry.digest, presented));
    return match && { principal: match.name, canWrite: true };
  };
}

async function digest(token: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
}
