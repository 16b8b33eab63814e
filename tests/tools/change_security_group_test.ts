import assert from "node:assert/strict";
import type { SimulatedCloud } from "../../src/simulator/cloud.ts";
import { afterwards, answer, type Fault, on, reset, silence } from "../../src/simulator/faults.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { call, CHANGE, LOCK_DOWN, type Ways } from "../support/calls.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { join } from "../support/in_memory.ts";

const { groups } = SIMULATION;
const TIMEOUT_MS = 30_000;
const UNDO = "To undo the change, call again with previous_security_group_ids as security_group_ids";

/** A change in fake time, after `prepare` had its hands on the cloud. */
async function change(
  { args = {}, prepare = () => {}, ways }: {
    args?: Record<string, unknown>;
    prepare?: (cloud: SimulatedCloud) => void;
    ways?: Ways;
  } = {},
) {
  const clock = new FakeClock();
  await using joined = await join({ clock, timeoutMs: TIMEOUT_MS }, { attemptTimeoutMs: 10_000 });
  const { cloud, audited } = joined;
  prepare(cloud);
  const started = clock.now();
  const answered = await clock.run(call(joined, CHANGE, { ...LOCK_DOWN, ...args }, ways));
  assert.deepEqual(audited.map(({ outcome }) => outcome), [answered.content.outcome]);
  assert.equal(clock.pending, 0);
  return {
    ...answered,
    cloud,
    audit: audited[0]!,
    ms: clock.now() - started,
    readings: cloud.requests.filter(({ method }) => method === "POST").length,
  };
}

const nodes = (...ids: string[]) => (cloud: SimulatedCloud) =>
  cloud.instances[0]!.nodes.forEach((node, index) => node.securityGroupId = ids[index]!);
const failing = (times: number, fault: Fault = answer(500)) => (cloud: SimulatedCloud) =>
  cloud.faults.push(...Array.from({ length: times }, () => on("POST", fault)));

// What the change looks at first.

Deno.test("change tells the previous groups and how to undo", async () => {
  const { content, sentence, cloud, readings } = await change();
  assert.deepEqual([content.outcome, content.previous_security_group_ids], ["accepted", [groups.open]]);
  assert.deepEqual([content.confirmed_by, content.notes], ["none", [UNDO]]);
  assert.equal(
    sentence,
    `Accepted: Huawei Cloud took the change of instance ${LOCK_DOWN.instance_id} in region simulated to security ` +
      `group ${groups.lockedDown}; no reading has shown it yet. It had ${groups.open} before. ${UNDO}.`,
  );
  assert.deepEqual([cloud.puts.length, readings], [1, 1]);
});

Deno.test("change with the previous groups undoes it", async () => {
  await using joined = await join();
  const { content } = await call(joined, CHANGE, LOCK_DOWN);
  const undo = { ...LOCK_DOWN, security_group_ids: content.previous_security_group_ids, wait: true };
  assert.equal((await call(joined, CHANGE, undo)).content.outcome, "applied");
  assert.deepEqual(joined.cloud.instances[0]!.nodes.map((node) => node.securityGroupId), [groups.open, groups.open]);
});

const NO_UNDO: [string, (cloud: SimulatedCloud) => void, previous: string[] | undefined, note: RegExp][] = [
  [
    "the reading fails",
    failing(1, answer(500, { error_code: "DBSS.11000000" })),
    undefined,
    /^Undo information is missing: Huawei Cloud reported a fault of its own \(HTTP 500, DBSS\.11000000\)$/,
  ],
  ["the list shows no group", nodes("", ""), undefined, /^Undo information is missing: the list shows no security/],
  [
    "the nodes had different groups",
    nodes(groups.open, groups.isolated),
    [groups.open, groups.isolated],
    /^The nodes had different security groups before, which no single change brings back$/,
  ],
  [
    "it had these groups already",
    nodes(groups.lockedDown, groups.lockedDown),
    [groups.lockedDown],
    /^There is nothing to undo: it had exactly these before$/,
  ],
];

for (const [what, prepare, previous, note] of NO_UNDO) {
  Deno.test(`change goes on and promises no undoing when ${what}`, async () => {
    const { content, sentence, cloud, readings } = await change({ prepare });
    assert.equal(content.outcome, "accepted");
    assert.deepEqual(content.previous_security_group_ids, previous);
    assert.equal(content.notes.length, 1);
    assert.match(content.notes[0], note);
    assert.ok(sentence.endsWith(` ${content.notes[0]}.`), sentence);
    assert.deepEqual([cloud.puts.length, readings], [1, 1]);
  });
}

