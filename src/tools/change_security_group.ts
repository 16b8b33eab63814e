/**
 * The write: changes the security groups of an encrypted instance and reports what became of it.
 *
 * Called by `call.ts` with valid input that the policy allows. Looks first, asks a person where one is to
 * be asked, sends one change, and looks again where the answer leaves a doubt. It never repeats a change,
 * and never calls one done that no reading has shown.
 */
import * as z from "zod";
import type { Call, ChangeResult, CloudError, Instance, Reading } from "../huaweicloud/client.ts";
import { LOOK_MS, lookAfter } from "./arrival.ts";
import { assess, type RequestedChange } from "./assessment.ts";
import { confirmationQuestion } from "./confirmation.ts";
import { changeInput, errorSchema, securityGroupIds } from "./fields.ts";
import { idsInWords, isUneven, sameIds, securityGroupsOf, showsOnEveryNode } from "./instance.ts";
import { defineTool, type PersonsAnswer, projectOf, Refusal, type Reply, type ToolContext } from "./tool.ts";

export const OUTCOMES = ["accepted", "applied", "rejected", "refused", "unknown"] as const;
export type Outcome = typeof OUTCOMES[number];

const output = z.object({
  outcome: z.enum(OUTCOMES).describe(
    "accepted: the cloud took the change; applied: every node shows it; rejected: the cloud said no; " +
      "refused: no change was sent; unknown: it may have happened",
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
        projectId: await projectOf(input, context),
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
  const found = await lookFirst(change, expected === undefined, context);
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
    if (answer !== "accepted") return refuse(new Refusal("confirmation", NO_CONSENT[answer]));
    base.confirmed_by = "person";
    const drift = await driftSince(found.instance, change, context);
    if (drift) return refuse(drift);
  }

  const call = context.budget();
  const result = await context.cloud.changeSecurityGroup(change, call);
  const { error } = result;
  const answered = { ...base, ...answerOf(result) };
  if (error && error.verdict !== "unclear") {
    return { ...answered, outcome: outcomeOf(error.verdict), notes: [], error };
  }
  const undo = undoNote(found.instance, change);
  if (error === undefined && !shallWait) return { ...answered, outcome: "accepted", notes: [undo] };
  const doubt = await lookAfter(change, context, shallWait ? call : undefined);
  const unclear = error && `The answer to the change was unclear: ${error.message}`;
  if (doubt === undefined) {
    return { ...answered, outcome: "applied", notes: [undo, ...unclear ? [unclear] : []] };
  }
  if (error) return { ...answered, outcome: "unknown", notes: [undo, doubt], error };
  return { ...answered, outcome: "accepted", notes: [undo, `${doubt}; list the instance later to see whether it has`] };
}

/** Absent where none was seen: an empty list would pass for undo information. */
function previousGroups({ value }: Reading<Instance>): string[] | undefined {
  const ids = value ? securityGroupsOf(value) : [];
  return ids.length > 0 ? ids : undefined;
}

function undoNote({ value, error }: Reading<Instance>, { securityGroupIds }: RequestedChange): string {
  if (error) return `Undo information is missing: ${error.message}`;
  if (securityGroupsOf(value).length === 0) return "Undo information is missing: the list shows no security group";
  if (isUneven(value)) return "The nodes had different security groups before, which no single change brings back";
  if (showsOnEveryNode(value, securityGroupIds)) return "There is nothing to undo: it had exactly these before";
  return "To undo the change, call again with previous_security_group_ids as security_group_ids";
}

const NO_CONSENT: Record<Exclude<PersonsAnswer, "accepted">, string> = {
  declined: "The person who was asked declined the change",
  dismissed: "The person who was asked closed the question without an answer",
  unreached: "No answer came from the person who was to be asked",
};

/** A look at the instance, or the whole assessment when a person is to be asked about it. */
async function lookFirst(
  change: RequestedChange,
  isAttemptEnough: boolean,
  context: ToolContext,
): Promise<{ instance: Reading<Instance>; question?: string }> {
  const call = context.budget(LOOK_MS);
  if (context.confirm === undefined) {
    return { instance: await look(change, context, isAttemptEnough ? { ...call, maxAttempts: 1 } : call) };
  }
  const assessment = await assess(change, context, call);
  const question = confirmationQuestion({ region: context.region, instanceId: change.instanceId }, assessment);
  return { instance: assessment.instance, question };
}

function look(change: RequestedChange, context: ToolContext, call: Call): Promise<Reading<Instance>> {
  return context.cloud.readInstance(change.projectId, change.instanceId, call);
}

function compareState(expected: readonly string[], { value, error }: Reading<Instance>): Refusal | undefined {
  if (error) {
    const message = `Cannot compare the present security groups with the expected ones: ${error.message}`;
    return new Refusal("state_unknown", message, error);
  }
  const current = securityGroupsOf(value);
  if (sameIds(current, expected)) return undefined;
  const difference = `${idsInWords(current)} now, not ${idsInWords(expected)} as expected`;
  return new Refusal("state_changed", `The instance has security groups ${difference}`);
}

/** A person takes time to answer: what was shown must still be so. */
async function driftSince(
  shown: Reading<Instance>,
  change: RequestedChange,
  context: ToolContext,
): Promise<Refusal | undefined> {
  if (shown.value === undefined) return undefined;
  return compareState(securityGroupsOf(shown.value), await look(change, context, context.budget(LOOK_MS)));
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
