/**
 * Entry of the bench: builds, runs the measurements that were asked for, prints what they gave.
 *
 * `deno task bench [--json] [--quick] [--only startup,overhead,throughput,memory,size]`. Every figure is
 * taken in this one run, most of them as a ratio; it compares nothing with an earlier run, and a target that
 * is missed does not fail it, since a busy machine can do that.
 */
import { compared, type Figure, isMet } from "./measure.ts";
import { measureMemory } from "./memory.ts";
import { measureOverhead } from "./overhead.ts";
import { measureSize } from "./size.ts";
import { measureStartup } from "./startup.ts";
import { measureThroughput } from "./throughput.ts";

const isQuick = Deno.args.includes("--quick");
const isJson = Deno.args.includes("--json");

const MEASUREMENTS: Record<string, () => Figure[] | Promise<Figure[]>> = {
  startup: () => measureStartup(isQuick ? 5 : 25),
  overhead: () => measureOverhead(isQuick ? 20 : 100),
  throughput: () => isQuick ? measureThroughput(2, 200) : measureThroughput(7, 700),
  memory: () => isQuick ? measureMemory(1, 500, 5_000) : measureMemory(5, 5_000, 50_000),
  size: measureSize,
};

const only = Deno.args[Deno.args.indexOf("--only") + 1];
const names = Deno.args.includes("--only") ? (only ?? "").split(",") : Object.keys(MEASUREMENTS);
const unknown = names.filter((name) => !(name in MEASUREMENTS));
if (unknown.length > 0) {
  print(`Cannot measure "${unknown.join(",")}", wanted some of ${Object.keys(MEASUREMENTS).join(",")}`);
  Deno.exit(2);
}

await build();
const results: Figure[] = [];
for (const name of names) {
  for (const figure of await MEASUREMENTS[name]!()) {
    results.push(figure);
    if (!isJson) print(row(figure));
  }
}
if (isJson) {
  print(
    JSON.stringify(results.map((figure) => ({ ...figure, compared: compared(figure), isMet: isMet(figure) })), null, 2),
  );
}

async function build(): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["task", "--quiet", "build"], stdout: "null" })
    .output();
  if (!success) throw new Error("Cannot build");
}

function row(figure: Figure): string {
  const { what, value, unit, against, target } = figure;
  const shown = (number: number) => number.toFixed(number < 100 ? 1 : 0);
  const ratio = against === undefined
    ? ""
    : `${compared(figure).toFixed(2)} of ${against.what} (${shown(against.value)})`;
  const bound = target === undefined ? "" : "atMost" in target ? `<= ${target.atMost}` : `>= ${target.atLeast}`;
  const verdict = target === undefined ? "" : isMet(figure) ? "met" : "missed";
  return [what.padEnd(60), `${shown(value)} ${unit}`.padEnd(16), ratio.padEnd(40), bound.padEnd(8), verdict].join(" ")
    .trimEnd();
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
}