Deno.test("change does not wait long for a first look that hangs", async () => {
  const { content, ms, cloud } = await change({ prepare: failing(1, silence()) });
  assert.equal(content.outcome, "accepted");
  assert.match(content.notes[0], /no complete answer within 5000 ms/);
  assert.deepEqual([ms, cloud.puts.length], [5_000, 1]);
});

Deno.test("change says nothing of undoing when nothing changed", async () => {
  const prepare = (cloud: SimulatedCloud) => void cloud.faults.push(on("POST", answer(500)), answer(403));
  const { content } = await change({ prepare });
  assert.deepEqual([content.outcome, content.notes], ["rejected", []]);
});

// Compare before change.

const EXPECTED: [string, (cloud: SimulatedCloud) => void, string[]][] = [
  ["the same", () => {}, [groups.open]],
  ["the same in another order", nodes(`${groups.open},${groups.isolated}`, groups.open), [
    groups.isolated,
    groups.open,
  ]],
  ["none on either side", nodes("", ""), []],
];

for (const [what, prepare, expected_current_security_group_ids] of EXPECTED) {
  Deno.test(`change goes on when the expected groups are ${what}`, async () => {
    const { content, cloud } = await change({ prepare, args: { expected_current_security_group_ids } });
    assert.deepEqual([content.outcome, cloud.puts.length], ["accepted", 1]);
  });
}

const UNEXPECTED: [string[], words: string][] = [
  [[groups.isolated], groups.isolated],
  [[groups.open, groups.isolated], `${groups.open}, ${groups.isolated}`],
  [[], "none"],
];

for (const [expected_current_security_group_ids, words] of UNEXPECTED) {
  Deno.test(`change is refused as state_changed when the expected groups are ${words}`, async () => {
    const { content, sentence, cloud, audit } = await change({ args: { expected_current_security_group_ids } });
    assert.deepEqual([content.outcome, content.error.kind, cloud.puts.length], ["refused", "state_changed", 0]);
    assert.equal(
      content.error.message,
      `The instance has security groups ${groups.open} now, not ${words} as expected`,
    );
    assert.deepEqual(content.previous_security_group_ids, [groups.open]);
    assert.ok(sentence.startsWith("Refused, no change was sent: The instance has"), sentence);
    assert.equal(audit.error_kind, "state_changed");
  });
}

Deno.test("change is refused as state_unknown, with what the cloud said, when the state cannot be read", async () => {
  const body = {
    error_code: "DBSS.1000",
    error_msg: "no",
    details: [{ error_msg: "why" }],
    encoded_authorization_message: "m",
  };
  const args = { expected_current_security_group_ids: [groups.open] };
  const { content, cloud, audit } = await change({ args, prepare: failing(1, answer(403, body)) });
  const { kind, message, hint: _, retryable, ...said } = content.error;
  assert.deepEqual([content.outcome, kind, retryable, cloud.puts.length], ["refused", "state_unknown", false, 0]);
  assert.match(message, /expected ones: Huawei Cloud denied the permission \(HTTP 403, DBSS\.1000\)$/);
  assert.deepEqual(said, body);
  assert.deepEqual([audit.error_kind, audit.error_code], ["state_unknown", "DBSS.1000"]);
});

Deno.test("change repeats a reading that failed when there is a state to compare", async () => {
  const args = { expected_current_security_group_ids: [groups.open] };
  const { content, readings } = await change({ args, prepare: failing(2) });
  assert.deepEqual([content.outcome, readings], ["accepted", 3]);
});

Deno.test("change takes expected groups of at most twenty ids without duplicates", async () => {
  for (const expected of [["a", "a"], ["a b"], Array.from({ length: 21 }, (_, index) => `g-${index}`)]) {
    const { content, cloud } = await change({ args: { expected_current_security_group_ids: expected } });
    assert.deepEqual([content.error.kind, cloud.requests.length], ["invalid_input", 0]);
  }
});

// Waiting.

const slow = (readings: number) => (cloud: SimulatedCloud) => void (cloud.readingsUntilApplied = readings);

Deno.test("change with wait tells its progress and is applied when the last node shows it", async () => {
  const told: [number, string?][] = [];
  const ways: Ways = { onprogress: ({ progress, message }) => told.push([progress, message]) };
  const { content, sentence, ms, readings } = await change({ args: { wait: true }, prepare: slow(2), ways });
  assert.deepEqual([content.outcome, content.http_status, content.code], ["applied", 200, 0]);
  assert.match(sentence, /^Applied: every node shows the change of instance/);
  assert.deepEqual(content.notes, [UNDO]);
  // One look before. The first node follows at the third reading after the change, the second at the fourth.
  assert.equal(readings, 1 + 4);
  assert.equal(ms, 1_000 + 2_000 + 4_000);
  const message = "Waiting until every node shows the change";
  assert.deepEqual(told, [[1, message], [2, message], [3, message]]);
});

