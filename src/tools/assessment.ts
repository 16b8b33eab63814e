/**
 * What a change would do: the instance as it is, both sets of groups, their rules compared, and warnings.
 *
 * Used by the preview, and by the change when a person is to be asked. Sends no change. What could not be
 * looked at is said in `notChecked`; nothing is concluded from it.
 */
import type { Call, GroupsWithRules, Instance, Reading, SecurityGroup } from "../huaweicloud/client.ts";
import { sameIds, securityGroupsOf, showsOnEveryNode, toRow } from "./instance.ts";
import { compareRules, ruleWarnings } from "./rules.ts";
import type { ToolContext } from "./tool.ts";

export interface Assessment {
  instance: Reading<Instance>;
  current?: SecurityGroup[];
  requested: SecurityGroup[];
  /** Absent when the instance could not be read. */
  changes?: boolean;
  rulesGained?: string[];
  rulesLost?: string[];
  warnings: string[];
  notChecked: string[];
}

export interface RequestedChange {
  projectId: string;
  instanceId: string;
  securityGroupIds: readonly string[];
}

export async function assess(change: RequestedChange, context: ToolContext, call: Call): Promise<Assessment> {
  const requestedIds = change.securityGroupIds;
  const instance = await context.cloud.readInstance(change.projectId, change.instanceId, call);
  const currentIds = instance.value && securityGroupsOf(instance.value);
  const ids = [...new Set([...currentIds ?? [], ...requestedIds])];
  const groups = await context.cloud.readSecurityGroups(change.projectId, ids, call);
  const changes = instance.value && !showsOnEveryNode(instance.value, requestedIds);
  const refusal = context.refusalOf({ instance_id: change.instanceId, security_group_ids: requestedIds });
  return {
    instance,
    current: currentIds && named(currentIds, groups),
    requested: named(requestedIds, groups),
    changes,
    ...rulesOf(currentIds, requestedIds, groups),
    warnings: [
      ...refusal === undefined ? [] : [`The change would be refused: ${refusal}`],
      ...changes === false ? ["Nothing would change: every node has exactly these security groups already"] : [],
      ...instance.value ? instanceWarnings(instance.value) : [],
      ...requestedIds.length > 1
        ? ["More than one security group is requested, although an instance shows only one for each node"]
        : [],
      ...groups.value ? groupWarnings(requestedIds, groups.value) : [],
    ],
    notChecked: [
      ...instance.error ? [`the instance and its present security groups: ${instance.error.message}`] : [],
      ...groups.error ? [`names, existence and rules of the security groups: ${groups.error.message}`] : [],
    ],
  };
}

function named(ids: readonly string[], groups: Reading<GroupsWithRules>): SecurityGroup[] {
  return ids.map((id) => {
    const found = groups.value?.groups.find((group) => group.id === id);
    return { id, name: found?.name };
  });
}

function rulesOf(
  currentIds: readonly string[] | undefined,
  requestedIds: readonly string[],
  groups: Reading<GroupsWithRules>,
): Pick<Assessment, "rulesGained" | "rulesLost"> {
  if (currentIds === undefined || groups.value === undefined) return {};
  const rules = groups.value.rules;
  const of = (ids: readonly string[]) => rules.filter(({ securityGroupId }) => ids.includes(securityGroupId));
  const { gained, lost } = compareRules(of(currentIds), of(requestedIds));
  return { rulesGained: gained, rulesLost: lost };
}

function groupWarnings(requestedIds: readonly string[], { groups, rules }: GroupsWithRules): string[] {
  const missing = requestedIds.filter((id) => !groups.some((group) => group.id === id));
  const requestedRules = rules.filter(({ securityGroupId }) => requestedIds.includes(securityGroupId));
  return [
    ...missing.map((id) => `Security group ${id} does not exist in this project`),
    ...missing.length < requestedIds.length ? ruleWarnings(requestedRules) : [],
  ];
}

/** The states that leave an instance free; the documentation names them for audit instances only. */
const FREE_STATUS = "ACTIVE";
const NO_TASK = "NO_TASK";

function instanceWarnings(instance: Instance): string[] {
  const { status, task_status } = toRow(instance);
  const [first, ...others] = instance.nodes;
  const isUneven = first !== undefined &&
    others.some((node) => !sameIds(node.securityGroupIds, first.securityGroupIds));
  return [
    ...instance.nodes.some((node) => node.freezeReason !== undefined) || status?.includes("FROZEN")
      ? ["The instance is frozen"]
      : [],
    ...instance.nodes.some(({ taskStatus }) => taskStatus !== undefined && taskStatus !== NO_TASK)
      ? [`The instance is busy with a task (task_status "${task_status}")`]
      : [],
    ...instance.nodes.some((node) => node.status !== undefined && node.status !== FREE_STATUS)
      ? [`The instance may not take changes now (status "${status}")`]
      : [],
    ...isUneven ? ["The nodes of the instance have different security groups"] : [],
  ];
}
