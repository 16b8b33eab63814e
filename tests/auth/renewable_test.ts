import assert from "node:assert/strict";
import { type Fetched, renewable, type RenewableOptions } from "../../src/auth/renewable.ts";
import { CloudError } from "../../src/huaweicloud/errors.ts";
import type { Call } from "../../src/huaweicloud/send.ts";
import { failure } from "../support/credentials.ts";
import { FakeClock, idle } from "../support/fake_clock.ts";

const HOUR = 60 * 60_000;

/** A renewable whose fetches the test answers one by one. */
function setUp(options: Partial<RenewableOptions<string>> = {}) {
  const clock = new FakeClock();
  const fetches: PromiseWithResolvers<Fetched<string>>[] = [];
  const early: CloudError[] = [];
  const value = renewable<string>({
    clock,
    obtain() {
      const fetch = Promise.withResolvers<Fetched<string>>();
      fetches.push(fetch);
      return fetch.promise;
    },
    onEarlyFailure: (error) => early.push(error),
    ...options,
  });
  const call = (ms = 30_000, signal = new AbortController().signal): Call => ({ signal, deadline: clock.now() + ms });
  /** Gets a value whose fetch answers `text`, good for an hour. */
  async function getNew(text: string, as = call()) {
    const got = value.get(as);
    fetches.at(-1)!.resolve({ value: text, expiresAt: clock.now() + HOUR });
    return await got;
  }
  return { clock, fetches, early, value, call, getNew };
}

const refused = new CloudError("authentication", "Refused", { verdict: "not_sent" });
const down = new CloudError("service", "Down", { verdict: "not_sent" });

Deno.test("get() fetches once for all who wait, and keeps the value", async () => {
  const { clock, fetches, value, call, getNew } = setUp();
  const first = value.get(call());
  const second = value.get(call());
  assert.equal(await getNew("one"), "one");
  assert.deepEqual(await Promise.all([first, second, value.get(call())]), ["one", "one", "one"]);
  assert.equal(fetches.length, 1);
  assert.equal(clock.pending, 0);
});

Deno.test("get() fetches again when the value has expired", async () => {
  const { clock, value, call, getNew } = setUp();
  await getNew("one");
  clock.advance(HOUR - 1);
  assert.equal(await value.get(call()), "one");
  clock.advance(1);
  assert.equal(await getNew("two"), "two");
});

Deno.test("get() gives the old value while a new one is fetched within the margin", async () => {
  const { clock, fetches, value, call, getNew } = setUp({ marginMs: HOUR / 2 });
  await getNew("one");
  clock.advance(HOUR / 2);
  assert.equal(await value.get(call()), "one");
  assert.equal(await value.get(call()), "one");
  assert.equal(fetches.length, 2);
  fetches[1]!.resolve({ value: "two" });
  await idle();
  assert.equal(await value.get(call()), "two");
});

Deno.test("get() reports an early fetch that failed, and goes on with the old value", async () => {
  const { clock, fetches, early, value, call, getNew } = setUp({ marginMs: HOUR / 2 });
  await getNew("one");
  clock.advance(HOUR / 2);
  await value.get(call());
  fetches[1]!.reject(down);
  await idle();
  assert.deepEqual(early, [down]);
  assert.equal(await value.get(call()), "one");
  assert.equal(fetches.length, 3);
  fetches[2]!.resolve({ value: "two" });
  await idle();
});

Deno.test("get() does not keep a failure", async () => {
  const { fetches, value, call, getNew } = setUp();
  const got = value.get(call());
  fetches[0]!.reject(down);
  assert.equal(await failure(got), down);
  assert.equal(await getNew("two"), "two");
});

Deno.test("get() repeats a refusal without asking until the pause is over", async () => {
  const { clock, fetches, value, call, getNew } = setUp({ refusalPauseMs: 60_000 });
  const got = value.get(call());
  fetches[0]!.reject(refused);
  assert.equal(await failure(got), refused);
  clock.advance(59_999);
  assert.equal(await failure(value.get(call())), refused);
  assert.equal(fetches.length, 1);
  clock.advance(1);
  assert.equal(await getNew("two"), "two");
});

Deno.test("get() ends with its call, and the fetch goes on for the others", async () => {
  const { clock, fetches, value, call } = setUp();
  const abort = new AbortController();
  const cancelled = failure(value.get(call(30_000, abort.signal)));
  const short = failure(value.get(call(1_000)));
  const patient = value.get(call());
  abort.abort();
  clock.advance(1_000);
  assert.deepEqual([(await cancelled).kind, (await cancelled).verdict], ["cancelled", "not_sent"]);
  assert.deepEqual([(await short).kind, (await short).verdict], ["timeout", "not_sent"]);
  fetches[0]!.resolve({ value: "one" });
  assert.equal(await patient, "one");
  assert.equal(clock.pending, 0);
});

Deno.test("renew() forgets the value of its call alone, so that two refusals fetch once", async () => {
  const { fetches, value, call, getNew } = setUp();
  const [first, second] = [call(), call()];
  await getNew("one", first);
  await value.get(second);
  assert.equal(value.renew(first), true);
  assert.equal(await getNew("two", first), "two");
  assert.equal(value.renew(second), true);
  assert.equal(await value.get(second), "two");
  assert.equal(fetches.length, 2);
});

Deno.test("renew() is false when its call was given nothing", () => {
  const { value, call } = setUp();
  assert.equal(value.renew(call()), false);
});
