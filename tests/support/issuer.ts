/**
 * An OAuth issuer that exists in memory only: keys, metadata, and tokens of any shape.
 */
import assert from "node:assert/strict";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import { issuerKeys } from "../../src/http/issuer.ts";
import { accessTokens } from "../../src/http/oauth.ts";
import { FakeClock } from "./fake_clock.ts";
import { served } from "./http.ts";

export const ISSUER = "https://login.example.com/realms/dbss";
export const PUBLIC_ORIGIN = "https://dbss.example.com";
export const AUDIENCE = `${PUBLIC_ORIGIN}/mcp`;
export const JWKS_URL = "https://login.example.com/keys";

const METADATA_URL = "https://login.example.com/.well-known/oauth-authorization-server/realms/dbss";

export interface FakeIssuer {
  /** What is served, by URL; tests change it. A function may throw, or take its time until the signal aborts. */
  pages: Map<string, (signal?: AbortSignal | null) => Response | Promise<Response>>;
  /** Every URL that was asked for. */
  asked: string[];
  fetch(url: string, init: RequestInit): Promise<Response>;
  keys: Map<string, CryptoKey>;
  jwks: JWK[];
  addKey(algorithm: string, kid: string): Promise<void>;
  /** A token that is valid on the fake clock's first day, unless `claims` or `header` change that. */
  token(claims?: JWTPayload, header?: { alg?: string; kid?: string; typ?: string }): Promise<string>;
}

export async function fakeIssuer(): Promise<FakeIssuer> {
  const issuer: FakeIssuer = {
    pages: new Map<string, () => Response | Promise<Response>>([
      [METADATA_URL, () => Response.json({ issuer: ISSUER, jwks_uri: JWKS_URL })],
      [JWKS_URL, () => Response.json({ keys: issuer.jwks })],
    ]),
    asked: [],
    fetch(url, { redirect, signal }) {
      issuer.asked.push(url);
      assert.equal(redirect, "manual");
      const page = issuer.pages.get(url) ?? (() => new Response("", { status: 404 }));
      return Promise.resolve().then(() => page(signal));
    },
    keys: new Map(),
    jwks: [],
    async addKey(algorithm, kid) {
      const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
      issuer.keys.set(kid, privateKey);
      issuer.jwks.push({ ...await exportJWK(publicKey), kid, alg: algorithm, use: "sig" });
    },
    token(claims = {}, { alg = "ES256", kid = "key-1", typ = "at+jwt" } = {}) {
      const now = Math.floor(new FakeClock().now() / 1_000);
      const payload = {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: "user-1",
        scope: "dbss:read dbss:write",
        iat: now,
        exp: now + 300,
        ...claims,
      };
      return new SignJWT(payload).setProtectedHeader({ alg, kid, typ }).sign(issuer.keys.get(kid)!);
    },
  };
  await issuer.addKey("ES256", "key-1");
  return issuer;
}

/** The app as a resource server of that issuer. */
export function protectedBy(
  issuer: FakeIssuer,
  options: { jwksUrl?: string; audience?: string; cooldownMs?: number } = {},
  limits: { ratePerMinute?: number } = {},
) {
  const refusals: unknown[] = [];
  const take = (_message: string, fields?: object) => void refusals.push(fields);
  const log = { debug: take, info: take, warn: take, error: take };
  const issuerClock = new FakeClock();
  const around = { issuer: ISSUER, clock: issuerClock, log };
  const judge = accessTokens({
    ...around,
    audience: options.audience ?? AUDIENCE,
    getKey: issuerKeys({ ...around, ...options, fetch: issuer.fetch }),
  });
  const app = served({ ...limits, judges: [judge], oauth: { issuer: ISSUER, publicOrigin: PUBLIC_ORIGIN } });
  return { ...app, refusals, issuerClock };
}
