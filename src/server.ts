/**
 * The MCP server: lists tools and the prompt, and carries calls, on the session of one client.
 *
 * The first and the last step of a call: finds the tool, hands it to `call.ts` together with the ways back
 * to the caller. It knows no transport and decides nothing.
 */
import * as z from "zod";
import { type Caller, type CallOptions, callTool } from "./call.ts";
import { complete, PROMPT, promptText } from "./prompt.ts";
import { tidy } from "./redaction.ts";
import {
  CallToolRequestSchema,
  type CallToolResult,
  CompleteRequestSchema,
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListToolsRequestSchema,
  type ListToolsResult,
  McpError,
} from "./sdk.ts";
import { Session } from "./session.ts";
import { changeSecurityGroup } from "./tools/change_security_group.ts";
import { listInstances } from "./tools/list_instances.ts";
import { listSecurityGroups } from "./tools/list_security_groups.ts";
import { previewChange } from "./tools/preview_change.ts";
import { traced } from "./telemetry.ts";
import type { Tool } from "./tools/tool.ts";

export const TOOLS: readonly Tool[] = [listInstances, listSecurityGroups, previewChange, changeSecurityGroup];

/** How long a person may think, in milliseconds; the client usually gives up earlier. */
const PERSON_TIMEOUT_MS = 10 * 60_000;

/** How much of an unknown name is repeated, in characters. */
const MAX_NAME = 80;

export interface ServerOptions extends CallOptions {
  version: string;
  /** The tools to serve, by default all of this server's. */
  tools?: readonly Tool[];
  isSimulated: boolean;
  /** Who calls, when the transport knows; otherwise the client's name stands for it. */
  actor?: string;
}

export interface McpServer {
  server: Session;
  /** Resolves when no call is running, also not one whose caller has gone. */
  settled(): Promise<void>;
}

/** Makes a server that is ready to be connected to a transport. */
export function createServer(options: ServerOptions): McpServer {
  const tools = options.tools ?? TOOLS;
  const unknown = (what: string, name: string) =>
    new McpError(ErrorCode.InvalidParams, `Unknown ${what}: ${tidy(options.redactor.text(name), MAX_NAME)}`);
  const running = new Set<Promise<CallToolResult>>();
  const server = new Session({
    serverInfo: { name: "dbss-mcp", title: "DBSS MCP", version: options.version },
    capabilities: { tools: {}, prompts: {}, completions: {} },
    instructions: instructions(options),
  });

  server.setRequestHandler(ListToolsRequestSchema, () => listing(tools)[options.policy.isReadOnly ? "reading" : "all"]);
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, sendNotification, _meta }) => {
    const tool = tools.find(({ name }) => name === params.name);
    if (tool === undefined) throw unknown("tool", params.name);
    const token = _meta?.progressToken;
    const caller: Caller = {
      actor: options.actor ?? clientName(server),
      signal,
      ask: server.canAsk ? ask(server, signal) : undefined,
      progress(progress, message) {
        if (token === undefined) return;
        const params = { progressToken: token, progress, message };
        // A caller that cannot be told, or does not listen, is no reason to lose what became of its change.
        sendNotification({ method: "notifications/progress", params }).catch((error) =>
          options.log.warn("progress could not be sent", { error: String(error) })
        );
      },
    };
    const result = traced(tool.name, options.region, () => callTool(options, tool, params.arguments ?? {}, caller));
    running.add(result);
    return await result.finally(() => running.delete(result));
  });
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: [PROMPT] }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
    if (params.name !== PROMPT.name) throw unknown("prompt", params.name);
    const args = params.arguments ?? {};
    const missing = PROMPT.arguments.map(({ name }) => name).filter((name) => !args[name]);
    if (missing.length > 0) throw new McpError(ErrorCode.InvalidParams, `Missing: ${missing.join(", ")}`);
    return promptText(args);
  });
  server.setRequestHandler(CompleteRequestSchema, async ({ params: { ref, argument } }) => {
    const isOurs = ref.type === "ref/prompt" && ref.name === PROMPT.name;
    return { completion: await complete(options, isOurs ? argument : undefined) };
  });
  server.onerror = (error) => options.log.warn("protocol error", { error: error.message });
  return {
    server,
    async settled() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

function clientName({ client }: Session): string {
  return client === undefined ? "unknown client" : `${client.name} ${client.version}`;
}

/** Only the action counts as the person's answer: the form has no field that could be filled in for them. */
function ask(server: Session, signal: AbortSignal): Caller["ask"] {
  return async (question) => {
    const form = {
      mode: "form" as const,
      message: question,
      requestedSchema: { type: "object" as const, properties: {} },
    };
    try {
      const action = await server.ask(form, { signal, timeout: PERSON_TIMEOUT_MS });
      return action === "accept" ? "accepted" : action === "decline" ? "declined" : "dismissed";
    } catch {
      return "unreached";
    }
  };
}

/** What tools/list answers: with every tool, and with those that only read. */
interface Listing {
  all: ListToolsResult;
  reading: ListToolsResult;
}

const listings = new WeakMap<readonly Tool[], Listing>();

/** Made once for each set of tools, and frozen, by which a transport knows that it may keep the text. */
export function listing(tools: readonly Tool[]): Listing {
  let made = listings.get(tools);
  if (made === undefined) {
    const described = tools.map(describe);
    const reading = described.filter(({ annotations }) => annotations.readOnlyHint);
    made = { all: Object.freeze({ tools: described }), reading: Object.freeze({ tools: reading }) };
    listings.set(tools, made);
  }
  return made;
}

function describe({ name, title, description, annotations, input, output }: Tool) {
  return {
    name,
    description,
    inputSchema: jsonSchema(input, "input"),
    outputSchema: jsonSchema(output, "output"),
    annotations: { title, ...annotations },
  };
}

/**
 * Without what only costs bytes: the dialect, the bounds that zod gives every integer, and in what goes out
 * the word that nothing else will ever come.
 */
function jsonSchema(schema: z.ZodObject, io: "input" | "output") {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    override({ jsonSchema }) {
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (io === "output") delete jsonSchema.additionalProperties;
    },
  });
  return rest as { type: "object" };
}

function instructions({ region, isSimulated, policy }: ServerOptions): string {
  return [
    isSimulated ? "This server talks to a simulated cloud: nothing real changes." : "",
    region === undefined
      ? "Changes security groups of Huawei Cloud DBSS encrypted instances; not configured yet, a call says what is missing."
      : `Changes security groups of Huawei Cloud DBSS encrypted instances in region ${region}, and in no other.`,
    policy.isReadOnly
      ? "It is read-only now: changes are refused."
      : "List, preview, show the person the preview, change.",
  ].filter(Boolean).join(" ");
}
