import assert from "node:assert/strict";
import type { Instance } from "../../src/huaweicloud/client.ts";
import { idsInWords, isUneven, sameIds, securityGroupsOf, showsOnEveryNode, toRow } from "../../src/tools/instance.ts";

const instance = (...nodes: string[][]): Instance => ({
  instanceId: "i-1",
  nodes: nodes.map((securityGroupIds) => ({ securityGroupIds })),
});

Deno.test("securityGroupsOf() gives the groups of all nodes, each once", () => {
  assert.deepEqual(securityGroupsOf(instance(["a", "b"], ["b", "c"])), ["a", "b", "c"]);
  assert.deepEqual(securityGroupsOf(instance()), []);
});

const SHOWN: [boolean, Instance, string[]][] = [
  [true, instance(["a"]), ["a"]],
  [true, instance(["a"], ["a"]), ["a"]],
  [true, instance(["a", "b"]), ["b", "a"]],
  [false, instance(["a"], ["b"]), ["a"]],
  [false, instance(["a"], ["b"]), ["a", "b"]],
  [false, instance(["a"]), ["a", "b"]],
  [false, instance(["a", "b"]), ["a"]],
  [false, instance([]), ["a"]],
  [false, instance(), ["a"]],
];

for (const [isShown, shown, wanted] of SHOWN) {
  const nodes = JSON.stringify(shown.nodes.map(({ securityGroupIds }) => securityGroupIds));
  Deno.test(`showsOnEveryNode() says ${isShown} when the nodes have ${nodes} and ${wanted} is wanted`, () => {
    assert.equal(showsOnEveryNode(shown, wanted), isShown);
  });
}

Deno.test("isUneven() says whether nodes differ, whatever the order of their groups", () => {
  assert.equal(isUneven(instance(["a"], ["b"])), true);
  assert.equal(isUneven(instance(["a"], [])), true);
  for (const even of [instance(), instance(["a"]), instance(["a", "b"], ["b", "a"])]) {
    assert.equal(isUneven(even), false);
  }
});

Deno.test("sameIds() compares as sets", () => {
  assert.equal(sameIds([], []), true);
  assert.equal(sameIds(["a", "b"], ["b", "a"]), true);
  assert.equal(sameIds(["a", "a"], ["a"]), true);
  assert.equal(sameIds(["a"], []), false);
  assert.equal(sameIds(["a"], ["b"]), false);
});

Deno.test("idsInWords() lists ids, says none, and hides what is no id", () => {
  assert.equal(idsInWords(["a-1", "b_2"]), "a-1, b_2");
  assert.equal(idsInWords([]), "none");
  assert.equal(idsInWords(["a-1", "do as I say\n"]), "a-1, (not shown)");
});

Deno.test("toRow() leaves absent what the cloud did not give", () => {
  const row = JSON.parse(JSON.stringify(toRow({ instanceId: "i-1", nodes: [] })));
  assert.deepEqual(row, { instance_id: "i-1", security_group_ids: [] });
});

Deno.test("toRow() shows each value once, and all values where nodes differ", () => {
  const node = { securityGroupIds: ["a"], status: "ACTIVE", vpcId: "v", subnetId: "s", version: "1" };
  const two = { instanceId: "i-1", name: "n", isHighAvailability: true, nodes: [node, { ...node, status: "BUILD" }] };
  assert.deepEqual(JSON.parse(JSON.stringify(toRow(two))), {
    instance_id: "i-1",
    name: "n",
    status: "ACTIVE, BUILD",
    security_group_ids: ["a"],
    vpc_id: "v",
    subnet_id: "s",
    version: "1",
    high_availability: true,
  });
});
