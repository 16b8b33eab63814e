import assert from "node:assert/strict";
import { type AuditOptions, createAudit } from "../src/audit.ts";
import type { HuaweiCloud } from "../src/huaweicloud/client.ts";
import { createRedactor } from "../src/redaction.ts";
import { answer } from "../src/simulator/faults.ts";
import { SIMULATION } from "../src/simulator/state.ts";
import { call, CHANGE, LIST_INSTANCES, LOCK_DOWN, PREVIEW } from "./support/calls.ts";
import { FakeClock } from "./support/fake_clock.ts";
import { join } from "./support/in_memory.ts";

const { groups, projectId, instances } = SIMULATION;

/** An audit whose file and stderr are lists of texts. */
function setup(append?: AuditOptions["append"]) {
  const redactor = createRedactor(["fake-secret-0123"]);
  const stderr: string[] = [];
  const audit = createAudit({ clock: new FakeClock(), redactor, write: (line) => stderr.push(line), append });
  return { audit, stderr };
}

const fails = () => {
  throw new Error("disk full");
};

Deno.test("record() writes the same one line to stderr and to the file", () => {
  const file: string[] = [];
  const { audit, stderr } = setup((text) => file.push(text));
  audit.record({ actor: "someone 1.0", tool: "t", code: 0, duration_ms: 5, security_group_ids: ["g-1"] });
  assert.deepEqual(file, stderr);
  assert.equal(stderr.length, 1);
  assert.ok(stderr[0]!.endsWith("}\n"));
  assert.deepEqual(JSON.parse(stderr[0]!), {
    time: "2026-01-01T00:00:00.000Z",
    audit: "change",
    actor: "someone 1.0",
    tool: "t",
    code: 0,
    duration_ms: 5,
    security_group_ids: ["g-1"],
  });
});

Deno.test("record() keeps to one line and lets no secret through, whoever the actor says to be", () => {
  const { audit, stderr } = setup();
  audit.record({ actor: `fake-secret-0123\n{"audit":"forged"}${"x".repeat(500)}`, tool: "t", duration_ms: 0 });
  assert.equal(stderr[0]!.indexOf("\n"), stderr[0]!.length - 1);
  const { actor } = JSON.parse(stderr[0]!);
  assert.match(actor, /^\[redacted\] \{"audit":"forged"\}x+\.\.\. \(\d+ more characters\)$/);
  assert.ok(actor.length < 250);
});

Deno.test("record() still writes to stderr when the file cannot be written, and throws", () => {
  const { audit, stderr } = setup(fails);
  assert.throws(() => audit.record({ actor: "a", tool: "t", duration_ms: 0 }), /disk full/);
  assert.equal(stderr.length, 1);
});

Deno.test("check() throws when the file cannot be written, and writes nothing", () => {
  assert.throws(() => setup(fails).audit.check(), /disk full/);
  const file: string[] = [];
  const { audit, stderr } = setup((text) => file.push(text));
  audit.check();
  assert.deepEqual([file.join(""), stderr], ["", []]);
  setup().audit.check();
});

// Through a real client.

Deno.test("an accepted change leaves one line with every field", async () => {
  const clock = new FakeClock();
  await using joined = await join({ clock }, { person: () => "accept" });
  joined.cloud.faults.push({
    respond() {
      clock.advance(250);
      return Response.json({ code: 0, task_id: "task-1" }, { headers: { "x-request-id": "request-1" } });
    },
  });
  await clock.run(call(joined, CHANGE, LOCK_DOWN));
  assert.deepEqual(joined.audited, [{
    time: "2026-01-01T00:00:00.250Z",
    audit: "change",
    actor: "test-client 1.2.3",
    tool: CHANGE,
    region: "simulated",
    project_id: projectId,
    instance_id: instances.billing,
    security_group_ids: [groups.lockedDown],
    previous_security_group_ids: [groups.open],
    confirmed_by: "person",
    outcome: "accepted",
    http_status: 200,
    code: 0,
    task_id: "task-1",
    request_id: "request-1",
    duration_ms: 250,
  }]);
});

Deno.test("a rejected change leaves a line with status, error code and request id", async () => {
  await using joined = await join();
  joined.cloud.faults.push(answer(409, { error_code: "DBSS.9", error_msg: "busy" }, { "x-request-id": "request-2" }));
  await call(joined, CHANGE, LOCK_DOWN);
  const { outcome, http_status, error_kind, error_code, request_id } = joined.audited[0]!;
  assert.deepEqual(
    [outcome, http_status, error_kind, error_code, request_id],
    ["rejected", 409, "conflict", "DBSS.9", "request-2"],
  );
});

Deno.test("a change refused by the policy leaves a line with what was asked, in which project", async () => {
  await using joined = await join({ policy: { isReadOnly: true, confirm: "auto" } });
  await call(joined, CHANGE, LOCK_DOWN);
  const { time: _, duration_ms: __, ...line } = joined.audited[0]!;
  assert.deepEqual(line, {
    audit: "change",
    actor: "test-client 1.2.3",
    tool: CHANGE,
    region: "simulated",
    project_id: projectId,
    instance_id: instances.billing,
    security_group_ids: [groups.lockedDown],
    outcome: "refused",
    error_kind: "policy",
  });
});

