/**
 * What the conformance suite wants to find in a server, and this server has no use for.
 *
 * The tools go the way of every tool: `createServer({ tools })`, through the project's checks, its call and
 * its result. Prompts, resources and the log level are put on the SDK's server itself: they show that our
 * HTTP carries them.
 */
// @ts-types="@modelcontextprotocol/sdk/types"
import * as protocol from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { CloudError } from "../../src/huaweicloud/errors.ts";
import type { Session } from "../../src/session.ts";
import { errorSchema } from "../../src/tools/fields.ts";
import { defineTool, type Tool, type ToolContext } from "../../src/tools/tool.ts";

function fixtureTool(name: string, run: (context: ToolContext) => Promise<{ error?: Error }>): Tool {
  return defineTool({
    name,
    title: name,
    description: `Fixture of the conformance suite: ${name}`,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({}),
    output: z.object({ error: errorSchema.optional() }),
    asked: () => ({}),
    run: (_input, context) => run(context),
  });
}

export const FIXTURE_TOOLS: readonly Tool[] = [
  fixtureTool("test_simple_text", () => Promise.resolve({})),
  fixtureTool("test_error_handling", () => {
    throw new CloudError("service", "This tool always fails", { verdict: "denied" });
  }),
  fixtureTool("test_tool_with_progress", async ({ progress }) => {
    for (const step of [0, 50, 100]) await progress(step, "Working");
    return {};
  }),
];

/** One red pixel. */
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

const image = { type: "image" as const, data: PNG, mimeType: "image/png" };
const resource = (uri: string) => ({ uri, mimeType: "text/plain", text: `The text of ${uri}` });
const say = (content: protocol.ContentBlock) => ({ role: "user" as const, content });

const PROMPTS: Record<string, (args: Record<string, string>) => protocol.PromptMessage[]> = {
  test_simple_prompt: () => [say({ type: "text", text: "A simple prompt" })],
  test_prompt_with_arguments: ({ arg1, arg2 }) => [say({ type: "text", text: `arg1='${arg1}', arg2='${arg2}'` })],
  test_prompt_with_embedded_resource: ({ resourceUri }) => [
    say({ type: "resource", resource: resource(resourceUri!) }),
    say({ type: "text", text: "Read the resource" }),
  ],
  test_prompt_with_image: () => [say(image), say({ type: "text", text: "Look at the image" })],
};

export function addFixtures(server: Session): void {
  Object.assign(server.greeting.capabilities, { resources: { subscribe: true }, logging: {} });
  server.setRequestHandler(protocol.SetLevelRequestSchema, () => ({}));
  server.setRequestHandler(protocol.SubscribeRequestSchema, () => ({}));
  server.setRequestHandler(protocol.UnsubscribeRequestSchema, () => ({}));
  server.setRequestHandler(protocol.ListResourcesRequestSchema, () => ({
    resources: ["test://static-text", "test://static-binary"].map((uri) => ({
      uri,
      name: uri,
      description: `Fixture ${uri}`,
    })),
  }));
  server.setRequestHandler(protocol.ReadResourceRequestSchema, ({ params: { uri } }) => ({
    contents: [uri === "test://static-binary" ? { uri, mimeType: "image/png", blob: PNG } : resource(uri)],
  }));
  server.setRequestHandler(protocol.GetPromptRequestSchema, ({ params }) => ({
    messages: PROMPTS[params.name]!(params.arguments ?? {}),
  }));
}
