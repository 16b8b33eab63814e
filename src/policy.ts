/**
 * The pure decision over a tool call: allow it, refuse it and say why, or ask a person first.
 *
 * Called by `call.ts` between a tool's input check and its run, and by the preview, which tells what the
 * change would meet. It asks nobody itself, and no argument of a call can stand in for a person.
 */

export const CONFIRM_MODES = ["auto", "required", "off"] as const;
export type ConfirmMode = typeof CONFIRM_MODES[number];

export interface Policy {
  /** By configuration, or because the caller may only read. */
  isReadOnly: boolean;
  confirm: ConfirmMode;
  /** Undefined: every instance. */
  allowedInstanceIds?: readonly string[];
  /** Undefined: every security group. */
  allowedSecurityGroupIds?: readonly string[];
}

/** What is about to be changed. */
export interface ChangeRequest {
  instance_id?: string;
  security_group_ids?: readonly string[];
}

export type Decision =
  | { verdict: "allow" }
  /** A person was not asked although `auto` would have liked to. */
  | { verdict: "allow_unasked" }
  | { verdict: "ask" }
  | { verdict: "refuse"; kind: "policy" | "confirmation"; why: string };

/** `canAsk`: whether the client can put a question to a person. */
export function decide(policy: Policy, change: ChangeRequest, canAsk: boolean): Decision {
  const why = refusal(policy, change);
  if (why !== undefined) return { verdict: "refuse", kind: "policy", why };
  if (policy.confirm === "off") return { verdict: "allow" };
  if (canAsk) return { verdict: "ask" };
  if (policy.confirm === "auto") return { verdict: "allow_unasked" };
  return {
    verdict: "refuse",
    kind: "confirmation",
    why:
      "Cannot change anything through this client: DBSS_MCP_CONFIRM is required and the client cannot ask a person; " +
      "use a client with MCP elicitation",
  };
}

function refusal(policy: Policy, change: ChangeRequest): string | undefined {
  if (policy.isReadOnly) {
    return "Cannot change anything: it is read-only, by DBSS_MCP_READ_ONLY or for want of the scope dbss:write";
  }
  const { instance_id: instance, security_group_ids: groups = [] } = change;
  if (instance !== undefined && policy.allowedInstanceIds?.includes(instance) === false) {
    return `Cannot change instance ${instance}: DBSS_MCP_ALLOWED_INSTANCE_IDS does not list it`;
  }
  const foreign = groups.filter((id) => policy.allowedSecurityGroupIds?.includes(id) === false);
  if (foreign.length === 0) return undefined;
  return `Cannot set security group ${foreign.join(", ")}: DBSS_MCP_ALLOWED_SECURITY_GROUP_IDS does not list it`;
}
