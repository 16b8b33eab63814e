/**
 * A stateful Huawei Cloud in one function from Request to Response.
 *
 * Stands in for fetch in tests, behind a socket in the demo, and inside the server for `--simulate`. It
 * speaks the documented shapes and validates as the documentation says; where that is silent it refuses
 * with the nearest documented code. It never reaches the network.
 */
import { type Clock, systemClock } from "../clock.ts";
import { changeSecurityGroup, type DbssState, listInstances } from "./dbss.ts";
import { errorBodies, type Fault } from "./faults.ts";
import { createSimulatedIam, type SimulatedIam } from "./iam.ts";
import { checkSignature } from "./signature_check.ts";
import { type SimulatedAnswer, simulatedGroups, simulatedInstances, SIMULATION } from "./state.ts";
import { listRules, listSecurityGroups } from "./vpc.ts";

/** One request as it arrived, and what became of it. */
export interface RecordedRequest {
  method: string;
  url: URL;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: string;
  /** Whether it changed the state. */
  isApplied: boolean;
}

export interface SimulatedCloud extends DbssState {
  iam: SimulatedIam;
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
  answer: (record: RecordedRequest, resource: string) => SimulatedAnswer,
];

export interface SimulatedCloudOptions {
  readingsUntilApplied?: number;
  /** By it tokens expire and signatures are too old. */
  clock?: Clock;
}

export function createSimulatedCloud(options: SimulatedCloudOptions = {}): SimulatedCloud {
  const { clock = systemClock } = options;
  const ok = (body: unknown): SimulatedAnswer => ({ status: 200, body });
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
    iam: createSimulatedIam(clock),
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
      const url = new URL(request.url);
      const record: RecordedRequest = {
        method: request.method,
        url,
        path: url.pathname,
        query: url.searchParams,
        headers: Object.fromEntries(request.headers),
        body,
        isApplied: false,
      };
      cloud.requests.push(record);
      const index = cloud.faults.findIndex(({ on = "PUT" }) => on === request.method);
      const [fault] = index === -1 ? [] : cloud.faults.splice(index, 1);
      if (fault && !fault.isApplied) return fault.respond(request);
      const answer = answerTo(record);
      record.isApplied = answer.isApplied ?? false;
      if (fault) return fault.respond(request);
      return Response.json(answer.body, {
        status: answer.status,
        headers: {
          "x-request-id": crypto.randomUUID(),
          "date": new Date(clock.now()).toUTCString(),
          ...answer.headers,
        },
      });
    },
  };

  function answerTo(record: RecordedRequest): SimulatedAnswer {
    if (record.method === "POST" && record.path === "/v3/auth/tokens") return cloud.iam.grant(record.body);
    const refused = refusal(record);
    if (record.method === "GET" && (record.path === "/v3/projects" || record.path === "/v3/auth/projects")) {
      return refused ?? cloud.iam.listProjects(record.query);
    }
    for (const [method, path, answer] of routes) {
      const match = method === record.method ? path.exec(record.path) : null;
      if (match === null) continue;
      const [, project, resource = ""] = match;
      if (refused !== undefined) return refused;
      if (project === SIMULATION.projectId) return answer(record, resource);
      return refuse(401, errorBodies.gateway("APIGW.0307", "The token must be updated"));
    }
    return refuse(404, errorBodies.gateway("APIGW.0101", "The API does not exist or has not been published"));
  }

  /** What the gateway says to the credentials; undefined when they are good. */
  function refusal(record: RecordedRequest): SimulatedAnswer | undefined {
    if (record.headers["authorization"] !== undefined) {
      const refused = checkSignature(record, [SIMULATION.key, SIMULATION.temporaryKey], clock.now());
      return refused && refuse(401, refused);
    }
    const token = record.headers["x-auth-token"] ?? "";
    if (token === SIMULATION.token || cloud.iam.isGood(token)) return undefined;
    return refuse(401, errorBodies.dbss("DBSS.10020100", "Token authentication failed"));
  }
  return cloud;
}

function refuse(status: number, body: unknown): SimulatedAnswer {
  return { status, body };
}
