/**
 * A credential that has to be fetched, kept, and replaced before it expires.
 *
 * Used by the authenticators whose credential lives outside of this process, between them and whoever hands
 * it out. However many calls wait, one request is in flight. It never waits longer than the call it serves,
 * and never gives out what has expired.
 */
import { type Clock, sleep } from "../clock.ts";
import { CloudError } from "../huaweicloud/errors.ts";
import { type Call, overBeforeSending } from "../huaweicloud/send.ts";

export interface Fetched<Value> {
  value: Value;
  /** In milliseconds since the epoch; absent when it is good until refused. */
  expiresAt?: number;
}

export interface RenewableOptions<Value> {
  /** Makes a single attempt and bounds its own time. */
  obtain: () => Promise<Fetched<Value>>;
  clock: Clock;
  /** How long before the end a new value is fetched, while the old one still serves, in milliseconds. */
  marginMs?: number;
  /** How long a refusal is repeated without asking again, in milliseconds: each attempt may count towards a lock. */
  refusalPauseMs?: number;
  /** Told when a fetch failed for which nobody waits, since the old value still serves. */
  onEarlyFailure?: (error: CloudError) => void;
}

export interface Renewable<Value> {
  /** @throws CloudError with the verdict `not_sent` */
  get(call: Call): Promise<Value>;
  /** Forgets the value that `call` was given; false when it was given none. */
  renew(call: Call): boolean;
}

/** Keeps a value that ends, and replaces it in time, with one request under way however many calls wait. */
export function renewable<Value>(options: RenewableOptions<Value>): Renewable<Value> {
  const { clock, marginMs = 0, refusalPauseMs = 0 } = options;
  const given = new WeakMap<Call, Fetched<Value>>();
  let current: Fetched<Value> | undefined;
  let pending: Promise<Fetched<Value>> | undefined;
  let refusal: { error: CloudError; until: number } | undefined;

  const fetchOnce = () => pending ??= attempt().finally(() => pending = undefined);

  async function attempt(): Promise<Fetched<Value>> {
    if (refusal !== undefined && clock.now() < refusal.until) throw refusal.error;
    try {
      return current = await options.obtain();
    } catch (error) {
      if (error instanceof CloudError && error.kind === "authentication") {
        refusal = { error, until: clock.now() + refusalPauseMs };
      }
      throw error;
    }
  }

  return {
    async get(call) {
      const leftMs = (current?.expiresAt ?? Infinity) - clock.now();
      let fetched = current;
      if (fetched === undefined || leftMs <= 0) {
        fetched = await whileLasts(call, clock, fetchOnce());
      } else if (leftMs <= marginMs && pending === undefined) {
        fetchOnce().catch((error) => options.onEarlyFailure?.(error));
      }
      given.set(call, fetched);
      return fetched.value;
    },
    renew(call) {
      const refused = given.get(call);
      if (refused === undefined) return false;
      given.delete(call);
      if (current === refused) current = undefined;
      return true;
    },
  };
}

/** Waits for `promise`, but no longer than `call` lasts; the promise goes on for others. */
async function whileLasts<T>(call: Call, clock: Clock, promise: Promise<T>): Promise<T> {
  const settled = new AbortController();
  const over = sleep(clock, call.deadline - clock.now(), AbortSignal.any([call.signal, settled.signal]))
    .then(() => Promise.reject(overBeforeSending(call)));
  try {
    return await Promise.race([promise, over]);
  } finally {
    settled.abort();
  }
}
