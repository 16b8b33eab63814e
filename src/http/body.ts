/**
 * Reads the JSON of a request: bounded in bytes, in time and in depth.
 *
 * Called by `mcp.ts` once the caller is established and has a place. The bytes are counted as they arrive,
 * whatever the Content-Length says. It never keeps a body that it refuses.
 */
import { refuse } from "./exchange.ts";

export const MAX_BODY_BYTES = 256 * 1024;

/** Deeper than any MCP message; far from what would exhaust the stack of whoever walks the value. */
export const MAX_DEPTH = 64;

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;

export type Message = Record<string, unknown>;

/** The one JSON-RPC message of a request, or the refusal to answer it with. `isOver` aborts when the time is up. */
export async function readMessage(request: Request, isOver: AbortSignal): Promise<Message | Response> {
  if (Number(request.headers.get("content-length")) > MAX_BODY_BYTES) return tooLarge();
  const text = await readText(request, isOver);
  if (text instanceof Response) return text;
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return refuse(400, "Cannot read the body, wanted JSON", {}, PARSE_ERROR);
  }
  // A batch would carry many calls past the limits that count requests; MCP dropped it in 2025-06-18.
  if (typeof message !== "object" || message === null || Array.isArray(message)) {
    return refuse(400, "Cannot take a batch or a bare value, wanted one JSON-RPC message", {}, INVALID_REQUEST);
  }
  if (isDeeperThan(MAX_DEPTH, message)) {
    return refuse(400, `Cannot take JSON that is nested deeper than ${MAX_DEPTH} levels`, {}, INVALID_REQUEST);
  }
  return message as Message;
}

async function readText(request: Request, isOver: AbortSignal): Promise<string | Response> {
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  const stop = () => void reader.cancel().catch(() => {});
  isOver.addEventListener("abort", stop, { once: true });
  try {
    const decoder = new TextDecoder();
    let text = "";
    for (let size = 0;;) {
      const { done, value } = await reader.read();
      if (isOver.aborted) return refuse(408, "Cannot wait longer for the body of the request");
      if (done) return text + decoder.decode();
      size += value.byteLength;
      if (size > MAX_BODY_BYTES) {
        stop();
        return tooLarge();
      }
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    return refuse(400, "Cannot read the body of the request to its end");
  } finally {
    isOver.removeEventListener("abort", stop);
  }
}

function tooLarge(): Response {
  return refuse(413, `Cannot take a body of more than ${MAX_BODY_BYTES} bytes`);
}

/** Whether arrays and objects are nested in more than so many levels; itself never goes deeper. */
function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}
