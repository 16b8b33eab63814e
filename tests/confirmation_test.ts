import assert from "node:assert/strict";
import type { Policy } from "../src/policy.ts";
import { answer, on } from "../src/simulator/faults.ts";
import { SIMULATION } from "../src/simulator/state.ts";
import { call, CHANGE, LIST_INSTANCES, LOCK_DOWN, PREVIEW } from "./support/calls.ts";
import { FakeClock } from "./support/fake_clock.ts";
import { join, type Joined, type PersonsAction } from "./support/in_memory.ts";

const { instances, groups } = SIMULATION;

const policy = (confirm: Policy["confirm"]): Policy => ({ isReadOnly: false, confirm });

/** A person who does the same to every question, and remembers them. */
function person(action: PersonsAction | (() => PersonsAction | Promise<PersonsAction>)) {
  const questions: string[] = [];
  return {
    questions,
    person(question: string) {
      questions.push(question);
      return typeof action === "string" ? action : action();
    },
  };
}

const warned = ({ logged }: Joined) =>
  logged.filter(({ level, message }) => level === "warn" && String(message).startsWith("no person is asked"));

Deno.test("a person is asked once, in plain words, with everything that they should know", async () => {
  const { questions, ...reach } = person("accept");
  await using joined = await join({}, reach);
  const { content } = await call(joined, CHANGE, {
    instance_id: instances.billing,
    security_group_ids: [groups.isolated],
  });
  assert.deepEqual([content.outcome, content.confirmed_by], ["accepted", "person"]);
  assert.deepEqual(questions, [[
    `Change the security group of encrypted instance "billing-encrypt" ${instances.billing} in region simulated?`,
    `Now: "open" ${groups.open}`,
    `Then: "isolated" ${groups.isolated}`,
    "Warning: The requested security groups have no inbound rule that allows anything: nothing would reach the instance",
    "Rule lost: inbound allow tcp 5432 from 0.0.0.0/0",
    "Rule lost: inbound allow tcp 8443 from 0.0.0.0/0",
  ].join("\n")]);
  assert.equal(joined.audited[0]!.confirmed_by, "person");
  assert.equal(warned(joined).length, 0);
});

for (const confirm of ["auto", "required"] as const) {
  for (const elicitation of [{}, { form: {} }, { form: {}, url: {} }]) {
    Deno.test(`a person is asked when confirm is ${confirm} and the client declares ${JSON.stringify(elicitation)}`, async () => {
      const { questions, ...reach } = person("accept");
      await using joined = await join({ policy: policy(confirm) }, { ...reach, elicitation });
      assert.equal((await call(joined, CHANGE, LOCK_DOWN)).content.confirmed_by, "person");
      assert.equal(questions.length, 1);
    });
  }

  const NO: [what: string, PersonsAction | (() => PersonsAction), sentence: RegExp][] = [
    ["declines", "decline", /The person who was asked declined the change/],
    ["closes the question", "cancel", /The person who was asked closed the question without an answer/],
    ["cannot be reached", () => {
      throw new Error("the window is gone");
    }, /No answer came from the person who was to be asked/],
    ["does something unheard of", "yes" as PersonsAction, /No answer came from the person who was to be asked/],
  ];
  for (const [what, action, sentence] of NO) {
    Deno.test(`a change is refused and not sent when confirm is ${confirm} and the person ${what}`, async () => {
      await using joined = await join({ policy: policy(confirm) }, person(action));
      const answered = await call(joined, CHANGE, LOCK_DOWN);
      const { outcome, confirmed_by, error } = answered.content;
      assert.deepEqual([outcome, confirmed_by, error.kind, error.retryable], [
        "refused",
        "none",
        "confirmation",
        false,
      ]);
      assert.match(answered.sentence, sentence);
      assert.match(error.hint, /do not call again without their word/);
      assert.equal(joined.cloud.puts.length, 0);
      const [line] = joined.audited;
      assert.deepEqual([line!.outcome, line!.error_kind, line!.confirmed_by], ["refused", "confirmation", "none"]);
      assert.deepEqual(line!.previous_security_group_ids, [groups.open]);
    });
  }
}

