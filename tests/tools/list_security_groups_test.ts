import assert from "node:assert/strict";
import { MAX_LISTED } from "../../src/huaweicloud/client.ts";
import { answer, on } from "../../src/simulator/faults.ts";
import { type SimulatedGroup, SIMULATION } from "../../src/simulator/state.ts";
import { call, LIST_GROUPS } from "../support/calls.ts";
import { join } from "../support/in_memory.ts";

const { groups, projectId } = SIMULATION;

const many = (count: number): SimulatedGroup[] =>
  Array.from({ length: count }, (_, index) => ({ id: `g-${String(index).padStart(5, "0")}`, name: "same", rules: [] }));

Deno.test("list_security_groups shows id, name and description, and no rules unless asked", async () => {
  await using joined = await join();
  const { content, sentence } = await call(joined, LIST_GROUPS);
  assert.deepEqual(content, {
    region: "simulated",
    project_id: projectId,
    security_groups: [
      { id: groups.open, name: "open", description: "Reachable from everywhere" },
      { id: groups.lockedDown, name: "locked-down", description: "Reachable from the application network alone" },
      { id: groups.isolated, name: "isolated" },
    ],
    truncated: false,
  });
  assert.equal(sentence, "3 matching security groups in region simulated.");
  assert.equal(joined.cloud.requests.length, 1);
});

const FILTERS: [Record<string, unknown>, string[]][] = [
  [{ name: "open" }, [groups.open]],
  [{ name: "OPEN" }, []],
  [{ name: "ope" }, []],
  [{ security_group_ids: [groups.isolated, groups.open] }, [groups.open, groups.isolated]],
  [{ security_group_ids: ["unknown"] }, []],
  [{ security_group_ids: [groups.open], name: "isolated" }, []],
];

for (const [filter, expected] of FILTERS) {
  Deno.test(`list_security_groups finds ${expected.length} with ${JSON.stringify(filter)}`, async () => {
    await using joined = await join();
    const { content } = await call(joined, LIST_GROUPS, filter);
    assert.deepEqual(content.security_groups.map(({ id }: { id: string }) => id), expected);
  });
}

Deno.test("list_security_groups shows the rules in words, without those that are switched off", async () => {
  await using joined = await join();
  const [open] = joined.cloud.groups;
  open!.rules.push({ direction: "ingress", protocol: "udp", multiport: "53", enabled: false });
  const args = { security_group_ids: [groups.open, groups.isolated], include_rules: true };
  const { content } = await call(joined, LIST_GROUPS, args);
  assert.deepEqual(content.security_groups.map(({ rules }: { rules: string[] }) => rules), [
    ["inbound allow tcp 5432,8443 from 0.0.0.0/0", "outbound allow all protocols all ports to 0.0.0.0/0"],
    ["outbound allow all protocols all ports to 0.0.0.0/0"],
  ]);
  assert.equal(joined.cloud.requests.length, 2);
});

Deno.test("list_security_groups asks for no rules when no group fits", async () => {
  await using joined = await join();
  const { content } = await call(joined, LIST_GROUPS, { name: "none", include_rules: true });
  assert.deepEqual(content.security_groups, []);
  assert.equal(joined.cloud.requests.length, 1);
});

for (const [count, isShown] of [[5, true], [6, false]] as const) {
  Deno.test(`list_security_groups ${isShown ? "shows" : "refuses to show"} the rules of ${count} groups`, async () => {
    await using joined = await join();
    joined.cloud.groups = many(count);
    const { content } = await call(joined, LIST_GROUPS, { include_rules: true });
    assert.equal(content.security_groups?.length, isShown ? count : undefined);
    assert.equal(content.error?.kind, isShown ? undefined : "invalid_input");
    if (!isShown) assert.match(content.error.message, /of 6 security groups, wanted at most 5: narrow/);
  });
}

Deno.test("list_security_groups follows the pages, shows 200 and says that there are more", async () => {
  await using joined = await join();
  joined.cloud.groups = many(1_201);
  const { content, sentence } = await call(joined, LIST_GROUPS);
  assert.deepEqual(joined.cloud.requests.map(({ query }) => query.get("marker")), [null, "g-00499", "g-00999"]);
  assert.equal(content.security_groups.length, 200);
  assert.equal(content.truncated, true);
  assert.match(sentence, /the list is cut/);
});

Deno.test("list_security_groups reads no more than the cap", async () => {
  await using joined = await join();
  joined.cloud.groups = many(MAX_LISTED + 1);
  const { content } = await call(joined, LIST_GROUPS);
  assert.equal(joined.cloud.requests.length, MAX_LISTED / 500);
  assert.equal(content.truncated, true);
});

Deno.test("list_security_groups stops when the cloud gives markers without end", async () => {
  await using joined = await join();
  const page = answer(200, { security_groups: [], page_info: { next_marker: "again" } });
  joined.cloud.faults.push(on("GET", page), on("GET", page));
  const { content } = await call(joined, LIST_GROUPS);
  assert.deepEqual([content.security_groups, content.truncated], [[], false]);
  assert.equal(joined.cloud.requests.length, 1);
});

Deno.test("list_security_groups refuses to show rules as complete when there are more than can be read", async () => {
  await using joined = await join();
  joined.cloud.groups = many(1);
  joined.cloud.groups[0]!.rules = Array.from({ length: MAX_LISTED + 1 }, () => ({ direction: "ingress" as const }));
  const { content } = await call(joined, LIST_GROUPS, { include_rules: true });
  assert.match(content.error.message, /more than 2000 rules/);
});

for (
  const body of [{ security_groups: [{ name: "no id" }] }, { security_groups: "x" }, {
    security_groups: [],
    page_info: 1,
  }]
) {
  Deno.test(`list_security_groups says protocol when the answer is ${JSON.stringify(body)}`, async () => {
    await using joined = await join();
    joined.cloud.faults.push(on("GET", answer(200, body)));
    assert.equal((await call(joined, LIST_GROUPS)).content.error.kind, "protocol");
  });
}
