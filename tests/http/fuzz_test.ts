import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { fixedTokens } from "../../src/http/authentication.ts";
import { bearer, CHANGE, CHANGE_ARGUMENTS, served, TOKENS } from "../support/http.ts";
import { fakeIssuer, protectedBy } from "../support/issuer.ts";

const RUNS = { seed: 20_260_101, numRuns: 300 };

/** Parts of a token: now and then like one, with a header and claims of any kind. */
const part = fc.oneof(
  fc.json().map((text) => Buffer.from(text).toString("base64url")),
  fc.constant(Buffer.from('{"alg":"ES256","kid":"key-1"}').toString("base64url")),
  fc.string({ unit: "grapheme-ascii" }),
);
const anyToken = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("."));

Deno.test("no token that was made up gets in, and none is a defect", async () => {
  const issuer = await fakeIssuer();
  const fixed = served({ judges: [await fixedTokens(TOKENS)], ratePerMinute: 100_000 });
  const oauth = protectedBy(issuer, {}, { ratePerMinute: 100_000 });
  await fc.assert(
    fc.asyncProperty(anyToken, async (token) => {
      for (const { send } of [fixed, oauth]) {
        const response = await send({ jsonrpc: "2.0", id: 1, method: "tools/list" }, { headers: bearer(token) });
        assert.equal(response.status, 401, await response.text());
      }
    }),
    RUNS,
  );
});

/** Messages: anything, and such as are almost right. */
const anyBody = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json(),
  fc.record({
    jsonrpc: fc.constantFrom("2.0", "1.0"),
    id: fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.object()),
    method: fc.constantFrom("tools/call", "tools/list", "initialize", "ping", "completion/complete", "x"),
    params: fc.oneof(
      fc.jsonValue(),
      fc.record({ name: fc.constant(CHANGE), arguments: fc.jsonValue(), _meta: fc.jsonValue() }),
      fc.record({ name: fc.constant(CHANGE), arguments: fc.constant({ ...CHANGE_ARGUMENTS, extra: 1 }) }),
    ),
  }, { requiredKeys: [] }).map((message) => JSON.stringify(message)),
);

Deno.test("no body that was made up is a defect or reaches the cloud, and each gets an answer", async () => {
  const { send, app, cloud, clock, logged } = served({ ratePerMinute: 100_000 });
  await fc.assert(
    fc.asyncProperty(anyBody, async (body) => {
      const response = await send(body);
      await response.text();
      assert.ok([200, 202, 400].includes(response.status), `${response.status}`);
    }),
    RUNS,
  );
  await app.settled();
  assert.deepEqual(logged.filter(({ message }) => message === "defect"), []);
  assert.equal(cloud.puts.length, 0);
  assert.equal(clock.pending, 0);
});
