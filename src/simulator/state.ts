/**
 * What the simulated cloud knows: its fixed ids, its instances and its security groups.
 *
 * Used by the parts of the simulator and by those who look at it: tests and the demo. Every value is visibly
 * made up, and everything but the ids may be altered by whoever holds the state. It does nothing by itself.
 */

export const SIMULATION = {
  region: "simulated",
  token: "simulated-token-not-a-secret",
  key: { accessKey: "SIMULATEDACCESSKEY00", secretKey: "simulated-secret-key-not-a-secret" },
  temporaryKey: {
    accessKey: "SIMULATEDTEMPORARY00",
    secretKey: "simulated-temporary-secret-key-not-a-secret",
    securityToken: "simulated-security-token-not-a-secret",
  },
  user: {
    domainName: "simulated-account",
    userName: "simulated-user",
    userPassword: "simulated-password-not-a-secret",
  },
  projectId: "00000000000000000000000000000001",
  instances: {
    billing: "00000000-0000-4000-8000-0000000000a1",
    orders: "00000000-0000-4000-8000-0000000000a2",
  },
  groups: {
    open: "00000000-0000-4000-8000-0000000000b1",
    lockedDown: "00000000-0000-4000-8000-0000000000b2",
    isolated: "00000000-0000-4000-8000-0000000000b3",
  },
} as const;

export interface SimulatedAnswer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
  /** Whether the request changed the state. */
  isApplied?: boolean;
}

export interface SimulatedNode {
  securityGroupId: string;
  status: string;
  taskStatus: string;
}

export interface SimulatedInstance {
  id: string;
  name: string;
  /** Two for a high-availability instance. */
  nodes: SimulatedNode[];
}

/** In the API's own names. */
export interface SimulatedRule {
  direction: "ingress" | "egress";
  action?: "allow" | "deny";
  protocol?: string;
  multiport?: string;
  remote_ip_prefix?: string;
  remote_group_id?: string;
  ethertype?: string;
  priority?: number;
  enabled?: boolean;
}

export interface SimulatedGroup {
  id: string;
  name: string;
  description?: string;
  rules: SimulatedRule[];
}

const node = (securityGroupId: string): SimulatedNode => ({ securityGroupId, status: "ACTIVE", taskStatus: "NO_TASK" });

export function simulatedInstances(): SimulatedInstance[] {
  const { instances, groups } = SIMULATION;
  return [
    { id: instances.billing, name: "billing-encrypt", nodes: [node(groups.open), node(groups.open)] },
    { id: instances.orders, name: "orders-encrypt", nodes: [node(groups.lockedDown)] },
  ];
}

export function simulatedGroups(): SimulatedGroup[] {
  const { groups } = SIMULATION;
  const everythingOut: SimulatedRule = { direction: "egress", ethertype: "IPv4", remote_ip_prefix: "0.0.0.0/0" };
  const inbound = (multiport: string, remote_ip_prefix: string): SimulatedRule => (
    { direction: "ingress", ethertype: "IPv4", protocol: "tcp", multiport, remote_ip_prefix }
  );
  return [
    {
      id: groups.open,
      name: "open",
      description: "Reachable from everywhere",
      rules: [inbound("5432,8443", "0.0.0.0/0"), everythingOut],
    },
    {
      id: groups.lockedDown,
      name: "locked-down",
      description: "Reachable from the application network alone",
      rules: [inbound("5432", "10.20.0.0/16"), everythingOut],
    },
    { id: groups.isolated, name: "isolated", rules: [everythingOut] },
  ];
}
