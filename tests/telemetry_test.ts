import assert from "node:assert/strict";
import { traced, type Tracer } from "../src/telemetry.ts";

/** A tracer that writes down what it is told. */
function recordingTracer() {
  const spans: Record<string, unknown>[] = [];
  const tracer: Tracer = {
    startActiveSpan(name, { attributes }, run) {
      const span: Record<string, unknown> = { name, ...attributes, isEnded: false };
      spans.push(span);
      return run({
        setAttribute: (key, value) => void (span[key] = value),
        setStatus: ({ code }) => void (span.status = code),
        end: () => void (span.isEnded = true),
      });
    },
  };
  return { tracer, spans };
}

const result = (structuredContent: Record<string, unknown>) => () =>
  Promise.resolve({ content: [], structuredContent });

Deno.test("traced() makes one span with tool, region and outcome, and nothing else", async () => {
  const { tracer, spans } = recordingTracer();
  const answer = { outcome: "accepted", instance_id: "i", task_id: "t" };
  assert.deepEqual((await traced("change", "cn-north-4", result(answer), tracer)).structuredContent, answer);
  assert.deepEqual(spans, [
    { name: "tools/call change", tool: "change", region: "cn-north-4", outcome: "accepted", isEnded: true },
  ]);
});

Deno.test("traced() marks a failure with its kind", async () => {
  const { tracer, spans } = recordingTracer();
  await traced("change", undefined, result({ outcome: "refused", error: { kind: "policy", message: "m" } }), tracer);
  assert.deepEqual(spans, [{
    name: "tools/call change",
    tool: "change",
    outcome: "refused",
    "error.type": "policy",
    status: 2,
    isEnded: true,
  }]);
});

Deno.test("traced() ends its span when the call throws", async () => {
  const { tracer, spans } = recordingTracer();
  await assert.rejects(traced("change", undefined, () => Promise.reject(new Error("defect")), tracer), /defect/);
  assert.equal(spans[0]!.isEnded, true);
});

Deno.test("traced() just runs when tracing is off", async () => {
  assert.deepEqual(await traced("list", undefined, result({})), { content: [], structuredContent: {} });
});
