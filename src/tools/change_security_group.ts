/**
 * The write: changes the security groups of an encrypted instance and reports what became of it.
 *
 * Called by `server.ts` with valid input that the policy allows. Looks first, asks a person where one is to
 * be asked, sends one change, and looks again where the answer leaves a doubt. It never repeats a change,
 * and never calls one done that no reading has shown.
 */
import * as z from "zod";
import type { Call, ChangeResult, CloudError, Instance, Reading } from "../huaweicloud/client.ts";
import { assess, type RequestedChange } from "./assessment.ts";
import { confirmationQuestion } from "./confirmation.ts";
import { changeInput, errorSchema, securityGroupIds } from "./fields.ts";
import { sameIds, securityGroupsOf, showsOnEveryNode } from "./instance.ts";
import { defineTool, projectOf, Refusal, type Reply, type ToolContext } from "./tool.ts";

export const OUTCOMES = ["accepted", "applied", "rejected", "refused", "unknown"] as const;
export type Outcome = typeof OUTCOMES[number];

const output = z.object({
  outcome: z.enum(OUTCOMES).describe(
    "accepted: the cloud took the change; applied: every node shows it; rejected: the cloud said no; " +
      "refused: nothing was sent; unknown: it may have happened",
  ),
  region: z.string().optional(),
  project_id: z.string().optional(),
  instance_id: z.string().optional(),
  security_group_ids: z.array(z.string()).optional(),
  previous_security_group_ids: z.array(z.string()).optional().describe("What to set in order to undo the change"),
  confirmed_by: z.enum(["person", "none"]).optional(),
  http_status: z.int().optional(),
  code: z.int().optional(),
  description: z.string().optional(),
  order_id: z.string().optional(),
  task_id: z.string().optional(),
  request_id: z.string().optional(),
  notes: z.array(z.string()).optional(),
  error: errorSchema.optional(),
});
type Output = Reply<z.output<typeof output>>;

const input = z.strictObject({
  ...changeInput,
  expected_current_security_group_ids: securityGroupIds(0).optional()
    .describe("Refuse unless the instance has exactly these now; take them from the preview"),
  wait: z.boolean("true or false").default(false).describe("Wait until every node shows the change"),
});

/** Limits of the readings around the change, in milliseconds. */
const READ_MS = 5_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 8_000;

export const changeSecurityGroup = defineTool({
  name: "change_encrypted_instance_security_group",
  title: "Change the security group of an encrypted instance",
  description:
    "Replaces the security groups of a DBSS database encryption instance. They decide which hosts reach it: a " +
    "wrong group cuts applications off or opens a door, so preview first. Sends at most one change; when the outcome " +
    "is unknown, list the instance before calling again.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  input,
  output,
  asked: ({ project_id, instance_id, security_group_ids }) => ({ project_id, instance_id, security_group_ids }),
  run: async (input, context) =>
    await run(
      {
        projectId: projectOf(input, context),
        instanceId: input.instance_id,
        securityGroupIds: input.security_group_ids,
      },
      input.expected_current_security_group_ids,
      input.wait,
      context,
    ),
});