for (
  const [what, reach] of [["nothing", {}], ["url alone", { ...person("accept"), elicitation: { url: {} } }]] as const
) {
  Deno.test(`auto lets a change go on, with a warning, when the client can do ${what}`, async () => {
    await using joined = await join({}, reach);
    const { content } = await call(joined, CHANGE, LOCK_DOWN);
    assert.deepEqual([content.outcome, content.confirmed_by], ["accepted", "none"]);
    assert.equal(warned(joined).length, 1);
    assert.equal(joined.audited[0]!.confirmed_by, "none");
  });

  Deno.test(`required refuses, names the way out and reads nothing, when the client can do ${what}`, async () => {
    await using joined = await join({ policy: policy("required") }, reach);
    const { content } = await call(joined, CHANGE, LOCK_DOWN);
    assert.deepEqual([content.outcome, content.error.kind], ["refused", "confirmation"]);
    assert.match(content.error.message, /DBSS_MCP_CONFIRM is required .* use a client with MCP elicitation/);
    assert.equal(joined.cloud.requests.length, 0);
    assert.equal(joined.audited[0]!.error_kind, "confirmation");
  });
}

Deno.test("off never asks, and does not warn", async () => {
  const { questions, ...reach } = person("decline");
  await using joined = await join({ policy: policy("off") }, reach);
  const { content } = await call(joined, CHANGE, LOCK_DOWN);
  assert.deepEqual([content.outcome, content.confirmed_by, questions.length], ["accepted", "none", 0]);
  assert.equal(warned(joined).length, 0);
});

Deno.test("no argument stands in for the person", async () => {
  const { questions, ...reach } = person("decline");
  await using joined = await join({}, reach);
  for (const args of [{ confirm: true }, { confirmed_by: "person" }, { force: true }, { DBSS_MCP_CONFIRM: "off" }]) {
    const { content } = await call(joined, CHANGE, { ...LOCK_DOWN, ...args });
    assert.equal(content.error.kind, "invalid_input");
  }
  const { client } = joined;
  const _meta = { confirmed: true, elicitation: "accept" };
  const result = await client.callTool({ name: CHANGE, arguments: LOCK_DOWN, _meta });
  assert.equal((result.structuredContent as { outcome: string }).outcome, "refused");
  assert.deepEqual([questions.length, joined.cloud.puts.length], [1, 0]);
});

Deno.test("nobody is asked about what only reads, or about what is refused anyway", async () => {
  const { questions, ...reach } = person("accept");
  await using joined = await join({}, reach);
  await call(joined, LIST_INSTANCES);
  await call(joined, PREVIEW, LOCK_DOWN);
  await call(joined, CHANGE, { ...LOCK_DOWN, instance_id: "short" });
  await call(joined, CHANGE, { ...LOCK_DOWN, expected_current_security_group_ids: [groups.isolated] });
  await using strict = await join({ policy: { ...policy("required"), allowedInstanceIds: [] } }, reach);
  await call(strict, CHANGE, LOCK_DOWN);
  assert.deepEqual(questions, []);
});

const DRIFT: [what: string, (joined: Joined) => void, kind: string][] = [
  ["the groups changed", ({ cloud }) => {
    for (const node of cloud.instances[0]!.nodes) node.securityGroupId = groups.isolated;
  }, "state_changed"],
  ["one node changed", ({ cloud }) => {
    cloud.instances[0]!.nodes[1]!.securityGroupId = groups.isolated;
  }, "state_changed"],
  ["the state can no longer be read", ({ cloud }) => {
    cloud.faults.push(on("POST", answer(403, { error_msg: "no longer" })));
  }, "state_unknown"],
];

