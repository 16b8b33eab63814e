/**
 * Read-only: the security groups of a project, on request with their rules.
 *
 * Called by `call.ts`; asks the cloud page by page up to a cap. It shows rules only for a few groups at
 * once, so that an answer stays readable.
 */
import * as z from "zod";
import { errorSchema, projectId, securityGroupIds } from "./fields.ts";
import { describeRule } from "./rules.ts";
import { defineTool, projectOf, Refusal } from "./tool.ts";

const MAX_RETURNED = 200;
const MAX_WITH_RULES = 5;
const NAME = "a text of 1 to 64 characters";

export const listSecurityGroups = defineTool({
  name: "list_security_groups",
  title: "List security groups",
  description:
    "Lists the security groups of the project (VPC). Use it to find the id that belongs to a name, and with " +
    "include_rules to see what a group lets through.",
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  input: z.strictObject({
    name: z.string(NAME).min(1, NAME).max(64, NAME).optional().describe("The exact name"),
    security_group_ids: securityGroupIds().optional().describe("Only these"),
    include_rules: z.boolean("true or false").default(false).describe(`For at most ${MAX_WITH_RULES} groups`),
    project_id: projectId,
  }),
  output: z.object({
    region: z.string().optional(),
    project_id: z.string().optional(),
    security_groups: z.array(z.object({
      id: z.string(),
      name: z.string().optional(),
      description: z.string().optional(),
      rules: z.array(z.string()).optional(),
    })).optional(),
    truncated: z.boolean().optional(),
    error: errorSchema.optional(),
  }),
  asked: ({ project_id }) => ({ project_id }),
  async run(input, context) {
    const project = await projectOf(input, context);
    const call = context.budget();
    const filter = { projectId: project, name: input.name, ids: input.security_group_ids };
    const { items, isTruncated } = await context.cloud.listSecurityGroups(filter, call);
    const groups = items.slice(0, MAX_RETURNED);
    if (input.include_rules && groups.length > MAX_WITH_RULES) {
      throw new Refusal(
        "invalid_input",
        `Cannot show the rules of ${groups.length} security groups, wanted at most ${MAX_WITH_RULES}: narrow the list ` +
          "with name or security_group_ids",
      );
    }
    const ids = groups.map(({ id }) => id);
    const rules = input.include_rules ? await context.cloud.listRules(project, ids, call) : [];
    return {
      region: context.region,
      project_id: project,
      security_groups: groups.map((group) => ({
        ...group,
        rules: input.include_rules
          ? rules.filter(({ securityGroupId }) => securityGroupId === group.id).map(describeRule).sort()
          : undefined,
      })),
      truncated: isTruncated || items.length > groups.length,
    };
  },
});
