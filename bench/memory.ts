/**
 * Memory: idle on stdio and over HTTP, after many calls, and with a thousand connections held.
 *
 * Run by `main.ts`; Linux and macOS. Resident memory as the system counts it, the program's own pages and
 * Deno's alike, which is what a host has to give. Under load the garbage is collected before it is measured, so
 * that what is compared is what is held; idle it never is.
 */
import { Connection, load } from "./load.ts";
import { type Figure, median } from "./measure.ts";
import { environment, heldMiB, Listening, type Program, residentMiB } from "./programs.ts";
import { StdioSession } from "./stdio_session.ts";

const LIST = { jsonrpc: "2.0", id: 1, method: "tools/list" };
const CONNECTIONS = 1_000;

/** Nothing is asked of the cloud here. */
const env = environment("http://127.0.0.1:9");

export async function measureMemory(rounds: number, fewCalls: number, manyCalls: number): Promise<Figure[]> {
  const idle = { stdio: [] as number[], http: [] as number[], plainStdio: [] as number[], plainHttp: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    idle.stdio.push(await idleOnStdio("build"));
    idle.plainStdio.push(await idleOnStdio("plainStdio"));
    idle.http.push(await idleOverHttp("build", "http"));
    idle.plainHttp.push(await idleOverHttp("plainHttp"));
  }
  const figure = (what: string, way: "stdio" | "http", plain: "plainStdio" | "plainHttp"): Figure => ({
    what,
    value: median(idle[way]),
    unit: "MiB",
    against: { what: "plain server", value: median(idle[plain]) },
    target: { atMost: 0.85 },
  });
  return [
    figure("idle memory of the build, stdio", "stdio", "plainStdio"),
    figure("idle memory of the build, HTTP", "http", "plainHttp"),
    ...await underLoad(fewCalls, manyCalls),
  ];
}

async function idleOnStdio(program: Program): Promise<number> {
  await using session = new StdioSession(program, { env });
  await session.initialize();
  await session.request("tools/list");
  return await residentMiB(session.pid);
}

async function idleOverHttp(program: Program, ...args: string[]): Promise<number> {
  await using server = await Listening.start(program, { args, env });
  await load([server.url], LIST, 1, { calls: 1 });
  return await residentMiB(server.pid);
}

async function underLoad(fewCalls: number, manyCalls: number): Promise<Figure[]> {
  await using server = await Listening.start("collecting", { args: ["http"], env });
  await load([server.url], LIST, 16, { calls: fewCalls });
  const few = { what: `after ${fewCalls} calls`, value: await heldMiB(server.pid) };
  await load([server.url], LIST, 16, { calls: manyCalls - fewCalls });
  const many = await heldMiB(server.pid);
  const held: Connection[] = [];
  for (let count = 0; count < CONNECTIONS; count++) held.push(await Connection.open(server.url, LIST));
  await held[0]!.exchange();
  const holding = await heldMiB(server.pid);
  for (const connection of held) connection[Symbol.dispose]();
  return [
    { what: `memory after ${manyCalls} calls`, value: many, unit: "MiB", against: few, target: { atMost: 1.15 } },
    { what: `memory with ${CONNECTIONS} connections held`, value: holding, unit: "MiB", against: few },
  ];
}
