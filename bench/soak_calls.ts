/**
 * One call of the soak, chosen at random, and what has to be true once it is answered.
 *
 * Used by `soak.ts` for every server alike. Every PUT is accounted for against the ledger; what has to be
 * true of an outcome stands in `PROMISES` and nowhere else.
 */
import { SIMULATION } from "../src/simulator/state.ts";
import { CHANGE_TOOL } from "./direct.ts";
import type { Ledger } from "./ledger.ts";

/** Calls a tool; gives its structured content. */
export type CallTool = (name: string, args: Record<string, unknown>) => Promise<Record<string, unknown>>;

/** How often the cloud may have carried out a change with such an outcome. */
const PROMISES: Record<string, { least: number; most: number }> = {
  accepted: { least: 1, most: 1 },
  applied: { least: 1, most: 1 },
  rejected: { least: 0, most: 0 },
  refused: { least: 0, most: 0 },
  unknown: { least: 0, most: 1 },
};

export interface Tally {
  calls: number;
  /** Changes by outcome; of the unknown ones also how many the cloud had carried out. */
  outcomes: Record<string, number>;
  unknownApplied: number;
  /** PUTs that the cloud saw, and those of them that it carried out. */
  puts: number;
  applied: number;
  /** What should not have been, in words. */
  faults: string[];
}

export const emptyTally = (): Tally => ({
  calls: 0,
  outcomes: {},
  unknownApplied: 0,
  puts: 0,
  applied: 0,
  faults: [],
});

const INSTANCES = Object.values(SIMULATION.instances);

export async function oneCall(call: CallTool, ledger: Ledger, random: () => number, tally: Tally): Promise<void> {
  tally.calls += 1;
  const choice = random();
  if (choice < 0.5) return await oneChange(call, ledger, random, tally);
  const read = choice < 0.65
    ? call("list_encrypted_instances", {})
    : choice < 0.8
    ? call("list_security_groups", { name: "open" })
    : choice < 0.9
    ? call("preview_encrypted_instance_security_group_change", {
      instance_id: INSTANCES[0],
      security_group_ids: [SIMULATION.groups.open],
    })
    : call(CHANGE_TOOL, { instance_id: "x" });
  look(await read, tally);
}

async function oneChange(call: CallTool, ledger: Ledger, random: () => number, tally: Tally): Promise<void> {
  const group = ledger.openGroup();
  const reply = await call(CHANGE_TOOL, {
    instance_id: INSTANCES[Math.floor(random() * INSTANCES.length)],
    security_group_ids: [group],
  });
  const { sent, applied } = ledger.closeGroup(group);
  const outcome = String(reply.outcome);
  tally.outcomes[outcome] = (tally.outcomes[outcome] ?? 0) + 1;
  tally.puts += sent;
  tally.applied += applied;
  if (outcome === "unknown") tally.unknownApplied += applied;
  const promise = PROMISES[outcome];
  if (promise === undefined || applied < promise.least || applied > promise.most) {
    tally.faults.push(`the outcome ${outcome} with ${applied} changes carried out of ${sent} sent`);
  }
  look(reply, tally);
}

function look({ error }: Record<string, unknown>, tally: Tally): void {
  const { kind } = (error ?? {}) as { kind?: string };
  if (kind === "internal") tally.faults.push("an error of kind internal");
}
