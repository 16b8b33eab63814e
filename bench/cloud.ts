/**
 * The simulated cloud on a socket, as a process of its own; answers after so many milliseconds.
 *
 * Started by `programs.ts` with the delay as its argument; says its address on stderr as the server does.
 */
import { systemClock } from "../src/clock.ts";
import { createSimulatedCloud } from "../src/simulator/cloud.ts";
import { serveOnLoopback } from "../src/simulator/serve.ts";

const delayMs = Number(Deno.args[0] ?? 0);
const cloud = createSimulatedCloud();
const { origin } = await serveOnLoopback(async (request) => {
  const response = await cloud.handle(request);
  cloud.requests.length = 0;
  if (delayMs > 0) await new Promise<void>((resolve) => systemClock.after(delayMs, resolve));
  return response;
});
Deno.stderr.writeSync(new TextEncoder().encode(JSON.stringify({ url: origin }) + "\n"));
