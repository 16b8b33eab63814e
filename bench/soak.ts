/**
 * Entry of the soak: mixed calls over stdio, over HTTP and in memory, against a cloud that fails at random.
 *
 * `deno task soak [minutes] [--seconds N] [--seed N]`. Ends with exit code 1 when a PUT is not accounted for,
 * a server fails in a way that it should not, or anything grows: memory, open files, timers. What it does is
 * bounded in time, and it never reaches beyond loopback.
 */
import { type Clock, systemClock } from "../src/clock.ts";
import { serveOnLoopback } from "../src/simulator/serve.ts";
import { join } from "../tests/support/in_memory.ts";
import { Ledger } from "./ledger.ts";
import { environment, Listening, openFiles } from "./programs.ts";
import { type CallTool, emptyTally, oneCall } from "./soak_calls.ts";
import { StdioSession } from "./stdio_session.ts";

const CONCURRENCY = 32;
const TIMEOUTS = { timeoutMs: 2_000, attemptTimeoutMs: 250 };
/**
 * What may be added by the end to what there was once warm. Of memory the live heap counts: what the system gave
 * grows for many thousand calls until it stays. A minute shows a leak of some hundred bytes a call; seconds only a
 * large one.
 */
const HEAP_GROWTH_MIB = 2;
const FILE_GROWTH = 2 * CONCURRENCY;

const option = (name: string) => Deno.args.includes(name) ? Number(Deno.args[Deno.args.indexOf(name) + 1]) : undefined;
const minutes = Number(Deno.args[0]?.startsWith("--") ? 1 : Deno.args[0] ?? 1);
const seconds = option("--seconds") ?? minutes * 60;
const seed = option("--seed") ?? 1;
if (!(seconds > 0) || !Number.isInteger(seed)) {
  print("Cannot read the arguments, wanted [minutes] [--seconds N] [--seed N]");
  Deno.exit(2);
}

const random = randomFrom(seed);
const ledger = new Ledger(random);
const socket = await serveOnLoopback(ledger.handle);
const env = {
  ...environment(socket.origin),
  DBSS_MCP_TIMEOUT_MS: String(TIMEOUTS.timeoutMs),
  DBSS_MCP_ATTEMPT_TIMEOUT_MS: String(TIMEOUTS.attemptTimeoutMs),
};
const tally = emptyTally();
const heaps: Record<string, (bytes: number) => void> = {};
const watch = (name: string) => (text: string) => {
  for (const line of text.split("\n")) {
    const heap = /^\{"heap_bytes":(\d+)\}$/.exec(line)?.[1];
    if (heap !== undefined) heaps[name]?.(Number(heap));
    if (/Uncaught|"level":"error"|protocol error/.test(line)) tally.faults.push(`${name} wrote ${line.slice(0, 500)}`);
  }
};

const stdio = new StdioSession("collecting", { env }, watch("stdio"));
await stdio.initialize();
const http = await Listening.start("collecting", { args: ["http"], env }, watch("http"));
const timers = countingClock();
const inMemory = await join(
  { clock: timers.clock, timeoutMs: TIMEOUTS.timeoutMs },
  { fetch: (url, init) => ledger.handle(new Request(url, init)), attemptTimeoutMs: TIMEOUTS.attemptTimeoutMs },
);

const ways: Record<string, CallTool> = {
  stdio: async (name, args) => contentOf(await stdio.request("tools/call", { name, arguments: args })),
  http: async (name, args) => {
    const response = await fetch(http.url, {
      method: "POST",
      headers: { "content-type": "application/json", "accept": "application/json, text/event-stream" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args } }),
    });
    return contentOf((await response.json()).result);
  },
  memory: async (name, args) => contentOf(await inMemory.client.callTool({ name, arguments: args })),
};

const started = performance.now();
await runUntil(started + seconds * 250);
const warm = await sizes();
await runUntil(started + seconds * 1_000);
const end = await sizes();

