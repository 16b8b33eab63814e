/**
 * A client over stdio with little in it that would take time.
 *
 * For the measurements and the soak beside it. It never asks twice, and never waits for a time.
 */
import { type Program, start } from "./programs.ts";

export const INITIALIZE = {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "bench", version: "1.0.0" },
};

export class StdioSession implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  readonly #reading: Promise<void>;
  #id = 0;

  /** `onLog` gets what the server writes to stderr, as it comes. */
  constructor(program: Program, options: Parameters<typeof start>[2] = {}, onLog = (_text: string) => {}) {
    this.#child = start(program, "piped", options);
    this.#input = this.#child.stdin.getWriter();
    this.#reading = Promise.all([this.#read(), this.#listen(onLog)]).then(() => {});
  }

  get pid(): number {
    return this.#child.pid;
  }

  async request(method: string, params: unknown = {}): Promise<Record<string, unknown>> {
    const id = ++this.#id;
    const answer = Promise.withResolvers<Record<string, unknown>>();
    this.#waiting.set(id, answer);
    await this.#write({ jsonrpc: "2.0", id, method, params });
    return await answer.promise;
  }

  async initialize(): Promise<void> {
    await this.request("initialize", INITIALIZE);
    await this.#write({ jsonrpc: "2.0", method: "notifications/initialized" });
  }

  async #write(message: unknown): Promise<void> {
    await this.#input.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
  }

  async #read(): Promise<void> {
    let text = "";
    for await (const chunk of decoded(this.#child.stdout)) {
      text += chunk;
      for (let end; (end = text.indexOf("\n")) !== -1; text = text.slice(end + 1)) {
        const { id, result, error } = JSON.parse(text.slice(0, end));
        const answer = this.#waiting.get(id);
        this.#waiting.delete(id);
        if (error) answer?.reject(new Error(JSON.stringify(error)));
        else answer?.resolve(result);
      }
    }
    for (const answer of this.#waiting.values()) answer.reject(new Error("The server ended without an answer"));
  }

  async #listen(onLog: (text: string) => void): Promise<void> {
    for await (const text of decoded(this.#child.stderr)) onLog(text);
  }

  /** Closes stdin, and gives the exit code once the server has ended by itself. */
  async end(): Promise<number> {
    await this.#input.close().catch(() => {});
    await this.#reading;
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

function decoded(stream: ReadableStream<Uint8Array>): ReadableStream<string> {
  return stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>);
}
