/**
 * The calls to the cloud that the tools make, made directly with fetch: what nobody can do without.
 *
 * The yardstick for overhead, and what the plain server does for its list. It checks nothing.
 */
import { SIMULATION } from "../src/simulator/state.ts";

const HEADERS = { "x-auth-token": SIMULATION.token, "content-type": "application/json" };

export const CHANGE_TOOL = "change_encrypted_instance_security_group";

export const CHANGE = {
  instance_id: SIMULATION.instances.billing,
  security_group_ids: [SIMULATION.groups.lockedDown],
};

interface Cluster {
  instance_id: string;
  name: string;
}

export async function listDirectly(origin: string): Promise<Cluster[]> {
  const url = `${origin}/v2/${SIMULATION.projectId}/db-encrypt/instances`;
  const response = await fetch(url, { method: "POST", headers: HEADERS, body: "{}" });
  return (await response.json()).clusters;
}

/** As the change tool does it: look first, then one PUT. */
export async function changeDirectly(origin: string): Promise<unknown> {
  await listDirectly(origin);
  const url = `${origin}/v1/${SIMULATION.projectId}/db-encrypt/${CHANGE.instance_id}/security-group`;
  const body = JSON.stringify({ security_group_ids: CHANGE.security_group_ids });
  const response = await fetch(url, { method: "PUT", headers: HEADERS, body });
  return await response.json();
}
