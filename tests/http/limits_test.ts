import assert from "node:assert/strict";
import { fixedTokens } from "../../src/http/authentication.ts";
import { countersInMemory } from "../../src/http/limits.ts";
import { on, silence } from "../../src/simulator/faults.ts";
import { FakeClock, idle } from "../support/fake_clock.ts";
import { bearer, get, LIST, READ, refusalOf, served, TOKENS } from "../support/http.ts";

Deno.test("limitRate() answers 429 with Retry-After, and takes requests again in the next window", async () => {
  const { send, clock } = served({ ratePerMinute: 2 });
  assert.equal((await send(LIST)).status, 200);
  clock.advance(10_000);
  assert.equal((await send(LIST)).status, 200);
  const refused = await send(LIST);
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("retry-after"), "50");
  assert.equal(await refusalOf(refused), "Cannot take more than 2 requests a minute; try again in 50 seconds");
  clock.advance(50_000);
  assert.equal((await send(LIST)).status, 200);
});

Deno.test("limitRate() counts known callers by name and the unknown by address", async () => {
  const { send } = served({ ratePerMinute: 1, judges: [await fixedTokens(TOKENS)] });
  const status = async (token: string, address: string) =>
    (await send(LIST, { address, headers: bearer(token) })).status;
  assert.equal(await status("wrong", "192.0.2.1"), 401);
  assert.equal(await status("wrong-again", "192.0.2.1"), 429);
  assert.equal(await status("wrong", "192.0.2.2"), 401);
  assert.equal(await status(TOKENS[0]!.token, "192.0.2.1"), 200);
  assert.equal(await status(TOKENS[0]!.token, "192.0.2.3"), 429);
  assert.equal(await status(TOKENS[1]!.token, "192.0.2.1"), 200);
});

Deno.test("limitRate() leaves health checks alone", async () => {
  const server = served({ ratePerMinute: 1 });
  for (let count = 0; count < 3; count++) assert.equal((await get(server, "http://127.0.0.1/healthz")).status, 200);
});

Deno.test("countersInMemory() forgets the oldest counter when there are too many", async () => {
  const store = countersInMemory(new FakeClock(), 2);
  const hits = async (key: string) => (await store.increment(key)).totalHits;
  assert.deepEqual([await hits("a"), await hits("b"), await hits("b"), await hits("c")], [1, 1, 2, 1]);
  assert.equal(await hits("b"), 3);
  assert.equal(await hits("a"), 1);
});

Deno.test("calls beyond the cap are answered 503 with Retry-After while health checks still answer", async () => {
  const server = served({ maxCalls: 2, deadlineMs: 1_000 });
  const { send, app, cloud, clock } = server;
  cloud.faults.push(on("POST", silence()), on("POST", silence()));
  const pending = [send(READ), send(READ)];
  await idle();
  const refused = await send(LIST);
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.equal((await get(server, "http://127.0.0.1/healthz")).status, 200);
  clock.advance(1_000);
  await Promise.all(pending);
  await app.settled();
  assert.equal((await send(LIST)).status, 200);
});

Deno.test("a stream keeps its place until it was read or given up", async () => {
  const { send, app } = served({ maxCalls: 1 });
  const streamed = { ...LIST, params: { _meta: { progressToken: 1 } } };
  const read = await send(streamed);
  assert.equal((await send(LIST)).status, 503);
  await read.text();
  await app.settled();
  const givenUp = await send(streamed);
  await givenUp.body!.cancel();
  await app.settled();
  assert.equal((await send(LIST)).status, 200);
});
