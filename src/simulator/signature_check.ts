/**
 * What the API gateway makes of a signed request: the signature computed again, from what arrived.
 *
 * Called by `cloud.ts` for a request with an Authorization header. Written from the signing guide and on
 * other primitives than the signer, so that a mistake in one shows against the other. It never uses the
 * signer's code.
 */
import { errorBodies } from "./faults.ts";

// Loaded only with this file: in the one-file build a static import would be loaded by every start.
const { createHash, createHmac } = await import("node:crypto");

export interface ArrivedRequest {
  method: string;
  url: URL;
  headers: Record<string, string>;
  body: string;
}

export interface SimulatedKey {
  accessKey: string;
  secretKey: string;
  /** A temporary key is refused without it. */
  securityToken?: string;
}

const ALLOWED_SKEW_MS = 15 * 60_000;
const AUTHORIZATION = /^SDK-HMAC-SHA256 Access=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/;
const DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/** The gateway's refusal, or undefined when the signature is good. `now` is in milliseconds since the epoch. */
export function checkSignature(request: ArrivedRequest, keys: readonly SimulatedKey[], now: number) {
  const { headers } = request;
  const parts = AUTHORIZATION.exec(headers["authorization"] ?? "");
  if (parts === null) return refuse("Authorization header is malformed");
  const [, accessKey, signedNames, signature] = parts;
  const names = signedNames!.split(";");

  const date = DATE.exec(headers["x-sdk-date"] ?? "");
  if (date === null) return refuse("x-sdk-date is missing or malformed");
  const [year, month, day, hour, minute, second] = date.slice(1).map(Number);
  const signedAt = Date.UTC(year!, month! - 1, day, hour, minute, second);
  if (Math.abs(now - signedAt) > ALLOWED_SKEW_MS) {
    return refuse(`signature expired, signature time:${date[0]}`);
  }

  const key = keys.find((known) => known.accessKey === accessKey);
  if (key === undefined) return refuse(`Get secretKey failed,ak:${accessKey},err:ak not exist`);
  const needed = ["host", "x-sdk-date", ...(key.securityToken === undefined ? [] : ["x-security-token"])];
  if (!needed.every((name) => names.includes(name)) || headers["x-security-token"] !== key.securityToken) {
    return refuse("a header that has to be signed is not");
  }

  const canonical = canonicalise(request, names);
  const toSign = `SDK-HMAC-SHA256\n${date[0]}\n${createHash("sha256").update(canonical).digest("hex")}`;
  if (createHmac("sha256", key.secretKey).update(toSign).digest("hex") === signature) return undefined;
  return refuse(`verify aksk signature fail, canonicalRequest:${canonical.replaceAll("\n", "|")}`);
}

function canonicalise({ method, url, headers, body }: ArrivedRequest, names: readonly string[]): string {
  const path = url.pathname.replace(/\/*$/, "/").replace(/[^/]+/g, (segment) => escape(decodeURIComponent(segment)));
  const pairs = url.search.slice(1).split("&").filter(Boolean).map((pair) => {
    const [key = "", value = ""] = pair.split("=", 2).map((part) => decodeURIComponent(part.replaceAll("+", "%20")));
    return { key, value };
  });
  pairs.sort((a, b) =>
    Number(a.key > b.key) - Number(a.key < b.key) || Number(a.value > b.value) - Number(a.value < b.value)
  );
  let lines = "";
  for (const name of names) lines += `${name}:${name === "host" ? url.host : (headers[name] ?? "").trim()}\n`;
  const query = pairs.map(({ key, value }) => `${escape(key)}=${escape(value)}`).join("&");
  return [method, path, query, lines, names.join(";"), createHash("sha256").update(body).digest("hex")].join("\n");
}

/** Byte by byte, so that nothing of the browser's own encoding is relied on. */
function escape(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

function refuse(reason: string) {
  return errorBodies.gateway("APIGW.0301", `Incorrect IAM authentication information: ${reason}`);
}
