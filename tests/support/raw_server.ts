/**
 * Sockets of the rude kind: a port that nobody listens on, and a server that closes a kept connection.
 */

/** A port of loopback that was free a moment ago. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return (listener.addr as Deno.NetAddr).port;
}

export type ClosingMoment = "before the change comes" | "at its first byte" | "at its last byte";

/**
 * Answers every request but a PUT with an empty list and keeps the connection. Closes the connection of the
 * first PUT without an answer, or every kept connection before it; a second PUT would be answered.
 */
export function closingServer(moment: ClosingMoment) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving: Promise<void>[] = [];
  const connections = new Set<Deno.Conn>();
  const state = {
    origin: `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`,
    /** How many PUTs came in, on whatever connection. */
    puts: 0,
    /** How many connections were made. */
    connections: 0,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of connections) close(connection);
      await Promise.all([accepting, ...serving]);
    },
  };

  function close(connection: Deno.Conn): void {
    if (connections.delete(connection)) connection.close();
  }

  async function serve(connection: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    let text = "";
    while (connections.has(connection)) {
      const size = await connection.read(buffer).catch(() => null);
      if (size === null) break;
      const isNew = text === "";
      text += new TextDecoder().decode(buffer.subarray(0, size));
      const isPut = text.startsWith("PUT ");
      if (isPut && isNew) state.puts += 1;
      if (isPut && state.puts === 1 && moment === "at its first byte") break;
      const end = text.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (end === -1 || text.length < end + 4 + length) continue;
      if (isPut && state.puts === 1 && moment === "at its last byte") break;
      const body = isPut ? '{"code":0}' : '{"clusters":[]}';
      const answer =
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
      await connection.write(new TextEncoder().encode(answer)).catch(() => {});
      text = "";
      if (moment === "before the change comes") break;
    }
    close(connection);
  }

  const accepting = (async () => {
    for await (const connection of listener) {
      connections.add(connection);
      state.connections += 1;
      serving.push(serve(connection));
    }
  })();
  return state;
}
