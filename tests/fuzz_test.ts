import assert from "node:assert/strict";
import fc from "fast-check";
// @ts-types="@modelcontextprotocol/sdk/validation/ajv-provider"
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv-provider.js";
import { tokenAuthenticator } from "../src/auth/token.ts";
import { createClient } from "../src/huaweicloud/client.ts";
import { path } from "../src/huaweicloud/endpoint.ts";
import { RETRY } from "../src/huaweicloud/retry.ts";
import { createSend } from "../src/huaweicloud/send.ts";
import { tidy } from "../src/redaction.ts";
import { listing, TOOLS } from "../src/server.ts";
import { SIMULATION } from "../src/simulator/state.ts";
import { FakeClock } from "./support/fake_clock.ts";
import { join } from "./support/in_memory.ts";

/** The same inputs on every run; a failure names the path to replay it. */
const RUNS = { seed: 20260124, numRuns: 300 };

const CHANGE = "change_encrypted_instance_security_group";
const ids = [...Object.values(SIMULATION.instances), ...Object.values(SIMULATION.groups), SIMULATION.projectId];
const text = fc.string({ unit: "binary", maxLength: 80 });
const json = fc.jsonValue({ maxDepth: 3 });

/** A valid id, or one that something was done to. */
const nearlyId = fc.oneof(
  fc.constantFrom(...ids),
  fc.tuple(fc.constantFrom(...ids), text, fc.nat(40)).map(([id, other, at]) => id.slice(0, at) + other + id.slice(at)),
  fc.constantFrom(...ids).map((id) => `${id}/../${id}`),
  text,
);

/** Arguments that are nearly right, or not at all. */
const argumentsOf = fc.oneof(
  fc.record({
    instance_id: fc.oneof(nearlyId, json),
    security_group_ids: fc.oneof(fc.array(nearlyId, { maxLength: 22 }), json),
    project_id: fc.oneof(fc.constant(SIMULATION.projectId), nearlyId),
    wait: fc.oneof(fc.constant(false), json),
  }, { requiredKeys: [] }),
  fc.dictionary(fc.oneof(text, fc.constantFrom("__proto__", "constructor", "instance_id", "limit", "name")), json),
);

for (const tool of TOOLS) {
  Deno.test(`${tool.name} refuses whatever is not valid and sends nothing then`, async () => {
    await using joined = await join();
    await fc.assert(
      fc.asyncProperty(argumentsOf, async (args) => {
        joined.cloud.requests.length = 0;
        // As it comes over the wire: what JSON cannot say, a caller cannot say.
        const wire = JSON.parse(JSON.stringify(args));
        const result = await joined.client.callTool({ name: tool.name, arguments: wire });
        const content = result.structuredContent as { outcome?: string; error?: { kind: string } };
        // The SDK drops this one name before the server sees it.
        const { ["__proto__"]: _dropped, ...seen } = wire;
        const isValid = tool.input.safeParse(seen).success;
        assert.equal(content.error?.kind === "invalid_input", !isValid);
        if (!isValid) assert.equal(joined.cloud.requests.length, 0);
        if (!isValid && tool.name === CHANGE) assert.equal(content.outcome, "refused");
        assert.ok(JSON.stringify(result).isWellFormed());
      }),
      RUNS,
    );
  });
}

/** Bodies that are nearly right, or not at all. */
const body = fc.oneof(
  text,
  json.map((value) => JSON.stringify(value)),
  fc.record({
    code: fc.oneof(fc.constantFrom(0, 0, 0, 1, -1), json),
    description: fc.oneof(text, json),
    order_id: fc.oneof(text, json),
    task_id: fc.oneof(text, json),
  }, { requiredKeys: [] }).map((value) => JSON.stringify(value)),
  fc.record({
    error_code: fc.oneof(text, json),
    error_msg: fc.oneof(text, json),
    details: fc.oneof(fc.array(fc.record({ error_code: text, error_msg: text }, { requiredKeys: [] })), json),
    encoded_authorization_message: fc.oneof(text, json),
    error: json,
    clusters: json,
    request_id: json,
  }, { requiredKeys: [] }).map((value) => JSON.stringify(value)),
);

