/**
 * Calls of the tools through a real client, with what every answer must keep to checked on the way.
 */
import assert from "node:assert/strict";
import { TOOLS } from "../../src/server.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import type { Joined } from "./in_memory.ts";

export const LIST_INSTANCES = "list_encrypted_instances";
export const LIST_GROUPS = "list_security_groups";
export const PREVIEW = "preview_encrypted_instance_security_group_change";
export const CHANGE = "change_encrypted_instance_security_group";

/** From the open group to the locked-down one. */
export const LOCK_DOWN = {
  instance_id: SIMULATION.instances.billing,
  security_group_ids: [SIMULATION.groups.lockedDown] as string[],
};

// deno-lint-ignore no-explicit-any
export type Content = Record<string, any>;

export interface Answered {
  content: Content;
  sentence: string;
  isError: boolean;
}

export interface Ways {
  signal?: AbortSignal;
  onprogress?: (progress: { progress: number; message?: string }) => void;
}

/** Calls a tool; its data must be of the declared shape, and the same in both forms. */
export async function call(
  { client }: Pick<Joined, "client">,
  name: string,
  args: Record<string, unknown> = {},
  ways: Ways = {},
): Promise<Answered> {
  const result = await client.callTool({ name, arguments: args }, undefined, ways);
  const content = result.structuredContent as Content;
  const [sentence, json] = result.content as { text: string }[];
  assert.deepEqual(JSON.parse(json!.text), content);
  const tool = TOOLS.find((tool) => tool.name === name)!;
  assert.deepEqual(Object.keys(content).filter((key) => !(key in tool.output.shape)), []);
  tool.output.parse(content);
  assert.doesNotMatch(JSON.stringify(content), /[:,[]null/, "absent is absent, not null");
  assert.equal(result.isError, "error" in content);
  return { content, sentence: sentence!.text, isError: result.isError as boolean };
}
