/**
 * Security group rules in words, and what a change of groups opens and closes.
 *
 * Pure functions used by the preview, the confirmation and the list of groups. Rules are compared by what
 * they mean, not by their ids. It judges only what the rules say, not what else filters traffic.
 */
import type { SecurityGroupRule } from "../huaweicloud/client.ts";

const ANYWHERE = new Set(["0.0.0.0/0", "::/0"]);

/** Such as "inbound allow tcp 22,8000-8080 from 10.0.0.0/8". */
export function describeRule(rule: SecurityGroupRule): string {
  const isInbound = rule.direction === "ingress";
  const priority = rule.priority === undefined || rule.priority === 1 ? [] : [`priority ${rule.priority}`];
  return [
    isInbound ? "inbound" : "outbound",
    rule.action,
    rule.protocol ?? "all protocols",
    rule.ports ?? "all ports",
    isInbound ? "from" : "to",
    remoteOf(rule),
    ...priority,
  ].join(" ");
}

function remoteOf(rule: SecurityGroupRule): string {
  if (rule.remoteGroupId) return `security group ${rule.remoteGroupId}`;
  if (rule.remoteAddressGroupId) return `address group ${rule.remoteAddressGroupId}`;
  return rule.remoteIpPrefix ??
    (rule.ethertype === "IPv6" ? "::/0" : rule.ethertype === "IPv4" ? "0.0.0.0/0" : "anywhere");
}

/** Every rule of `rules` in words, one port or port range each, without duplicates. */
function meanings(rules: readonly SecurityGroupRule[]): Set<string> {
  return new Set(rules.flatMap((rule) =>
    (rule.ports ?? "").split(",").map((ports) => {
      const [from, to] = ports.trim().split("-");
      return describeRule({ ...rule, ports: (to === undefined || from === to ? from : `${from}-${to}`) || undefined });
    })
  ));
}

/** What the requested rules have that the current ones lack, and the other way round. */
export function compareRules(
  current: readonly SecurityGroupRule[],
  requested: readonly SecurityGroupRule[],
): { gained: string[]; lost: string[] } {
  const before = meanings(current);
  const after = meanings(requested);
  return {
    gained: [...after].filter((meaning) => !before.has(meaning)).sort(),
    lost: [...before].filter((meaning) => !after.has(meaning)).sort(),
  };
}

/** What is dangerous about these rules, as sentences. */
export function ruleWarnings(rules: readonly SecurityGroupRule[]): string[] {
  const admitting = rules.filter((rule) => rule.direction === "ingress" && rule.action === "allow");
  if (admitting.length === 0) {
    return [
      "The requested security groups have no inbound rule that allows anything: nothing would reach the instance",
    ];
  }
  const open = admitting.filter((rule) => ANYWHERE.has(remoteOf(rule)) || remoteOf(rule) === "anywhere");
  return [...meanings(open)].sort().map((meaning) => `Open to the whole internet: ${meaning}`);
}
