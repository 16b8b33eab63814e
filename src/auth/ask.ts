/**
 * One request to a service that hands out credentials: IAM, or the metadata service of an ECS instance.
 *
 * Called while a call of a tool waits for its credentials, so whatever fails here, the request of that call
 * was not sent. It bounds time and size, makes a single attempt, and never follows a redirect.
 */
import type { Clock } from "../clock.ts";
import { type Answer, readAnswer } from "../huaweicloud/answer.ts";
import { CloudError, errorFromAnswer, errorFromFetch } from "../huaweicloud/errors.ts";
import type { Fetch } from "../huaweicloud/send.ts";

export interface Asker {
  fetch: Fetch;
  clock: Clock;
  /** The limit of the request and its whole answer, in milliseconds. */
  limitMs: number;
}

export interface Question {
  method: "GET" | "POST" | "PUT";
  url: URL;
  headers: Record<string, string>;
  body?: string;
  /** The beginning of the message when it fails, such as "Cannot get a token from IAM". */
  purpose: string;
}

/**
 * Resolves with an answer of a 2xx status and its headers.
 *
 * @throws CloudError for everything else, always with the verdict `not_sent`.
 */
export async function ask(asker: Asker, question: Question): Promise<{ answer: Answer; headers: Headers }> {
  const { fetch, clock, limitMs } = asker;
  const { url, purpose, ...init } = question;
  const abort = new AbortController();
  const stopTimer = clock.after(limitMs, () => abort.abort());
  try {
    // Nothing but a GET may be repeated by fetch itself: each wrong password may count towards a lock.
    const effect = init.method === "GET" ? "read" : "write";
    const response = await fetch(url, { ...init, redirect: "manual", signal: abort.signal }, effect)
      .catch((error) => {
        throw errorFromFetch(error);
      });
    const answer = await readAnswer(response);
    if (answer.status < 200 || answer.status > 299) throw errorFromAnswer(answer, clock.now());
    return { answer, headers: response.headers };
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    const { httpStatus, requestId } = error;
    if (abort.signal.aborted && (httpStatus ?? 0) < 400) {
      throw new CloudError("timeout", `${purpose}: no complete answer within ${limitMs} ms`, {
        verdict: "not_sent",
        httpStatus,
        requestId,
      });
    }
    throw beforeSending(error, purpose);
  } finally {
    stopTimer();
  }
}

/** The same error for the request that waited: that one was not sent. */
export function beforeSending(error: CloudError, purpose: string, hint = error.hint): CloudError {
  return new CloudError(error.kind, `${purpose}: ${error.message}`, { ...error, verdict: "not_sent", hint });
}
