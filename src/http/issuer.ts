/**
 * The keys of whoever issues the access tokens, found through its metadata.
 *
 * Used by `oauth.ts` for each token; asks the issuer once and then when keys are old or unknown. It never
 * follows a redirect, and never asks again and again while the issuer does not answer.
 */
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { TokenError } from "./authentication.ts";
import { isSecureUrl } from "./names.ts";

/** For its metadata, and once more for its keys, in milliseconds. */
const TIMEOUT_MS = 5_000;
/** So that tokens of made-up keys cannot make this server a nuisance to the issuer. */
const COOLDOWN_MS = 30_000;
/** After a failure nothing is fetched for so long, in milliseconds. */
const PAUSE_MS = 5_000;

export interface IssuerOptions {
  issuer: string;
  /** Where the keys are, when the metadata shall not be asked. */
  jwksUrl?: string;
  /** How long after fetching the keys an unknown one is not looked for, in milliseconds. */
  cooldownMs?: number;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  clock: Clock;
  log: Log;
}

/** @throws TokenError with the code `unavailable` when the keys cannot be had. */
export function issuerKeys(options: IssuerOptions): JWTVerifyGetKey {
  const { issuer, clock, log } = options;
  let pauseEnds = 0;
  const get: Get = async (url, init) => {
    if (clock.now() < pauseEnds) throw new Error("The issuer failed a moment ago and is left in peace");
    return await options.fetch(url, { ...init, redirect: "manual" });
  };
  const find = async () => {
    const tooLong = new AbortController();
    const stopTimer = clock.after(TIMEOUT_MS, () => tooLong.abort());
    try {
      const jwksUrl = options.jwksUrl ?? await findJwksUrl(issuer, get, tooLong.signal);
      return createRemoteJWKSet(new URL(jwksUrl), {
        [customFetch]: get,
        timeoutDuration: TIMEOUT_MS,
        cooldownDuration: options.cooldownMs ?? COOLDOWN_MS,
      });
    } finally {
      stopTimer();
    }
  };
  // Kept through later failures: a token of an unknown key must not cost the others their known ones.
  let keys: JWTVerifyGetKey | undefined;
  let finding: Promise<JWTVerifyGetKey> | undefined;
  return async (header, token) => {
    try {
      keys ??= await (finding ??= find().finally(() => finding = undefined));
      return await keys(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      if (clock.now() >= pauseEnds) pauseEnds = clock.now() + PAUSE_MS;
      log.error("cannot get the issuer's keys", { issuer, error: String(error) });
      throw new TokenError("unavailable", "Cannot judge the token now, because its issuer's keys cannot be fetched");
    }
  };
}

function isAboutToken(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported || error instanceof errors.JWKInvalid;
}

type Get = (url: string, init: RequestInit) => Promise<Response>;

async function findJwksUrl(issuer: string, get: Get, signal: AbortSignal): Promise<string> {
  for (const url of metadataUrls(issuer)) {
    const response = await get(url, { headers: { accept: "application/json" }, signal });
    if (response.status !== 200) {
      await response.body?.cancel();
      continue;
    }
    const metadata = await response.json() as { issuer?: unknown; jwks_uri?: unknown };
    // Metadata that speaks for somebody else may be an attack (RFC 8414, section 3.3).
    if (metadata.issuer !== issuer) throw new Error(`The metadata at ${url} are of another issuer`);
    if (typeof metadata.jwks_uri !== "string" || !isSecureUrl(metadata.jwks_uri)) {
      throw new Error(`The metadata at ${url} name no jwks_uri with https`);
    }
    return metadata.jwks_uri;
  }
  throw new Error(`No metadata of the issuer at ${metadataUrls(issuer).join(", ")}`);
}

/** Where an issuer's metadata may stand: RFC 8414, section 3.1, then OpenID Connect Discovery, both ways. */
export function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const urls = [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}/.well-known/openid-configuration${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
  return [...new Set(urls)];
}
