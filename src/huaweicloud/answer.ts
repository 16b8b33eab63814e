/**
 * The reading half of a request: a Response becomes an Answer, whole and bounded.
 *
 * Called by `send.ts` inside the attempt's time limit, so a body that never ends or never comes is cut
 * off there. It never throws for what the body says, only when the body cannot be read.
 */
import { CloudError } from "./errors.ts";

/** The most bytes of a body that are read; the largest documented list stays far below. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface Answer {
  status: number;
  /** The `x-request-id` header, or `request_id` in the body. */
  requestId?: string;
  /** The `retry-after` header as it came. */
  retryAfter?: string;
  /** The `date` header as it came. */
  date?: string;
  /** The parsed body, or undefined when it is empty or no JSON. */
  body: unknown;
  /** The body as text. */
  text: string;
}

/**
 * Reads the whole response.
 *
 * @throws CloudError `protocol` when the body is over {@link MAX_BODY_BYTES}, `network` when the
 * connection is lost on the way. For an error status the status alone decides, so there a body that
 * cannot be read counts as empty.
 */
export async function readAnswer(response: Response, maxBytes = MAX_BODY_BYTES): Promise<Answer> {
  const requestId = response.headers.get("x-request-id") ?? undefined;
  const retryAfter = response.headers.get("retry-after") ?? undefined;
  const date = response.headers.get("date") ?? undefined;
  const facts = { status: response.status, retryAfter, date };
  let text: string;
  try {
    text = await readText(response, maxBytes, requestId);
  } catch (error) {
    if (response.status < 400) throw error;
    text = "";
  }
  const body = parse(text);
  return { ...facts, requestId: requestId ?? requestIdOf(body), body, text };
}

async function readText(response: Response, maxBytes: number, requestId?: string): Promise<string> {
  const fail = (kind: "protocol" | "network", message: string) =>
    new CloudError(kind, message, { verdict: "unclear", httpStatus: response.status, requestId });
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  let size = 0;
  while (true) {
    const chunk = await reader.read().catch(() => {
      throw fail("network", "The connection to Huawei Cloud was lost in the middle of the answer");
    });
    if (chunk.done) return text + decoder.decode();
    size += chunk.value.byteLength;
    if (size > maxBytes) {
      await reader.cancel().catch(() => {});
      throw fail("protocol", `Huawei Cloud's answer is over ${maxBytes} bytes and was not read`);
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function requestIdOf(body: unknown): string | undefined {
  const value = (body as { request_id?: unknown } | null | undefined)?.request_id;
  return typeof value === "string" ? value : undefined;
}
