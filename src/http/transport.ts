/**
 * One HTTP exchange as the SDK's server sees it: a message in; out comes JSON, or a stream of events for a
 * caller that wants progress.
 *
 * Made by `mcp.ts` for each request, in place of the SDK's transport, whose sessions and resumable streams
 * cost every request time and serve none here. It never answers more than one message, and never keeps
 * anything once that is done.
 */
import {
  isJSONRPCRequest,
  type JSONRPCMessage,
  JSONRPCMessageSchema,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Transport,
} from "../sdk.ts";
import { INVALID_REQUEST } from "./body.ts";
import { refuse } from "./exchange.ts";

export interface HttpTransport extends Transport {
  /** The answer to the message that the request carried, or the beginning of its stream. */
  handleRequest(request: Request, options: { parsedBody: unknown }): Promise<Response>;
}

/** With `enableJsonResponse` the answer is JSON, without it a stream of events. */
export function httpTransport({ enableJsonResponse }: { enableJsonResponse: boolean }): HttpTransport {
  const answered = Promise.withResolvers<Response>();
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isOver = false;

  /** Everything that the server sends, as server-sent events. */
  function openStream(): Response {
    const events = new ReadableStream<Uint8Array>({
      start(controller) {
        stream = controller;
      },
      cancel() {
        isOver = true;
      },
    });
    // nginx would keep progress back until its buffer is full.
    return new Response(events, { headers: { "content-type": "text/event-stream", "x-accel-buffering": "no" } });
  }

  function end(): void {
    if (!isOver) stream?.close();
    isOver = true;
  }

  const transport: HttpTransport = {
    start: () => Promise.resolve(),
    async handleRequest({ headers }, { parsedBody: message }) {
      const refusal = refusalOf(headers, message);
      if (refusal !== undefined) return refusal;
      const isRequest = isJSONRPCRequest(message);
      if (!isRequest && !JSONRPCMessageSchema.safeParse(message).success) {
        return refuse(400, "Cannot read the body as a JSON-RPC message", {}, INVALID_REQUEST);
      }
      if (isRequest && !enableJsonResponse) answered.resolve(openStream());
      transport.onmessage?.(message as JSONRPCMessage);
      return isRequest ? await answered.promise : new Response(null, { status: 202 });
    },
    send(message) {
      if (isOver) return Promise.resolve();
      const isAnswer = !("method" in message);
      if (stream !== undefined) stream.enqueue(event(message));
      else if (isAnswer) {
        answered.resolve(new Response(json(message), { headers: { "content-type": "application/json" } }));
      } else if ("id" in message) return Promise.reject(new Error("Cannot ask a caller that reads no stream"));
      if (isAnswer) end();
      return Promise.resolve();
    },
    close() {
      end();
      transport.onclose?.();
      return Promise.resolve();
    },
  };
  return transport;
}

/** What MCP's Streamable HTTP asks of the headers. */
function refusalOf(headers: Headers, message: unknown): Response | undefined {
  const accept = headers.get("accept") ?? "";
  if (!accept.includes("application/json") || !accept.includes("text/event-stream")) {
    return refuse(406, "Cannot answer as the Accept header wants, wanted both application/json and text/event-stream");
  }
  if (!/^application\/json *(;|$)/i.test(headers.get("content-type") ?? "")) {
    return refuse(415, "Cannot read this content type, wanted application/json");
  }
  const version = headers.get("mcp-protocol-version");
  const isFirst = (message as { method?: unknown }).method === "initialize";
  if (version !== null && !isFirst && !SUPPORTED_PROTOCOL_VERSIONS.includes(version)) {
    return refuse(
      400,
      `Cannot speak the protocol version of the MCP-Protocol-Version header, wanted one of ${
        SUPPORTED_PROTOCOL_VERSIONS.join(", ")
      }`,
    );
  }
  return undefined;
}

function event(message: JSONRPCMessage): Uint8Array {
  return new TextEncoder().encode(`event: message\ndata: ${json(message)}\n\n`);
}

const texts = new WeakMap<object, string>();

/** A result that is frozen is the same for everybody, like the list of tools: its text is made once. */
function json(message: JSONRPCMessage): string {
  if (!("result" in message) || !Object.isFrozen(message.result)) return JSON.stringify(message);
  const { result, ...envelope } = message;
  const text = texts.get(result) ?? JSON.stringify(result);
  texts.set(result, text);
  return `${JSON.stringify(envelope).slice(0, -1)},"result":${text}}`;
}
