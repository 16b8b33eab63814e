/**
 * Faults that a test or a demo can switch on in the simulated cloud.
 *
 * `cloud.ts` asks for the next one before each answer. A fault says what the caller sees and whether the
 * request took effect before it: the two together make an answer that is clear or unclear. None shows by
 * itself, never at random.
 */

export interface Fault {
  /** The method of the requests that it is for; by default PUT, the change. */
  on?: "PUT" | "POST" | "GET";
  /** Whether the request is carried out before the fault shows. */
  isApplied?: boolean;
  /** May throw a {@link ConnectionReset}, or never resolve. */
  respond(request: Request): Response | Promise<Response>;
}

/** What a handler throws to have its connection torn down without an answer. */
export class ConnectionReset extends Error {
  override readonly name = "ConnectionReset";
}

/** Any answer: an object is sent as JSON, a string as it is. */
export function answer(status: number, body: unknown = "", headers: Record<string, string> = {}): Fault {
  return {
    respond: () =>
      new Response(typeof body === "string" ? body : JSON.stringify(body), {
        status,
        headers: { "content-type": typeof body === "string" ? "text/html" : "application/json", ...headers },
      }),
  };
}

/** The four error bodies that can reach a client of Huawei Cloud, for one code and message. */
export const errorBodies = {
  dbss: (error_code: string, error_msg: string) => ({
    error_code,
    error_msg,
    encoded_authorization_message: "simulated-encoded-authorization-message",
    details: [{ error_code: "DBSS.10000001", error_msg: "simulated detail" }],
  }),
  olderDbss: (error_code: string, error_msg: string) => ({ error: { error_code, error_msg } }),
  gateway: (error_code: string, error_msg: string) => ({ error_code, error_msg, request_id: "simulated-request-id" }),
  iam: (_code: string, message: string) => ({ error: { code: 400, message, title: "Bad Request" } }),
};

/** A gateway's page instead of an answer. */
export const htmlPage = (status: number): Fault =>
  answer(status, `<html><head><title>${status}</title></head><body>Bad gateway</body></html>`);

/** An answer that never ends. */
export const endlessBody = (): Fault => ({
  respond() {
    const chunk = new TextEncoder().encode(" ".repeat(64 * 1024));
    return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(chunk) }));
  },
});

/** The connection is lost before the answer. */
export const reset = (): Fault => ({
  respond() {
    throw new ConnectionReset();
  },
});

/** The connection is lost in the middle of the answer. */
export const resetInBody = (status = 200): Fault => ({
  respond() {
    let isBegun = false;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (isBegun) throw new ConnectionReset();
          isBegun = true;
          controller.enqueue(new TextEncoder().encode('{"code"'));
        },
      }, { highWaterMark: 0 }),
      { status },
    );
  },
});

/** No answer at all. */
export const silence = (): Fault => ({
  respond: (request) => new Promise((_, reject) => onAbort(request, () => reject(new ConnectionReset()))),
});

/** Headers, then silence. */
export const silentBody = (status = 200): Fault => ({
  respond(request) {
    const body = new ReadableStream({
      start: (controller) => onAbort(request, () => controller.error(new ConnectionReset())),
    });
    return new Response(body, { status });
  },
});

export const redirect = (location: string, status = 307): Fault => answer(status, "", { location });

/** The same fault, for another kind of request: POST is the list of instances, GET what VPC knows. */
export const on = (method: "POST" | "GET", fault: Fault): Fault => ({ ...fault, on: method });

/** The same fault, but only after the request was carried out. */
export const afterwards = (fault: Fault): Fault => ({ ...fault, isApplied: true });

function onAbort(request: Request, run: () => void): void {
  if (request.signal.aborted) return run();
  request.signal.addEventListener("abort", run, { once: true });
}
