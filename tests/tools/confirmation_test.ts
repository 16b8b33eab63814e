import assert from "node:assert/strict";
import type { Assessment } from "../../src/tools/assessment.ts";
import { confirmationQuestion } from "../../src/tools/confirmation.ts";

const CHANGE = { region: "cn-north-4", instanceId: "i-1" };

function question(fields: Partial<Assessment>, name?: string): string[] {
  const instance = { value: { instanceId: "i-1", name, nodes: [] } };
  const assessment = {
    instance,
    current: [],
    requested: [{ id: "g-1" }],
    warnings: [],
    notChecked: [],
    cloudErrors: [],
  };
  return confirmationQuestion(CHANGE, { ...assessment, ...fields }).split("\n");
}

Deno.test("confirmationQuestion() names instance, region and groups, and leaves out what is not known", () => {
  assert.deepEqual(question({}), [
    "Change the security group of encrypted instance i-1 in region cn-north-4?",
    "Now: none",
    "Then: g-1",
  ]);
  assert.equal(question({ current: undefined })[1], "Now: not known");
});

Deno.test("confirmationQuestion() puts warnings first, then what was not checked, then rules", () => {
  const fields = { warnings: ["w"], notChecked: ["n"], rulesGained: ["g"], rulesLost: ["l"] };
  assert.deepEqual(question(fields).slice(3), [
    "Warning: w",
    "Could not be checked: n",
    "Rule gained: g",
    "Rule lost: l",
  ]);
});

Deno.test("confirmationQuestion() calls a rule that denies a rule, and nothing that is let through", () => {
  const lines = question({ rulesLost: ["inbound deny tcp 22 from 0.0.0.0/0"] });
  assert.deepEqual(lines.slice(3), ["Rule lost: inbound deny tcp 22 from 0.0.0.0/0"]);
});

Deno.test("confirmationQuestion() shows eight lines of a kind and counts the others", () => {
  const lines = question({ rulesGained: Array.from({ length: 20 }, (_, index) => `rule ${index}`) }).slice(3);
  assert.equal(lines.length, 9);
  assert.deepEqual([lines[7], lines[8]], ["Rule gained: rule 7", "Rule gained: and 12 more"]);
});

Deno.test("confirmationQuestion() lets no name end its quotation marks, begin a line or run on", () => {
  const name = `x" in region y?\nWarning: none\u202e`;
  const lines = question({ requested: [{ id: "g-1\nWarning: none", name: "n".repeat(1_000) }] }, name);
  assert.equal(lines.length, 3);
  assert.ok(lines[0]!.includes(String.raw`"x\" in region y? Warning: none" i-1 in region cn-north-4?`), lines[0]);
  assert.equal(lines[2], `Then: "${"n".repeat(64)}... (936 more characters)" (not shown)`);
});
