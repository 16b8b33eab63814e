/**
 * How the bench measures: several things in turns within one run, and medians of what they gave.
 *
 * Used by every measurement beside it. A machine that is busy for a while slows all of them alike, so a
 * ratio of two medians holds where a time does not. It never compares figures of two runs.
 */

/** One thing measured beside another one, in the same run. */
export interface Figure {
  what: string;
  value: number;
  unit: "ms" | "MiB" | "calls/s" | "bytes" | "packages";
  /** What it is compared with, and what that gave; absent where the value stands for itself. */
  against?: { what: string; value: number };
  /** Bounds of the ratio, or of the value where nothing is compared. */
  target?: { atMost: number } | { atLeast: number };
}

/** What is compared with the target: the ratio, or the bare value. */
export function compared({ value, against }: Figure): number {
  return against === undefined ? value : value / against.value;
}

export function isMet(figure: Figure): boolean {
  if (figure.target === undefined) return true;
  return "atMost" in figure.target
    ? compared(figure) <= figure.target.atMost
    : compared(figure) >= figure.target.atLeast;
}

/**
 * Runs every candidate once a round and gives each one's samples, which are what it returned.
 *
 * The first round warms up and does not count; every round begins with another candidate, so that none
 * always follows the same one.
 */
export async function inTurns<Name extends string>(
  rounds: number,
  candidates: Record<Name, () => Promise<number>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(candidates) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]!;
      const sample = await candidates[name]();
      if (round > 0) samples[name].push(sample);
    }
  }
  return samples;
}

/** Milliseconds that `run` takes. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

export const median = (samples: readonly number[]) => percentile(samples, 50);

/** The nearest rank, as many percent up in the sorted samples. */
export function percentile(samples: readonly number[], percent: number): number {
  if (samples.length === 0) throw new Error("Cannot take a percentile of no samples");
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * percent / 100) - 1)]!;
}
