/**
 * Gathers the lines for stderr and writes those of one turn of the event loop together.
 *
 * Between `log.ts`, `audit.ts` and the stream, put there by `main.ts`: under load, writing is a large part of
 * what a line costs. It never keeps a line beyond the turn, never changes their order, and
 * never loses one when the process ends through `flush`.
 */
import type { Clock } from "./clock.ts";

export interface Lines {
  /** Takes one line with its newline, to be written soon. */
  add(line: string): void;
  /** Takes one line that must not wait, and writes it now, behind what was gathered before. */
  write(line: string): void;
  /** Writes what was gathered, now. */
  flush(): void;
}

/** `write` is given whole lines, one or several at once, in the order in which they came. */
export function gatherLines(clock: Clock, write: (text: string) => void): Lines {
  let text = "";
  const flush = () => {
    if (text === "") return;
    const gathered = text;
    text = "";
    write(gathered);
  };
  return {
    add(line) {
      if (text === "") clock.after(0, flush);
      text += line;
    },
    write(line) {
      text += line;
      flush();
    },
    flush,
  };
}
