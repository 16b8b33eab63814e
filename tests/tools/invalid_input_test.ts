import assert from "node:assert/strict";
import { createRedactor } from "../../src/redaction.ts";
import { changeSecurityGroup as tool } from "../../src/tools/change_security_group.ts";
import { invalidInput } from "../../src/tools/invalid_input.ts";

const VALID = { instance_id: "i".repeat(36), security_group_ids: ["g-1"] };

/** The sentence about these arguments, in place of the valid ones. */
function about(input: unknown, secret?: string): string {
  const { error } = tool.input.safeParse(input);
  assert.ok(error, "the arguments are valid");
  const refusal = invalidInput(tool, input, error, createRedactor([secret]));
  assert.equal(refusal.kind, "invalid_input");
  return refusal.message;
}

const IDS: [string, unknown, got: RegExp][] = [
  ["is too short", "i".repeat(31), /is "i{31}" \(31 characters\)/],
  ["is too long", "i".repeat(65), /is "i{65}" \(65 characters\)/],
  ["is far too long", "i".repeat(1e6), /is "i{80}\.\.\. \(999920 more characters\)" \(1000000 characters\)/],
  ["holds a slash", `${"i".repeat(32)}/x`, /\/x"/],
  ["holds dots", `${"i".repeat(32)}/..`, /\.\."/],
  ["holds an encoded dot", `${"i".repeat(32)}%2e%2e`, /%2e"/],
  ["holds a space", `${"i".repeat(16)} ${"i".repeat(16)}`, / i/],
  ["holds a control character", `${"i".repeat(32)}\r\nx-evil: 1`, /i {2}x-evil/],
  ["holds a null byte", `${"i".repeat(32)}\0`, /\(33 characters\)/],
  ["holds a letter of another script", "\u0456".repeat(32), /\u0456/],
  ["is empty", "", /is "" \(0 characters\)/],
  ["is a number", 7, /is 7/],
  ["is null", null, /is null/],
  ["is a list", ["a"], /is \["a"\]/],
];

for (const [what, value, got] of IDS) {
  for (const field of ["instance_id", "project_id"]) {
    Deno.test(`invalidInput() names ${field}, what it got and what it wants when it ${what}`, () => {
      const message = about({ ...VALID, [field]: value });
      assert.match(message, new RegExp(`: ${field} `));
      assert.match(message, got);
      assert.match(message, /wanted 32 to 64 letters/);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(message, /[\u0000-\u001f]/);
    });
  }
}

const GROUPS: [string, unknown, field: RegExp][] = [
  ["is empty", [], /: security_group_ids is \[\], wanted an array of 1 to 20/],
  ["is too long", Array.from({ length: 21 }, (_, n) => `g-${n}`), /: security_group_ids is \["g-0",.*wanted an array/],
  ["has a duplicate", ["g-1", "g-2", "g-1"], /: security_group_ids is \["g-1","g-2","g-1"\], wanted .* without dupl/],
  ["is a string", "g-1", /: security_group_ids is "g-1" .*wanted an array/],
  ["holds an empty string", ["g-1", ""], /: security_group_ids\[1\] is "" \(0 characters\), wanted the id/],
  ["holds a number", ["g-1", 7], /: security_group_ids\[1\] is 7, wanted the id/],
  ["holds a name", ["my group"], /: security_group_ids\[0\] is "my group" .*not its name/],
];

for (const [what, value, field] of GROUPS) {
  Deno.test(`invalidInput() says it when security_group_ids ${what}`, () => {
    assert.match(about({ ...VALID, security_group_ids: value }), field);
  });
}

Deno.test("invalidInput() names every fault at once", () => {
  const message = about({ project_id: "x", extra: 1 });
  for (const part of ["instance_id is missing", "security_group_ids is missing", "project_id is", "extra is not an"]) {
    assert.ok(message.includes(part), `${part} in ${message}`);
  }
});

Deno.test("invalidInput() never repeats the value of an unknown argument", () => {
  const message = about({ ...VALID, token: "fake-value" });
  assert.match(message, /token is not an argument of this tool, wanted only instance_id, security_group_ids/);
  assert.ok(!message.includes("fake-value"));
});

Deno.test("invalidInput() masks a secret before it cuts a value", () => {
  const secret = `fake-secret-${"x".repeat(200)}`;
  for (const input of [{ instance_id: secret }, { security_group_ids: [secret] }, { [secret]: 1 }]) {
    const message = about({ ...VALID, ...input }, secret);
    assert.ok(!message.includes("fake-secret"), message);
    assert.match(message, /\[redacted\]/);
  }
});

Deno.test("invalidInput() survives a value that is nested very deep", () => {
  const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
  assert.match(about({ ...VALID, instance_id: deep }), /instance_id is \[\[/);
});

Deno.test("invalidInput() says what it got when the arguments are no object", () => {
  assert.match(about("text"), /the arguments is|the arguments/);
});
