/**
 * What the steps of one HTTP exchange share: who calls, and the shape of a refusal.
 *
 * Used by every file beside it. A refusal is a JSON-RPC error without an id, as MCP's transport has it; it
 * never repeats a token or a body.
 */

/** Who sent a request, once that is established. */
export interface Caller {
  /** A person or program by name; the actor of the audit. */
  principal: string;
  canWrite: boolean;
}

/** Hono's context: what the listener knows, and what the steps tell each other. */
export interface HttpEnv {
  Bindings: { address: string };
  Variables: {
    requestId: string;
    caller?: Caller;
    /** Why nobody is established; answered once the rate limit has counted the request. */
    unauthenticated?: Response;
  };
}

const SERVER_ERROR = -32000;

/** `message` is a whole sentence without a full stop. */
export function refuse(
  status: number,
  message: string,
  headers: Record<string, string> = {},
  code = SERVER_ERROR,
): Response {
  return Response.json({ jsonrpc: "2.0", error: { code, message }, id: null }, { status, headers });
}
