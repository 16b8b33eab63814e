/**
 * The DBSS part of the simulated cloud: the list of encrypted instances and the change of groups.
 *
 * Called by `cloud.ts` for a request whose credentials are good. A change becomes visible node by node, as
 * many readings later as the cloud was told, so that waiting for it is worth something. It never looks at
 * credentials.
 */
import { errorBodies } from "./faults.ts";
import type { SimulatedAnswer, SimulatedGroup, SimulatedInstance } from "./state.ts";

export interface DbssState {
  instances: SimulatedInstance[];
  groups: SimulatedGroup[];
  /** How many readings of the list still show a node's old group after a change; one more for each further node. */
  readingsUntilApplied: number;
  pending: PendingChange[];
  /** Changes taken so far. */
  tasks: number;
}

/** A change that was taken and is not visible everywhere yet. */
interface PendingChange {
  instance: SimulatedInstance;
  securityGroupId: string;
  /** Readings since the change was taken. */
  readings: number;
}

export function listInstances(state: DbssState): SimulatedAnswer {
  for (const change of state.pending) change.readings += 1;
  advance(state);
  const clusters = state.instances.map(({ id, name, nodes }) => ({
    instance_id: id,
    name,
    charge_model: "Period",
    is_active_standby: nodes.length > 1,
    detail: {
      total: nodes.length,
      server: nodes.map((node, index) => ({
        server_id: `${id.slice(0, -4)}${index.toString(16).padStart(2, "0")}${id.slice(-2)}`,
        instance_id: id,
        security_group_id: node.securityGroupId,
        status: node.status,
        task_status: node.taskStatus,
        vpc_id: "00000000-0000-4000-8000-0000000000c1",
        subnet_id: "00000000-0000-4000-8000-0000000000d1",
        version: "1.0.0",
        is_active: index,
      })),
    },
  }));
  return { status: 200, body: { clusters } };
}

export function changeSecurityGroup(
  state: DbssState,
  instanceId: string,
  body: string,
  contentType: string,
): SimulatedAnswer {
  const ids = contentType.startsWith("application/json") ? readIds(body) : undefined;
  const instance = state.instances.find(({ id }) => id === instanceId);
  if (instance === undefined) return refuse("DBSS.10020021", "Invalid request parameter id");
  if (ids === undefined || !ids.every((id) => state.groups.some((group) => group.id === id))) {
    return refuse("DBSS.10000001", "Malformed request message");
  }
  state.pending = state.pending.filter((change) => change.instance !== instance);
  for (const node of instance.nodes) node.taskStatus = "simulated-task";
  // The list has room for one group a node: of several, the simulated cloud shows the first.
  state.pending.push({ instance, securityGroupId: ids[0]!, readings: 0 });
  advance(state);
  state.tasks += 1;
  const taskId = `00000000-0000-4000-8000-${String(state.tasks).padStart(12, "0")}`;
  return { status: 200, body: { code: 0, task_id: taskId }, isApplied: true };
}

function advance(state: DbssState): void {
  state.pending = state.pending.filter(({ instance, securityGroupId, readings }) => {
    const due = instance.nodes.filter((_node, index) =>
      state.readingsUntilApplied === 0 || readings > state.readingsUntilApplied + index
    );
    for (const node of due) Object.assign(node, { securityGroupId, taskStatus: "NO_TASK" });
    return due.length < instance.nodes.length;
  });
}

function readIds(body: string): string[] | undefined {
  try {
    const ids = JSON.parse(body).security_group_ids;
    const isList = Array.isArray(ids) && ids.length > 0 && ids.every((id) => typeof id === "string" && id !== "");
    return isList ? ids : undefined;
  } catch {
    return undefined;
  }
}

function refuse(code: string, message: string): SimulatedAnswer {
  return { status: 400, body: errorBodies.dbss(code, message) };
}
