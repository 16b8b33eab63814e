/**
 * The VPC part of the simulated cloud: the lists of security groups and of their rules.
 *
 * Called by `cloud.ts` for a request whose credentials are good. Pages as the documentation says: `limit`,
 * `marker`, and no `next_marker` on the last page. It never changes a group or a rule.
 */
import type { SimulatedGroup } from "./state.ts";

const MAX_LIMIT = 2_000;

export function listSecurityGroups(groups: readonly SimulatedGroup[], query: URLSearchParams) {
  const names = query.getAll("name");
  const ids = query.getAll("id");
  const matching = groups
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .filter(({ id }) => ids.length === 0 || ids.includes(id))
    .map(({ rules: _rules, ...group }) => group);
  const { items, page_info } = page(matching, query);
  return { request_id: "simulated-request-id", security_groups: items, page_info };
}

export function listRules(groups: readonly SimulatedGroup[], query: URLSearchParams) {
  const ids = query.getAll("security_group_id");
  const matching = groups
    .filter(({ id }) => ids.length === 0 || ids.includes(id))
    .flatMap((group) =>
      group.rules.map((rule, index) => ({
        id: `${group.id.slice(0, -4)}${index.toString(16).padStart(2, "0")}${group.id.slice(-2)}`,
        security_group_id: group.id,
        action: "allow",
        priority: 1,
        enabled: true,
        ...rule,
      }))
    );
  const { items, page_info } = page(matching, query);
  return { request_id: "simulated-request-id", security_group_rules: items, page_info };
}

/** The marker is the id of the last item that was seen. */
function page<Item extends { id: string }>(all: readonly Item[], query: URLSearchParams) {
  const limit = Math.min(Number(query.get("limit") ?? MAX_LIMIT), MAX_LIMIT);
  const start = all.findIndex(({ id }) => id === query.get("marker")) + 1;
  const items = all.slice(start, start + limit);
  const isLast = start + limit >= all.length;
  return {
    items,
    page_info: {
      previous_marker: items[0]?.id,
      current_count: items.length,
      ...isLast ? {} : { next_marker: items.at(-1)?.id },
    },
  };
}
