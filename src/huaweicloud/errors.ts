/**
 * What can go wrong between this server and Huawei Cloud: one class, a closed set of kinds, and the
 * factories that make it from an answer or from a failed fetch.
 *
 * Called by `send.ts` and `client.ts`; read by the tools and by `result.ts`, which adds the words for
 * people. It never prints an error and never keeps the request, so no credential can travel with it.
 */
import type { Answer } from "./answer.ts";

export const CLOUD_ERROR_KINDS = [
  "configuration",
  "invalid_request",
  "authentication",
  "permission",
  "not_found",
  "conflict",
  "throttled",
  "abnormal_code",
  "service",
  "network",
  "timeout",
  "protocol",
  "cancelled",
] as const;
export type CloudErrorKind = typeof CLOUD_ERROR_KINDS[number];

/**
 * What is known about the request that failed.
 * - `not_sent`: it surely never reached the service.
 * - `denied`: the service answered and did not carry it out.
 * - `unclear`: it may have been carried out.
 */
export type Verdict = "not_sent" | "denied" | "unclear";

/** One entry of `details` in an error answer; both fields optional on the wire. */
export interface ErrorDetail {
  error_code?: string;
  error_msg?: string;
}

/** The error fields of an answer, under the names and with the text that the cloud gave them. */
export interface CloudErrorBody {
  error_code?: string;
  error_msg?: string;
  details?: ErrorDetail[];
  encoded_authorization_message?: string;
}

export interface CloudErrorFacts {
  verdict: Verdict;
  httpStatus?: number;
  requestId?: string;
  body?: CloudErrorBody;
  /** How long the cloud asked to wait, in milliseconds. */
  retryAfterMs?: number;
  /** What to do next, where more is known than the kind says. A sentence of ours without a full stop. */
  hint?: string;
}

/** A call to the cloud that failed; `verdict` says what is known about the request. */
export class CloudError extends Error {
  override readonly name = "CloudError";
  readonly kind: CloudErrorKind;
  readonly verdict: Verdict;
  readonly httpStatus?: number;
  readonly requestId?: string;
  readonly body: CloudErrorBody;
  readonly retryAfterMs?: number;
  readonly hint?: string;

  /** `message` is a sentence of ours; the cloud's own words stay in `body`. */
  constructor(kind: CloudErrorKind, message: string, facts: CloudErrorFacts) {
    super(message);
    this.kind = kind;
    this.verdict = facts.verdict;
    this.httpStatus = facts.httpStatus;
    this.requestId = facts.requestId;
    this.body = facts.body ?? {};
    this.retryAfterMs = facts.retryAfterMs;
    this.hint = facts.hint;
  }
}

type Judgement = readonly [CloudErrorKind, Verdict, message: string];

const BY_STATUS: Readonly<Record<number, Judgement>> = {
  401: ["authentication", "denied", "Huawei Cloud did not accept the credentials"],
  403: ["permission", "denied", "Huawei Cloud denied the permission"],
  404: ["not_found", "denied", "Huawei Cloud did not find what was asked for"],
  408: ["timeout", "unclear", "Huawei Cloud gave up waiting for the request"],
  409: ["conflict", "denied", "Huawei Cloud reported a conflict with the present state"],
  429: ["throttled", "denied", "Huawei Cloud throttled the request"],
};

function judge(status: number, body: CloudErrorBody): Judgement {
  const listed = BY_STATUS[status];
  if (listed !== undefined) return listed;
  if (status >= 500) {
    return isRefusedByGateway(status, body)
      ? ["service", "denied", "Huawei Cloud could not check the credentials for now"]
      : ["service", "unclear", "Huawei Cloud reported a fault of its own"];
  }
  if (status >= 400) return ["invalid_request", "denied", "Huawei Cloud refused the request as invalid"];
  if (status >= 300) return ["protocol", "unclear", "Huawei Cloud answered with a redirect, which is never followed"];
  return ["protocol", "unclear", "Huawei Cloud answered with a status that its documentation does not name"];
}

/** The error for an answer whose status is not 200. `now` is in milliseconds since the epoch. */
export function errorFromAnswer(answer: Answer, now: number): CloudError {
  const body = readErrorBody(answer);
  const [kind, verdict, message] = judge(answer.status, body);
  // A code is let into our sentence only when it looks like one.
  const code = /^[A-Z]{2,10}\.\d{4,10}$/.test(body.error_code ?? "") ? `, ${body.error_code}` : "";
  return new CloudError(kind, `${message} (HTTP ${answer.status}${code})`, {
    verdict,
    httpStatus: answer.status,
    requestId: answer.requestId,
    body,
    retryAfterMs: readRetryAfter(answer.retryAfter, now),
    hint: isOfOtherProject(answer.status, body) ? OTHER_PROJECT_HINT : undefined,
  });
}

