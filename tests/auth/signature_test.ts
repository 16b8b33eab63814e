import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type AccessKey,
  authorization,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  fixedKey,
  hmacSha256Hex,
  sdkDate,
  sha256Hex,
  signatureAuthenticator,
  signedHeaders,
  signRequest,
  stringToSign,
} from "../../src/auth/signature.ts";
import type { CloudRequest } from "../../src/huaweicloud/send.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { checkSignature } from "../../src/simulator/signature_check.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** V1 to V4 were made with the official Node signer and agree with the official Python signer; V5 is the latter's. */
const { accessKey, secretKey, date, vectors } = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/sign_vectors.json", import.meta.url)),
);
const NOW = Date.UTC(2026, 10, 24, 2);

interface Vector {
  name: string;
  method: CloudRequest["method"];
  url: string;
  query: [string, string][];
  headers: Record<string, string>;
  projectId?: string;
  securityToken?: string;
  body: string;
  stages: Record<string, string>;
}

function requestOf({ method, url: text, query, headers, projectId, body }: Vector): CloudRequest {
  const url = new URL(text);
  for (const [key, value] of query) url.searchParams.append(key, value);
  return { method, url, headers: new Headers(headers), projectId, body: body || undefined, effect: "read" };
}

for (const vector of vectors as Vector[]) {
  const { stages } = vector;
  const request = requestOf(vector);
  const whole = new Headers(vector.headers);
  whole.set("x-sdk-date", date);
  if (vector.projectId) whole.set("x-project-id", vector.projectId);
  if (vector.securityToken) whole.set("x-security-token", vector.securityToken);
  const signed = signedHeaders(whole, request.url.host);
  const signature = stages.signature!;

  const made: Record<string, () => string | Promise<string>> = {
    path: () => canonicalPath(request.url.pathname),
    query: () => canonicalQuery(request.url.searchParams),
    signedHeaders: () => signed.map(([name]) => name).join(";"),
    bodyHash: () => sha256Hex(vector.body),
    canonicalRequest: () => canonicalRequest(vector.method, request.url, signed, stages.bodyHash!),
    canonicalRequestHash: () => sha256Hex(stages.canonicalRequest!),
    stringToSign: () => stringToSign(date, stages.canonicalRequestHash!),
    signature: () => hmacSha256Hex(secretKey, stages.stringToSign!),
    authorization: () => authorization(accessKey, signed, signature),
  };
  Deno.test(`signature stages cover vector ${vector.name}`, () => {
    assert.deepEqual(Object.keys(made), Object.keys(stages));
  });
  for (const [stage, make] of Object.entries(made)) {
    Deno.test(`signature stage ${stage} agrees with vector ${vector.name}`, async () => {
      assert.equal(await make(), stages[stage]);
    });
  }

  Deno.test(`signRequest() agrees with vector ${vector.name}`, async () => {
    const key: AccessKey = { accessKey, secretKey, securityToken: vector.securityToken };
    const ready = await signRequest(request, key, NOW);
    assert.equal(ready.headers.get("authorization"), stages.authorization);
    assert.equal(ready.url.search.slice(1), stages.query);
    assert.equal(ready.body, request.body);
  });
}

const KEY = { accessKey, secretKey };
const get = (url: string, headers: HeadersInit = {}): CloudRequest => (
  { method: "GET", url: new URL(url), headers: new Headers(headers), effect: "read" }
);
const signatureOf = async (request: CloudRequest) =>
  (await signRequest(request, KEY, NOW)).headers.get("authorization");

Deno.test("sdkDate() writes UTC without fractions", () => {
  assert.equal(sdkDate(NOW + 59_999), "20261124T020059Z");
});

Deno.test("signRequest() leaves the request as it was", async () => {
  const request = get("https://vpc.example/v3?name=a+b", { "user-agent": "x" });
  await signRequest(request, KEY, NOW);
  assert.equal(request.url.search, "?name=a+b");
  assert.deepEqual([...request.headers.keys()], ["user-agent"]);
});

Deno.test("signRequest() sends a space in the query as it was signed", async () => {
  const { url } = await signRequest(get("https://vpc.example/v3?name=a+b"), KEY, NOW);
  assert.equal(url.search, "?name=a%20b");
});

Deno.test("signRequest() signs neither Accept nor User-Agent, which may change on the way", async () => {
  const bare = await signatureOf(get("https://vpc.example/v3"));
  assert.equal(await signatureOf(get("https://vpc.example/v3", { accept: "a/b", "user-agent": "x" })), bare);
  assert.notEqual(await signatureOf(get("https://vpc.example/v3", { "content-type": "a/b" })), bare);
});

