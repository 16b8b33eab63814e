/**
 * MCP over stdin and stdout, on Deno's own streams.
 *
 * Between the client and `server.ts`. Differs from the SDK's transport where this server must not lose
 * anything: the end of stdin lets calls in flight finish, a line that is no message or is too long is
 * reported and skipped, and a client that has vanished is an end, not a crash. It never writes anything
 * but whole JSON-RPC lines.
 */
import { isJSONRPCRequest, type JSONRPCMessage, type Transport } from "./sdk.ts";

/** The longest line that is read, in bytes. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024;

const NEWLINE = 10;

type Id = string | number;
type Fields = { id?: Id; method?: string; params?: { requestId?: Id } };

export interface StdioTransport extends Transport {
  /** Resolves when the client closed stdin, or can no longer be written to. */
  ended: Promise<void>;
  /** Resolves when every request that was read has been answered or cancelled. */
  answered(): Promise<void>;
  /** Takes no further request, and no further word on what the client was asked. */
  stopReading(): void;
}

/** Starts reading with `start`, as the SDK's transports do. Lines over `maxLineBytes` are skipped and reported. */
export function stdioTransport(
  stdin: ReadableStream<Uint8Array>,
  stdout: WritableStream<Uint8Array>,
  maxLineBytes = MAX_LINE_BYTES,
): StdioTransport {
  const reader = stdin.getReader();
  const writer = stdout.getWriter();
  const encoder = new TextEncoder();
  const ended = Promise.withResolvers<void>();
  const unanswered = new Set<Id>();
  const asked = new Set<Id>();
  let idle = Promise.withResolvers<void>();
  let isBroken = false;

  const settle = (id: Id) => {
    if (unanswered.delete(id) && unanswered.size === 0) idle.resolve();
  };

  function receive(line: Uint8Array): void {
    const text = new TextDecoder().decode(line).trim();
    if (text === "") return;
    let message: Fields;
    try {
      message = JSON.parse(text);
      if (typeof message !== "object" || message === null || Array.isArray(message)) throw new TypeError();
    } catch {
      transport.onerror?.(new Error("A line on stdin is not a JSON-RPC message and was skipped"));
      return;
    }
    const { id, method, params } = message;
    if (method === undefined) {
      if (id !== undefined) asked.delete(id);
    } else if (isJSONRPCRequest(message)) {
      if (unanswered.size === 0) idle = Promise.withResolvers();
      unanswered.add(message.id);
    } else if (method === "notifications/cancelled" && params?.requestId !== undefined) {
      settle(params.requestId);
    }
    transport.onmessage?.(message as JSONRPCMessage);
  }

  async function read(): Promise<void> {
    let chunks: Uint8Array[] = [];
    let size = 0;
    let isTooLong = false;
    const take = (part: Uint8Array) => {
      size += part.length;
      if (size > maxLineBytes) isTooLong = true;
      if (isTooLong) chunks = [];
      else chunks.push(part);
    };
    const endLine = () => {
      if (isTooLong) transport.onerror?.(new Error(`A line on stdin is over ${maxLineBytes} bytes and was skipped`));
      else receive(chunks.length === 1 ? chunks[0]! : concat(chunks));
      chunks = [];
      size = 0;
      isTooLong = false;
    };
    while (true) {
      const { done, value } = await reader.read();
      if (done) break;
      let start = 0;
      for (let end; (end = value.indexOf(NEWLINE, start)) !== -1; start = end + 1) {
        take(value.subarray(start, end));
        endLine();
      }
      if (start < value.length) take(value.slice(start));
    }
    endLine();
  }

  /** A client that is gone can answer nothing: what it was asked fails now. */
  function end(): void {
    for (const id of asked) {
      transport.onmessage?.({
        jsonrpc: "2.0",
        id,
        error: { code: -32000, message: "The client closed the connection" },
      });
    }
    asked.clear();
    ended.resolve();
  }

  const transport: StdioTransport = {
    ended: ended.promise,
    answered: () => unanswered.size === 0 || isBroken ? Promise.resolve() : idle.promise,
    start() {
      read().catch((error) => transport.onerror?.(error)).finally(end);
      return Promise.resolve();
    },
    async send(message) {
      const { id, method } = message as Fields;
      if (isBroken) return;
      if (id !== undefined && method !== undefined) asked.add(id);
      try {
        await writer.write(encoder.encode(JSON.stringify(message) + "\n"));
      } catch {
        isBroken = true;
        idle.resolve();
        transport.onerror?.(new Error("The client no longer reads; its answers are dropped"));
        end();
      }
      if (id !== undefined && method === undefined) settle(id);
    },
    stopReading() {
      reader.cancel().catch(() => {});
    },
    close() {
      transport.stopReading();
      transport.onclose?.();
      return Promise.resolve();
    },
  };
  return transport;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