for (const [what, drift, kind] of DRIFT) {
  Deno.test(`a change that a person accepted is refused as ${kind} when meanwhile ${what}`, async () => {
    const reach = person(() => {
      drift(joined);
      return "accept";
    });
    await using joined: Joined = await join({}, reach);
    const { content } = await call(joined, CHANGE, LOCK_DOWN);
    assert.deepEqual([content.outcome, content.confirmed_by, content.error.kind], ["refused", "person", kind]);
    assert.equal(joined.cloud.puts.length, 0);
  });
}

Deno.test("a person is told what could not be looked at, and may still say yes", async () => {
  const { questions, ...reach } = person("accept");
  await using joined = await join({}, reach);
  joined.cloud.faults.push(on("POST", answer(403)), on("GET", answer(403)));
  const { content } = await call(joined, CHANGE, LOCK_DOWN);
  assert.deepEqual([content.outcome, joined.cloud.puts.length], ["accepted", 1]);
  assert.deepEqual(questions[0]!.split("\n").slice(1), [
    "Now: not known",
    `Then: ${groups.lockedDown}`,
    "Could not be checked: the instance and its present security groups: Huawei Cloud denied the permission (HTTP 403)",
    "Could not be checked: names, existence and rules of the security groups: Huawei Cloud denied the permission " +
    "(HTTP 403)",
  ]);
});

Deno.test("the time that a person takes counts against no budget", async () => {
  const clock = new FakeClock();
  const reach = person(() => {
    clock.advance(9 * 60_000);
    return "accept";
  });
  await using joined = await join({ clock, timeoutMs: 1_000 }, reach);
  const { content } = await clock.run(call(joined, CHANGE, LOCK_DOWN));
  assert.equal(content.outcome, "accepted");
  assert.equal(joined.audited[0]!.duration_ms, 9 * 60_000);
});

Deno.test("a caller who cancels while the person thinks stops the change, and the audit says so", async () => {
  const abort = new AbortController();
  const thinking = Promise.withResolvers<PersonsAction>();
  const reach = person(() => {
    abort.abort("never mind");
    return thinking.promise;
  });
  await using joined = await join({}, reach);
  await assert.rejects(call(joined, CHANGE, LOCK_DOWN, { signal: abort.signal }));
  await joined.settled();
  thinking.resolve("accept");
  assert.equal(joined.cloud.puts.length, 0);
  const [line] = joined.audited;
  assert.deepEqual([line!.outcome, line!.error_kind, line!.confirmed_by], ["refused", "confirmation", "none"]);
});

Deno.test("a client that goes away while the person thinks stops the change", async () => {
  const thinking = Promise.withResolvers<PersonsAction>();
  const asked = Promise.withResolvers<void>();
  const joined = await join(
    {},
    person(() => {
      asked.resolve();
      return thinking.promise;
    }),
  );
  const calling = call(joined, CHANGE, LOCK_DOWN);
  await asked.promise;
  await joined.client.close();
  await assert.rejects(calling);
  await joined.settled();
  thinking.resolve("accept");
  assert.equal(joined.cloud.puts.length, 0);
  assert.equal(joined.audited[0]!.outcome, "refused");
});

Deno.test("neither the question nor a completion shows a secret that the cloud says", async () => {
  const { questions, ...reach } = person("accept");
  await using joined = await join({}, reach);
  for (const instance of joined.cloud.instances) instance.name = `named ${SIMULATION.token}`;
  await call(joined, CHANGE, LOCK_DOWN);
  assert.match(questions[0]!, /^Change the security group of encrypted instance "named \[redacted\]" /);
  const ref = { type: "ref/prompt" as const, name: "move_instance_to_security_group" };
  const { completion } = await joined.client.complete({ ref, argument: { name: "instance", value: "named" } });
  assert.deepEqual(completion.values, ["named [redacted]"]);
});
