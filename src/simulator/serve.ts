/**
 * Puts the simulated cloud behind a real socket on loopback.
 *
 * Used by the demo and the tests. Built on node:http because that lets a fault tear the connection down,
 * which Deno.serve does not. It never listens anywhere but on 127.0.0.1.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";

export interface LoopbackServer {
  /** Such as `http://127.0.0.1:40000`. */
  origin: string;
  close(): Promise<void>;
}

/** `handle` may throw to have the connection torn down without an answer. */
export async function serveOnLoopback(
  handle: (request: Request) => Promise<Response>,
): Promise<LoopbackServer> {
  const server = createServer((incoming, outgoing) => void exchange(handle, incoming, outgoing));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function exchange(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const hasBody = incoming.method !== "GET" && incoming.method !== "HEAD";
    const response = await handle(
      new Request(new URL(incoming.url!, `http://${incoming.headers.host}`), {
        method: incoming.method,
        headers: Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
        body: hasBody ? new Blob(chunks as BlobPart[]) : undefined,
        signal: gone.signal,
      }),
    );
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.flushHeaders();
    await pipeline(response.body ?? [], outgoing);
  } catch {
    outgoing.destroy();
  }
}
