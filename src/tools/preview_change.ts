/**
 * Read-only: what the change would do, and exactly what to pass to it.
 *
 * Called by `call.ts`; reads the instance and the groups through `assessment.ts`. It sends no change, and
 * still answers when the groups may not be read.
 */
import * as z from "zod";
import { assess } from "./assessment.ts";
import { changeInput, errorSchema } from "./fields.ts";
import { instanceRow, toRow } from "./instance.ts";
import { defineTool, projectOf } from "./tool.ts";

const group = z.object({ id: z.string(), name: z.string().optional() });

export const previewChange = defineTool({
  name: "preview_encrypted_instance_security_group_change",
  title: "Preview a change of security group",
  description:
    "Shows what the change would do, without doing it: groups by name, rules gained and lost, warnings. Show it to " +
    "the person, then call change_encrypted_instance_security_group with change_arguments.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  input: z.strictObject(changeInput),
  output: z.object({
    region: z.string().optional(),
    project_id: z.string().optional(),
    instance: instanceRow.optional(),
    current_security_groups: z.array(group).optional(),
    requested_security_groups: z.array(group).optional(),
    changes: z.boolean().optional().describe("Whether anything would change"),
    rules_gained: z.array(z.string()).optional(),
    rules_lost: z.array(z.string()).optional(),
    warnings: z.array(z.string()).optional(),
    not_checked: z.array(z.string()).optional().describe("What could not be looked at, and why"),
    cloud_errors: z.array(z.looseObject({})).optional(),
    change_arguments: z.looseObject({}).optional().describe("Pass exactly these to the change"),
    error: errorSchema.optional(),
  }),
  asked: ({ project_id }) => ({ project_id }),
  async run(input, context) {
    const project = await projectOf(input, context);
    const change = { projectId: project, instanceId: input.instance_id, securityGroupIds: input.security_group_ids };
    const assessment = await assess(change, context, context.budget());
    const { value: instance, error } = assessment.instance;
    if (error) throw error;
    const row = toRow(instance);
    return {
      region: context.region,
      project_id: project,
      instance: row,
      current_security_groups: assessment.current,
      requested_security_groups: assessment.requested,
      changes: assessment.changes,
      rules_gained: assessment.rulesGained,
      rules_lost: assessment.rulesLost,
      warnings: assessment.warnings,
      not_checked: assessment.notChecked,
      cloud_errors: assessment.cloudErrors.length > 0 ? assessment.cloudErrors : undefined,
      change_arguments: {
        instance_id: input.instance_id,
        security_group_ids: input.security_group_ids,
        project_id: project,
        expected_current_security_group_ids: row.security_group_ids,
      },
    };
  },
});
