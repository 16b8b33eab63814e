/**
 * The one prompt: leads an assistant from a wish in words to a checked change, and completes its arguments.
 *
 * Called by `server.ts`. Completion asks the cloud at most once in a few seconds and gives nothing rather
 * than an error, since it only helps typing. It never changes anything.
 */
import type { CallOptions } from "./call.ts";
import { CloudError } from "./huaweicloud/errors.ts";
import type { Call, HuaweiCloud } from "./huaweicloud/client.ts";
import { tidy } from "./redaction.ts";
import { changeSecurityGroup } from "./tools/change_security_group.ts";
import { listInstances } from "./tools/list_instances.ts";
import { listSecurityGroups } from "./tools/list_security_groups.ts";
import { previewChange } from "./tools/preview_change.ts";

export const PROMPT = {
  name: "move_instance_to_security_group",
  title: "Move an instance to a security group",
  description: "List, preview, confirm, change and check, for one instance and one security group",
  arguments: [
    { name: "instance", description: "Name or id of the encrypted instance", required: true },
    { name: "security_group", description: "Name or id of the security group", required: true },
  ],
};

const MAX_ARGUMENT = 128;

/** `args` holds every argument of the prompt. */
export function promptText(args: Record<string, string>) {
  const [instance, group] = [args.instance, args.security_group].map((value) =>
    JSON.stringify(tidy(value ?? "", MAX_ARGUMENT))
  );
  const text = [
    `Put the DBSS encrypted instance ${instance} behind the security group ${group}.`,
    `1. Find the instance with ${listInstances.name} and the group with ${listSecurityGroups.name}; when a name fits ` +
    "none or several, ask me which one I mean and do not guess.",
    `2. Call ${previewChange.name} and show me what would change, with every warning.`,
    "3. Ask me whether to go on, and wait for my answer.",
    `4. When I agree, call ${changeSecurityGroup.name} with exactly the change_arguments of the preview and wait: true.`,
    "5. Tell me the outcome, the previous security groups, and how to undo the change. When the outcome is unknown, list " +
    "the instance before anything else.",
  ].join("\n");
  return {
    description: PROMPT.description,
    messages: [{ role: "user" as const, content: { type: "text" as const, text } }],
  };
}

/** MCP allows at most so many values in one completion. */
const MAX_VALUES = 100;
const CACHE_MS = 5_000;
const TIMEOUT_MS = 3_000;

interface Cached {
  until: number;
  values: Promise<string[]>;
}
const caches = new WeakMap<HuaweiCloud, Map<string, Cached>>();

type Options = Pick<CallOptions, "cloud" | "projectId" | "findProject" | "clock" | "redactor">;

/** Names and ids that contain what was typed; none for what is no argument of the prompt. */
export async function complete(
  options: Options,
  argument?: { name: string; value: string },
): Promise<{ values: string[]; total: number; hasMore: boolean }> {
  const typed = argument?.value.toLowerCase() ?? "";
  const all = argument ? await candidates(options, argument.name) : [];
  const values = all.filter((value) => value.toLowerCase().includes(typed));
  return { values: values.slice(0, MAX_VALUES), total: values.length, hasMore: values.length > MAX_VALUES };
}

async function candidates(
  options: Options,
  argument: string,
): Promise<string[]> {
  const { cloud, clock } = options;
  const isKnown = PROMPT.arguments.some(({ name }) => name === argument);
  if (!isKnown || "missing" in cloud) return [];
  const cache = caches.get(cloud) ?? new Map<string, Cached>();
  caches.set(cloud, cache);
  const now = clock.now();
  let cached = cache.get(argument);
  if (cached === undefined || cached.until <= now) {
    // Shared by all who ask meanwhile, so none of them can cancel it for the others.
    const call = { signal: new AbortController().signal, deadline: now + TIMEOUT_MS, maxAttempts: 1 };
    cached = { until: now + CACHE_MS, values: read(cloud, options, argument, call) };
    cache.set(argument, cached);
  }
  try {
    return await cached.values;
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    cache.delete(argument);
    return [];
  }
}

async function read(
  cloud: HuaweiCloud,
  options: Options,
  argument: string,
  call: Call,
): Promise<string[]> {
  const projectId = options.projectId ?? await options.findProject?.(call);
  if (typeof projectId !== "string") return [];
  const found = argument === "instance"
    ? (await cloud.listInstances(projectId, call)).map(({ name, instanceId }) => [name, instanceId])
    : (await cloud.listSecurityGroups({ projectId }, call)).items.map(({ name, id }) => [name, id]);
  const values = found.flat().filter((value) => value !== undefined)
    .map((value) => tidy(options.redactor.text(value), MAX_ARGUMENT));
  return [...new Set(values)];
}