Deno.test("signRequest() signs the port of an endpoint that is not the default one", () => {
  assert.deepEqual(signedHeaders(new Headers(), new URL("http://127.0.0.1:8080/").host), [["host", "127.0.0.1:8080"]]);
});

Deno.test("canonicalQuery() sorts by key, then by value, before both are encoded", () => {
  const query = (text: string) => canonicalQuery(new URLSearchParams(text));
  assert.equal(query("b=2&a-b=1&a=3&b=10&a="), "a=&a=3&a-b=1&b=10&b=2");
  assert.equal(query("x={&x=z&x=~"), "x=z&x=%7B&x=~");
});

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
const pairs = fc.array(fc.tuple(text, text), { maxLength: 6 });
const run = { seed: 20261124, numRuns: 200 };

Deno.test("canonicalQuery() does not depend on the order of the parameters", () => {
  fc.assert(
    fc.property(
      pairs.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      ([list, shuffled]) => {
        assert.equal(canonicalQuery(new URLSearchParams(shuffled)), canonicalQuery(new URLSearchParams(list)));
      },
    ),
    run,
  );
});

Deno.test("canonicalQuery() loses nothing: decoded it is the sorted parameters", () => {
  fc.assert(
    fc.property(pairs, (list) => {
      const read = [...new URLSearchParams(canonicalQuery(new URLSearchParams(list)))];
      assert.deepEqual(read.map(String).sort(), list.map(String).map((pair) => pair.toWellFormed()).sort());
    }),
    run,
  );
});

Deno.test("signedHeaders() does not depend on the order of the headers", () => {
  const names = fc.uniqueArray(fc.stringMatching(/^x-[a-z]{1,8}$/), { maxLength: 6 });
  fc.assert(
    fc.property(
      names.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      ([list, shuffled]) => {
        const of = (order: string[]) => signedHeaders(new Headers(order.map((name) => [name, "v"])), "host.example");
        assert.deepEqual(of(shuffled), of(list));
      },
    ),
    run,
  );
});

Deno.test("canonicalPath() is the same for every encoding of a path, and for itself", () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (segments) => {
      const loose = new URL(`https://x.example/${
        segments.map((s) => encodeURIComponent(s.toWellFormed())).join("/")
      }`).pathname;
      const strict = canonicalPath(loose);
      assert.equal(canonicalPath(strict), strict);
      assert.match(strict, /^(\/([A-Za-z0-9._~-]|%[0-9A-F]{2})*)+\/$/);
    }),
    run,
  );
});

Deno.test("signRequest() makes signatures that the simulated gateway accepts, whatever the request", async () => {
  const { key, temporaryKey } = SIMULATION;
  const request = fc.record({
    segments: fc.array(text, { maxLength: 4 }),
    query: pairs,
    body: fc.option(fc.string({ unit: "grapheme" }), { nil: undefined }),
    projectId: fc.option(fc.constant("p".repeat(32)), { nil: undefined }),
    signer: fc.constantFrom<AccessKey>(key, temporaryKey),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ segments, query, body, projectId, signer }) => {
      const path = segments.map((s) => encodeURIComponent(s.toWellFormed())).join("/");
      const url = new URL(`https://dbss.example/${path}`);
      for (const [name, value] of query) url.searchParams.append(name, value);
      const headers = new Headers({ "content-type": "application/json" });
      const ready = await signRequest({ method: "PUT", url, headers, body, projectId, effect: "write" }, signer, NOW);
      const arrived = { method: "PUT", url: ready.url, headers: Object.fromEntries(ready.headers), body: body ?? "" };
      assert.equal(checkSignature(arrived, [key, temporaryKey], NOW), undefined);
    }),
    run,
  );
});

Deno.test("signatureAuthenticator() signs each attempt with the time of that attempt", async () => {
  const clock = new FakeClock(NOW);
  const authenticator = signatureAuthenticator(fixedKey(KEY), clock);
  const call = { signal: new AbortController().signal, deadline: Infinity };
  const dates: (string | null)[] = [];
  for (const _ of [1, 2]) {
    dates.push((await authenticator.authenticate(get("https://vpc.example/"), call)).headers.get("x-sdk-date"));
    clock.advance(61_000);
  }
  assert.deepEqual(dates, ["20261124T020000Z", "20261124T020101Z"]);
  assert.equal(authenticator.renew, undefined);
});