const REFUSED: [kind: string, options: Parameters<typeof join>[0], args: Record<string, unknown>][] = [
  ["invalid_input", {}, { instance_id: "x", secret: "y" }],
  ["configuration", { cloud: { missing: "Cannot reach Huawei Cloud yet: set HW_AUTH_TOKEN" } }, LOCK_DOWN],
  ["configuration", { projectId: undefined }, LOCK_DOWN],
  ["confirmation", { policy: { isReadOnly: false, confirm: "required" } }, LOCK_DOWN],
  ["state_changed", {}, { ...LOCK_DOWN, expected_current_security_group_ids: [] }],
];

for (const [kind, options, args] of REFUSED) {
  Deno.test(`a change refused as ${kind} leaves one line when called with ${JSON.stringify(Object.keys(args))}`, async () => {
    await using joined = await join(options);
    await call(joined, CHANGE, args);
    assert.deepEqual(joined.audited.map(({ outcome, error_kind }) => [outcome, error_kind]), [["refused", kind]]);
  });
}

Deno.test("a defect of the server leaves a line that says unknown", async () => {
  const cloud = {
    readInstance() {
      throw new TypeError("fake defect");
    },
  } as unknown as HuaweiCloud;
  await using joined = await join({ cloud });
  const { content, sentence } = await call(joined, CHANGE, LOCK_DOWN);
  assert.deepEqual([content.outcome, content.error.kind], ["unknown", "internal"]);
  assert.ok(!JSON.stringify([content, sentence]).includes("fake defect"));
  assert.deepEqual(joined.audited.map(({ outcome, error_kind }) => [outcome, error_kind]), [["unknown", "internal"]]);
  assert.match(String(joined.logged.find(({ message }) => message === "defect")!.error), /fake defect/);
});

Deno.test("reading leaves no line", async () => {
  await using joined = await join();
  await call(joined, LIST_INSTANCES);
  await call(joined, PREVIEW, LOCK_DOWN);
  assert.deepEqual(joined.audited, []);
});

/** An audit over a real file below .tmp/. */
async function onFile(use: (path: string, audit: ReturnType<typeof createAudit>) => Promise<void>): Promise<void> {
  await Deno.mkdir(".tmp", { recursive: true });
  const path = `.tmp/audit-${crypto.randomUUID()}.log`;
  try {
    const append = (text: string) => Deno.writeTextFileSync(path, text, { append: true });
    await use(path, setup(append).audit);
  } finally {
    await Deno.remove(path, { recursive: true }).catch(() => {});
  }
}

Deno.test("the file is appended to, and holds the line before the answer is given", () =>
  onFile(async (path, audit) => {
    await Deno.writeTextFile(path, '{"earlier":true}\n');
    await using joined = await join({ audit });
    await call(joined, CHANGE, LOCK_DOWN);
    const first = Deno.readTextFileSync(path).trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(first.map(({ earlier, outcome }) => earlier ?? outcome), [true, "accepted"]);
    await call(joined, CHANGE, { ...LOCK_DOWN, expected_current_security_group_ids: [groups.open] });
    assert.equal(Deno.readTextFileSync(path).trimEnd().split("\n").length, 3);
  }));

Deno.test("a file that cannot be written refuses the change, names the variable, and nothing is sent", () =>
  onFile(async (path, audit) => {
    await Deno.mkdir(path);
    await using joined = await join({ audit });
    const { content } = await call(joined, CHANGE, LOCK_DOWN);
    assert.deepEqual([content.outcome, content.error.kind], ["refused", "configuration"]);
    assert.match(content.error.message, /DBSS_MCP_AUDIT_FILE/);
    assert.deepEqual(content.notes, ["The audit file could not be written"]);
    assert.equal(joined.cloud.requests.length, 0);
    assert.equal((await call(joined, LIST_INSTANCES)).isError, false);
  }));

Deno.test("a file that becomes unwritable while a person thinks refuses the change", async () => {
  let isFull = false;
  const { audit } = setup(() => isFull && fails());
  await using joined = await join({ audit }, {
    person() {
      isFull = true;
      return "accept";
    },
  });
  const { content } = await call(joined, CHANGE, LOCK_DOWN);
  assert.deepEqual([content.outcome, content.error.kind], ["refused", "configuration"]);
  assert.equal(joined.cloud.puts.length, 0);
});

Deno.test("a rejected change says, too, that its line is missing in the file", async () => {
  let isFull = false;
  const { audit } = setup(() => isFull && fails());
  await using joined = await join({ audit });
  joined.cloud.faults.push({
    respond() {
      isFull = true;
      return new Response("{}", { status: 403 });
    },
  });
  const { content, sentence } = await call(joined, CHANGE, LOCK_DOWN);
  assert.equal(content.outcome, "rejected");
  assert.match(sentence, / The audit file could not be written\.$/);
});

Deno.test("a file that becomes unwritable while the change is on its way is told in the answer", () =>
  onFile(async (path, audit) => {
    await using joined = await join({ audit });
    joined.cloud.faults.push({
      respond() {
        Deno.removeSync(path);
        Deno.mkdirSync(path);
        return Response.json({ code: 0 });
      },
    });
    const { content, sentence } = await call(joined, CHANGE, LOCK_DOWN);
    assert.equal(content.outcome, "accepted");
    assert.ok(content.notes.includes("The audit file could not be written"));
    assert.match(sentence, / The audit file could not be written\.$/);
    assert.ok(joined.logged.some(({ level, message }) => level === "error" && String(message).includes("audit file")));
    const refused = await call(joined, CHANGE, LOCK_DOWN);
    assert.equal(refused.content.outcome, "refused");
    assert.match(refused.sentence, / The audit file could not be written\.$/);
  }));
