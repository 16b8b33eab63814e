/**
 * A stateful Huawei Cloud in one function from Request to Response.
 *
 * Stands in for fetch in tests, behind a socket in the demo, and inside the server for `--simulate`. It
 * speaks the documented shapes and validates as the documentation says; where that is silent it refuses
 * with the nearest documented code. It never reaches the network.
 */
import { errorBodies, type Fault } from "./faults.ts";

/** What the simulated cloud knows when it starts; every value is visibly made up. */
export const SIMULATION = {
  region: "simulated",
  token: "simulated-token-not-a-secret",
  projectId: "00000000000000000000000000000001",
  instances: {
    billing: "00000000-0000-4000-8000-0000000000a1",
    orders: "00000000-0000-4000-8000-0000000000a2",
  },
  groups: {
    open: "00000000-0000-4000-8000-0000000000b1",
    lockedDown: "00000000-0000-4000-8000-0000000000b2",
  },
} as const;

export interface SimulatedInstance {
  id: string;
  name: string;
  securityGroupIds: string[];
}

/** One request as it arrived, and what became of it. */
export interface RecordedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
  /** Whether it changed the state. */
  isApplied: boolean;
}

export interface SimulatedCloud {
  /** @throws ConnectionReset where a fault asks for it. */
  handle(request: Request): Promise<Response>;
  instances: SimulatedInstance[];
  groups: { id: string; name: string }[];
  requests: RecordedRequest[];
  /** Used up one by one, each by the next request. */
  faults: Fault[];
}

const SECURITY_GROUP_PATH = /^\/v1\/([\w-]+)\/db-encrypt\/([\w-]+)\/security-group$/;

export function createSimulatedCloud(): SimulatedCloud {
  const { token, projectId, instances, groups } = SIMULATION;
  let tasks = 0;
  const cloud: SimulatedCloud = {
    instances: [
      { id: instances.billing, name: "billing-encrypt", securityGroupIds: [groups.open] },
      { id: instances.orders, name: "orders-encrypt", securityGroupIds: [groups.lockedDown] },
    ],
    groups: [{ id: groups.open, name: "open" }, { id: groups.lockedDown, name: "locked-down" }],
    requests: [],
    faults: [],
    async handle(request) {
      const body = await request.text();
      const { pathname } = new URL(request.url);
      const record: RecordedRequest = {
        method: request.method,
        path: pathname,
        headers: Object.fromEntries(request.headers),
        body,
        isApplied: false,
      };
      cloud.requests.push(record);
      const fault = cloud.faults.shift();
      if (fault && !fault.isApplied) return fault.respond(request);
      const response = answer(record);
      return fault ? fault.respond(request) : response;
    },
  };

  function answer(record: RecordedRequest): Response {
    const match = SECURITY_GROUP_PATH.exec(record.path);
    if (match === null || record.method !== "PUT") {
      return refuse(404, errorBodies.gateway("APIGW.0101", "The API does not exist or has not been published"));
    }
    const [, project, instanceId] = match;
    if (record.headers["x-auth-token"] !== token) {
      return refuse(401, errorBodies.dbss("DBSS.10020100", "Token authentication failed"));
    }
    if (project !== projectId) {
      return refuse(401, errorBodies.gateway("APIGW.0307", "The token must be updated"));
    }
    return changeSecurityGroup(record, instanceId!);
  }

  function changeSecurityGroup(record: RecordedRequest, instanceId: string): Response {
    const ids = readIds(record);
    const instance = cloud.instances.find(({ id }) => id === instanceId);
    if (instance === undefined) {
      return refuse(400, errorBodies.dbss("DBSS.10020021", "Invalid request parameter id"));
    }
    if (ids === undefined || !ids.every((id) => cloud.groups.some((group) => group.id === id))) {
      return refuse(400, errorBodies.dbss("DBSS.10000001", "Malformed request message"));
    }
    instance.securityGroupIds = ids;
    record.isApplied = true;
    tasks += 1;
    const taskId = `00000000-0000-4000-8000-${String(tasks).padStart(12, "0")}`;
    return json(200, { code: 0, task_id: taskId });
  }

  return cloud;
}

function readIds({ headers, body }: RecordedRequest): string[] | undefined {
  if (!headers["content-type"]?.startsWith("application/json")) return undefined;
  try {
    const ids = JSON.parse(body).security_group_ids;
    const isList = Array.isArray(ids) && ids.length > 0 && ids.every((id) => typeof id === "string" && id !== "");
    return isList ? ids : undefined;
  } catch {
    return undefined;
  }
}

function refuse(status: number, body: unknown): Response {
  return json(status, body);
}

function json(status: number, body: unknown): Response {
  return Response.json(body, { status, headers: { "x-request-id": crypto.randomUUID() } });
}
