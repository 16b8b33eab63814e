/**
 * The retry policy as data and one pure function: an error in, "wait so long" or "stop" out.
 *
 * Called by `send.ts` after every failed attempt. It never waits, never looks at a clock, and never lets
 * a change be sent again that may already have arrived.
 */
import type { CloudError } from "./errors.ts";

/** A read may be repeated freely; a write only when it surely was not carried out. */
export type Effect = "read" | "write";

export const RETRY = {
  /** Attempts in all, the first one included. */
  maxAttempts: 4,
  /** First backoff, in milliseconds; doubled for each further attempt. */
  baseMs: 500,
  /** The longest backoff, in milliseconds. */
  maxBackoffMs: 8_000,
  /** The longest Retry-After that is obeyed, in milliseconds; a longer one is shortened to this. */
  maxRetryAfterMs: 20_000,
  /**
   * What an attempt must have left, in milliseconds: a change that is cut off before its answer can come
   * would turn a certain failure into an unknown outcome.
   */
  minAttemptMs: 1_000,
} as const;

export interface RetryState {
  effect: Effect;
  error: CloudError;
  /** Attempts made so far, at least 1. */
  attempt: number;
  /** The most attempts; by default {@link RETRY.maxAttempts}. */
  maxAttempts?: number;
  /** Milliseconds left in the call's budget. */
  remainingMs: number;
  /** A number from 0 (inclusive) to 1 (exclusive), for the jitter. */
  random: number;
}

export type RetryDecision = { retry: true; waitMs: number } | { retry: false };

const STOP: RetryDecision = { retry: false };

/** Whether to try again, and after how many milliseconds. */
export function decideRetry(state: RetryState): RetryDecision {
  const { error, attempt, maxAttempts = RETRY.maxAttempts } = state;
  if (attempt >= maxAttempts || !isRepeatable(state.effect, error)) return STOP;
  const waitMs = error.retryAfterMs === undefined
    ? state.random * Math.min(RETRY.maxBackoffMs, RETRY.baseMs * 2 ** (attempt - 1))
    : Math.min(error.retryAfterMs, RETRY.maxRetryAfterMs);
  return waitMs + RETRY.minAttemptMs <= state.remainingMs ? { retry: true, waitMs } : STOP;
}

/**
 * Whether the same request may be sent again, and may then succeed. Also what `retryable` in a result
 * says of the whole call.
 */
export function isRepeatable(effect: Effect, error: CloudError): boolean {
  switch (error.kind) {
    case "throttled":
      return true;
    case "network":
    case "timeout":
    case "service":
      return effect === "read" ? isTransient(error) : error.verdict !== "unclear";
    default:
      return false;
  }
}

/** 500, 502, 503 and 504, and everything that has no status; not 501 or 505, which stay as they are. */
function isTransient(error: CloudError): boolean {
  return error.httpStatus === undefined || [200, 408, 500, 502, 503, 504].includes(error.httpStatus);
}
