import assert from "node:assert/strict";
import { type AccessKey, signRequest } from "../../src/auth/signature.ts";
import type { CloudRequest } from "../../src/huaweicloud/send.ts";
import { type ArrivedRequest, checkSignature } from "../../src/simulator/signature_check.ts";
import { SIMULATION } from "../../src/simulator/state.ts";

const { key, temporaryKey, projectId } = SIMULATION;
const NOW = Date.UTC(2026, 10, 24, 2);
const MINUTE = 60_000;

async function arrived(signer: AccessKey = key, now = NOW): Promise<ArrivedRequest> {
  const request: CloudRequest = {
    method: "PUT",
    url: new URL("https://dbss.example/v1/p/db-encrypt/i/security-group?b=1&a=x+y"),
    headers: new Headers({ "content-type": "application/json" }),
    body: '{"security_group_ids":["g"]}',
    effect: "write",
    projectId,
  };
  const { method, url, headers, body = "" } = await signRequest(request, signer, now);
  return { method, url, headers: Object.fromEntries(headers), body };
}

const check = (request: ArrivedRequest, now = NOW) => checkSignature(request, [key, temporaryKey], now);

Deno.test("checkSignature() accepts a good signature, of a permanent and of a temporary key", async () => {
  assert.equal(check(await arrived()), undefined);
  assert.equal(check(await arrived(temporaryKey)), undefined);
});

Deno.test("checkSignature() agrees with the official signers' vectors", () => {
  const { accessKey, secretKey, date, vectors } = JSON.parse(
    Deno.readTextFileSync(new URL("../fixtures/sign_vectors.json", import.meta.url)),
  );
  for (const { name, method, url: text, query, headers, projectId, securityToken, body, stages } of vectors) {
    const url = new URL(text);
    for (const [key, value] of query) url.searchParams.append(key, value);
    const sent: Record<string, string> = { ...headers, "x-sdk-date": date, authorization: stages.authorization };
    if (projectId) sent["x-project-id"] = projectId;
    if (securityToken) sent["x-security-token"] = securityToken;
    const keys = [{ accessKey, secretKey, securityToken }];
    assert.equal(checkSignature({ method, url, headers: sent, body }, keys, NOW), undefined, name);
  }
});

const ALTERED: [string, (request: ArrivedRequest) => Partial<ArrivedRequest>, RegExp][] = [
  ["the body was altered", () => ({ body: '{"security_group_ids":["h"]}' }), /verify aksk signature fail/],
  ["the body is lacking", () => ({ body: "" }), /verify aksk/],
  ["the method was altered", () => ({ method: "POST" }), /verify aksk/],
  ["the path was altered", ({ url }) => ({ url: new URL("/v1/q", url) }), /verify aksk/],
  ["the query was altered", ({ url }) => ({ url: new URL("?b=1&a=xy", url) }), /verify aksk/],
  ["the host was altered", ({ url }) => ({ url: new URL(url.href.replace("dbss.", "evil.")) }), /verify aksk/],
  ["the project was altered", ({ headers }) => ({ headers: { ...headers, "x-project-id": "q" } }), /verify aksk/],
  ["the key is unknown", ({ headers }) => ({
    headers: { ...headers, authorization: headers.authorization!.replace(key.accessKey, "TESTUNKNOWN") },
  }), /ak not exist/],
  ["the header is malformed", ({ headers }) => ({ headers: { ...headers, authorization: "Bearer x" } }), /malformed/],
  ["the date is malformed", ({ headers }) => ({ headers: { ...headers, "x-sdk-date": "today" } }), /x-sdk-date/],
  ["the date is not signed", ({ headers }) => ({
    headers: { ...headers, authorization: headers.authorization!.replace(";x-sdk-date", "") },
  }), /has to be signed/],
];
for (const [title, alter, message] of ALTERED) {
  Deno.test(`checkSignature() refuses when ${title}`, async () => {
    const request = await arrived();
    const refused = check({ ...request, ...alter(request) });
    assert.equal(refused?.error_code, "APIGW.0301");
    assert.match(refused!.error_msg, message);
  });
}

Deno.test("checkSignature() refuses a wrong secret key", async () => {
  assert.match(check(await arrived({ ...key, secretKey: "visible-wrong" }))!.error_msg, /verify aksk/);
});

Deno.test("checkSignature() refuses a temporary key without its token, and a permanent one with a token", async () => {
  const { securityToken, ...bare } = temporaryKey;
  assert.ok(check(await arrived(bare)));
  assert.ok(check(await arrived({ ...key, securityToken })));
  assert.ok(check(await arrived({ ...temporaryKey, securityToken: "visible-wrong" })));
});

Deno.test("checkSignature() refuses a date that is off by more than 15 minutes, either way", async () => {
  for (const [offset, isGood] of [[15, true], [-15, true], [15.02, false], [-15.02, false]] as const) {
    const refused = check(await arrived(), NOW + offset * MINUTE);
    assert.equal(refused === undefined, isGood, String(offset));
    if (!isGood) assert.match(refused!.error_msg, /signature expired/);
  }
});
