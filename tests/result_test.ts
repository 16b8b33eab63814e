import assert from "node:assert/strict";
import { CloudError, type CloudErrorFacts, type CloudErrorKind } from "../src/huaweicloud/errors.ts";
import { createRedactor } from "../src/redaction.ts";
import { ERROR_KINDS, HINTS, kindOf, toResult, UNKNOWN_HINT } from "../src/result.ts";
import { changeSecurityGroup, type Outcome, OUTCOMES } from "../src/tools/change_security_group.ts";
import { listInstances } from "../src/tools/list_instances.ts";
import { Refusal } from "../src/tools/tool.ts";

const redactor = createRedactor(["fake-secret"]);
const cloudError = (facts: Partial<CloudErrorFacts> = {}, kind: CloudErrorKind = "permission") =>
  new CloudError(kind, "Huawei Cloud denied the permission", { verdict: "denied", ...facts });

function result(reply: Record<string, unknown> & { error?: Error }, tool = changeSecurityGroup) {
  const made = toResult(tool, reply, redactor);
  const [sentence, json] = made.content as { text: string }[];
  return {
    isError: made.isError,
    sentence: sentence!.text,
    json: json!.text,
    content: made.structuredContent as Record<string, unknown> & { error?: Record<string, unknown> },
  };
}

Deno.test("every kind of error has one hint, a sentence without its full stop", () => {
  assert.deepEqual(Object.keys(HINTS).sort(), [...ERROR_KINDS].sort());
  assert.equal(new Set(ERROR_KINDS).size, ERROR_KINDS.length);
  for (const hint of [...Object.values(HINTS), UNKNOWN_HINT]) assert.match(hint, /^[A-Z].{10,160}[^.]$/);
});

for (const outcome of OUTCOMES) {
  Deno.test(`toResult() begins its sentence with ${outcome} when that is the outcome`, () => {
    const isGood = ["accepted", "applied"].includes(outcome);
    const { sentence, isError } = result({
      outcome,
      region: "cn-north-4",
      instance_id: "i-1",
      security_group_ids: ["g-1", "g-2"],
      error: isGood ? undefined : cloudError(),
    });
    assert.ok(sentence.toLowerCase().startsWith(outcome), sentence);
    assert.match(sentence, /\.$/);
    assert.equal(isError, !isGood);
    if (isGood || outcome === "unknown") assert.match(sentence, /i-1.*cn-north-4.*g-1, g-2/);
    if (!isGood) assert.match(sentence, /denied the permission/);
  });
}

Deno.test("toResult() never says try again when the outcome is unknown", () => {
  const { content, sentence } = result({
    outcome: "unknown" satisfies Outcome,
    error: cloudError({ verdict: "unclear" }, "timeout"),
  });
  assert.equal(content.error!.retryable, false);
  assert.equal(content.error!.hint, UNKNOWN_HINT);
  assert.doesNotMatch(sentence, /call again (later|$)/i);
});

Deno.test("toResult() keeps every error field of the cloud under its own name", () => {
  const body = {
    error_code: "DBSS.1",
    error_msg: "said the cloud",
    details: [{ error_code: "A", error_msg: "a" }, { error_msg: "b" }],
    encoded_authorization_message: "enc",
  };
  const { content, sentence } = result({ outcome: "rejected", error: cloudError({ body }) });
  for (const [name, value] of Object.entries(body)) assert.deepEqual(content.error![name], value);
  assert.ok(!sentence.includes("said the cloud"));
});

Deno.test("toResult() leaves absent what is not known", () => {
  const { json, content } = result({ outcome: "accepted", code: undefined, task_id: undefined });
  assert.deepEqual(content, { outcome: "accepted" });
  assert.equal(json, '{"outcome":"accepted"}');
});

Deno.test("toResult() masks secrets and control characters in every field, and cuts what is long", () => {
  const { json, sentence, content } = result({
    outcome: "rejected",
    description: "fake-secret\u001b[2J\u202e",
    error: cloudError({ body: { error_msg: "x".repeat(5_000), details: [{ error_msg: "fake-secret" }] } }),
  });
  for (const text of [json, sentence]) assert.ok(!text.includes("fake-secret") && !/\\u001b|\u202e/.test(text), text);
  assert.ok((content.error!.error_msg as string).length < 1_100);
});

Deno.test("toResult() keeps a long encoded authorization message whole, since a part of it is of no use", () => {
  const encoded = "e".repeat(10_000);
  const { content } = result({
    outcome: "rejected",
    error: cloudError({ body: { encoded_authorization_message: encoded } }),
  });
  assert.equal(content.error!.encoded_authorization_message, encoded);
});

Deno.test("toResult() says nothing of what an unexpected error says", () => {
  const { json, sentence, content } = result({
    outcome: "unknown",
    error: new TypeError("at /home/someone/secret.ts"),
  });
  assert.equal(content.error!.kind, "internal");
  assert.ok(!(json + sentence).includes("someone"));
});

Deno.test("toResult() takes a read for repeatable where it would not take a change", () => {
  const error = cloudError({ verdict: "unclear" }, "network");
  assert.equal(result({ error }, listInstances).content.error!.retryable, true);
  assert.equal(result({ outcome: "unknown", error }).content.error!.retryable, false);
});

Deno.test("kindOf() gives the kind of our own errors and internal for all others", () => {
  assert.equal(kindOf(cloudError()), "permission");
  assert.equal(kindOf(new Refusal("policy", "x")), "policy");
  assert.equal(kindOf(Object.assign(new Error("x"), { kind: "policy" })), "internal");
});
