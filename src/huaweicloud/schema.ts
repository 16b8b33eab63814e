/**
 * The wire: the shapes that Huawei Cloud documents, and their translation to ours.
 *
 * Used by `client.ts` alone. Every field is optional there, unknown fields are let through, and a field of
 * a wrong type is an error of kind `protocol`, never a guess.
 */
import * as z from "zod";

const text = z.string().nullish();
const list = <Item extends z.ZodType>(item: Item) => z.array(item).nullish();

/** ChangeDbEncryptSecurityGroup, status 200: table 4 of the API reference. */
export const changeAnswerSchema = z.object({
  code: z.int().nullish(),
  description: text,
  order_id: text,
  task_id: text,
});

/** The body of ChangeDbEncryptSecurityGroup: table 3 of the API reference. */
export function changeBody(securityGroupIds: readonly string[]): string {
  return JSON.stringify({ security_group_ids: securityGroupIds });
}

/** One node of an instance; a high-availability instance has two. */
export interface InstanceNode {
  securityGroupIds: string[];
  vpcId?: string;
  subnetId?: string;
  status?: string;
  /** What the node is being processed for, `NO_TASK` or absent for nothing. */
  taskStatus?: string;
  /** Why it is frozen, when it is. */
  freezeReason?: string;
  version?: string;
}

/** An encrypted instance as the list shows it; what the list lacks is absent. */
export interface Instance {
  instanceId: string;
  name?: string;
  isHighAvailability?: boolean;
  nodes: InstanceNode[];
}

const nodeSchema = z.object({
  security_group_id: text,
  vpc_id: text,
  subnet_id: text,
  status: text,
  task_status: text,
  scene: text,
  version: text,
});

/** ListDbEncryptInstances: `Cluster` and `ResponseServer` of Huawei's SDK. */
export const instancesSchema = z.object({
  clusters: list(z.object({
    instance_id: text,
    name: text,
    is_active_standby: z.boolean().nullish(),
    detail: z.object({ server: list(nodeSchema) }).nullish(),
  })),
}).transform(({ clusters }): Instance[] =>
  (clusters ?? []).flatMap(({ instance_id, name, is_active_standby, detail }) => {
    // Without an id an entry can be neither named nor changed.
    if (!instance_id) return [];
    return {
      instanceId: instance_id,
      name: name ?? undefined,
      isHighAvailability: is_active_standby ?? undefined,
      nodes: (detail?.server ?? []).map(toNode),
    };
  })
);

function toNode(node: z.output<typeof nodeSchema>): InstanceNode {
  return {
    securityGroupIds: (node.security_group_id ?? "").split(",").map((id) => id.trim()).filter(Boolean),
    vpcId: node.vpc_id || undefined,
    subnetId: node.subnet_id || undefined,
    status: node.status || undefined,
    taskStatus: node.task_status || undefined,
    freezeReason: node.scene || undefined,
    version: node.version || undefined,
  };
}

export interface SecurityGroup {
  id: string;
  name?: string;
  description?: string;
}

const pageInfo = z.object({ next_marker: text }).nullish();

/** VPC v3 ListSecurityGroups, one page. */
export const securityGroupsSchema = z.object({
  security_groups: list(z.object({ id: z.string(), name: text, description: text })),
  page_info: pageInfo,
}).transform(({ security_groups, page_info }) => ({
  items: (security_groups ?? []).map(({ id, name, description }): SecurityGroup => ({
    id,
    name: name ?? undefined,
    description: description || undefined,
  })),
  nextMarker: page_info?.next_marker || undefined,
}));

export interface SecurityGroupRule {
  securityGroupId: string;
  direction: "ingress" | "egress";
  action: "allow" | "deny";
  /** Absent: every protocol. */
  protocol?: string;
  /** Such as "22,8000-8080"; absent: every port. */
  ports?: string;
  ethertype?: string;
  /** From 1, the highest, to 100. */
  priority?: number;
  remoteIpPrefix?: string;
  remoteGroupId?: string;
  remoteAddressGroupId?: string;
}

/** VPC v3 ListSecurityGroupRules, one page; rules that are switched off are left out. */
export const rulesSchema = z.object({
  security_group_rules: list(z.object({
    security_group_id: z.string(),
    direction: z.enum(["ingress", "egress"]),
    action: z.enum(["allow", "deny"]).nullish(),
    protocol: text,
    multiport: text,
    ethertype: text,
    priority: z.number().nullish(),
    remote_ip_prefix: text,
    remote_group_id: text,
    remote_address_group_id: text,
    enabled: z.boolean().nullish(),
  })),
  page_info: pageInfo,
}).transform(({ security_group_rules, page_info }) => ({
  items: (security_group_rules ?? []).filter(({ enabled }) => enabled !== false).map((rule): SecurityGroupRule => ({
    securityGroupId: rule.security_group_id,
    direction: rule.direction,
    action: rule.action ?? "allow",
    protocol: rule.protocol || undefined,
    ports: rule.multiport || undefined,
    ethertype: rule.ethertype || undefined,
    priority: rule.priority ?? undefined,
    remoteIpPrefix: rule.remote_ip_prefix || undefined,
    remoteGroupId: rule.remote_group_id || undefined,
    remoteAddressGroupId: rule.remote_address_group_id || undefined,
  })),
  nextMarker: page_info?.next_marker || undefined,
}));