async function run(
  change: RequestedChange,
  expected: readonly string[] | undefined,
  shallWait: boolean,
  context: ToolContext,
): Promise<Output> {
  const found = await lookFirst(change, context);
  const base = {
    region: context.region,
    project_id: change.projectId,
    instance_id: change.instanceId,
    security_group_ids: [...change.securityGroupIds],
    previous_security_group_ids: previousGroups(found.instance),
    confirmed_by: "none" as "none" | "person",
  };
  const refuse = (error: Refusal): Output => ({ ...base, outcome: "refused", error });

  const surprise = expected && compareState(expected, found.instance);
  if (surprise) return refuse(surprise);
  if (found.question !== undefined) {
    const answer = await context.confirm!(found.question);
    if (answer !== "accepted") {
      return refuse(new Refusal("confirmation", `The person who was asked ${answer} the change`));
    }
    base.confirmed_by = "person";
    const drift = await driftSince(found.instance, change, context);
    if (drift) return refuse(drift);
  }

  const call = context.budget();
  const result = await context.cloud.changeSecurityGroup(change, call);
  const answered = { ...base, ...answerOf(result) };
  const notes = base.previous_security_group_ids ? [] : [
    `Undo information is missing: ${found.instance.error?.message ?? "the list shows no security group"}`,
  ];
  if (result.error === undefined) {
    if (!shallWait) return { ...answered, outcome: "accepted", notes };
    if (await isApplied(change, context, call)) return { ...answered, outcome: "applied", notes };
    notes.push("Not every node showed the change within the time; list the instance to see whether it has arrived");
    return { ...answered, outcome: "accepted", notes };
  }
  if (result.error.verdict === "unclear") {
    const now = await context.cloud.readInstance(change.projectId, change.instanceId, context.budget(READ_MS));
    if (now.value && showsOnEveryNode(now.value, change.securityGroupIds)) {
      notes.push(`The answer to the change was unclear (${result.error.message}), but every node shows it`);
      return { ...answered, outcome: "applied", notes };
    }
  }
  return { ...answered, outcome: outcomeOf(result.error.verdict), notes, error: result.error };
}

/** Absent where none was seen: an empty list would pass for undo information. */
function previousGroups({ value }: Reading<Instance>): string[] | undefined {
  const ids = value ? securityGroupsOf(value) : [];
  return ids.length > 0 ? ids : undefined;
}

/** One quick look at the instance, or the whole assessment when a person is to be asked about it. */
async function lookFirst(
  change: RequestedChange,
  context: ToolContext,
): Promise<{ instance: Reading<Instance>; question?: string }> {
  if (context.confirm === undefined) return { instance: await quickLook(change, context) };
  const assessment = await assess(change, context, context.budget());
  const question = confirmationQuestion({ region: context.region, instanceId: change.instanceId }, assessment);
  return { instance: assessment.instance, question };
}

function quickLook(change: RequestedChange, context: ToolContext): Promise<Reading<Instance>> {
  const once = { ...context.budget(READ_MS), maxAttempts: 1 };
  return context.cloud.readInstance(change.projectId, change.instanceId, once);
}

function compareState(expected: readonly string[], { value, error }: Reading<Instance>): Refusal | undefined {
  if (error) {
    return new Refusal(
      "state_unknown",
      `Cannot compare the present security groups with the expected ones: ${error.message}`,
    );
  }
  const current = securityGroupsOf(value);
  if (sameIds(current, expected)) return undefined;
  return new Refusal(
    "state_changed",
    `The instance has security groups ${current.join(", ") || "none"} now, not ${
      expected.join(", ") || "none"
    } as expected`,
  );
}

/** A person takes time to answer: what was shown must still be so. */
async function driftSince(
  shown: Reading<Instance>,
  change: RequestedChange,
  context: ToolContext,
): Promise<Refusal | undefined> {
  if (shown.value === undefined) return undefined;
  return compareState(securityGroupsOf(shown.value), await quickLook(change, context));
}

/** Reads with growing pauses until every node shows the groups or the budget is used up. */
async function isApplied(change: RequestedChange, context: ToolContext, call: Call): Promise<boolean> {
  for (let step = 1;; step++) {
    const now = await context.cloud.readInstance(change.projectId, change.instanceId, { ...call, maxAttempts: 1 });
    if (now.value && showsOnEveryNode(now.value, change.securityGroupIds)) return true;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (step - 1));
    await context.progress(step, "Accepted; waiting until every node shows the change");
    if (!await context.pause(pauseMs, call)) return false;
  }
}

/** What the change came to, from what is known about its request. */
export function outcomeOf(verdict: CloudError["verdict"]): Outcome {
  switch (verdict) {
    case "not_sent":
      return "refused";
    case "denied":
      return "rejected";
    case "unclear":
      return "unknown";
  }
}

/** What the cloud said, under its own names. */
function answerOf({ answer, error }: ChangeResult) {
  return {
    http_status: answer?.httpStatus ?? error?.httpStatus,
    code: answer?.code,
    description: answer?.description,
    order_id: answer?.orderId,
    task_id: answer?.taskId,
    request_id: answer?.requestId ?? error?.requestId,
  };
}
