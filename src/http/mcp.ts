/**
 * `POST /mcp`: one server and one transport for each request, and nothing kept between two.
 *
 * The last step of a request, called by `app.ts`; calls the `createServer` that was handed in. A caller that
 * goes away, or the deadline, cancels the call through its signal. It never counts a call as over while a
 * change of it is still on its way.
 */
import type { Handler } from "hono";
import type { Clock } from "../clock.ts";
import type { Transport } from "../sdk.ts";
import { type Message, readMessage } from "./body.ts";
import { type Caller, type HttpEnv, refuse } from "./exchange.ts";
import type { HttpTransport } from "./transport.ts";

/** The part of a session that carries one exchange. */
interface Connectable {
  connect(transport: Transport): Promise<void>;
  close(): Promise<void>;
}

export interface McpOptions {
  createServer(caller: Caller): { server: Connectable; settled(): Promise<void> };
  /** Handed in like the server: only what `main.ts` loads anyway may load the SDK, or a bundle breaks. */
  createTransport(options: { enableJsonResponse: boolean }): HttpTransport;
  /** The refusal for a message that this caller may not send. */
  forbid(message: Message, caller: Caller): Response | undefined;
  clock: Clock;
  /** Calls that may run at once. */
  maxCalls: number;
  /** Time for one request, body included, in milliseconds. */
  deadlineMs: number;
}

const REQUEST_TIMEOUT = -32001;

/** Why a request is stopped before its answer. */
type StopReason = "caller gone" | "deadline";

export interface McpEndpoint {
  handle: Handler<HttpEnv>;
  /** Resolves when no call is running, also not one whose caller has gone. */
  settled(): Promise<void>;
}

/** Makes the handler of `POST /mcp`; its limits count for this process alone. */
export function mcpEndpoint(options: McpOptions): McpEndpoint {
  const running = new Set<Promise<void>>();
  return {
    async handle(c) {
      if (running.size >= options.maxCalls) {
        return refuse(503, `Cannot take more than ${options.maxCalls} calls at once; try again in a second`, {
          "retry-after": "1",
        });
      }
      const over = Promise.withResolvers<void>();
      running.add(over.promise);
      const request = c.req.raw;
      // One signal for both reasons: to combine two with AbortSignal.any() makes weak references for each request.
      const stop = new AbortController();
      const stopFor = (reason: StopReason) => () => stop.abort(reason);
      const stopTimer = options.clock.after(options.deadlineMs, stopFor("deadline"));
      const stopWatching = onAbort(request.signal, stopFor("caller gone"));
      let work = Promise.resolve();
      try {
        const message = await readMessage(request, stop.signal);
        if (message instanceof Response) return message;
        const caller = c.get("caller")!;
        const forbidden = options.forbid(message, caller);
        if (forbidden !== undefined) return forbidden;
        const exchange = await answer(options, request, message, caller, stop.signal);
        work = exchange.over;
        return exchange.response;
      } finally {
        void work.finally(() => {
          stopTimer();
          stopWatching();
          running.delete(over.promise);
          over.resolve();
        });
      }
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

async function answer(
  options: McpOptions,
  request: Request,
  message: Message,
  caller: Caller,
  stop: AbortSignal,
): Promise<{ response: Response; over: Promise<void> }> {
  const { server, settled } = options.createServer(caller);
  const wantsProgress = (message.params as { _meta?: { progressToken?: unknown } } | undefined)?._meta
    ?.progressToken !== undefined;
  const transport = options.createTransport({ enableJsonResponse: !wantsProgress });
  await server.connect(transport);

  const ended = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<Response>();
  const end = () => void server.close().then(ended.resolve);
  const leave = () => {
    end();
    gone.resolve(refuse(499, "The caller has gone"));
  };
  const giveUp = () => {
    const error = {
      code: REQUEST_TIMEOUT,
      message: `No answer within ${options.deadlineMs} ms; a change that was sent may have happened: look before ` +
        "you repeat it",
    };
    const { id } = message as { id?: string | number };
    if (id === undefined) return end();
    transport.send({ jsonrpc: "2.0", id, error }).catch(() => {}).finally(end);
  };
  const stopWatching = onAbort(stop, () => (stop.reason as StopReason) === "deadline" ? giveUp() : leave());
  const response = await Promise.race([transport.handleRequest(request, { parsedBody: message }), gone.promise]);
  const isStream = response.headers.get("content-type") === "text/event-stream";
  // A server that has answered holds nothing; to close it would only have it cancel what is done.
  if (!isStream) ended.resolve();
  const over = ended.promise.then(settled).finally(stopWatching);
  return { response: isStream ? whenRead(response, end) : response, over };
}

function onAbort(signal: AbortSignal, run: () => void): () => void {
  if (signal.aborted) run();
  signal.addEventListener("abort", run, { once: true });
  return () => signal.removeEventListener("abort", run);
}

/** The same response; `done` runs when its body was read to the end or given up. */
function whenRead(response: Response, done: () => void): Response {
  const watch = new TransformStream<Uint8Array, Uint8Array>({ flush: done, cancel: done });
  return new Response(response.body!.pipeThrough(watch), response);
}
