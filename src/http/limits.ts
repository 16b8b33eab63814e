/**
 * How often one caller may ask.
 *
 * Between finding out who calls and answering: a known caller is counted by name, anybody else by address,
 * so guessing tokens is counted, too. It never holds more than a fixed number of counters.
 */
import type { MiddlewareHandler } from "hono";
import { rateLimiter, type Store } from "hono-rate-limiter";
import type { Clock } from "../clock.ts";
import { type HttpEnv, refuse } from "./exchange.ts";

const WINDOW_MS = 60_000;
const MAX_COUNTERS = 10_000;

/** Answers 429 with Retry-After, in seconds, to who asks more often than that. */
export function limitRate(ratePerMinute: number, clock: Clock): MiddlewareHandler<HttpEnv> {
  return rateLimiter<HttpEnv>({
    windowMs: WINDOW_MS,
    limit: ratePerMinute,
    keyGenerator: (c) => {
      const caller = c.get("caller");
      return caller ? `principal ${caller.principal}` : `address ${c.env.address}`;
    },
    // The library's own headers read the system's time.
    standardHeaders: false,
    store: countersInMemory(clock, MAX_COUNTERS),
    handler: (c) => {
      const { resetTime } = c.get("rateLimit" as never) as { resetTime: Date };
      const seconds = Math.ceil((resetTime.getTime() - clock.now()) / 1_000);
      return refuse(429, `Cannot take more than ${ratePerMinute} requests a minute; try again in ${seconds} seconds`, {
        "retry-after": String(seconds),
      });
    },
  });
}

/**
 * Counts per key in windows of fixed length. The library's own store needs a timer that never ends and has
 * no bound; this one forgets the oldest counter when there are too many.
 */
export function countersInMemory(clock: Clock, maxCounters: number): Store<HttpEnv> {
  const counters = new Map<string, { totalHits: number; resetTime: Date }>();
  return {
    increment(key) {
      const known = counters.get(key);
      if (known !== undefined && known.resetTime.getTime() > clock.now()) {
        known.totalHits += 1;
        return known;
      }
      counters.delete(key);
      for (const oldest of counters.keys()) {
        if (counters.size < maxCounters) break;
        counters.delete(oldest);
      }
      const counter = { totalHits: 1, resetTime: new Date(clock.now() + WINDOW_MS) };
      counters.set(key, counter);
      return counter;
    },
    decrement(key) {
      const known = counters.get(key);
      if (known !== undefined) known.totalHits -= 1;
    },
    resetKey: (key) => void counters.delete(key),
  };
}
