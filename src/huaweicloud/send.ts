/**
 * One request out and one answer back: authenticate, fetch, bound in time and size, and the retry loop.
 *
 * Called by `client.ts`; calls the authenticator, fetch, `answer.ts`, `errors.ts` and `retry.ts`. It never
 * follows a redirect, never sends a change again that may have arrived, and never abandons a change that
 * is on its way: cancelling then only stops what would come after.
 */
import { type Clock, sleep } from "../clock.ts";
import { type Answer, readAnswer } from "./answer.ts";
import { explainClock } from "./clock_skew.ts";
import { CloudError, type CloudErrorFacts, errorFromAnswer, errorFromFetch } from "./errors.ts";
import { decideRetry, type Effect } from "./retry.ts";

export interface CloudRequest {
  method: "GET" | "POST" | "PUT";
  url: URL;
  headers: Headers;
  /** Sent as it is; the bytes that a signature covers. */
  body?: string;
  effect: Effect;
  /** The project that the request is for; a signature names it beside the path. */
  projectId?: string;
}

/** Gives a request its credentials. Runs once for each attempt, so dates and tokens are fresh. */
export interface Authenticator {
  authenticate(request: CloudRequest, call: Call): Promise<CloudRequest>;
  /** Drops the credential that `call` was given and that was refused; true when its next attempt may get another. */
  renew?(call: Call): boolean;
}

/** What bounds one call of a tool, retries and waits included. */
export interface Call {
  /** Aborts when the caller is gone or has cancelled. */
  signal: AbortSignal;
  /** When the budget ends, in milliseconds since the epoch. */
  deadline: number;
  /** At most so many attempts a request; by default what `retry.ts` says. */
  maxAttempts?: number;
}

/** Must send at most one request, unless `effect` says that it only reads. */
export type Fetch = (url: URL, init: RequestInit, effect?: Effect) => Promise<Response>;

export interface SendOptions {
  fetch: Fetch;
  authenticator: Authenticator;
  clock: Clock;
  random: () => number;
  /** The limit of one attempt, body included, in milliseconds. */
  attemptTimeoutMs: number;
  /** Told of every attempt that failed and will be repeated. */
  onRetry?: (event: { attempt: number; waitMs: number; error: CloudError }) => void;
}

export type Send = (request: CloudRequest, call: Call) => Promise<Answer>;

/**
 * Makes the function that sends.
 *
 * It resolves with an answer of status 200 and throws a CloudError for everything else.
 */
export function createSend(options: SendOptions): Send {
  return async (request, call) => {
    let renewed = false;
    let answered: CloudError | undefined;
    for (let attempt = 1;; attempt++) {
      try {
        return await attemptOnce(options, request, call);
      } catch (thrown) {
        if (!(thrown instanceof CloudError)) throw thrown;
        const error = thrown.verdict === "not_sent" && answered ? afterAnswer(answered, thrown) : thrown;
        if (thrown.verdict !== "not_sent") answered = thrown;
        if (error.kind === "authentication" && !renewed && options.authenticator.renew?.(call)) {
          renewed = true;
          options.onRetry?.({ attempt, waitMs: 0, error });
          continue;
        }
        const decision = decideRetry({
          effect: request.effect,
          error,
          attempt,
          maxAttempts: call.maxAttempts,
          remainingMs: call.deadline - options.clock.now(),
          random: options.random(),
        });
        if (!decision.retry || call.signal.aborted) throw error;
        options.onRetry?.({ attempt, waitMs: decision.waitMs, error });
        await sleep(options.clock, decision.waitMs, call.signal);
        if (call.signal.aborted) throw error;
      }
    }
  };
}

/**
 * The error of an attempt that did not get out, after one that the cloud answered: what became of the request is
 * what that answer said.
 */
function afterAnswer(answered: CloudError, unsent: CloudError): CloudError {
  const { httpStatus, requestId, body } = unsent.httpStatus === undefined ? answered : unsent;
  const message = `${answered.message}, and the next attempt did not get out: ${unsent.message}`;
  return new CloudError(unsent.kind, message, {
    verdict: answered.verdict,
    hint: unsent.hint,
    httpStatus,
    requestId,
    body,
  });
}

async function attemptOnce(options: SendOptions, request: CloudRequest, call: Call): Promise<Answer> {
  const { clock } = options;
  stopIfOver(clock, call);
  const ready = await options.authenticator.authenticate(request, call);
  stopIfOver(clock, call);

  const limitMs = Math.min(options.attemptTimeoutMs, call.deadline - clock.now());
  const abort = new AbortController();
  let timedOut = false;
  const stopTimer = clock.after(limitMs, () => {
    timedOut = true;
    abort.abort();
  });
  const cancel = () => abort.abort();
  if (request.effect === "read") call.signal.addEventListener("abort", cancel, { once: true });
  try {
    const answer = await exchange(options.fetch, ready, abort.signal);
    if (answer.status === 200) return answer;
    throw explainClock(errorFromAnswer(answer, clock.now()), ready.headers, answer);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    const { httpStatus, requestId } = error instanceof CloudError ? error : {};
    if (httpStatus !== undefined && httpStatus >= 400) throw error;
    const facts = { verdict: "unclear", httpStatus, requestId } as const;
    throw timedOut
      ? new CloudError("timeout", `Huawei Cloud gave no complete answer within ${limitMs} ms`, facts)
      : cancelled(facts);
  } finally {
    stopTimer();
    call.signal.removeEventListener("abort", cancel);
  }
}

async function exchange(fetch: Fetch, request: CloudRequest, signal: AbortSignal): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      redirect: "manual",
      signal,
    }, request.effect);
  } catch (error) {
    throw errorFromFetch(error);
  }
  return await readAnswer(response);
}

function stopIfOver(clock: Clock, call: Call): void {
  if (call.signal.aborted || clock.now() >= call.deadline) throw overBeforeSending(call);
}

/** The error of a call that is cancelled, or else out of time, while its request is not yet sent. */
export function overBeforeSending(call: Call): CloudError {
  if (call.signal.aborted) return cancelled({ verdict: "not_sent" });
  return new CloudError("timeout", "The time for the whole call was used up before the request could be sent", {
    verdict: "not_sent",
  });
}

function cancelled(facts: CloudErrorFacts): CloudError {
  return new CloudError("cancelled", "The caller cancelled the call", facts);
}
