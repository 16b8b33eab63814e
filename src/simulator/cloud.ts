/**
 * A stateful Huawei Cloud in one function from Request to Response.
 *
 * Stands in for fetch in tests, behind a socket in the demo, and inside the server for `--simulate`. It
 * speaks the documented shapes and validates as the documentation says; where that is silent it refuses
 * with the nearest documented code. It never reaches the network.
 */
import { changeSecurityGroup, type DbssAnswer, type DbssState, listInstances } from "./dbss.ts";
import { errorBodies, type Fault } from "./faults.ts";
import { simulatedGroups, simulatedInstances, SIMULATION } from "./state.ts";
import { listRules, listSecurityGroups } from "./vpc.ts";

/** One request as it arrived, and what became of it. */
export interface RecordedRequest {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: string;
  /** Whether it changed the state. */
  isApplied: boolean;
}

export interface SimulatedCloud extends DbssState {
  /** @throws ConnectionReset where a fault asks for it. */
  handle(request: Request): Promise<Response>;
  requests: RecordedRequest[];
  /** The changes among the requests. */
  readonly puts: RecordedRequest[];
  /**
   * Used up one by one, each by the next request it is for: by default a change, which is what most faults
   * are about.
   */
  faults: Fault[];
}

type Route = readonly [
  method: string,
  path: RegExp,
  answer: (record: RecordedRequest, resource: string) => DbssAnswer,
];

export function createSimulatedCloud(options: { readingsUntilApplied?: number } = {}): SimulatedCloud {
  const ok = (body: unknown): DbssAnswer => ({ status: 200, body, isApplied: false });
  const routes: readonly Route[] = [
    [
      "PUT",
      /^\/v1\/([\w-]+)\/db-encrypt\/([\w-]+)\/security-group$/,
      ({ body, headers }, id) => changeSecurityGroup(cloud, id, body, headers["content-type"] ?? ""),
    ],
    ["POST", /^\/v2\/([\w-]+)\/db-encrypt\/instances$/, () => listInstances(cloud)],
    ["GET", /^\/v3\/([\w-]+)\/vpc\/security-groups$/, ({ query }) => ok(listSecurityGroups(cloud.groups, query))],
    ["GET", /^\/v3\/([\w-]+)\/vpc\/security-group-rules$/, ({ query }) => ok(listRules(cloud.groups, query))],
  ];

  const cloud: SimulatedCloud = {
    instances: simulatedInstances(),
    groups: simulatedGroups(),
    readingsUntilApplied: options.readingsUntilApplied ?? 0,
    pending: [],
    tasks: 0,
    requests: [],
    get puts() {
      return cloud.requests.filter(({ method }) => method === "PUT");
    },
    faults: [],
    async handle(request) {
      const body = await request.text();
      const { pathname, searchParams } = new URL(request.url);
      const record: RecordedRequest = {
        method: request.method,
        path: pathname,
        query: searchParams,
        headers: Object.fromEntries(request.headers),
        body,
        isApplied: false,
      };
      cloud.requests.push(record);
      const index = cloud.faults.findIndex(({ on = "PUT" }) => on === request.method);
      const [fault] = index === -1 ? [] : cloud.faults.splice(index, 1);
      if (fault && !fault.isApplied) return fault.respond(request);
      const answer = answerTo(record);
      record.isApplied = answer.isApplied;
      if (fault) return fault.respond(request);
      return Response.json(answer.body, {
        status: answer.status,
        headers: { "x-request-id": crypto.randomUUID() },
      });
    },
  };

  function answerTo(record: RecordedRequest): DbssAnswer {
    for (const [method, path, answer] of routes) {
      const match = method === record.method ? path.exec(record.path) : null;
      if (match === null) continue;
      const [, project, resource = ""] = match;
      return refusal(record, project!) ?? answer(record, resource);
    }
    return refuse(404, errorBodies.gateway("APIGW.0101", "The API does not exist or has not been published"));
  }
  return cloud;
}

/** What the gateway says to the credentials; undefined when they are good. */
function refusal({ headers }: RecordedRequest, project: string): DbssAnswer | undefined {
  if (headers["x-auth-token"] !== SIMULATION.token) {
    return refuse(401, errorBodies.dbss("DBSS.10020100", "Token authentication failed"));
  }
  if (project !== SIMULATION.projectId) {
    return refuse(401, errorBodies.gateway("APIGW.0307", "The token must be updated"));
  }
  return undefined;
}

function refuse(status: number, body: unknown): DbssAnswer {
  return { status, body, isApplied: false };
}