for (const [name, now] of Object.entries(end)) {
  const before = warm[name]!;
  if (now.heap > before.heap + HEAP_GROWTH_MIB) {
    tally.faults.push(`the heap of ${name} grew from ${before.heap.toFixed(1)} to ${now.heap.toFixed(1)} MiB`);
  }
  if (now.files > before.files + FILE_GROWTH) {
    tally.faults.push(`${name} has ${now.files} files open, after ${before.files}`);
  }
}
if (ledger.cloud.puts.length > 0) {
  tally.faults.push(`${ledger.cloud.puts.length} PUTs came after their call was answered`);
}
if (timers.pending() > 0) tally.faults.push(`${timers.pending()} timers are left`);

ledger.faultShare = 0;
ledger.cloud.faults.length = 0;
for (const call of Object.values(ways)) {
  const { instances } = await call("list_encrypted_instances", {});
  if ((instances as unknown[] | undefined)?.length !== 2) tally.faults.push("a server no longer answers as it should");
}
await inMemory.client.close();
const codes = [await stdio.end(), await http.end()];
if (codes.some((code) => code !== 0)) tally.faults.push(`the servers ended with ${codes.join(" and ")}, wanted 0`);
await socket.close();

report();
Deno.exit(tally.faults.length === 0 ? 0 : 1);

/** Keeps so many calls going, shared out among the ways; returns when all of them are answered. */
async function runUntil(time: number): Promise<void> {
  const names = Object.keys(ways);
  await Promise.all(Array.from({ length: CONCURRENCY }, async (_, index) => {
    const name = names[index % names.length]!;
    while (performance.now() < time) {
      try {
        await oneCall(ways[name]!, ledger, random, tally);
      } catch (error) {
        tally.faults.push(`a call over ${name} was not answered: ${error}`);
        return;
      }
      inMemory.logged.length = inMemory.audited.length = 0;
    }
  }));
}

interface Size {
  /** What is still held after a collection of garbage, in MiB. */
  heap: number;
  files: number;
}

async function sizes(): Promise<Record<string, Size>> {
  const of = async (name: string, pid: number) => ({ heap: await heapOf(name, pid), files: await openFiles(pid) });
  return { stdio: await of("stdio", stdio.pid), http: await of("http", http.pid) };
}

async function heapOf(name: string, pid: number): Promise<number> {
  const told = new Promise<number>((resolve) => heaps[name] = resolve);
  Deno.kill(pid, "SIGUSR2");
  return await told / 2 ** 20;
}

function contentOf(result: unknown): Record<string, unknown> {
  const content = (result as { structuredContent?: Record<string, unknown> } | undefined)?.structuredContent;
  if (content === undefined) throw new Error(`No structured content in ${JSON.stringify(result)}`);
  return content;
}

/** The system's clock, and how many of its timers are running. */
function countingClock(): { clock: Clock; pending(): number } {
  const running = new Set<symbol>();
  const after: Clock["after"] = (ms, callback) => {
    const timer = Symbol();
    running.add(timer);
    const stop = systemClock.after(ms, () => {
      running.delete(timer);
      callback();
    });
    return () => {
      running.delete(timer);
      stop();
    };
  };
  return { clock: { now: systemClock.now, after }, pending: () => running.size };
}

/** Mulberry32: the same numbers from 0 to 1 for the same seed. */
function randomFrom(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function report(): void {
  const { calls, outcomes, puts, applied, unknownApplied, faults } = tally;
  print(`${calls} calls in ${seconds} seconds with seed ${seed}; changes: ${JSON.stringify(outcomes)}`);
  print(`${puts} PUTs, ${applied} carried out: accepted, applied, and ${unknownApplied} of the unknown ones`);
  for (const [name, { heap, files }] of Object.entries(end)) {
    const from = warm[name]!;
    print(`${name}: heap ${from.heap.toFixed(1)} to ${heap.toFixed(1)} MiB, open files ${from.files} to ${files}`);
  }
  for (const fault of new Set(faults)) print(`NOT OK: ${fault}`);
  print(faults.length === 0 ? "Everything was as it should be." : `${faults.length} things were not.`);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
}
