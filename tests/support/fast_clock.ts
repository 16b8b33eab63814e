/**
 * A clock that runs many times faster than the system's, for tests whose other end is a real socket.
 */
import { type Clock, systemClock } from "../../src/clock.ts";

/** A wait of `factor` milliseconds takes one. */
export function fastClock(factor: number): Clock {
  const start = systemClock.now();
  return {
    now: () => start + (systemClock.now() - start) * factor,
    after: (ms, callback) => systemClock.after(ms / factor, callback),
  };
}
