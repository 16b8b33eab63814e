/**
 * A client over stdio with nothing in it that would take time: one line out, one line back.
 *
 * For the measurements beside it. It never has two requests under way.
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
  readonly #output: ReadableStreamDefaultReader<string>;
  #text = "";
  #id = 0;

  constructor(program: Program, options: Parameters<typeof start>[2] = {}) {
    this.#child = start(program, "piped", options);
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream() as TransformStream).getReader();
    void this.#child.stderr.pipeTo(new WritableStream());
  }

  get pid(): number {
    return this.#child.pid;
  }

  async request(method: string, params: unknown = {}): Promise<Record<string, unknown>> {
    const id = ++this.#id;
    await this.#write({ jsonrpc: "2.0", id, method, params });
    const answer = JSON.parse(await this.#line());
    if (answer.id !== id || answer.error) throw new Error(`${method} was answered with ${JSON.stringify(answer)}`);
    return answer.result;
  }

  async initialize(): Promise<void> {
    await this.request("initialize", INITIALIZE);
    await this.#write({ jsonrpc: "2.0", method: "notifications/initialized" });
  }

  async #write(message: unknown): Promise<void> {
    await this.#input.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));
  }

  async #line(): Promise<string> {
    let end: number;
    while ((end = this.#text.indexOf("\n")) === -1) {
      const { done, value } = await this.#output.read();
      if (done) throw new Error("The server ended without an answer");
      this.#text += value;
    }
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#output.cancel();
    await this.#child.status;
  }
}
