/**
 * The MCP server: tools/list and tools/call on the SDK's low-level server.
 *
 * The first step of a call: checks its arguments, runs its tool and turns what comes back, or what was
 * thrown, into a result. Holds the single catch of the way of a call. It knows no transport, and never
 * lets an error's own text reach the model unless it is a sentence of ours.
 */
import { z } from "zod";
import type { Clock } from "./clock.ts";
import { CloudError } from "./huaweicloud/errors.ts";
import type { HuaweiCloud } from "./huaweicloud/client.ts";
import type { Log } from "./log.ts";
import type { Redactor } from "./redaction.ts";
import { kindOf, toResult } from "./result.ts";
import {
  AjvJsonSchemaValidator,
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  type jsonSchemaValidator,
  ListToolsRequestSchema,
  type ListToolsResult,
  McpError,
  Server,
} from "./sdk.ts";
import { changeSecurityGroup, outcomeOf } from "./tools/change_security_group.ts";
import { invalidInput } from "./tools/invalid_input.ts";
import { Refusal, type Reply, type Tool } from "./tools/tool.ts";

export const TOOLS: readonly Tool[] = [changeSecurityGroup];

export interface ServerOptions {
  version: string;
  /** The tools to serve; all of them by default. */
  tools?: readonly Tool[];
  /** The way to the cloud, or the sentence that says what is missing to have one. */
  cloud: HuaweiCloud | { missing: string };
  region?: string;
  projectId?: string;
  isSimulated: boolean;
  /** The budget of one call, in milliseconds. */
  timeoutMs: number;
  /** Who calls, when the transport knows. */
  actor?: string;
  clock: Clock;
  log: Log;
  redactor: Redactor;
}

export interface McpServer {
  server: Server;
  /** Resolves when no call is running, also not one whose caller has gone. */
  settled(): Promise<void>;
}

/** Makes a server that is ready to be connected to a transport. */
export function createServer(options: ServerOptions): McpServer {
  const tools = options.tools ?? TOOLS;
  const running = new Set<Promise<CallToolResult>>();
  const server = new Server(
    { name: "dbss-mcp", title: "DBSS MCP", version: options.version },
    { capabilities: { tools: {} }, instructions: instructions(options), jsonSchemaValidator: sharedValidator },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => listing(tools));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const tool = tools.find(({ name }) => name === params.name);
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
    const result = callTool(options, tool, params.arguments ?? {}, signal);
    running.add(result);
    return await result.finally(() => running.delete(result));
  });
  server.onerror = (error) => options.log.warn("protocol error", { error: error.message });
  return {
    server,
    async settled() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

let ajv: AjvJsonSchemaValidator | undefined;

/** The SDK would build one for every server, which over HTTP means for every request. */
const sharedValidator: jsonSchemaValidator = {
  getValidator: (schema) => (ajv ??= new AjvJsonSchemaValidator()).getValidator(schema),
};

async function callTool(
  options: ServerOptions,
  tool: Tool,
  args: unknown,
  signal: AbortSignal,
): Promise<CallToolResult> {
  const { clock, log, redactor, region } = options;
  const started = clock.now();
  const parsed = tool.input.safeParse(args);
  let reply: Reply<Record<string, unknown>>;
  try {
    if (!parsed.success) throw invalidInput(tool, args, parsed.error);
    if ("missing" in options.cloud) throw new Refusal("configuration", options.cloud.missing);
    reply = await tool.run(parsed.data, {
      cloud: options.cloud,
      region: region!,
      projectId: options.projectId,
      call: { signal, deadline: started + options.timeoutMs },
    });
  } catch (error) {
    const known = error instanceof Refusal || error instanceof CloudError;
    if (!known) log.error("defect", { tool: tool.name, error: String(error instanceof Error ? error.stack : error) });
    const verdict = error instanceof Refusal ? "not_sent" : error instanceof CloudError ? error.verdict : "unclear";
    reply = {
      ...("outcome" in tool.output.shape ? { outcome: outcomeOf(verdict) } : {}),
      region,
      ...(parsed.success ? tool.asked(parsed.data) : {}),
      error: error instanceof Error ? error : new Error(String(error)),
    };
  }
  log.info("tool call", {
    tool: tool.name,
    actor: options.actor,
    outcome: reply.outcome,
    kind: reply.error && kindOf(reply.error),
    http_status: reply.http_status,
    request_id: reply.request_id,
    duration_ms: clock.now() - started,
  });
  return toResult(tool, reply, redactor);
}

const listings = new WeakMap<readonly Tool[], ListToolsResult>();

/** What tools/list answers; made once for each set of tools. */
export function listing(tools: readonly Tool[]): ListToolsResult {
  let made = listings.get(tools);
  if (made === undefined) {
    made = {
      tools: tools.map(({ name, title, description, annotations, input, output }) => ({
        name,
        title,
        description,
        inputSchema: jsonSchema(input, "input"),
        outputSchema: jsonSchema(output, "output"),
        annotations: { title, ...annotations },
      })),
    };
    listings.set(tools, made);
  }
  return made;
}

/** Without what only costs bytes: the dialect, and the bounds that zod gives every integer. */
function jsonSchema(schema: z.ZodObject, io: "input" | "output") {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    override({ jsonSchema }) {
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return rest as { type: "object" };
}

function instructions({ region, isSimulated }: ServerOptions): string {
  return [
    isSimulated ? "This server talks to a simulated cloud: nothing real changes." : "",
    region === undefined
      ? "Changes security groups of Huawei Cloud DBSS encrypted instances; not configured yet, a call says what is missing."
      : `Changes security groups of Huawei Cloud DBSS encrypted instances in region ${region}, and in no other.`,
  ].filter(Boolean).join(" ");
}