const header = fc.string({ unit: "grapheme-ascii", maxLength: 20 });
const answers = fc.record({
  status: fc.oneof(
    fc.constant(200),
    fc.constantFrom(400, 401, 403, 404, 409, 429, 500, 503),
    fc.integer({ min: 200, max: 599 }),
  ),
  headers: fc.record({ "x-request-id": header, "retry-after": fc.oneof(header, fc.nat().map(String)) }, {
    requiredKeys: [],
  }),
  body,
});

function codeOf(body: string): unknown {
  try {
    return JSON.parse(body)?.code;
  } catch {
    return "no JSON";
  }
}

Deno.test("the change claims nothing that the answer did not say, whatever it is", async () => {
  const outputSchema = listing(TOOLS).all.tools.find(({ name }) => name === CHANGE)!.outputSchema!;
  const isValid = new AjvJsonSchemaValidator().getValidator(outputSchema);
  let answer: { status: number; headers: Record<string, string>; body: string };
  let puts = 0;
  const clock = new FakeClock();
  await using joined = await join({
    clock,
    timeoutMs: 30_000,
    cloud: createClient({
      origins: { dbss: "https://dbss.invalid", vpc: "https://vpc.invalid" },
      userAgent: "dbss-mcp/test",
      send: createSend({
        fetch(_url, { method }) {
          if (method === "PUT") puts += 1;
          const isEmpty = [204, 205, 304].includes(answer.status);
          return Promise.resolve(new Response(isEmpty ? null : answer.body, answer));
        },
        authenticator: tokenAuthenticator(SIMULATION.token),
        clock,
        random: () => 0.5,
        attemptTimeoutMs: 10_000,
      }),
    }),
  });
  await fc.assert(
    fc.asyncProperty(answers, async (each) => {
      answer = each;
      puts = 0;
      const result = await clock.run(joined.client.callTool({
        name: CHANGE,
        arguments: { instance_id: ids[0], security_group_ids: [SIMULATION.groups.open] },
      }));
      const content = result.structuredContent as { outcome: string; error?: { kind: string } };
      const context = JSON.stringify(content);
      assert.equal(isValid(content).errorMessage, undefined, context);
      assert.notEqual(content.error?.kind, "internal", context);
      if (content.outcome === "accepted") {
        assert.equal(answer.status, 200, context);
        assert.ok([0, null, undefined].includes(codeOf(answer.body) as never), context);
      }
      // With one answer for every request, only a list that names the instance could have shown the change.
      if (content.outcome === "applied") assert.ok(answer.body.includes(ids[0]!), context);
      if (content.outcome === "rejected") assert.ok(answer.status < 500 || answer.status === 503, context);
      const mayRepeat = answer.status === 429 || (answer.status === 503 && answer.body.includes(".0613"));
      assert.ok(puts === 1 || (mayRepeat && puts <= RETRY.maxAttempts), `${puts} PUTs after ${answer.status}`);
      const blocks = result.content as { text: string }[];
      for (const { text } of blocks) assert.ok(text.isWellFormed() && !/\p{Cc}|\p{Cf}/u.test(text), text);
      assert.deepEqual(JSON.parse(blocks[1]!.text), content);
    }),
    RUNS,
  );
});

Deno.test("path() never lets a value change the path's structure", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "binary-ascii" }), (first, second) => {
      fc.pre([first, second].every((value) => !["", ".", ".."].includes(value)));
      const url = new URL(path`/v1/${first}/db-encrypt/${second}/security-group`, "https://dbss.example");
      assert.equal(url.origin + url.search + url.hash, "https://dbss.example");
      assert.deepEqual(url.pathname.split("/").map(decodeURIComponent), [
        "",
        "v1",
        first,
        "db-encrypt",
        second,
        "security-group",
      ]);
    }),
    { ...RUNS, examples: [["..%2f", "%2e%2e"], ["a/b", "?x#y"], ["\\..\\", "@evil.example"], [".%00", ";x"]] },
  );
});

Deno.test("tidy() gives short, well-formed text that hides nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), fc.nat(200), (value, limit) => {
      const tidied = tidy(value, limit);
      assert.ok(tidied.isWellFormed());
      assert.ok(tidied.length <= limit + 40);
      assert.doesNotMatch(tidied, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.equal(tidy(tidied, tidied.length), tidied, "tidying twice changes nothing");
    }),
    RUNS,
  );
});
