/**
 * From a reply to what the client gets: one sentence for people, and the same facts as data.
 *
 * The last step of a call, called by `server.ts`. The only place where prose for the model is written: what
 * the cloud said appears in data fields alone, without control characters, cut and free of secrets.
 */
import { CLOUD_ERROR_KINDS, CloudError } from "./huaweicloud/errors.ts";
import { isRepeatable } from "./huaweicloud/retry.ts";
import { mapStrings, type Redactor, tidy } from "./redaction.ts";
import type { CallToolResult } from "./sdk.ts";
import type { Outcome } from "./tools/change_security_group.ts";
import { Refusal, REFUSAL_KINDS, type Reply, type Tool } from "./tools/tool.ts";

export const ERROR_KINDS = [...REFUSAL_KINDS, ...CLOUD_ERROR_KINDS, "internal"] as const;
export type ErrorKind = typeof ERROR_KINDS[number];

/** What to do next, one for each kind. */
export const HINTS: Record<ErrorKind, string> = {
  invalid_input: "Correct the named argument and call again",
  configuration: "Set what is named in the server's environment and restart it",
  invalid_request: "Check that the instance and the security group exist in this region and project",
  authentication: "Replace the credentials in the server's environment and restart it; they may have expired",
  permission: "Ask the account's administrator for DBSS FullAccess or a custom policy that covers the change",
  not_found: "Check the instance id, the project id and the region",
  conflict: "Wait until the instance has no task in progress, then call again",
  throttled: "Wait a minute, then call again",
  abnormal_code: "Read description and code; if they do not explain it, ask Huawei Cloud's support with the request_id",
  service: "Call again later; if it persists, ask Huawei Cloud's support with the request_id",
  network: "Check the network, the region and the endpoint settings, then call again",
  timeout: "Call again later, or raise DBSS_MCP_TIMEOUT_MS",
  protocol: "Check the endpoint settings and any proxy in between",
  cancelled: "Call again if it was not meant to be cancelled",
  internal: "Report this with the server's log; it is a defect of this server",
};

export const UNKNOWN_HINT =
  "Do not repeat the change yet: look at the instance's security groups first, they tell whether it happened";

/** Longest text that is passed on from the cloud, in characters. */
const MAX_TEXT = 1_000;
/** The encoded message is of use only when it is whole. */
const MAX_ENCODED = 16_384;

/** Makes the tool's result; `isError` says whether the reply carries an error. */
export function toResult(tool: Tool, reply: Reply<Record<string, unknown>>, redactor: Redactor): CallToolResult {
  const error = reply.error && describeError(reply.error, tool, reply.outcome as Outcome | undefined);
  const clean = (text: string, key: string) =>
    tidy(redactor.text(text), key === "encoded_authorization_message" ? MAX_ENCODED : MAX_TEXT);
  const structuredContent = mapStrings({ ...reply, error }, clean) as Record<string, unknown>;
  return {
    content: [
      { type: "text", text: tidy(redactor.text(sentence(reply, error)), 4 * MAX_TEXT) },
      { type: "text", text: JSON.stringify(structuredContent) },
    ],
    structuredContent,
    isError: error !== undefined,
  };
}

function describeError(error: Error, tool: Tool, outcome: Outcome | undefined) {
  const kind = kindOf(error);
  return {
    kind,
    message: kind === "internal" ? "This server failed in a way that it should not" : error.message,
    hint: outcome === "unknown" ? UNKNOWN_HINT : HINTS[kind],
    retryable: error instanceof CloudError && isRepeatable(tool.annotations.readOnlyHint ? "read" : "write", error),
    ...(error instanceof CloudError ? error.body : {}),
  };
}

export function kindOf(error: Error): ErrorKind {
  return error instanceof CloudError || error instanceof Refusal ? error.kind : "internal";
}

function sentence(reply: Record<string, unknown>, error?: { message: string; hint: string }): string {
  const outcome = reply.outcome as Outcome | undefined;
  const why = error ? `${error.message}. ${error.hint}.` : "";
  const groups = (reply.security_group_ids as string[] | undefined ?? []).join(", ");
  const change = `instance ${reply.instance_id} (region ${reply.region}) to security group ${groups}`;
  switch (outcome) {
    case "accepted":
      return `Accepted: Huawei Cloud took the change of ${change}; it may still be in progress.`;
    case "applied":
      return `Applied: ${change} is what every node shows now.`;
    case "rejected":
      return `Rejected, nothing changed: ${why}`;
    case "refused":
      return `Refused, nothing changed: ${why}`;
    case "unknown":
      return `Unknown, the change of ${change} may have happened: ${why}`;
    case undefined:
      return error ? `Failed: ${why}` : "Done.";
  }
}
