import assert from "node:assert/strict";
import { endsWithin, sleep, systemClock } from "../src/clock.ts";
import { FakeClock, idle } from "./support/fake_clock.ts";

Deno.test("systemClock tells the time, fires a timer and stops one", async () => {
  const before = Date.now();
  const now = systemClock.now();
  assert.ok(now >= before && now <= Date.now());
  let stopped = false;
  systemClock.after(0, () => stopped = true)();
  await new Promise<void>((resolve) => systemClock.after(1, resolve));
  assert.equal(stopped, false);
});

Deno.test("sleep() resolves when its time is up and not before", async () => {
  const clock = new FakeClock();
  let woke = false;
  const slept = sleep(clock, 100, new AbortController().signal).then(() => woke = true);
  clock.advance(99);
  await idle();
  assert.equal(woke, false);
  clock.advance(1);
  await slept;
});

Deno.test("sleep() resolves at once and leaves no timer when the signal aborts", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const slept = sleep(clock, 1e9, abort.signal);
  assert.equal(clock.pending, 1);
  abort.abort();
  await slept;
  assert.equal(clock.pending, 0);
});

Deno.test("sleep() sets no timer when the signal has aborted before", async () => {
  const clock = new FakeClock();
  await sleep(clock, 1e9, AbortSignal.abort());
  assert.equal(clock.pending, 0);
});

Deno.test("endsWithin() says whether the work ended in time, and leaves no timer", async () => {
  const clock = new FakeClock();
  assert.equal(await endsWithin(clock, 100, Promise.resolve()), true);
  const late = endsWithin(clock, 100, new Promise(() => {}));
  clock.advance(100);
  assert.equal(await late, false);
  await assert.rejects(endsWithin(clock, 100, Promise.reject(new TypeError("x"))), TypeError);
  assert.equal(clock.pending, 0);
});
