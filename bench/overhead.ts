/**
 * Overhead: the change tool, over stdio and over HTTP, against the same cloud calls made directly with fetch.
 *
 * Run by `main.ts`. The simulated cloud answers after 0 and after 20 milliseconds, as a process of its own;
 * a real cloud takes longer than either. Each figure is the median of single calls, never of several at once.
 */
import { CHANGE, CHANGE_TOOL, changeDirectly } from "./direct.ts";
import { Connection } from "./load.ts";
import { type Figure, inTurns, median, timed } from "./measure.ts";
import { environment, Listening } from "./programs.ts";
import { StdioSession } from "./stdio_session.ts";

const CALL = { name: CHANGE_TOOL, arguments: CHANGE };

export async function measureOverhead(rounds: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const delayMs of [0, 20]) {
    await using cloud = await Listening.start("cloud", { args: [String(delayMs)] });
    const { origin } = cloud.url;
    const env = environment(origin);
    await using stdio = new StdioSession("build", { env });
    await stdio.initialize();
    await using http = await Listening.start("build", { args: ["http"], env });
    using connection = await Connection.open(http.url, { jsonrpc: "2.0", id: 1, method: "tools/call", params: CALL });
    const samples = await inTurns(rounds, {
      direct: () => timed(() => changeDirectly(origin)),
      stdio: () => timed(() => stdio.request("tools/call", CALL)),
      http: () => timed(() => connection.exchange()),
    });
    for (const way of ["stdio", "http"] as const) {
      figures.push({
        what: `change over ${way}, the cloud takes ${delayMs} ms`,
        value: median(samples[way]),
        unit: "ms",
        against: { what: "direct calls", value: median(samples.direct) },
        target: way === "stdio" && delayMs === 20 ? { atMost: 1.1 } : undefined,
      });
    }
  }
  return figures;
}
