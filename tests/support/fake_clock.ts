/**
 * A clock that stands still until a test moves it, so that no test waits.
 */
import type { Clock } from "../../src/clock.ts";

interface Timer {
  at: number;
  callback: () => void;
}

export class FakeClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many timers were set and neither fired nor stopped. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves on by `ms` milliseconds and fires what has become due. */
  advance(ms: number): void {
    this.#now += ms;
    this.#fireDue();
  }

  /** Jumps from timer to timer until `promise` settles; work without timers gets its turn before each jump. */
  async run<Value>(promise: Promise<Value>): Promise<Value> {
    let isSettled = false;
    const settle = () => void (isSettled = true);
    promise.then(settle, settle);
    while (true) {
      await idle();
      if (isSettled) return await promise;
      const next = Math.min(...[...this.#timers].map(({ at }) => at));
      if (next === Infinity) throw new Error("Nothing is left to happen and the promise is still pending");
      this.#now = Math.max(this.#now, next);
      this.#fireDue();
    }
  }

  #fireDue(): void {
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at <= this.#now && this.#timers.delete(timer)) timer.callback();
    }
  }
}

/** Lets everything run that is ready to run. */
export async function idle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}
