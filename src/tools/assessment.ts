/**
 * What a change would do: the instance as it is, both sets of groups, their rules compared, and warnings.
 *
 * Used by the preview, and by the change when a person is to be asked. Sends no change. What could not be
 * looked at is said in `notChecked`; nothing is concluded from it.
 */
import type {
  Call,
  CloudError,
  Instance,
  InstanceNode,
  Reading,
  SecurityGroup,
  SecurityGroupRule,
} from "../huaweicloud/client.ts";
import { plain } from "../redaction.ts";
import { isUneven, securityGroupsOf, showsOnEveryNode } from "./instance.ts";
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
  /** The cloud's own words where something could not be looked at. */
  cloudErrors: Record<string, unknown>[];
}

export interface RequestedChange {
  projectId: string;
  instanceId: string;
  securityGroupIds: readonly string[];
}

/** Three lists are read at most. Never throws a CloudError: what could not be read stands in `notChecked`. */
export async function assess(change: RequestedChange, context: ToolContext, call: Call): Promise<Assessment> {
  const requestedIds = change.securityGroupIds;
  const instance = await context.cloud.readInstance(change.projectId, change.instanceId, call);
  const currentIds = instance.value && securityGroupsOf(instance.value);
  const ids = [...new Set([...currentIds ?? [], ...requestedIds])];
  const groups = await context.cloud.readSecurityGroups(change.projectId, ids, call);
  const existing = groups.value?.map(({ id }) => id);
  const rules = existing && await context.cloud.readRules(change.projectId, existing, call);
  const unseen = unseenGroups(currentIds, existing);
  const changes = instance.value && !showsOnEveryNode(instance.value, requestedIds);
  const failed = [
    { what: "the instance and its present security groups", error: instance.error },
    { what: "names, existence and rules of the security groups", error: groups.error },
    { what: "rules of the security groups", error: rules?.error },
  ].filter((entry): entry is { what: string; error: CloudError } => entry.error !== undefined);
  const refusal = context.refusalOf({ instance_id: change.instanceId, security_group_ids: requestedIds });
  return {
    instance,
    current: currentIds && named(currentIds, groups.value),
    requested: named(requestedIds, groups.value),
    changes,
    ...unseen.length === 0 ? rulesOf(currentIds, requestedIds, rules?.value) : {},
    warnings: [
      ...refusal === undefined ? [] : [`The change would be refused: ${refusal}`],
      ...changes === false ? ["Nothing would change: every node has exactly these security groups already"] : [],
      ...instance.value ? instanceWarnings(instance.value) : [],
      ...requestedIds.length > 1
        ? ["More than one security group is requested, although an instance shows only one for each node"]
        : [],
      ...existing ? groupWarnings(requestedIds, existing, rules?.value) : [],
    ],
    notChecked: [...failed.map(({ what, error }) => `${what}: ${error.message}`), ...unseen],
    cloudErrors: failed.map(({ error }) => ({ ...error.body }))
      .filter((body) => Object.keys(body).length > 0),
  };
}

function named(ids: readonly string[], groups: readonly SecurityGroup[] = []): SecurityGroup[] {
  return ids.map((id) => ({ id, name: groups.find((group) => group.id === id)?.name }));
}

const rulesIn = (rules: readonly SecurityGroupRule[], ids: readonly string[]) =>
  rules.filter(({ securityGroupId }) => ids.includes(securityGroupId));

/** Why the present rules are not known although everything could be read; a comparison would call none of them lost. */
function unseenGroups(currentIds?: readonly string[], existingIds?: readonly string[]): string[] {
  if (currentIds?.length === 0) return ["the present security groups: the list shows none"];
  if (currentIds === undefined || existingIds === undefined) return [];
  return currentIds.filter((id) => !existingIds.includes(id))
    .map((id) => `rules of the present security group ${plain(id)}: it was not found in this project`);
}

function rulesOf(
  currentIds: readonly string[] | undefined,
  requestedIds: readonly string[],
  rules: readonly SecurityGroupRule[] | undefined,
): Pick<Assessment, "rulesGained" | "rulesLost"> {
  if (currentIds === undefined || rules === undefined) return {};
  const { gained, lost } = compareRules(rulesIn(rules, currentIds), rulesIn(rules, requestedIds));
  return { rulesGained: gained, rulesLost: lost };
}

function groupWarnings(
  requestedIds: readonly string[],
  existingIds: readonly string[],
  rules: readonly SecurityGroupRule[] | undefined,
): string[] {
  const missing = requestedIds.filter((id) => !existingIds.includes(id));
  return [
    ...missing.map((id) => `Security group ${id} was not found in this project`),
    ...rules && missing.length < requestedIds.length ? ruleWarnings(rulesIn(rules, requestedIds)) : [],
  ];
}

/** The states that leave an instance free; the documentation names them for audit instances only. */
const FREE_STATUS = "ACTIVE";
const NO_TASK = "NO_TASK";

function instanceWarnings(instance: Instance): string[] {
  const distinct = (
    field: (node: InstanceNode) => string | undefined,
  ) => [...new Set(instance.nodes.map(field).filter((value) => value !== undefined))];
  const statuses = distinct(({ status }) => status);
  const tasks = distinct(({ taskStatus }) => taskStatus).filter((task) => task !== NO_TASK);
  const isFrozen = instance.nodes.some(({ freezeReason }) => freezeReason !== undefined) || statuses.includes("FROZEN");
  return [
    ...isFrozen ? ["The instance is frozen"] : [],
    ...tasks.length > 0 ? [`The instance is busy with a task (task_status ${tasks.map(plain).join(", ")})`] : [],
    ...statuses.some((status) => status !== FREE_STATUS)
      ? [`The instance may not take changes now (status ${statuses.map(plain).join(", ")})`]
      : [],
    ...isUneven(instance) ? ["The nodes of the instance have different security groups"] : [],
  ];
}
