/** The SDK's McpServer with the same tools as this server, each answering at once; the list may ask a cloud. */
// @ts-types="@modelcontextprotocol/sdk/server/mcp"
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { z } from "zod";
import { listDirectly } from "../direct.ts";

const id = z.string().min(32).max(64);
const error = z.object({
  kind: z.string(),
  message: z.string(),
  hint: z.string(),
  retryable: z.boolean(),
  error_code: z.string().optional(),
  error_msg: z.string().optional(),
}).optional();
const instance = z.object({
  instance_id: z.string(),
  name: z.string().optional(),
  security_group_ids: z.array(z.string()),
});
const common = { region: z.string().optional(), project_id: z.string().optional(), error };

const TOOLS = {
  list_encrypted_instances: {
    input: {
      name: z.string().optional(),
      instance_id: id.optional(),
      limit: z.number().optional(),
      project_id: id.optional(),
    },
    output: {
      ...common,
      instances: z.array(instance).optional(),
      total: z.number().optional(),
      truncated: z.boolean().optional(),
    },
  },
  list_security_groups: {
    input: {
      name: z.string().optional(),
      security_group_ids: z.array(z.string()).optional(),
      include_rules: z.boolean().optional(),
      project_id: id.optional(),
    },
    output: {
      ...common,
      security_groups: z.array(z.object({ id: z.string() })).optional(),
      truncated: z.boolean().optional(),
    },
  },
  preview_encrypted_instance_security_group_change: {
    input: { instance_id: id, security_group_ids: z.array(z.string()).min(1).max(20), project_id: id.optional() },
    output: {
      ...common,
      instance: instance.optional(),
      changes: z.boolean().optional(),
      rules_gained: z.array(z.string()).optional(),
      rules_lost: z.array(z.string()).optional(),
      warnings: z.array(z.string()).optional(),
    },
  },
  change_encrypted_instance_security_group: {
    input: {
      instance_id: id,
      security_group_ids: z.array(z.string()).min(1).max(20),
      project_id: id.optional(),
      expected_current_security_group_ids: z.array(z.string()).optional(),
      wait: z.boolean().optional(),
    },
    output: { ...common, outcome: z.string().optional(), code: z.number().optional(), task_id: z.string().optional() },
  },
};

export function plainServer(cloud?: string): McpServer {
  const server = new McpServer({ name: "plain", version: "1.0.0" });
  for (const [name, { input, output }] of Object.entries(TOOLS)) {
    server.registerTool(
      name,
      {
        description: `The tool ${name}, for comparison: it does nothing but answer.`,
        inputSchema: input as z.ZodRawShape,
        outputSchema: output as z.ZodRawShape,
      },
      async () => {
        const clusters = name === "list_encrypted_instances" && cloud ? await listDirectly(cloud) : [];
        const instances = clusters.map(({ instance_id, name }) => ({ instance_id, name, security_group_ids: [] }));
        const structuredContent = { region: "simulated", ...(clusters.length > 0 ? { instances } : {}) };
        return { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent };
      },
    );
  }
  return server;
}
