/**
 * The third ring: the server as a process of its own, over real pipes.
 *
 * From source; or the one-file build when the tests were started with `-- --build`, and then with nothing of
 * this folder around it: no configuration, no lock, no cache of packages, another working directory.
 */
import { Client, StdioClientTransport } from "../../src/sdk_client.ts";
import { fileURLToPath } from "node:url";
import type { Setting } from "../../src/config/setting.ts";
import { SETTINGS } from "../../src/config/settings.ts";

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

/** The one-file build, where `build_test.ts` puts it. */
export const BUILD = path(".tmp/build/dbss-mcp.js");

const PROGRAM = Deno.args.includes("--build")
  ? {
    flags: ["--no-config", "--no-lock", "--unstable-no-legacy-abort"],
    main: BUILD,
    place: { cwd: path(".tmp/build"), env: { DENO_DIR: path(".tmp/build/empty") } },
  }
  : { flags: [], main: path("src/main.ts"), place: { cwd: undefined, env: {} } };

const PERMISSIONS = ["--no-prompt", "--allow-env=HW_*,HUAWEICLOUD_SDK_*,DBSS_MCP_*"];

export interface ProcessOptions {
  args?: string[];
  env?: Record<string, string>;
  /** The one host and port that the process may reach, such as `127.0.0.1:40000`. */
  host?: string;
  /** Exactly these flags of permission, in place of the usual ones and `host`. */
  permissions?: string[];
}

/** An empty variable counts as not set, so that nothing of the developer's own reaches a test. */
const UNSET = Object.fromEntries(
  Object.values(SETTINGS as Record<string, Setting<unknown>>)
    .flatMap(({ env, fallbackEnv }) => [env, fallbackEnv])
    .map((name) => [name, ""]),
);

function commandLine({ args = [], host, permissions }: ProcessOptions): string[] {
  const usual = [...PERMISSIONS, ...(host ? [`--allow-net=${host}`] : [])];
  return ["run", ...PROGRAM.flags, ...(permissions ? ["--no-prompt", ...permissions] : usual), PROGRAM.main, ...args];
}

/** For tests that use the SDK's stdio client: its close() leaves a timer behind that it never clears. */
export const SDK_STDIO_CLIENT = { sanitizeOps: false, sanitizeResources: false };

/** The server behind the SDK's own stdio client; the test needs {@link SDK_STDIO_CLIENT}. */
export async function connectToProcess(options: ProcessOptions) {
  const transport = new StdioClientTransport({
    command: Deno.execPath(),
    args: commandLine(options),
    env: { ...UNSET, ...PROGRAM.place.env, ...options.env },
    cwd: PROGRAM.place.cwd,
    stderr: "ignore",
  });
  const client = new Client({ name: "test-client", version: "1.2.3" });
  await client.connect(transport);
  return {
    client,
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  };
}

/** The server with its streams in the test's hands. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly stdout: LineReader;
  readonly stderr: LineReader;

  constructor(options: ProcessOptions = {}) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: commandLine(options),
      env: { ...UNSET, ...PROGRAM.place.env, ...options.env },
      cwd: PROGRAM.place.cwd,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.stdout = new LineReader(this.#child.stdout);
    this.stderr = new LineReader(this.#child.stderr);
  }

  /** Writes lines to stdin: objects as JSON, strings as they are. */
  async send(...messages: (string | Record<string, unknown>)[]): Promise<void> {
    const lines = messages.map((message) => typeof message === "string" ? message : JSON.stringify(message));
    await this.#input.write(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
  }

  async closeInput(): Promise<void> {
    await this.#input.close();
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Asks it to end, unless it has already. */
  end(): void {
    try {
      this.kill("SIGTERM");
    } catch {
      // Deno says so by throwing.
    }
  }

  /** Waits for the end; every line of stdout parsed, or the test fails. */
  async finish(): Promise<{ code: number; messages: Record<string, unknown>[]; stdout: string; stderr: string }> {
    const [{ code }, stdout, stderr] = await Promise.all([
      this.#child.status,
      this.stdout.rest(),
      this.stderr.rest(),
    ]);
    return {
      code,
      stdout,
      stderr,
      get messages() {
        return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line));
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.finish();
  }
}

/** Reads a stream line by line, as far as a test wants. */
class LineReader {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";
  #seen = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  }

  /** The first line that contains `part`. */
  async line(part: string): Promise<string> {
    while (true) {
      const end = this.#text.indexOf("\n");
      if (end === -1) {
        const { done, value } = await this.#reader.read();
        if (done) throw new Error(`The stream ended without a line that contains ${part}:\n${this.#seen}`);
        this.#text += value;
        this.#seen += value;
        continue;
      }
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      if (line.includes(part)) return line;
    }
  }

  /** Reads no more, so that the other side can no longer write. */
  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }

  /** Everything, from the beginning of the stream to its end. */
  async rest(): Promise<string> {
    while (true) {
      const { done, value } = await this.#reader.read();
      if (done) return this.#seen;
      this.#seen += value;
    }
  }
}
