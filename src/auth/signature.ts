/**
 * Authenticates by signing each request with an access key: SDK-HMAC-SHA256 on Web Crypto.
 *
 * Called by `send.ts` on every attempt, so the date is fresh. Every stage of the algorithm is a function of
 * its own (API Request Signing Guide, "AK/SK Signing and Authentication Algorithm"). The secret key never
 * leaves this process, and never enters a string but as the key of the last stage.
 */
import type { Clock } from "../clock.ts";
import type { Authenticator, Call, CloudRequest } from "../huaweicloud/send.ts";

export interface AccessKey {
  accessKey: string;
  secretKey: string;
  /** Present for temporary keys only. */
  securityToken?: string;
}

/** Where the key comes from: fixed, or kept and replaced by a {@link Renewable}. */
export interface AccessKeySource {
  get(call: Call): Promise<AccessKey>;
  renew?(call: Call): boolean;
}

const ALGORITHM = "SDK-HMAC-SHA256";

/** Signs every attempt anew, so that its date is never older than the attempt. */
export function signatureAuthenticator(keys: AccessKeySource, clock: Clock): Authenticator {
  return {
    authenticate: async (request, call) => signRequest(request, await keys.get(call), clock.now()),
    renew: keys.renew,
  };
}

/** A key that does not change, and cannot be renewed. */
export function fixedKey(key: AccessKey): AccessKeySource {
  return { get: () => Promise.resolve(key) };
}

/** A signed copy of the request; its query is sent in the form that was signed. `now` is in milliseconds. */
export async function signRequest(request: CloudRequest, key: AccessKey, now: number): Promise<CloudRequest> {
  const url = new URL(request.url);
  url.search = canonicalQuery(request.url.searchParams);
  const headers = new Headers(request.headers);
  headers.set("x-sdk-date", sdkDate(now));
  if (request.projectId !== undefined) headers.set("x-project-id", request.projectId);
  if (key.securityToken !== undefined) headers.set("x-security-token", key.securityToken);

  const signed = signedHeaders(headers, url.host);
  const canonical = canonicalRequest(request.method, url, signed, await sha256Hex(request.body ?? ""));
  const signature = await hmacSha256Hex(key.secretKey, stringToSign(sdkDate(now), await sha256Hex(canonical)));
  headers.set("authorization", authorization(key.accessKey, signed, signature));
  return { ...request, url, headers };
}

/** The date as the gateway wants it, such as `20261124T020000Z`. */
export function sdkDate(now: number): string {
  return new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
}

/**
 * What is signed of the headers, by name: those that decide what the request means. The rest, such as
 * Accept, may be changed on the way.
 */
export function signedHeaders(headers: Headers, host: string): [name: string, value: string][] {
  const chosen = [...headers].filter(([name]) => name === "content-type" || name.startsWith("x-"));
  return [...chosen, ["host", host] as [string, string]].sort(([a], [b]) => compare(a, b));
}

/** Each segment encoded once, however it came, with a slash at the end. */
export function canonicalPath(pathname: string): string {
  const encoded = pathname.split("/").map((segment) => encode(decodeURIComponent(segment))).join("/");
  return encoded.endsWith("/") ? encoded : `${encoded}/`;
}

/** Sorted by key, then by value, then encoded; a space becomes %20. */
export function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .sort(([keyA, valueA], [keyB, valueB]) => compare(keyA, keyB) || compare(valueA, valueB))
    .map(([key, value]) => `${encode(key)}=${encode(value)}`)
    .join("&");
}

/** Six parts, one a line; the headers end with a line end of their own, hence the empty line behind them. */
export function canonicalRequest(
  method: string,
  url: URL,
  signed: readonly (readonly [name: string, value: string])[],
  bodyHash: string,
): string {
  return [
    method,
    canonicalPath(url.pathname),
    canonicalQuery(url.searchParams),
    signed.map(([name, value]) => `${name}:${value}\n`).join(""),
    signed.map(([name]) => name).join(";"),
    bodyHash,
  ].join("\n");
}

/** Three lines: the algorithm, the date, and the canonical request's SHA-256 in hex. */
export function stringToSign(date: string, canonicalRequestHash: string): string {
  return [ALGORITHM, date, canonicalRequestHash].join("\n");
}

/** The value of the Authorization header. */
export function authorization(accessKey: string, signed: readonly (readonly [string, string])[], signature: string) {
  const names = signed.map(([name]) => name).join(";");
  return `${ALGORITHM} Access=${accessKey}, SignedHeaders=${names}, Signature=${signature}`;
}

/** Of the text's UTF-8 bytes, in lower-case hex. */
export async function sha256Hex(text: string): Promise<string> {
  return hex(await crypto.subtle.digest("SHA-256", bytes(text)));
}

/** Of the text's UTF-8 bytes under the secret's, in lower-case hex. */
export async function hmacSha256Hex(secret: string, text: string): Promise<string> {
  const key = await crypto.subtle.importKey("raw", bytes(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return hex(await crypto.subtle.sign("HMAC", key, bytes(text)));
}

/** Percent-encodes all but the unreserved characters of RFC 3986, which is more than encodeURIComponent does. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** By UTF-16 code units, whatever the locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function hex(buffer: ArrayBuffer): string {
  return [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
