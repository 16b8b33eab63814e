/**
 * The port through which tools see Huawei Cloud, and its implementation: a few typed operations.
 *
 * Called by `tools/*`, which know only the types; calls `send.ts` with paths from `endpoint.ts` and reads
 * answers through `schema.ts`. It never retries, waits or authenticates by itself.
 */
import type * as z from "zod";
import type { Answer } from "./answer.ts";
import { path } from "./endpoint.ts";
import { CloudError, readErrorBody } from "./errors.ts";
import {
  changeAnswerSchema,
  changeBody,
  type Instance,
  instancesSchema,
  rulesSchema,
  type SecurityGroup,
  type SecurityGroupRule,
  securityGroupsSchema,
} from "./schema.ts";
import type { Call, CloudRequest, Send } from "./send.ts";

export type { Call } from "./send.ts";
export type { CloudError } from "./errors.ts";
export type { Instance, InstanceNode, SecurityGroup, SecurityGroupRule } from "./schema.ts";

export interface SecurityGroupChange {
  projectId: string;
  instanceId: string;
  securityGroupIds: readonly string[];
}

/** What the cloud answered to a change it took; fields absent where it gave none. */
export interface ChangeAnswer {
  httpStatus: number;
  requestId?: string;
  code?: number;
  description?: string;
  orderId?: string;
  taskId?: string;
}

/** A change ends in an answer or in an error; both are values, since both are outcomes to report. */
export type ChangeResult = { answer: ChangeAnswer; error?: undefined } | { answer?: ChangeAnswer; error: CloudError };

/** What was read, or why it could not be, for callers that go on either way. */
export type Reading<Value> = { value: Value; error?: undefined } | { value?: undefined; error: CloudError };

export interface SecurityGroupFilter {
  projectId: string;
  /** The exact name. */
  name?: string;
  ids?: readonly string[];
}

/** Up to {@link MAX_LISTED}, with a word on whether there are more. */
export interface Listed<Item> {
  items: Item[];
  isTruncated: boolean;
}

export interface HuaweiCloud {
  /** Replaces the security groups of an encrypted instance. Never throws a CloudError. */
  changeSecurityGroup(change: SecurityGroupChange, call: Call): Promise<ChangeResult>;
  /** Every encrypted instance of the project. */
  listInstances(projectId: string, call: Call): Promise<Instance[]>;
  /** One instance out of the list; `not_found` when it is not there. Never throws a CloudError. */
  readInstance(projectId: string, instanceId: string, call: Call): Promise<Reading<Instance>>;
  listSecurityGroups(filter: SecurityGroupFilter, call: Call): Promise<Listed<SecurityGroup>>;
  /** The rules in force of these groups; of no group, none. */
  listRules(projectId: string, securityGroupIds: readonly string[], call: Call): Promise<SecurityGroupRule[]>;
  /** These groups, as far as they exist. Never throws a CloudError. */
  readSecurityGroups(
    projectId: string,
    securityGroupIds: readonly string[],
    call: Call,
  ): Promise<Reading<SecurityGroup[]>>;
  /** The same as `listRules`, as a value. Never throws a CloudError. */
  readRules(
    projectId: string,
    securityGroupIds: readonly string[],
    call: Call,
  ): Promise<Reading<SecurityGroupRule[]>>;
}

export interface ClientOptions {
  send: Send;
  /** The origins of the endpoints. */
  origins: { dbss: string; vpc: string };
  /** Sent as User-Agent. */
  userAgent: string;
}

/** The most items of a paged list that are read. */
export const MAX_LISTED = 2_000;
const PAGE_SIZE = 500;

