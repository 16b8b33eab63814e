/**
 * What can be said of an instance: its security groups, whether a change has arrived, its row in an answer.
 *
 * Pure functions used by the tools beside it. A field that the cloud did not give stays absent.
 */
import * as z from "zod";
import type { Instance, InstanceNode } from "../huaweicloud/client.ts";
import { plain } from "../redaction.ts";

/** The security groups of all its nodes, each once. */
export function securityGroupsOf(instance: Instance): string[] {
  return [...new Set(instance.nodes.flatMap((node) => node.securityGroupIds))];
}

/** Whether every node shows exactly these groups; false when there is no node to look at. */
export function showsOnEveryNode(instance: Instance, securityGroupIds: readonly string[]): boolean {
  return instance.nodes.length > 0 &&
    instance.nodes.every((node) => sameIds(node.securityGroupIds, securityGroupIds));
}

/** Whether its nodes have different security groups. */
export function isUneven({ nodes: [first, ...others] }: Instance): boolean {
  return first !== undefined && others.some((node) => !sameIds(node.securityGroupIds, first.securityGroupIds));
}

/** Ids from the cloud as a sentence of ours may hold them. */
export function idsInWords(ids: readonly string[]): string {
  return ids.map(plain).join(", ") || "none";
}

/** Whether both hold the same ids, in whatever order. */
export function sameIds(some: readonly string[], others: readonly string[]): boolean {
  const set = new Set(some);
  return set.size === new Set(others).size && others.every((id) => set.has(id));
}

export const instanceRow = z.object({
  instance_id: z.string(),
  name: z.string().optional(),
  status: z.string().optional(),
  task_status: z.string().optional(),
  security_group_ids: z.array(z.string()),
  vpc_id: z.string().optional(),
  subnet_id: z.string().optional(),
  version: z.string().optional(),
  high_availability: z.boolean().optional(),
});

/** Where its nodes differ, a field holds the distinct values, separated by commas. */
export function toRow(instance: Instance): z.output<typeof instanceRow> {
  const joined = (field: (node: InstanceNode) => string | undefined) =>
    [...new Set(instance.nodes.map(field).filter((value) => value !== undefined))].join(", ") || undefined;
  return {
    instance_id: instance.instanceId,
    name: instance.name,
    status: joined((node) => node.status),
    task_status: joined((node) => node.taskStatus),
    security_group_ids: securityGroupsOf(instance),
    vpc_id: joined((node) => node.vpcId),
    subnet_id: joined((node) => node.subnetId),
    version: joined((node) => node.version),
    high_availability: instance.isHighAvailability,
  };
}