Deno.test("change with wait is applied at once when the first reading shows it", async () => {
  const { content, ms } = await change({ args: { wait: true } });
  assert.deepEqual([content.outcome, ms], ["applied", 0]);
});

Deno.test("change without wait reads nothing after it was accepted", async () => {
  const { content, readings } = await change({ prepare: slow(2) });
  assert.deepEqual([content.outcome, readings], ["accepted", 1]);
});

for (
  const [what, prepare] of [
    ["no node follows", slow(1_000)],
    [
      "one node lags behind",
      (cloud: SimulatedCloud) => {
        const [instance] = cloud.instances;
        const changed = () => instance!.nodes[0]!.securityGroupId = groups.lockedDown;
        cloud.faults.push({
          respond() {
            changed();
            return Response.json({ code: 0 });
          },
        });
      },
    ],
  ] as const
) {
  Deno.test(`change with wait stays accepted, with a hint and within the time, when ${what}`, async () => {
    const { content, isError, ms } = await change({ args: { wait: true }, prepare });
    assert.deepEqual([content.outcome, isError], ["accepted", false]);
    assert.deepEqual(content.notes, [
      UNDO,
      "A reading after the change did not show it on every node; list the instance later to see whether it has",
    ]);
    assert.ok(ms <= TIMEOUT_MS && ms > TIMEOUT_MS - 8_000, `${ms}`);
  });
}

Deno.test("change with wait says that reading failed, not that the change has not arrived", async () => {
  const prepare = (cloud: SimulatedCloud) => {
    cloud.faults.push({ ...answer(200, { code: 0 }) }, on("POST", answer(200, { clusters: [] })));
    failing(50, answer(403))(cloud);
  };
  const { content } = await change({ args: { wait: true }, prepare });
  assert.equal(content.outcome, "accepted");
  assert.match(content.notes[1], /^The instance could not be read after the change: Huawei Cloud denied .*HTTP 403/);
});

Deno.test("change with wait survives readings that fail in between", async () => {
  const prepare = (cloud: SimulatedCloud) => {
    slow(1)(cloud);
    cloud.faults.push({ ...on("POST", answer(200, { clusters: [] })) });
    failing(6, reset())(cloud);
  };
  assert.equal((await change({ args: { wait: true }, prepare })).content.outcome, "applied");
});

// After an unclear answer.

Deno.test("change is applied, and says why it looked, when the answer was unclear and every node shows it", async () => {
  const prepare = (cloud: SimulatedCloud) => void cloud.faults.push(afterwards(answer(500, { error_msg: "oops" })));
  const { content, isError, cloud } = await change({ prepare });
  assert.deepEqual([content.outcome, content.http_status, isError, cloud.puts.length], ["applied", 500, false, 1]);
  assert.deepEqual(content.notes, [
    UNDO,
    "The answer to the change was unclear: Huawei Cloud reported a fault of its own (HTTP 500)",
  ]);
});

const UNSETTLED: [string, (cloud: SimulatedCloud) => void, note: RegExp][] = [
  ["nothing was done", (cloud) => void cloud.faults.push(reset()), /^A reading after the change did not show it/],
  [
    "one node lags behind",
    (cloud) => {
      slow(0)(cloud);
      cloud.faults.push({
        respond() {
          cloud.instances[0]!.nodes[1]!.securityGroupId = groups.lockedDown;
          return new Response("", { status: 504 });
        },
      });
    },
    /^A reading after the change did not show it on every node$/,
  ],
  [
    "the reading fails, too",
    (cloud) => {
      cloud.faults.push({
        respond() {
          failing(20, answer(403))(cloud);
          return new Response("", { status: 502 });
        },
      });
    },
    /^The instance could not be read after the change: Huawei Cloud denied the permission \(HTTP 403\)$/,
  ],
];

for (const [what, prepare, note] of UNSETTLED) {
  Deno.test(`change is unknown, and asks for no second one, when the answer was unclear and ${what}`, async () => {
    const { content, isError, sentence, cloud } = await change({ prepare });
    assert.deepEqual([content.outcome, isError, cloud.puts.length], ["unknown", true, 1]);
    assert.match(content.notes[1], note);
    assert.match(content.error.hint, /^Do not repeat the change yet: list_encrypted_instances/);
    assert.equal(content.error.retryable, false);
    assert.match(sentence, /^Unknown, the change of .* may have happened/);
  });
}

Deno.test("change with wait also waits after an unclear answer", async () => {
  const prepare = (cloud: SimulatedCloud) => {
    slow(2)(cloud);
    cloud.faults.push(afterwards(answer(504)));
  };
  assert.equal((await change({ prepare })).content.outcome, "unknown");
  const { content, cloud } = await change({ prepare, args: { wait: true } });
  assert.deepEqual([content.outcome, cloud.puts.length], ["applied", 1]);
});

