/**
 * One OpenTelemetry span around each call of a tool.
 *
 * Called by `server.ts`; speaks to the tracer that Deno itself has when it was started with OTEL_DENO=true,
 * and costs nothing otherwise. It never puts an id, an argument or a secret into a span.
 */
import type { CallToolResult } from "./sdk.ts";

/** As much of OpenTelemetry's API as is used here. */
export interface Tracer {
  startActiveSpan<Result>(
    name: string,
    options: { attributes: Record<string, string> },
    run: (span: Span) => Result,
  ): Result;
}

export interface Span {
  setAttribute(name: string, value: string): void;
  setStatus(status: { code: number }): void;
  end(): void;
}

/** OpenTelemetry's SpanStatusCode.ERROR. */
const ERROR = 2;

/** The global under which OpenTelemetry's API is registered: Deno does that when tracing is on. */
const IS_ON = Symbol.for("opentelemetry.js.api.1") in globalThis;

const denoTracer: Tracer | undefined = IS_ON ? Deno.telemetry.tracerProvider.getTracer("dbss-mcp") : undefined;

/** Runs a call inside a span that is the parent of every request to the cloud. */
export async function traced(
  tool: string,
  region: string | undefined,
  run: () => Promise<CallToolResult>,
  tracer = denoTracer,
): Promise<CallToolResult> {
  if (tracer === undefined) return await run();
  const attributes = { tool, ...(region === undefined ? {} : { region }) };
  return await tracer.startActiveSpan(`tools/call ${tool}`, { attributes }, async (span) => {
    try {
      const result = await run();
      const { outcome, error } = result.structuredContent as { outcome?: string; error?: { kind: string } };
      if (outcome !== undefined) span.setAttribute("outcome", outcome);
      if (error !== undefined) {
        span.setAttribute("error.type", error.kind);
        span.setStatus({ code: ERROR });
      }
      return result;
    } finally {
      span.end();
    }
  });
}