const OTHER_PROJECT_HINT =
  "Check that the project belongs to the region; if it does, the token has ended: replace it in the server's environment and restart it";

/** APIGW.0307: the token has ended, or it is not for this region or project. */
function isOfOtherProject(status: number, body: CloudErrorBody): boolean {
  return status === 401 && /^(APIGW|APIG)\.0307$/.test(body.error_code ?? "");
}

/**
 * The error for a fetch that threw before an answer came.
 *
 * Deno gives the reason only as text: `client error (Connect)` in the cause covers names that do not
 * resolve, refused connections and failed TLS handshakes, all before a byte of the request was sent.
 */
export function errorFromFetch(thrown: unknown): CloudError {
  const name = thrown instanceof Error ? thrown.name : "";
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause.message : "";
  if (name === "NotCapable") {
    const host = /"([^"\s]+)"/.exec((thrown as Error).message)?.[1] ?? "the host";
    const message = `This process is not permitted to reach ${host}; its --allow-net flag lacks it`;
    return new CloudError("configuration", message, {
      verdict: "not_sent",
      hint: "Start the server with the flags that its doctor command prints",
    });
  }
  if (thrown instanceof TypeError && thrown.message.endsWith(" are blocked")) {
    const message = "Deno does not connect to the port of this endpoint";
    return new CloudError("configuration", message, { verdict: "not_sent" });
  }
  if (cause.includes("client error (Connect)")) {
    return new CloudError("network", connectFailure(cause), { verdict: "not_sent" });
  }
  return new CloudError("network", "The connection to Huawei Cloud was lost before an answer came", {
    verdict: "unclear",
  });
}

function connectFailure(cause: string): string {
  if (cause.includes("dns error")) return "The name of Huawei Cloud's host did not resolve";
  if (/connection refused/i.test(cause)) return "The connection to Huawei Cloud was refused";
  if (/certificate|tls|corrupt message|handshake/i.test(cause)) return "The TLS handshake with Huawei Cloud failed";
  return "No connection to Huawei Cloud could be made";
}

/** APIGW.0613: the gateway could not reach IAM, so the request never came to the backend. */
function isRefusedByGateway(status: number, body: CloudErrorBody): boolean {
  return status === 503 && /^(APIGW|APIG)\.0613$/.test(body.error_code ?? "");
}

/**
 * Reads the four documented shapes: DBSS (`error_code`, `error_msg`, `details`,
 * `encoded_authorization_message`), older DBSS (the same under `error`), API Gateway (with
 * `request_id`) and IAM (`error.code`, `error.message`, `error.title`). Text that is no JSON becomes
 * `error_msg`, so that a gateway's page is not lost.
 */
export function readErrorBody(answer: Pick<Answer, "body" | "text">): CloudErrorBody {
  if (!isRecord(answer.body)) return answer.text.trim() === "" ? {} : { error_msg: answer.text };
  const top = answer.body;
  const inner = isRecord(top.error) ? top.error : {};
  const title = text(inner.title);
  const found: CloudErrorBody = {
    error_code: text(top.error_code) ?? text(inner.error_code) ?? text(inner.code),
    error_msg: text(top.error_msg) ?? text(inner.error_msg) ?? text(inner.message),
    details: readDetails(top.details ?? inner.details),
    encoded_authorization_message: text(top.encoded_authorization_message) ??
      text(inner.encoded_authorization_message),
  };
  if (title !== undefined && title !== found.error_msg) {
    found.details = [...found.details ?? [], { error_msg: title }];
  }
  const empty = Object.values(found).every((value) => value === undefined);
  return empty && answer.text.trim() !== "" ? { error_msg: answer.text } : found;
}

function readDetails(value: unknown): ErrorDetail[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.map((entry) =>
    isRecord(entry)
      ? { error_code: text(entry.error_code), error_msg: text(entry.error_msg) ?? otherText(entry) }
      : { error_msg: typeof entry === "string" ? entry : JSON.stringify(entry) }
  );
}

/** A detail that has neither documented field is kept as JSON rather than dropped. */
function otherText(entry: Record<string, unknown>): string | undefined {
  return entry.error_code === undefined ? JSON.stringify(entry) : undefined;
}

/**
 * Seconds or an HTTP date, as RFC 9110 section 10.2.3 has them, to milliseconds from now. Every HTTP date
 * begins with the name of a day; without it, Date.parse would take "1.5" for a day long gone.
 */
function readRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  if (!/^[A-Z][a-z]{2,8},? /.test(header)) return undefined;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function text(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" ? String(value) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
