/**
 * Start-up: from the spawn of the process to the answers that a client waits for.
 *
 * Run by `main.ts`. What every chat session pays when it begins. Nothing is kept from one start to the next
 * but what Deno itself caches.
 */
import { type Figure, inTurns, median } from "./measure.ts";
import { environment, type Program } from "./programs.ts";
import { StdioSession } from "./stdio_session.ts";

/** Nothing is asked of the cloud here. */
const env = environment("http://127.0.0.1:9");

function startOf(program: Program, shallList = false) {
  return async () => {
    const started = performance.now();
    await using session = new StdioSession(program, { env });
    await session.initialize();
    if (shallList) await session.request("tools/list");
    return performance.now() - started;
  };
}

export async function measureStartup(rounds: number): Promise<Figure[]> {
  const samples = await inTurns(rounds, {
    source: startOf("source"),
    build: startOf("build"),
    plain: startOf("plainStdio"),
    empty: startOf("empty"),
    sourceList: startOf("source", true),
    buildList: startOf("build", true),
    plainList: startOf("plainStdio", true),
  });
  const figure = (what: string, name: keyof typeof samples, target?: Figure["target"]): Figure => ({
    what,
    value: median(samples[name]),
    unit: "ms",
    against: { what: "plain server", value: median(name.endsWith("List") ? samples.plainList : samples.plain) },
    target,
  });
  return [
    figure("start to initialize, one-file build", "build", { atMost: 0.65 }),
    figure("start to initialize, source", "source", { atMost: 1 }),
    figure("start to tools/list, one-file build", "buildList", { atMost: 0.65 }),
    figure("start to tools/list, source", "sourceList", { atMost: 1 }),
    figure("start of an empty Deno script", "empty"),
  ];
}
