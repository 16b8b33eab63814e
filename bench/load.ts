/**
 * A load generator: so many connections, each sending one request after the other for a while.
 *
 * For the measurements beside it. Speaks just enough HTTP/1.1 to be cheaper than what it measures: the same
 * bytes each time, and of the answer only its status and its length are read. It never goes beyond loopback
 * and never runs longer than it is told.
 */
import { percentile } from "./measure.ts";

export interface Load {
  callsPerSecond: number;
  p50: number;
  p99: number;
  calls: number;
}

export type Limit = { ms: number } | { calls: number };

/** `urls` are shared out among the connections. @throws when an answer is not of status 200. */
export async function load(urls: readonly URL[], body: unknown, connections: number, limit: Limit): Promise<Load> {
  const times: number[] = [];
  const started = performance.now();
  let begun = 0;
  const isOver = () => "ms" in limit ? performance.now() - started >= limit.ms : begun >= limit.calls;
  await Promise.all(Array.from({ length: connections }, async (_, index) => {
    using connection = await Connection.open(urls[index % urls.length]!, body);
    while (!isOver()) {
      begun += 1;
      const sent = performance.now();
      await connection.exchange();
      times.push(performance.now() - sent);
    }
  }));
  const seconds = (performance.now() - started) / 1_000;
  return {
    callsPerSecond: times.length / seconds,
    p50: percentile(times, 50),
    p99: percentile(times, 99),
    calls: times.length,
  };
}

/** One kept connection to a server, which always sends the same request. */
export class Connection implements Disposable {
  readonly #buffer = new Uint8Array(64 * 1024);

  private constructor(private readonly socket: Deno.TcpConn, private readonly request: Uint8Array) {}

  static async open({ hostname, port, pathname }: URL, body: unknown): Promise<Connection> {
    const text = JSON.stringify(body);
    const request = `POST ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\n` +
      `Accept: application/json, text/event-stream\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    const socket = await Deno.connect({ hostname, port: Number(port) });
    return new Connection(socket, new TextEncoder().encode(request));
  }

  async exchange(): Promise<void> {
    await this.socket.write(this.request);
    let head = "";
    let size = 0;
    let expected = Infinity;
    while (size < expected) {
      const count = await this.socket.read(this.#buffer);
      if (count === null) throw new Error("The server closed the connection before the end of its answer");
      size += count;
      if (expected !== Infinity) continue;
      head += String.fromCharCode(...this.#buffer.subarray(0, Math.min(count, 4_096)));
      const end = head.indexOf("\r\n\r\n");
      if (end === -1) continue;
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
      if (!head.startsWith("HTTP/1.1 200") || length === undefined) throw new Error(`Unexpected answer: ${head}`);
      expected = end + 4 + Number(length);
    }
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}
