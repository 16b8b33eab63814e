/**
 * Throughput over HTTP, and how long a call takes then: with 1, 16 and 64 connections, one and two workers.
 *
 * Run by `main.ts`. The plain server is the SDK's stateless example with the same tools; it has no names, no
 * rate limit, no log and no checks of ids to spend time on. Bare Hono shows that the generator of the load is
 * not what limits the others.
 */
import { CHANGE, CHANGE_TOOL } from "./direct.ts";
import { type Load, load } from "./load.ts";
import { type Figure, inTurns, median } from "./measure.ts";
import { environment, Listening } from "./programs.ts";

const request = (method: string, params?: unknown) => ({ jsonrpc: "2.0", id: 1, method, params });
const call = (name: string, args: unknown) => request("tools/call", { name, arguments: args });

/** The invalid ones are invalid to both servers, or one would ask the cloud where the other refuses. */
const BODIES = {
  "tools/list": request("tools/list"),
  "invalid input": call(CHANGE_TOOL, { ...CHANGE, instance_id: "x" }),
  "refused by policy": call(CHANGE_TOOL, CHANGE),
  "invalid input of a reading": call("list_encrypted_instances", { instance_id: "x" }),
  "list_encrypted_instances": call("list_encrypted_instances", {}),
};

const TARGETS: Record<string, Figure["target"]> = {
  "tools/list": { atLeast: 3 },
  "invalid input": { atLeast: 2.5 },
  "refused by policy": { atLeast: 2.5 },
  "invalid input of a reading": { atLeast: 2.5 },
};

export async function measureThroughput(rounds: number, ms: number): Promise<Figure[]> {
  await using cloud = await Listening.start("cloud");
  const env = { ...environment(cloud.url.origin), DBSS_MCP_ALLOWED_INSTANCE_IDS: "another" };
  await using first = await Listening.startUnread("build", env);
  await using quiet = await Listening.startUnread("build", { ...env, DBSS_MCP_LOG_LEVEL: "error" });
  await using second = await Listening.startUnread("build", env);
  await using plain = await Listening.start("plainHttp", { args: [cloud.url.origin] });
  await using hono = await Listening.start("bareHono");
  const figures: Figure[] = [];
  const measure = async (what: string, connections: number) => {
    const seen: Record<string, Load[]> = {};
    const run = (name: string, ...urls: URL[]) => async () => {
      const loaded = await load(urls, BODIES[what as keyof typeof BODIES], connections, { ms });
      (seen[name] ??= []).push(loaded);
      return loaded.callsPerSecond;
    };
    const samples = await inTurns(rounds, {
      ours: run("ours", first.url),
      plain: run("plain", plain.url),
      ...connections === 16
        ? {
          two: run("two", first.url, second.url),
          quiet: run("quiet", quiet.url),
          hono: run("hono", hono.url),
        }
        : {},
    } as Record<string, () => Promise<number>>);
    const against = { what: "plain server", value: median(samples.plain!) };
    const value = (name: string) => median(samples[name]!);
    const target = connections === 16 ? TARGETS[what] : undefined;
    const title = `${what}, ${connections} connections`;
    figures.push({ what: title, value: value("ours"), unit: "calls/s", against, target });
    for (const rank of ["p50", "p99"] as const) {
      const of = (name: string) => median(seen[name]!.map((loaded) => loaded[rank]));
      figures.push({
        what: `${title}, ${rank}`,
        value: of("ours"),
        unit: "ms",
        against: { what: "plain server", value: of("plain") },
      });
    }
    if (connections !== 16) return;
    const one = { what: "one worker", value: value("ours") };
    figures.push({ what: `${title}, two workers`, value: value("two"), unit: "calls/s", against: one });
    figures.push({ what: `${title}, log level error`, value: value("quiet"), unit: "calls/s", against });
    figures.push({ what: `${title}, bare Hono echo`, value: value("hono"), unit: "calls/s", against });
  };
  for (const connections of [1, 16, 64]) {
    await measure("tools/list", connections);
    await measure("list_encrypted_instances", connections);
  }
  await measure("invalid input", 16);
  await measure("refused by policy", 16);
  await measure("invalid input of a reading", 16);
  return figures;
}
