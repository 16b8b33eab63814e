/**
 * OAuth 2.1, as a resource server: judges access tokens that somebody else issued.
 *
 * Called by `authentication.ts` with a token; takes the issuer's keys from `issuer.ts` and the verdict from
 * `jose`. It issues nothing, and never passes a token on.
 */
import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from "jose";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { tidy } from "../redaction.ts";
import { TokenError, type TokenJudge } from "./authentication.ts";
import type { Caller } from "./exchange.ts";

/** `write` includes `read`. */
export const SCOPES = { read: "dbss:read", write: "dbss:write" } as const;

/** Signatures with a key pair only: a key that everybody can fetch must not be able to sign. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512"],
  ...["PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512"],
  ...["EdDSA", "Ed25519"],
];

/** How far the issuer's clock may be off, in seconds. */
const CLOCK_TOLERANCE = 30;

export interface OAuthOptions {
  /** As it stands in the tokens' `iss`. */
  issuer: string;
  /** What a token's `aud` has to name. */
  audience: string;
  getKey: JWTVerifyGetKey;
  clock: Clock;
  log: Log;
}

/** Takes every token for its own: it throws a TokenError and never says undefined. */
export function accessTokens(options: OAuthOptions): TokenJudge {
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, options.getKey, {
        issuer: options.issuer,
        audience: options.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ["exp"],
        clockTolerance: CLOCK_TOLERANCE,
        currentDate: new Date(options.clock.now()),
      });
      return callerOf(payload);
    } catch (error) {
      const refusal = error instanceof TokenError ? error : new TokenError("invalid_token", reason(error));
      options.log.warn("access token refused", { code: refusal.code, reason: refusal.message });
      throw refusal;
    }
  };
}

function callerOf(claims: JWTPayload): Caller {
  const claim = ["sub", "client_id"].find((name) => typeof claims[name] === "string" && claims[name] !== "");
  if (claim === undefined) {
    throw new TokenError("invalid_token", "The token names nobody, neither in sub nor in client_id");
  }
  const scopes = scopesOf(claims);
  const canWrite = scopes.includes(SCOPES.write);
  if (!canWrite && !scopes.includes(SCOPES.read)) {
    throw new TokenError("insufficient_scope", `The token has neither the scope ${SCOPES.read} nor ${SCOPES.write}`);
  }
  // With its claim before it, since a fixed token's name, which has no colon, must not be had by whoever picks a sub.
  return { principal: `${claim}:${tidy(claims[claim] as string, 128)}`, canWrite };
}

/** `scope` is the standard's claim (RFC 9068, section 2.2.3); `scp` is what Entra ID and Okta send. */
function scopesOf({ scope, scp }: JWTPayload): string[] {
  return [scope, scp].flat().filter((text) => typeof text === "string").flatMap((text) => text.split(" "));
}

function reason(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "The token has expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `The token is not accepted here because of its ${error.claim}`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return "The token is signed in a way that is not allowed here";
  if (error instanceof errors.JOSEError) return "The token is not a valid access token";
  throw error;
}
