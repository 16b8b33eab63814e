/**
 * From a reply to what the client gets: one sentence for people, and the same facts as data.
 *
 * The last step of a call, called by `call.ts`. The only place where prose for the model is written: what
 * the cloud said appears in data fields alone, without control characters, cut and free of secrets.
 */
import { CLOUD_ERROR_KINDS, CloudError, type CloudErrorBody, type CloudErrorKind } from "./huaweicloud/errors.ts";
import { isRepeatable } from "./huaweicloud/retry.ts";
import { mapStrings, plain, type Redactor, tidy } from "./redaction.ts";
import type { CallToolResult } from "./sdk.ts";
import type { Outcome } from "./tools/change_security_group.ts";
import { Refusal, REFUSAL_KINDS, type RefusalKind, type Reply, type Tool } from "./tools/tool.ts";

export type ErrorKind = RefusalKind | CloudErrorKind | "internal";
export const ERROR_KINDS: readonly ErrorKind[] = [
  ...new Set<ErrorKind>([...REFUSAL_KINDS, ...CLOUD_ERROR_KINDS, "internal"]),
];

/** What to do next, one for each kind. */
export const HINTS: Record<ErrorKind, string> = {
  invalid_input: "Correct the named argument and call again",
  configuration: "Set what is named in the server's environment and restart it",
  policy: "Ask whoever runs this server; nobody else can allow it",
  confirmation: "Ask the person what they want instead; do not call again without their word",
  state_changed: "Preview again, show the person what is different now, and use the new change_arguments",
  state_unknown: "Wait a little and preview again",
  invalid_request: "Check that the instance and the security group exist in this region and project",
  authentication: "Replace the credentials in the server's environment and restart it; they may have expired",
  permission:
    "Ask the account's administrator for a policy that covers the call: DBSS FullAccess for instances, read access to VPC for security groups",
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

export const UNKNOWN_HINT = "Do not repeat the change yet: list_encrypted_instances shows whether it has happened";

/** Longest text that is passed on from the cloud, in characters. */
const MAX_TEXT = 1_000;
/** The encoded message is of use only when it is whole. */
const MAX_ENCODED = 16_384;

/** Makes the tool's result; `isError` says whether the reply carries an error. */
export function toResult(tool: Tool, reply: Reply<Record<string, unknown>>, redactor: Redactor): CallToolResult {
  const error = reply.error && describeError(reply.error, tool, reply.outcome as Outcome | undefined);
  const clean = (text: string, key: string) =>
    tidy(redactor.text(text), key === "encoded_authorization_message" ? MAX_ENCODED : MAX_TEXT);
  const structuredContent = mapStrings({ outcome: reply.outcome, ...reply, error }, clean) as Record<string, unknown>;
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
    hint: outcome === "unknown" ? UNKNOWN_HINT : (error instanceof CloudError && error.hint) || HINTS[kind],
    retryable: error instanceof CloudError && isRepeatable(tool.annotations.readOnlyHint ? "read" : "write", error),
    ...saidBy(error),
  };
}

/** The cloud's own words, also where they were the reason for a refusal. */
export function saidBy(error: Error): CloudErrorBody {
  const source = error instanceof Refusal ? error.cause : error;
  return source instanceof CloudError ? source.body : {};
}

/** The kind that a reader sees; what is neither a refusal nor of the cloud is a defect of ours. */
export function kindOf(error: Error): ErrorKind {
  return error instanceof CloudError || error instanceof Refusal ? error.kind : "internal";
}

function sentence(reply: Record<string, unknown>, error?: { message: string; hint: string }): string {
  const why = error ? `${error.message}. ${error.hint}.` : "";
  if (reply.outcome !== undefined) return changeSentence(reply as unknown as ChangeFields, why);
  if (error) return `Failed: ${why}`;
  const { instances, security_groups: groups, total, truncated } = reply as ReadFields;
  const where = `in region ${reply.region}`;
  const cut = truncated ? "; the list is cut, narrow it to see the others" : "";
  if (instances) return `${count(total!, "matching encrypted instance")} ${where}${cut}.`;
  if (groups) return `${count(groups.length, "matching security group")} ${where}${cut}.`;
  return previewSentence(reply as PreviewFields);
}

interface ReadFields {
  instances?: unknown[];
  security_groups?: unknown[];
  total?: number;
  truncated?: boolean;
}

interface PreviewFields {
  changes?: boolean;
  rules_gained?: string[];
  rules_lost?: string[];
  warnings?: string[];
  not_checked?: string[];
}

function previewSentence(
  { changes, rules_gained, rules_lost, warnings = [], not_checked = [] }: PreviewFields,
): string {
  const rules = rules_gained && rules_lost
    ? `${count(rules_gained.length, "rule")} gained, ${count(rules_lost.length, "rule")} lost`
    : "";
  const parts = [
    rules,
    count(warnings.length, "warning"),
    not_checked.length > 0 ? `${count(not_checked.length, "thing")} could not be checked` : "",
  ];
  const what = changes ? "Present and requested groups differ" : "Every node has the requested groups already";
  return `Preview, nothing was changed. ${what}: ${parts.filter(Boolean).join(", ")}.`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

interface ChangeFields {
  outcome: Outcome;
  region?: string;
  instance_id?: string;
  security_group_ids?: string[];
  previous_security_group_ids?: string[];
  notes?: string[];
}

function changeSentence(reply: ChangeFields, why: string): string {
  const groups = (reply.security_group_ids ?? []).join(", ");
  const change = `instance ${reply.instance_id} in region ${reply.region} to security group ${groups}`;
  const previous = reply.previous_security_group_ids?.map(plain).join(", ");
  const before = previous ? ` It had ${previous} before.` : "";
  const notes = (reply.notes ?? []).map((note) => ` ${note}.`).join("");
  switch (reply.outcome) {
    case "accepted":
      return `Accepted: Huawei Cloud took the change of ${change}; no reading has shown it yet.${before}${notes}`;
    case "applied":
      return `Applied: every node shows the change of ${change}.${before}${notes}`;
    case "rejected":
      return `Rejected, nothing changed: ${why}${notes}`;
    case "refused":
      return `Refused, no change was sent: ${why}${notes}`;
    case "unknown":
      return `Unknown, the change of ${change} may have happened: ${why}${before}${notes}`;
  }
}
