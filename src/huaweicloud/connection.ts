/**
 * Deno's fetch over two kinds of connections: kept ones for reading, a fresh one for each change.
 *
 * Handed to `send.ts` by `main.ts`. By itself, fetch sends a request a second time when the server closes a
 * kept connection under it, also when the first one had arrived (https://github.com/denoland/deno/pull/36415).
 * A read may come twice; a change never leaves on a connection that was used before.
 */
import type { Fetch } from "./send.ts";

export const systemFetch: Fetch = async (url, init, effect) => {
  if (effect === "read") return await fetch(url, init);
  // HTTP/1.1 alone: on HTTP/2, fetch also repeats what a server that goes away has refused.
  using client = Deno.createHttpClient({ http2: false });
  return await fetch(url, { ...init, client });
};
