/**
 * The port through which tools see Huawei Cloud, and its implementation: a few typed operations.
 *
 * Called by `tools/*`, which know only the types; calls `send.ts` with paths from `endpoint.ts` and reads
 * answers through `schema.ts`. It never retries, waits or authenticates by itself.
 */
import type { Answer } from "./answer.ts";
import { path } from "./endpoint.ts";
import { CloudError, readErrorBody } from "./errors.ts";
import { changeAnswerSchema, changeBody } from "./schema.ts";
import type { Call, CloudRequest, Send } from "./send.ts";

export type { Call } from "./send.ts";
export type { CloudError } from "./errors.ts";

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

export interface HuaweiCloud {
  /** Replaces the security groups of an encrypted instance. Never throws a CloudError. */
  changeSecurityGroup(change: SecurityGroupChange, call: Call): Promise<ChangeResult>;
}

export interface ClientOptions {
  send: Send;
  /** The origin of the DBSS endpoint. */
  dbss: string;
  /** Sent as User-Agent. */
  userAgent: string;
}

export function createClient(options: ClientOptions): HuaweiCloud {
  const request = (from: Omit<CloudRequest, "url" | "headers"> & { origin: string; path: string }): CloudRequest => ({
    method: from.method,
    url: new URL(from.path, from.origin),
    headers: new Headers({
      "content-type": "application/json",
      "accept": "application/json",
      "user-agent": options.userAgent,
    }),
    body: from.body,
    effect: from.effect,
  });

  return {
    async changeSecurityGroup({ projectId, instanceId, securityGroupIds }, call) {
      try {
        const answer = await options.send(
          request({
            method: "PUT",
            origin: options.dbss,
            path: path`/v1/${projectId}/db-encrypt/${instanceId}/security-group`,
            body: changeBody(securityGroupIds),
            effect: "write",
          }),
          call,
        );
        return readChange(answer);
      } catch (error) {
        if (error instanceof CloudError) return { error };
        throw error;
      }
    },
  };
}

/**
 * HTTP 200 alone is no success: a non-zero `code` means that the change was not taken, and an error code
 * without any `code` is an answer that the documentation does not have.
 */
function readChange(answer: Answer): ChangeResult {
  const facts = { httpStatus: answer.status, requestId: answer.requestId };
  const parsed = changeAnswerSchema.safeParse(answer.body);
  const body = readErrorBody({ body: answer.body, text: parsed.success ? "" : answer.text });
  const fail = (kind: "protocol" | "abnormal_code", what: string, verdict: "denied" | "unclear") =>
    new CloudError(kind, `Huawei Cloud answered HTTP 200 with ${what}`, { ...facts, verdict, body });
  if (!parsed.success) return { error: fail("protocol", "a body that cannot be read", "unclear") };

  const { code, description, order_id, task_id } = parsed.data;
  const read: ChangeAnswer = {
    ...facts,
    code: code ?? undefined,
    description: description ?? undefined,
    orderId: order_id ?? undefined,
    taskId: task_id ?? undefined,
  };
  if (read.code !== undefined && read.code !== 0) {
    return { answer: read, error: fail("abnormal_code", `the abnormal code ${read.code}`, "denied") };
  }
  if (read.code === undefined && body.error_code !== undefined) {
    return { answer: read, error: fail("protocol", "an error code and no code", "unclear") };
  }
  return { answer: read };
}
