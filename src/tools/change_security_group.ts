/**
 * The write: changes the security groups of an encrypted instance and reports what became of it.
 *
 * Called by `server.ts` with valid input; asks the cloud once through its client. It never repeats a
 * change, and never calls one done that was only accepted.
 */
import { z } from "zod";
import type { ChangeResult, CloudError } from "../huaweicloud/client.ts";
import { errorSchema, instanceId, projectId, securityGroupIds } from "./fields.ts";
import { defineTool, projectOf } from "./tool.ts";

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
  http_status: z.int().optional(),
  code: z.int().optional(),
  description: z.string().optional(),
  order_id: z.string().optional(),
  task_id: z.string().optional(),
  request_id: z.string().optional(),
  error: errorSchema.optional(),
});

export const changeSecurityGroup = defineTool({
  name: "change_encrypted_instance_security_group",
  title: "Change the security group of an encrypted instance",
  description: "Replaces the security groups of a DBSS database encryption instance. They decide which hosts reach " +
    "the instance: a wrong group cuts applications off or opens the door to others. Sends at most one change; when " +
    "the outcome is unknown, look before calling again.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
  input: z.strictObject({
    instance_id: instanceId,
    security_group_ids: securityGroupIds.describe("Ids of the security groups it shall have, usually one"),
    project_id: projectId,
  }),
  output,
  asked: (input) => ({ ...input }),
  async run(input, context) {
    const project = projectOf(input, context);
    const result = await context.cloud.changeSecurityGroup(
      { projectId: project, instanceId: input.instance_id, securityGroupIds: input.security_group_ids },
      context.call,
    );
    return {
      outcome: result.error ? outcomeOf(result.error.verdict) : "accepted",
      region: context.region,
      project_id: project,
      instance_id: input.instance_id,
      security_group_ids: input.security_group_ids,
      ...answered(result),
      error: result.error,
    };
  },
});

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
function answered({ answer, error }: ChangeResult) {
  return {
    http_status: answer?.httpStatus ?? error?.httpStatus,
    code: answer?.code,
    description: answer?.description,
    order_id: answer?.orderId,
    task_id: answer?.taskId,
    request_id: answer?.requestId ?? error?.requestId,
  };
}
