/**
 * Time as a value that is handed in, so that no test has to wait.
 *
 * `main.ts` hands the system's clock to everything on the way of a call; tests hand in their own. This is
 * the only file that reads the system's time or sets a timer.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `callback` after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Whether `work` ends within `ms` milliseconds. Leaves no timer behind. */
export async function endsWithin(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const limit = Promise.withResolvers<boolean>();
  const stopLimit = clock.after(ms, () => limit.resolve(false));
  try {
    return await Promise.race([work.then(() => true), limit.promise]);
  } finally {
    stopLimit();
  }
}

/** Resolves after `ms` milliseconds, or at once when `signal` aborts. Leaves no timer behind. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = () => {
      cancel();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal.addEventListener("abort", finish, { once: true });
  });
}
