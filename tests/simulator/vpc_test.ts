import assert from "node:assert/strict";
import { simulatedGroups, SIMULATION } from "../../src/simulator/state.ts";
import { listRules, listSecurityGroups } from "../../src/simulator/vpc.ts";

const { groups } = SIMULATION;
const query = (text: string) => new URLSearchParams(text);

Deno.test("listSecurityGroups() has the documented fields and no rules", () => {
  const { security_groups, page_info, request_id } = listSecurityGroups(simulatedGroups(), query(""));
  assert.equal(typeof request_id, "string");
  assert.deepEqual(Object.keys(security_groups[0]!), ["id", "name", "description"]);
  assert.deepEqual(page_info, { previous_marker: groups.open, current_count: 3 });
});

const FILTERS: [string, string[]][] = [
  [`id=${groups.open}&id=${groups.isolated}`, [groups.open, groups.isolated]],
  ["name=open&name=isolated", [groups.open, groups.isolated]],
  ["name=ope", []],
  [`id=${groups.open}&name=isolated`, []],
];

for (const [text, expected] of FILTERS) {
  Deno.test(`listSecurityGroups() finds ${expected.length} with ${text}`, () => {
    assert.deepEqual(listSecurityGroups(simulatedGroups(), query(text)).security_groups.map(({ id }) => id), expected);
  });
}

Deno.test("listSecurityGroups() pages by marker, and has no next_marker on the last page", () => {
  const all = simulatedGroups();
  const first = listSecurityGroups(all, query("limit=2"));
  assert.deepEqual([first.page_info.current_count, first.page_info.next_marker], [2, groups.lockedDown]);
  const second = listSecurityGroups(all, query(`limit=2&marker=${groups.lockedDown}`));
  assert.deepEqual(second.security_groups.map(({ id }) => id), [groups.isolated]);
  assert.equal("next_marker" in second.page_info, false);
});

Deno.test("listRules() gives the rules of the named groups, with the documented fields", () => {
  const { security_group_rules } = listRules(simulatedGroups(), query(`security_group_id=${groups.open}`));
  assert.deepEqual(security_group_rules.map(({ security_group_id }) => security_group_id), [groups.open, groups.open]);
  const [rule, other] = security_group_rules;
  assert.notEqual(rule!.id, other!.id);
  const { id: _, ...fields } = rule!;
  assert.deepEqual(fields, {
    security_group_id: groups.open,
    action: "allow",
    priority: 1,
    enabled: true,
    direction: "ingress",
    ethertype: "IPv4",
    protocol: "tcp",
    multiport: "5432,8443",
    remote_ip_prefix: "0.0.0.0/0",
  });
});

Deno.test("listRules() gives every group's rules when none is named, page by page", () => {
  const all = simulatedGroups();
  const whole = listRules(all, query("")).security_group_rules.map(({ id }) => id);
  const paged: string[] = [];
  for (let marker: string | undefined = ""; marker !== undefined;) {
    const page = listRules(all, query(`limit=2&marker=${marker}`));
    paged.push(...page.security_group_rules.map(({ id }) => id));
    marker = page.page_info.next_marker;
  }
  assert.deepEqual(paged, whole);
  assert.equal(whole.length, 5);
});
