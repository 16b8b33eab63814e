/**
 * Security group rules in words, and what a change of groups opens and closes.
 *
 * Pure functions used by the preview, the confirmation and the list of groups. Rules are compared by what
 * they mean, not by their ids. It judges only what the rules say, not what else filters traffic.
 */
import type { SecurityGroupRule } from "../huaweicloud/client.ts";
import { plain } from "../redaction.ts";

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
  const family = rule.ethertype ? ` over ${rule.ethertype}` : "";
  if (rule.remoteGroupId) return `security group ${rule.remoteGroupId}${family}`;
  if (rule.remoteAddressGroupId) return `address group ${rule.remoteAddressGroupId}${family}`;
  return rule.remoteIpPrefix ??
    (rule.ethertype === "IPv6" ? "::/0" : rule.ethertype === "IPv4" ? "0.0.0.0/0" : "anywhere");
}

/** Every rule of `rules` in words, one port or port range each, without duplicates. */
function meanings(rules: readonly SecurityGroupRule[]): Set<string> {
  return new Set(rules.flatMap((rule) =>
    (rule.ports ?? "").split(",").map((part) => {
      const ports = part.trim().replace(/^(\d+)-\1$/, "$1") || undefined;
      return describeRule({ ...rule, ports });
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
  const open = new Set(admitting.filter(isOpen).map((rule) => describeRule(inPlainWords(rule))));
  return [...open].sort().map((meaning) => `Open to the whole internet: ${meaning}`);
}

/** Without any remote, a rule is for everywhere. */
function isOpen({ remoteGroupId, remoteAddressGroupId, remoteIpPrefix = "/0" }: SecurityGroupRule): boolean {
  return !remoteGroupId && !remoteAddressGroupId && remoteIpPrefix.endsWith("/0");
}

/** What the cloud gave may stand in a warning of ours only as far as it cannot be words. */
function inPlainWords(rule: SecurityGroupRule): SecurityGroupRule {
  const { protocol, ports, remoteIpPrefix } = rule;
  return {
    ...rule,
    protocol: protocol && plain(protocol),
    ports: ports && plain(ports),
    remoteIpPrefix: remoteIpPrefix && plain(remoteIpPrefix),
  };
}
