/**
 * The programs that the bench compares, as processes of their own, started as a user's client starts them.
 *
 * Used by the measurements beside it. Every one gets narrow permissions and only the environment that is
 * given here. It never reaches beyond loopback.
 */
import { fileURLToPath } from "node:url";
import { systemClock } from "../src/clock.ts";
import { SIMULATION } from "../src/simulator/state.ts";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export const BUILD = path("../dist/dbss-mcp.js");

const PERMISSIONS = ["--no-prompt", "--allow-env=HW_*,HUAWEICLOUD_SDK_*,DBSS_MCP_*", "--allow-net=127.0.0.1"];

/** Arguments of `deno`, up to the program's own. */
export const PROGRAMS = {
  source: ["run", ...PERMISSIONS, path("../src/main.ts")],
  build: ["run", "--no-config", "--no-lock", "--unstable-no-legacy-abort", ...PERMISSIONS, BUILD],
  collecting: ["run", "--v8-flags=--expose-gc", ...PERMISSIONS, path("collecting.ts")],
  plainStdio: ["run", ...PERMISSIONS, path("baselines/plain_stdio.ts")],
  plainHttp: ["run", ...PERMISSIONS, path("baselines/plain_http.ts")],
  bareHono: ["run", ...PERMISSIONS, path("baselines/bare_hono.ts")],
  empty: ["run", ...PERMISSIONS, path("baselines/empty.ts")],
  cloud: ["run", ...PERMISSIONS, path("cloud.ts")],
} as const;
export type Program = keyof typeof PROGRAMS;

/** What points a server at the simulated cloud behind `origin`, without limits that a bench would meet. */
export function environment(origin: string): Record<string, string> {
  return {
    HW_REGION_NAME: "cn-north-4",
    HW_PROJECT_ID: SIMULATION.projectId,
    HW_AUTH_TOKEN: SIMULATION.token,
    DBSS_MCP_DBSS_ENDPOINT: origin,
    DBSS_MCP_VPC_ENDPOINT: origin,
    DBSS_MCP_HTTP_PORT: "0",
    DBSS_MCP_HTTP_RATE_PER_MINUTE: "9999999",
    DBSS_MCP_HTTP_MAX_CALLS: "10000",
  };
}

const COLLECTION_MS = 500;

interface Start {
  args?: readonly string[];
  env?: Record<string, string>;
  /** Arguments of `deno` before the program, beside its permissions. */
  flags?: readonly string[];
}

export function start(
  program: Program,
  stdio: "piped" | "null",
  { args = [], env, flags = [] }: Start = {},
  stderr: "piped" | "null" = "piped",
) {
  const [run, ...rest] = PROGRAMS[program];
  return new Deno.Command(Deno.execPath(), {
    args: [run!, ...flags, ...rest, ...args],
    env: { NO_COLOR: "1", ...env },
    stdin: stdio,
    stdout: stdio,
    stderr,
  }).spawn();
}

/** A program that listens, and says its address on stderr. */
export class Listening implements AsyncDisposable {
  private constructor(readonly url: URL, readonly pid: number, private readonly child: Deno.ChildProcess) {}

  /** `onLog` gets what the program writes to stderr, as it comes. */
  static async start(program: Program, options: Start = {}, onLog = (_text: string) => {}): Promise<Listening> {
    const child = start(program, "null", options);
    const url = Promise.withResolvers<URL>();
    let seen = "";
    void (async () => {
      for await (const text of child.stderr.pipeThrough(new TextDecoderStream() as TransformStream)) {
        onLog(text);
        if (seen.length < 10_000) seen += text;
        const found = /"url":"(http[^"]+)"/.exec(seen)?.[1];
        if (found !== undefined) url.resolve(new URL("/mcp", found));
      }
      url.reject(new Error(`${program} ended before it listened:\n${seen}`));
    })();
    return new Listening(await url.promise, child.pid, child);
  }

  /**
   * The server over HTTP, with its log written to the null device: to read it here, line by line, would take
   * from the generator of the load what it measures.
   */
  static async startUnread(program: "source" | "build", env: Record<string, string>): Promise<Listening> {
    const port = freePort();
    const child = start(program, "null", { args: ["http"], env: { ...env, DBSS_MCP_HTTP_PORT: String(port) } }, "null");
    const url = new URL(`http://127.0.0.1:${port}/mcp`);
    while (!await isListening(port)) await pause(20);
    return new Listening(url, child.pid, child);
  }

  /** Asks it to end, and gives its exit code. */
  async end(): Promise<number> {
    this.child.kill("SIGTERM");
    return (await this.child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end().catch(() => {});
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve));
}

/** Resident memory of a process in MiB; Linux and macOS. */
export async function residentMiB(pid: number): Promise<number> {
  return Number(await outputOf("ps", "-o", "rss=", "-p", String(pid))) / 1024;
}

/** The same of the program `collecting`, once it has collected its garbage. */
export async function heldMiB(pid: number): Promise<number> {
  Deno.kill(pid, "SIGUSR2");
  await pause(COLLECTION_MS);
  return await residentMiB(pid);
}

/** Files and sockets that a process has open; 0 where the system does not tell, as only Linux does. */
export async function openFiles(pid: number): Promise<number> {
  return (await outputOf("ls", `/proc/${pid}/fd`)).split("\n").length - 1;
}

async function outputOf(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout);
}
