import assert from "node:assert/strict";
// @ts-types="@modelcontextprotocol/sdk/validation/ajv-provider"
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv-provider.js";
import { CLOUD_ERROR_KINDS, CloudError } from "../src/huaweicloud/errors.ts";
import { ERROR_KINDS } from "../src/result.ts";
import { listing, TOOLS } from "../src/server.ts";
import { SIMULATION } from "../src/simulator/state.ts";
import { Refusal, REFUSAL_KINDS, type Tool } from "../src/tools/tool.ts";
import { join } from "./support/in_memory.ts";

type Schema = Record<string, unknown> & { properties?: Record<string, Schema> };
const listed = listing(TOOLS).all.tools as { name: string; inputSchema: Schema; outputSchema: Schema }[];
const validator = new AjvJsonSchemaValidator();

/** Every schema inside a schema, itself included, with the way to it. */
function* walk(schema: Schema, way: string): Generator<[way: string, Schema]> {
  yield [way, schema];
  for (const [key, value] of Object.entries(schema)) {
    if (typeof value === "object" && value !== null) yield* walk(value as Schema, `${way}.${key}`);
  }
}

Deno.test("tools/list is what it was; after a change: deno task test -u --allow-write=tests/snapshots", async (t) => {
  await t.assertSnapshot(listing(TOOLS).all, {
    dir: "snapshots",
    name: "tools/list",
    serializer: (value) => JSON.stringify(value, null, 2),
  });
});

Deno.test("tools/list costs at most 9,000 bytes", () => {
  const size = new TextEncoder().encode(JSON.stringify(listing(TOOLS).all)).length;
  assert.ok(size <= 9_000, `${size} bytes`);
});

Deno.test("tools have names of their own", () => {
  assert.equal(new Set(TOOLS.map(({ name }) => name)).size, TOOLS.length);
});

for (const tool of TOOLS) {
  const { inputSchema, outputSchema } = listed.find(({ name }) => name === tool.name)!;

  Deno.test(`${tool.name} has a plain name, a title and a description that does not tire`, () => {
    assert.match(tool.name, /^[a-z][a-z_]{2,63}$/);
    assert.match(tool.title, /^[A-Z].{5,79}$/);
    assert.match(tool.description, /^[A-Z].{20,400}\.$/);
    assert.doesNotMatch(tool.description, /[A-Z]{6,}|!/, "it shouts");
  });

  Deno.test(`${tool.name} sets all four annotations, and they agree`, () => {
    const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = tool.annotations;
    for (const hint of [readOnlyHint, destructiveHint, idempotentHint, openWorldHint]) {
      assert.equal(typeof hint, "boolean");
    }
    assert.ok(!(readOnlyHint && destructiveHint));
    const annotations = (listed.find(({ name }) => name === tool.name) as { annotations?: unknown }).annotations;
    assert.deepEqual(annotations, { title: tool.title, ...tool.annotations });
  });

  Deno.test(`${tool.name} takes a strict object whose every field is described`, () => {
    assert.equal(inputSchema.type, "object");
    assert.equal(inputSchema.additionalProperties, false);
    for (const [name, field] of Object.entries(inputSchema.properties!)) {
      assert.equal(typeof field.description, "string", `${name} has no description`);
      assert.equal(typeof field.type, "string", `${name} has no single type`);
    }
  });

  Deno.test(`${tool.name} gives an object that has room for an error`, () => {
    assert.equal(outputSchema.type, "object");
    assert.equal(outputSchema.properties!.error!.type, "object");
    assert.ok(!(outputSchema.required as string[] | undefined)?.includes("error"));
  });

  Deno.test(`${tool.name} has no union, null, reference or dialect at any level`, () => {
    for (const [way, schema] of [...walk(inputSchema, "input"), ...walk(outputSchema, "output")]) {
      for (const word of ["anyOf", "oneOf", "allOf", "not", "$ref", "$defs", "$schema", "if", "nullable"]) {
        assert.ok(!(word in schema), `${way} has ${word}`);
      }
      assert.ok(!Array.isArray(schema.type) && schema.type !== "null", `${way} has the type ${schema.type}`);
    }
  });

  for (const kind of ERROR_KINDS) {
    Deno.test(`${tool.name} gives what its output schema promises when it fails with ${kind}`, async () => {
      const failing: Tool = { ...tool, run: () => Promise.reject(failure(kind)) };
      await using joined = await join({ tools: [failing] });
      const result = await joined.client.callTool({ name: tool.name, arguments: argumentsFor(tool) });
      assert.equal(result.isError, true);
      const content = result.structuredContent as { error: Record<string, unknown>; outcome?: string };
      assert.deepEqual(validator.getValidator(outputSchema)(content).errorMessage, undefined);
      assert.equal(content.error.kind, kind);
      for (const field of ["message", "hint"]) assert.match(content.error[field] as string, /^\S.{10,}[^.]$/s);
      assert.equal(typeof content.error.retryable, "boolean");
      assert.ok(!JSON.stringify(result).includes("null"), "absent is absent");
      const blocks = result.content as { type: string; text: string }[];
      assert.deepEqual(JSON.parse(blocks[1]!.text), content);
      const isRefusal = REFUSAL_KINDS.some((each) => each === kind);
      if (!tool.annotations.readOnlyHint) assert.equal(content.outcome, isRefusal ? "refused" : "unknown");
    });
  }

  Deno.test(`${tool.name} gives what its output schema promises when it succeeds`, async () => {
    await using joined = await join();
    const result = await joined.client.callTool({ name: tool.name, arguments: argumentsFor(tool) });
    assert.equal(result.isError, false, JSON.stringify(result));
    assert.equal(validator.getValidator(outputSchema)(result.structuredContent).errorMessage, undefined);
    const blocks = result.content as { type: string; text: string }[];
    assert.deepEqual(JSON.parse(blocks[1]!.text), result.structuredContent);
  });
}

/** The least that a tool must be given. */
function argumentsFor(tool: Tool): Record<string, unknown> {
  const values: Record<string, unknown> = {
    instance_id: SIMULATION.instances.billing,
    security_group_ids: [SIMULATION.groups.lockedDown],
  };
  const required = listed.find(({ name }) => name === tool.name)!.inputSchema.required as string[] | undefined ?? [];
  return Object.fromEntries(required.map((name) => [name, values[name]]));
}

function failure(kind: typeof ERROR_KINDS[number]): Error {
  const refusal = REFUSAL_KINDS.find((each) => each === kind);
  if (refusal) return new Refusal(refusal, "Cannot do it for this test");
  const cloud = CLOUD_ERROR_KINDS.find((each) => each === kind);
  if (!cloud) return new Error("a defect");
  return new CloudError(cloud, "The cloud failed in this test", {
    verdict: "unclear",
    httpStatus: 500,
    requestId: "r-1",
    body: { error_code: "A.1", details: [{ error_msg: "x" }, {}], encoded_authorization_message: "e" },
  });
}
