/**
 * The HTTP app over the simulated cloud, without a socket: a function from Request to Response.
 */
import { type App, type AppOptions, createApp } from "../../src/http/app.ts";
import { LOOPBACK_NAMES } from "../../src/http/names.ts";
import { serve } from "../../src/http/serve.ts";
import { httpTransport } from "../../src/http/transport.ts";
import { createServer, type ServerOptions } from "../../src/server.ts";
import type { SimulatedCloud } from "../../src/simulator/cloud.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { FakeClock } from "./fake_clock.ts";
import { type Overrides, simulate } from "./in_memory.ts";

export const CHANGE = "change_encrypted_instance_security_group";

export const CHANGE_ARGUMENTS = {
  instance_id: SIMULATION.instances.billing,
  security_group_ids: [SIMULATION.groups.lockedDown],
};

/** Visibly made up, and as long as the server wants it. */
export const TOKENS = [
  { name: "ci", token: "fake-token-of-ci-0123456789-0123456789" },
  { name: "ops", token: "fake-token-of-ops-0123456789-0123456789" },
];

export interface Served {
  app: App;
  cloud: SimulatedCloud;
  clock: FakeClock;
  /** The server's log, a parsed line each. */
  logged: Record<string, unknown>[];
  /** The audit's lines, parsed. */
  audited: Record<string, unknown>[];
  send: ReturnType<typeof sendTo>;
}

export function served(
  options: Partial<AppOptions> = {},
  { server, ...overrides }: Omit<Overrides, "options"> & { server?: Partial<ServerOptions> } = {},
): Served {
  const clock = new FakeClock();
  const { cloud, audited, logged, serverOptions } = simulate({ options: { clock, ...server }, ...overrides });
  const app = createApp({
    createServer: ({ principal, canWrite }) =>
      createServer({
        ...serverOptions,
        actor: principal,
        policy: { ...serverOptions.policy, isReadOnly: !canWrite },
      }),
    createTransport: httpTransport,
    isWrite: (name) => name === CHANGE,
    recordRefusal: (actor, tool) => serverOptions.audit.record({ actor, tool, outcome: "refused", duration_ms: 0 }),
    names: { hosts: LOOPBACK_NAMES, origins: [] },
    judges: [],
    ratePerMinute: 1_000,
    maxCalls: 32,
    deadlineMs: 60_000,
    log: serverOptions.log,
    clock,
    ...options,
  });
  return {
    app,
    cloud,
    clock,
    logged,
    audited,
    send: sendTo(app),
  };
}

/** Sends to /mcp on 127.0.0.1 with the headers that MCP wants; a body that is no string goes as JSON. */
export function sendTo(app: App) {
  return async (
    body: unknown,
    { url = "http://127.0.0.1:8080/mcp", address = "127.0.0.1", headers, ...init }: RequestInit & {
      url?: string;
      address?: string;
    } = {},
  ): Promise<Response> => {
    const request = new Request(url, {
      method: "POST",
      body: body === undefined || typeof body === "string" || body instanceof ReadableStream
        ? body
        : JSON.stringify(body),
      ...init,
      headers: {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        ...headers as Record<string, string>,
      },
    });
    return await app.fetch(request, { address });
  };
}

/** Puts the app on a socket of loopback. */
export async function onSocket({ app, clock }: Served) {
  const stop = Promise.withResolvers<void>();
  const listening = Promise.withResolvers<URL>();
  const ended = serve({
    app,
    hostname: "127.0.0.1",
    port: 0,
    onListen: (url) => listening.resolve(new URL("/mcp", url)),
    stop: stop.promise,
    graceMs: 1_000,
    clock,
  });
  return {
    url: await listening.promise,
    /** Whether every call had ended in time. */
    stop(): Promise<boolean> {
      stop.resolve();
      return ended;
    },
    async [Symbol.asyncDispose]() {
      await this.stop();
    },
  };
}

/** Writes bytes to a server as they are, and reads what comes back until the connection ends. */
export async function exchangeRaw(url: URL, ...parts: (string | Uint8Array)[]): Promise<string> {
  using connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
  const encoder = new TextEncoder();
  for (const part of parts) {
    const bytes = typeof part === "string" ? encoder.encode(part) : part;
    // A server that refuses may close before everything is written.
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent)).catch(() => Infinity);
  }
  let text = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16_384);
  while (true) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) return text;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

export const get = (server: Served, url: string) => server.send(undefined, { url, method: "GET" });

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

export const LIST = { jsonrpc: "2.0", id: 1, method: "tools/list" };

export const call = (args: Record<string, unknown> = CHANGE_ARGUMENTS, _meta?: Record<string, unknown>) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: CHANGE, arguments: args, _meta },
});

export const READ = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "list_encrypted_instances", arguments: {} },
};

export const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test-client", version: "1.2.3" } },
};

/** The one answer of a response, whether it came as JSON or as a stream of events. */
export async function answerOf(response: Response) {
  const text = await response.text();
  const data = text.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
  return JSON.parse(data.at(-1) ?? text);
}

/** The sentence of a refusal. */
export async function refusalOf(response: Response): Promise<string> {
  return (await response.json()).error.message;
}
