/**
 * One change in every weather: faults in any order, a person of any mind, a caller who cancels at any request.
 * Whatever happens, what is reported is true, and no change is sent after one that may have arrived.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  afterwards,
  answer,
  errorBodies,
  type Fault,
  htmlPage,
  on,
  redirect,
  reset,
  resetInBody,
  silence,
  silentBody,
} from "../src/simulator/faults.ts";
import { SIMULATION } from "../src/simulator/state.ts";
import { CHANGE, LOCK_DOWN } from "./support/calls.ts";
import { FakeClock } from "./support/fake_clock.ts";
import { join, type PersonsAction } from "./support/in_memory.ts";

const gateway = errorBodies.gateway("APIGW.0613", "IAM cannot be reached");
const refusedConnection: Fault = {
  respond() {
    throw new TypeError("fetch failed", { cause: new Error("client error (Connect): Connection refused") });
  },
};

/** What may befall a request without its being carried out, such that this is certain. */
const CLEAR: Fault[] = [
  answer(400, errorBodies.dbss("DBSS.10000001", "no")),
  answer(401, gateway),
  answer(403, gateway),
  answer(409, gateway),
  answer(429, gateway),
  answer(503, gateway),
  answer(200, { code: 7, description: "no" }),
  refusedConnection,
];
/** What may befall a request whether or not it is carried out. */
const UNCLEAR: Fault[] = [
  answer(408),
  answer(500, gateway),
  htmlPage(502),
  answer(503),
  answer(200, "what?"),
  answer(202, { code: 0 }),
  redirect("https://dbss.invalid/elsewhere"),
  reset(),
  resetInBody(),
  silence(),
  silentBody(),
];

const unclear = fc.constantFrom(...UNCLEAR);
const onPut = fc.oneof(fc.constantFrom(...CLEAR), unclear, unclear.map(afterwards));
const onRead = fc.tuple(fc.constantFrom("POST" as const, "GET" as const), unclear).map(([method, fault]) =>
  on(method, fault)
);
const weather = fc.record({
  faults: fc.oneof(
    fc.array(fc.oneof(onPut, onRead), { maxLength: 6 }),
    // One fault, then another that lasts until the change is given up.
    fc.tuple(onPut, fc.oneof(onPut, fc.constant(refusedConnection))).map((
      [first, lasting],
    ) => [first, lasting, lasting, lasting]),
  ),
  person: fc.constantFrom<PersonsAction | undefined>(undefined, "accept", "decline"),
  isExpected: fc.boolean(),
  wait: fc.boolean(),
  readingsUntilApplied: fc.integer({ min: 0, max: 3 }),
  /** At which request the caller cancels, and whether before or after it is answered. */
  cancelsAt: fc.option(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.boolean())),
});

Deno.test("a change in any weather is reported as it went, and never sent after one that may have arrived", async () => {
  await fc.assert(
    fc.asyncProperty(weather, async ({ faults, person, isExpected, wait, readingsUntilApplied, cancelsAt }) => {
      const clock = new FakeClock();
      const caller = new AbortController();
      let requests = 0;
      let sent = 0;
      let mayHaveArrived = false;
      let isRepeated = false;
      await using joined = await join({ clock, timeoutMs: 20_000 }, {
        person: person && (() => person),
        async fetch(url, init) {
          requests += 1;
          const isCancelled = cancelsAt?.[0] === requests;
          if (isCancelled && !cancelsAt![1]) caller.abort();
          const fault = init.method === "PUT" ? joined.cloud.faults.find(({ on }) => on === undefined) : undefined;
          if (init.method === "PUT") {
            isRepeated ||= mayHaveArrived;
            mayHaveArrived = fault === undefined || !CLEAR.includes(fault);
            if (fault !== refusedConnection) sent += 1;
          }
          init.signal!.throwIfAborted();
          try {
            return await joined.cloud.handle(new Request(url, init));
          } finally {
            if (isCancelled && cancelsAt![1]) caller.abort();
          }
        },
      });
      joined.cloud.faults = [...faults];
      joined.cloud.readingsUntilApplied = readingsUntilApplied;
      const expected = { expected_current_security_group_ids: [SIMULATION.groups.open] };
      const asked = { name: CHANGE, arguments: { ...LOCK_DOWN, wait, ...isExpected ? expected : {} } };
      const called = joined.client.callTool(asked, undefined, { signal: caller.signal }).catch(() => {});
      await clock.run(called.then(() => joined.settled()));
      const { audited, cloud: { puts } } = joined;
      assert.equal(audited.length, 1, "one line in the audit");
      const [{ outcome, confirmed_by }] = audited as [Record<string, unknown>];
      const applied = puts.filter(({ isApplied }) => isApplied).length;
      assert.ok(!isRepeated, "a second change after one that may have arrived");
      if (outcome === "refused") assert.equal(sent, 0, "refused, and yet sent");
      if (outcome === "rejected") assert.deepEqual([applied, sent > 0], [0, true]);
      if (outcome === "accepted" || outcome === "applied") assert.equal(applied, 1);
      if (person === "decline") assert.equal(outcome, "refused");
      if (sent > 0) assert.equal(confirmed_by, person === undefined ? "none" : "person");
      assert.equal(clock.pending, 0);
    }),
    { seed: 20261124, numRuns: 400 },
  );
});
