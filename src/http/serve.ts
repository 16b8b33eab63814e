/**
 * Puts the HTTP app on a socket, and takes it off again without cutting a call short.
 *
 * Called by `main.ts` for the `http` command. It never listens on an address that was not named.
 */
import { type Clock, endsWithin } from "../clock.ts";
import type { App } from "./app.ts";

export interface ServeOptions {
  app: App;
  hostname: string;
  /** 0 lets the system choose. */
  port: number;
  /** Told the address once the socket is open. */
  onListen(url: string): void;
  /** Resolves when it is time to stop. */
  stop: Promise<void>;
  /** How long calls in flight may take then, in milliseconds. */
  graceMs: number;
  clock: Clock;
}

/** Serves until `stop` resolves and the calls in flight have ended; false when their time was up before. */
export async function serve({ app, hostname, port, onListen, stop, graceMs, clock }: ServeOptions): Promise<boolean> {
  const listener = Deno.serve(
    {
      hostname,
      port,
      onListen: ({ hostname, port }) =>
        onListen(`http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`),
    },
    (request, { remoteAddr }) => app.fetch(request, { address: (remoteAddr as Deno.NetAddr).hostname }),
  );
  await stop;
  return await endsWithin(clock, graceMs, Promise.all([listener.shutdown(), app.settled()]));
}
