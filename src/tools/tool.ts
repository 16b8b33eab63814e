/**
 * What a tool is: data that describes it, and one function.
 *
 * `server.ts` lists the data and `call.ts` calls the function; the files beside this one define the tools. A tool
 * knows nothing of MCP's transport, of HTTP or of where its answer goes, and catches nothing.
 */
import type * as z from "zod";
import type { Call, CloudError, HuaweiCloud } from "../huaweicloud/client.ts";

export const REFUSAL_KINDS = [
  "invalid_input",
  "configuration",
  "policy",
  "confirmation",
  "state_changed",
  "state_unknown",
] as const;
export type RefusalKind = typeof REFUSAL_KINDS[number];

/** This server decided by itself to send nothing. `message` is a whole sentence without a full stop. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** `cause` is what the cloud said, where that was the reason. */
  constructor(readonly kind: RefusalKind, message: string, override readonly cause?: CloudError) {
    super(message);
  }
}

/** What a person did with a question; `unreached`: nobody answered, for whatever reason. */
export type PersonsAnswer = "accepted" | "declined" | "dismissed" | "unreached";

/** Gives the id of the region's project, or the sentence that says why it cannot be known. */
export type FindProject = (call: Call) => Promise<string | { missing: string }>;

/** What a tool may use while it runs. */
export interface ToolContext {
  cloud: HuaweiCloud;
  region: string;
  /** The configured project, for calls that name none. */
  projectId?: string;
  /** Finds the region's project where none is configured, or says why it cannot. */
  findProject?: FindProject;
  /** A budget that begins now: for `limitMs` milliseconds, by default for a whole call. */
  budget(limitMs?: number): Call;
  /** Asks a person; absent when none is to be asked. Time spent here counts against no budget. */
  confirm?(question: string): Promise<PersonsAnswer>;
  /** Why the policy would refuse this change; undefined when it would not. */
  refusalOf(change: { instance_id: string; security_group_ids: readonly string[] }): string | undefined;
  /** Tells the caller that work goes on, when it asked to be told; waits for nothing. */
  progress(step: number, message: string): void;
  /** Waits, and says true; says false when the budget does not allow it or the call was cancelled. */
  pause(ms: number, call: Call): Promise<boolean>;
}

/** All four are required: a client decides by them whether to ask a person. */
export interface Annotations {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

/** What a run gives: the fields of the output schema, with the error still an object of its class. */
export type Reply<Output> = Omit<Output, "error"> & { error?: Error };

export interface Tool {
  name: string;
  title: string;
  description: string;
  annotations: Annotations;
  /** A strict object: unknown arguments are refused. */
  input: z.ZodObject;
  /** One flat object that success and failure both satisfy. */
  output: z.ZodObject;
  /** @throws Refusal, CloudError */
  run(input: unknown, context: ToolContext): Promise<Reply<Record<string, unknown>>>;
  /** The fields that a failed call reports beside its error: what was asked, as far as it was valid. */
  asked(input: unknown): Record<string, unknown>;
}

interface Definition<Input extends z.ZodObject, Output extends z.ZodObject> {
  name: string;
  title: string;
  description: string;
  annotations: Annotations;
  input: Input;
  output: Output;
  run(input: z.output<Input>, context: ToolContext): Promise<Reply<z.output<Output>>>;
  asked(input: z.output<Input>): Partial<z.output<Output>>;
}

/** Checks a tool's parts against its own schemas at compile time. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  definition: Definition<Input, Output>,
): Tool {
  return definition as unknown as Tool;
}

/** The project that a call is for: the one it names, or the configured one, or the one that can be found. */
export async function projectOf(input: { project_id?: string }, context: ToolContext): Promise<string> {
  const found = input.project_id ?? context.projectId ?? await context.findProject?.(context.budget());
  if (typeof found === "string") return found;
  throw new Refusal(
    "configuration",
    found?.missing ?? "Cannot tell which project to use: set HW_PROJECT_ID or pass project_id",
  );
}
