/**
 * Whether a change has arrived: looks at the instance, and with patience again, until every node shows it.
 *
 * Called by the change tool after its request. It only reads, and never lets a reading that failed pass for
 * one that showed the old state.
 */
import type { Call } from "../huaweicloud/client.ts";
import type { RequestedChange } from "./assessment.ts";
import { showsOnEveryNode } from "./instance.ts";
import type { ToolContext } from "./tool.ts";

/** The limit of a look at the instance, repeated attempts included, in milliseconds. */
export const LOOK_MS = 5_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 8_000;

/**
 * Looks once, or with growing pauses as long as `patience` lasts. Gives undefined when every node shows the
 * change, else what the last look came to, as the beginning of a sentence.
 */
export async function lookAfter(
  { projectId, instanceId, securityGroupIds }: RequestedChange,
  context: ToolContext,
  patience?: Call,
): Promise<string | undefined> {
  let call = context.budget(LOOK_MS);
  for (let step = 1;; step++) {
    const { value, error } = await context.cloud.readInstance(projectId, instanceId, call);
    if (value && showsOnEveryNode(value, securityGroupIds)) return undefined;
    const found = error
      ? `The instance could not be read after the change: ${error.message}`
      : "A reading after the change did not show it on every node";
    if (patience === undefined) return found;
    context.progress(step, "Waiting until every node shows the change");
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (step - 1));
    if (!await context.pause(pauseMs, patience)) return found;
    call = { ...patience, maxAttempts: 1 };
  }
}
