import assert from "node:assert/strict";
import { changeSecurityGroup, type DbssState, listInstances } from "../../src/simulator/dbss.ts";
import { simulatedGroups, simulatedInstances, SIMULATION } from "../../src/simulator/state.ts";

const { instances, groups } = SIMULATION;

const state = (readingsUntilApplied = 0): DbssState => ({
  instances: simulatedInstances(),
  groups: simulatedGroups(),
  readingsUntilApplied,
  pending: [],
  tasks: 0,
});

const change = (cloud: DbssState, ...ids: string[]) =>
  changeSecurityGroup(
    cloud,
    instances.billing,
    JSON.stringify({ security_group_ids: ids }),
    "application/json;charset=utf8",
  );

// deno-lint-ignore no-explicit-any
const clusters = (cloud: DbssState): any[] => (listInstances(cloud).body as any).clusters;
const shown = (cloud: DbssState) =>
  clusters(cloud)[0].detail.server.map((
    { security_group_id, task_status }: Record<string, string>,
  ) => [security_group_id, task_status]);

Deno.test("listInstances() has the documented fields, and the security group on each node alone", () => {
  const [billing, orders] = clusters(state());
  assert.deepEqual(Object.keys(billing), ["instance_id", "name", "charge_model", "is_active_standby", "detail"]);
  assert.deepEqual([billing.instance_id, billing.is_active_standby, orders.is_active_standby], [
    instances.billing,
    true,
    false,
  ]);
  assert.deepEqual([billing.detail.total, billing.detail.server.length, orders.detail.total], [2, 2, 1]);
  const [primary, standby] = billing.detail.server;
  assert.deepEqual([primary.is_active, standby.is_active], [0, 1]);
  assert.notEqual(primary.server_id, standby.server_id);
  for (const node of billing.detail.server) {
    assert.equal(node.instance_id, instances.billing);
    const { server_id: _, is_active: __, ...others } = node;
    for (const [name, value] of Object.entries(others)) assert.equal(typeof value, "string", name);
  }
});

Deno.test("changeSecurityGroup() is visible at once when nothing is to take time", () => {
  const cloud = state();
  assert.equal(change(cloud, groups.isolated).status, 200);
  assert.deepEqual(shown(cloud), [[groups.isolated, "NO_TASK"], [groups.isolated, "NO_TASK"]]);
});

Deno.test("changeSecurityGroup() becomes visible node by node, with a task until then", () => {
  const cloud = state(1);
  change(cloud, groups.isolated);
  const busy = [groups.open, "simulated-task"];
  const done = [groups.isolated, "NO_TASK"];
  assert.deepEqual([shown(cloud), shown(cloud), shown(cloud)], [[busy, busy], [done, busy], [done, done]]);
  assert.deepEqual(cloud.pending, []);
});

Deno.test("changeSecurityGroup() replaces a change of the same instance that is on its way", () => {
  const cloud = state(1);
  change(cloud, groups.isolated);
  listInstances(cloud);
  change(cloud, groups.lockedDown);
  const seen = [1, 2, 3].map(() => shown(cloud).map(([group]: string[]) => group));
  assert.ok(!seen.flat().includes(groups.isolated));
  assert.deepEqual(seen.at(-1), [groups.lockedDown, groups.lockedDown]);
});

Deno.test("changeSecurityGroup() shows the first of several groups, as a node has room for one", () => {
  const cloud = state();
  change(cloud, groups.isolated, groups.lockedDown);
  assert.equal(shown(cloud)[0][0], groups.isolated);
});

Deno.test("changeSecurityGroup() gives every change a task of its own", () => {
  const cloud = state();
  const tasks = [1, 2].map(() => (change(cloud, groups.open).body as { task_id: string }).task_id);
  assert.notEqual(tasks[0], tasks[1]);
});