/** The implementation on `send`; see {@link HuaweiCloud} for what each operation throws. */
export function createClient({ send, origins, userAgent }: ClientOptions): HuaweiCloud {
  function request(
    method: CloudRequest["method"],
    projectId: string,
    url: URL,
    options: { effect?: CloudRequest["effect"]; body?: string } = {},
  ): CloudRequest {
    const headers = new Headers({ "accept": "application/json", "user-agent": userAgent });
    // The listing is a POST without a body, and declares its type all the same, as Huawei's SDK does.
    if (method !== "GET") headers.set("content-type", "application/json");
    return { method, projectId, url, headers, body: options.body, effect: options.effect ?? "read" };
  }

  async function pages<Item>(
    projectId: string,
    url: URL,
    schema: z.ZodType<{ items: Item[]; nextMarker?: string }>,
    call: Call,
  ): Promise<Listed<Item>> {
    const items: Item[] = [];
    url.searchParams.set("limit", String(PAGE_SIZE));
    while (true) {
      const page = read(await send(request("GET", projectId, url), call), schema);
      items.push(...page.items);
      const isOver = page.nextMarker === undefined || page.items.length === 0;
      if (isOver || items.length >= MAX_LISTED) return { items, isTruncated: !isOver };
      url.searchParams.set("marker", page.nextMarker!);
    }
  }

  const client: HuaweiCloud = {
    async changeSecurityGroup({ projectId, instanceId, securityGroupIds }, call) {
      const url = new URL(path`/v1/${projectId}/db-encrypt/${instanceId}/security-group`, origins.dbss);
      const body = changeBody(securityGroupIds);
      const sent = await reading(send(request("PUT", projectId, url, { effect: "write", body }), call));
      return sent.error ? { error: sent.error } : readChange(sent.value);
    },

    async listInstances(projectId, call) {
      const url = new URL(path`/v2/${projectId}/db-encrypt/instances`, origins.dbss);
      return read(await send(request("POST", projectId, url), call), instancesSchema);
    },

    async readInstance(projectId, instanceId, call) {
      const listed = await reading(client.listInstances(projectId, call));
      if (listed.error) return listed;
      const value = listed.value.find((instance) => instance.instanceId === instanceId);
      const message = "The list of encrypted instances does not have this instance";
      return value ? { value } : { error: new CloudError("not_found", message, { verdict: "denied" }) };
    },

    async listSecurityGroups({ projectId, name, ids = [] }, call) {
      const url = new URL(path`/v3/${projectId}/vpc/security-groups`, origins.vpc);
      if (name !== undefined) url.searchParams.set("name", name);
      for (const id of ids) url.searchParams.append("id", id);
      return await pages(projectId, url, securityGroupsSchema, call);
    },

    async listRules(projectId, securityGroupIds, call) {
      // Without an id, the cloud would list the rules of every group.
      if (securityGroupIds.length === 0) return [];
      const url = new URL(path`/v3/${projectId}/vpc/security-group-rules`, origins.vpc);
      for (const id of securityGroupIds) url.searchParams.append("security_group_id", id);
      const { items, isTruncated } = await pages(projectId, url, rulesSchema, call);
      if (!isTruncated) return items;
      const message = `The security groups have more than ${MAX_LISTED} rules, too many to compare`;
      throw new CloudError("protocol", message, { verdict: "denied" });
    },

    async readSecurityGroups(projectId, ids, call) {
      const listed = await reading(client.listSecurityGroups({ projectId, ids }, call));
      return listed.error ? listed : { value: listed.value.items };
    },

    readRules: (projectId, securityGroupIds, call) => reading(client.listRules(projectId, securityGroupIds, call)),
  };
  return client;
}

async function reading<Value>(work: Promise<Value>): Promise<Reading<Value>> {
  try {
    return { value: await work };
  } catch (error) {
    if (error instanceof CloudError) return { error };
    throw error;
  }
}

/** @throws CloudError `protocol` when the answer is not of the documented shape. */
function read<Value>(answer: Answer, schema: z.ZodType<Value>): Value {
  const parsed = schema.safeParse(answer.body);
  const body = readErrorBody(answer);
  // Every documented field is optional, so an error sent with status 200 would pass for an empty list.
  if (parsed.success && body.error_code === undefined) return parsed.data;
  throw new CloudError("protocol", "Huawei Cloud answered HTTP 200 with a body that cannot be read", {
    verdict: "unclear",
    httpStatus: answer.status,
    requestId: answer.requestId,
    body,
  });
}

/**
 * HTTP 200 alone is no success: a non-zero `code` means that the change was not taken, and an error code
 * beside `code` 0 or none is an answer that the documentation does not have.
 */
function readChange(answer: Answer): ChangeResult {
  const facts = { httpStatus: answer.status, requestId: answer.requestId };
  const parsed = changeAnswerSchema.safeParse(answer.body);
  const body = readErrorBody({ body: answer.body, text: parsed.success ? "" : answer.text });
  const fail = (kind: "protocol" | "abnormal_code", what: string, verdict: "denied" | "unclear") =>
    new CloudError(kind, `Huawei Cloud answered HTTP 200 with ${what}`, { ...facts, verdict, body });
  if (!parsed.success) return { error: fail("protocol", "a body that cannot be read", "unclear") };

  const { code, description, order_id, task_id } = parsed.data;
  const answered: ChangeAnswer = {
    ...facts,
    code: code ?? undefined,
    description: description ?? undefined,
    orderId: order_id ?? undefined,
    taskId: task_id ?? undefined,
  };
  if (answered.code !== undefined && answered.code !== 0) {
    return { answer: answered, error: fail("abnormal_code", `the abnormal code ${answered.code}`, "denied") };
  }
  if (body.error_code !== undefined) {
    const what = `an error code and ${answered.code === 0 ? "code 0" : "no code"}`;
    return { answer: answered, error: fail("protocol", what, "unclear") };
  }
  return { answer: answered };
}
