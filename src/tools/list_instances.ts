/**
 * Read-only: the encrypted instances of a project, so that nobody has to know ids by heart.
 *
 * Called by `call.ts`; one request to the cloud, filtered and cut here. It never guesses a missing field.
 */
import * as z from "zod";
import { errorSchema, instanceId, projectId } from "./fields.ts";
import { instanceRow, toRow } from "./instance.ts";
import { defineTool, projectOf } from "./tool.ts";

const LIMIT = "a whole number from 1 to 200";

export const listInstances = defineTool({
  name: "list_encrypted_instances",
  title: "List encrypted instances",
  description: "Lists DBSS database encryption instances with their present security groups. Use it to find an " +
    "instance_id, and to see whether a change has arrived.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  input: z.strictObject({
    name: z.string("a text of 1 to 128 characters").min(1, "a text of 1 to 128 characters")
      .max(128, "a text of 1 to 128 characters").optional().describe("Part of the name, in any case"),
    instance_id: instanceId.optional(),
    limit: z.int(LIMIT).min(1, LIMIT).max(200, LIMIT).default(50).describe("Most instances to return"),
    project_id: projectId,
  }),
  output: z.object({
    region: z.string().optional(),
    project_id: z.string().optional(),
    instances: z.array(instanceRow).optional(),
    total: z.int().optional().describe("How many match"),
    truncated: z.boolean().optional(),
    error: errorSchema.optional(),
  }),
  asked: ({ project_id }) => ({ project_id }),
  async run(input, context) {
    const project = await projectOf(input, context);
    const all = await context.cloud.listInstances(project, context.budget());
    const wanted = input.name?.toLowerCase();
    const matching = all.filter((instance) =>
      (input.instance_id === undefined || instance.instanceId === input.instance_id) &&
      (wanted === undefined || instance.name?.toLowerCase().includes(wanted))
    );
    return {
      region: context.region,
      project_id: project,
      instances: matching.slice(0, input.limit).map(toRow),
      total: matching.length,
      truncated: matching.length > input.limit,
    };
  },
});
