/**
 * One call of a tool from its arguments to its result: check, policy, audit, run, say.
 *
 * Called by `server.ts`; calls the tool, and what stands around it. Holds the single catch of the way of a
 * call. It never lets an error's own text reach the model unless it is a sentence of ours, and never lets
 * a change pass that the policy refuses or the audit could not record.
 */
import type { Audit } from "./audit.ts";
import { type Clock, sleep } from "./clock.ts";
import type { HuaweiCloud } from "./huaweicloud/client.ts";
import { CloudError } from "./huaweicloud/errors.ts";
import type { Log } from "./log.ts";
import { decide, type Policy } from "./policy.ts";
import type { Redactor } from "./redaction.ts";
import { kindOf, saidBy, toResult } from "./result.ts";
import type { CallToolResult } from "./sdk.ts";
import { outcomeOf } from "./tools/change_security_group.ts";
import { invalidInput } from "./tools/invalid_input.ts";
import {
  type FindProject,
  type PersonsAnswer,
  Refusal,
  type Reply,
  type Tool,
  type ToolContext,
} from "./tools/tool.ts";

/** What every call of a server shares. */
export interface CallOptions {
  /** The way to the cloud, or the sentence that says what is missing to have one. */
  cloud: HuaweiCloud | { missing: string };
  region?: string;
  projectId?: string;
  findProject?: FindProject;
  policy: Policy;
  /** The budget of one call, in milliseconds. */
  timeoutMs: number;
  clock: Clock;
  log: Log;
  audit: Audit;
  redactor: Redactor;
}

/** Who calls, and the ways back to them. */
export interface Caller {
  /** As the audit names them. */
  actor: string;
  signal: AbortSignal;
  /** Puts a question to a person; absent when the client cannot. */
  ask?: (question: string) => Promise<PersonsAnswer>;
  progress: ToolContext["progress"];
}

type Fields = Reply<Record<string, unknown>>;

/** Runs one call of a tool. Never throws: what goes wrong is a result with `isError`. */
export async function callTool(
  options: CallOptions,
  tool: Tool,
  args: unknown,
  caller: Caller,
): Promise<CallToolResult> {
  const { clock, log, region } = options;
  const started = clock.now();
  const parsed = tool.input.safeParse(args);
  const asked = parsed.success ? tool.asked(parsed.data) : {};
  let reply: Fields;
  try {
    if (!parsed.success) throw invalidInput(tool, args, parsed.error, options.redactor);
    if (isWrite(tool)) checkAudit(options.audit);
    const confirm = isWrite(tool) ? personFor(options, parsed.data, caller) : undefined;
    if ("missing" in options.cloud) throw new Refusal("configuration", options.cloud.missing);
    reply = await tool.run(parsed.data, contextOf(options, options.cloud, caller, confirm));
  } catch (error) {
    const isKnown = error instanceof Refusal || error instanceof CloudError;
    if (!isKnown) log.error("defect", { tool: tool.name, error: String(error instanceof Error ? error.stack : error) });
    const verdict = error instanceof Refusal ? "not_sent" : error instanceof CloudError ? error.verdict : "unclear";
    reply = {
      ...("outcome" in tool.output.shape ? { outcome: outcomeOf(verdict) } : {}),
      region,
      ...asked,
      ...(parsed.success ? { project_id: asked.project_id ?? options.projectId } : {}),
      error: error instanceof Error ? error : new Error(String(error)),
    };
  }
  const durationMs = clock.now() - started;
  log.info("tool call", {
    tool: tool.name,
    outcome: reply.outcome,
    kind: reply.error && kindOf(reply.error),
    http_status: reply.http_status,
    request_id: reply.request_id,
    duration_ms: durationMs,
  });
  if (isWrite(tool)) reply = recordAudit(options, tool, caller, reply, durationMs);
  return toResult(tool, reply, options.redactor);
}

/** A tool writes when its annotation does not say that it only reads. */
function isWrite(tool: Tool): boolean {
  return !tool.annotations.readOnlyHint;
}

/** The way to ask a person when the policy wants one; undefined when it goes without. */
function personFor(
  { policy, log, audit, redactor }: CallOptions,
  change: object,
  { ask, actor }: Caller,
): Caller["ask"] {
  const decision = decide(policy, change, ask !== undefined);
  switch (decision.verdict) {
    case "refuse":
      throw new Refusal(decision.kind, decision.why);
    case "ask":
      return async (question) => {
        const answer = await ask!(redactor.text(question));
        // A person takes time to answer: the change must still be one that can be recorded.
        checkAudit(audit);
        return answer;
      };
    case "allow_unasked":
      log.warn("no person is asked about a change: the client cannot ask", { actor });
      return undefined;
    case "allow":
      return undefined;
  }
}

function contextOf(
  { region, projectId, findProject, policy, timeoutMs, clock }: CallOptions,
  cloud: HuaweiCloud,
  caller: Caller,
  confirm: Caller["ask"],
): ToolContext {
  return {
    cloud,
    region: region!,
    projectId,
    findProject,
    confirm,
    budget: (limitMs = timeoutMs) => ({ signal: caller.signal, deadline: clock.now() + limitMs }),
    refusalOf(change) {
      const decision = decide(policy, change, caller.ask !== undefined);
      return decision.verdict === "refuse" ? decision.why : undefined;
    },
    progress: caller.progress,
    async pause(ms, { signal, deadline }) {
      if (clock.now() + ms >= deadline) return false;
      await sleep(clock, ms, signal);
      return !signal.aborted;
    },
  };
}

function checkAudit(audit: Audit): void {
  try {
    audit.check();
  } catch {
    throw new Refusal(
      "configuration",
      "Cannot write the audit file, and a change that is not recorded is not made: correct DBSS_MCP_AUDIT_FILE or its " +
        "permissions (--allow-write)",
    );
  }
}

/** Records the attempt; when even that fails now, the answer says so. */
function recordAudit(
  { audit, log }: CallOptions,
  tool: Tool,
  caller: Caller,
  reply: Fields,
  durationMs: number,
): Fields {
  try {
    audit.record({
      actor: caller.actor,
      tool: tool.name,
      ...pick(reply, [
        "region",
        "project_id",
        "instance_id",
        "security_group_ids",
        "previous_security_group_ids",
        "confirmed_by",
        "outcome",
        "http_status",
        "code",
        "task_id",
      ]),
      error_kind: reply.error && kindOf(reply.error),
      error_code: reply.error && saidBy(reply.error).error_code,
      request_id: reply.request_id as string | undefined,
      duration_ms: durationMs,
    });
    return reply;
  } catch (error) {
    log.error("the audit file could not be written", { error: String(error) });
    const notes = [...(reply.notes as string[] | undefined) ?? [], "The audit file could not be written"];
    return { ...reply, notes };
  }
}

function pick(from: Fields, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, from[key]]));
}