Deno.test("change with wait stays unknown when no reading shows it within the time", async () => {
  const prepare = (cloud: SimulatedCloud) => {
    slow(1_000)(cloud);
    cloud.faults.push(afterwards(answer(504)));
  };
  const { content, isError, cloud, ms } = await change({ prepare, args: { wait: true } });
  assert.deepEqual([content.outcome, isError, cloud.puts.length], ["unknown", true, 1]);
  assert.ok(ms <= TIMEOUT_MS && ms > TIMEOUT_MS - 8_000, `${ms}`);
});

Deno.test("change looks once more even when an answer that never came has used up the whole time", async () => {
  const silent = afterwards(silence());
  const clock = new FakeClock();
  await using joined = await join({ clock, timeoutMs: 10_000 }, { attemptTimeoutMs: 10_000 });
  joined.cloud.faults.push(silent);
  const { content } = await clock.run(call(joined, CHANGE, { ...LOCK_DOWN, wait: true }));
  assert.deepEqual([content.outcome, joined.cloud.puts.length], ["applied", 1]);
});

// More than one group.

Deno.test("change sends several groups in the order given, and never calls applied what the list does not show", async () => {
  const args = { security_group_ids: [groups.lockedDown, groups.isolated], wait: true };
  const { content, cloud } = await change({ args });
  assert.equal(cloud.puts[0]!.body, JSON.stringify({ security_group_ids: args.security_group_ids }));
  assert.equal(content.outcome, "accepted");
});

Deno.test("change of several groups is applied when every node shows all of them, in whatever order", async () => {
  const args = { security_group_ids: [groups.lockedDown, groups.isolated], wait: true };
  const both = `${groups.isolated},${groups.lockedDown}`;
  const prepare = (cloud: SimulatedCloud) => {
    cloud.faults.push({
      respond() {
        nodes(both, both)(cloud);
        return Response.json({});
      },
    });
  };
  assert.equal((await change({ args, prepare })).content.outcome, "applied");
});

// Cancelling.

async function cancelled(prepare: (cloud: SimulatedCloud, cancel: () => void) => void, args = {}) {
  const clock = new FakeClock();
  await using joined = await join({ clock, timeoutMs: TIMEOUT_MS }, { attemptTimeoutMs: 10_000 });
  const abort = new AbortController();
  prepare(joined.cloud, () => abort.abort("no longer wanted"));
  const ways: Ways = { signal: abort.signal };
  await assert.rejects(clock.run(call(joined, CHANGE, { ...LOCK_DOWN, ...args }, ways)));
  await clock.run(joined.settled());
  assert.equal(joined.audited.length, 1);
  assert.equal(clock.pending, 0);
  return { audit: joined.audited[0]!, cloud: joined.cloud };
}

Deno.test("change that is cancelled during the first look sends nothing, and the audit says so", async () => {
  const { audit, cloud } = await cancelled((cloud, cancel) =>
    cloud.faults.push({
      on: "POST",
      respond(request) {
        cancel();
        return silence().respond(request);
      },
    })
  );
  assert.deepEqual([audit.outcome, audit.error_kind, cloud.puts.length], ["refused", "cancelled", 0]);
});

Deno.test("change that is cancelled after it went out is followed to its end, and the audit says so", async () => {
  const { audit } = await cancelled((cloud, cancel) =>
    cloud.faults.push({
      async respond() {
        cancel();
        await Promise.resolve();
        return Response.json({ code: 0, task_id: "task-7" });
      },
    })
  );
  assert.deepEqual([audit.outcome, audit.http_status, audit.task_id], ["accepted", 200, "task-7"]);
});

Deno.test("change that is cancelled while waiting stops waiting, and the audit says accepted", async () => {
  const { audit, cloud } = await cancelled((cloud, cancel) => {
    cloud.readingsUntilApplied = 1_000;
    cloud.faults.push(on("POST", answer(200, { clusters: [] })), {
      on: "POST",
      respond() {
        cancel();
        return Response.json({ clusters: [] });
      },
    });
  }, { wait: true });
  assert.deepEqual([audit.outcome, audit.code, cloud.requests.length], ["accepted", 0, 3]);
});

Deno.test("change whose answer is unclear and whose caller is gone is unknown in the audit", async () => {
  const { audit } = await cancelled((cloud, cancel) =>
    cloud.faults.push({
      respond() {
        cancel();
        return new Response("", { status: 502 });
      },
    })
  );
  assert.deepEqual([audit.outcome, audit.http_status], ["unknown", 502]);
});
