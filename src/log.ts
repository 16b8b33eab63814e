/**
 * Structured log lines: one JSON object a line, for stderr.
 *
 * Beside the way of a call: `main.ts` makes the logger and hands it to whoever has something to tell. It
 * never writes to stdout, which belongs to the protocol, and never lets a known secret through.
 */
import type { Clock } from "./clock.ts";
import { jsonLine, type Redactor, tidy } from "./redaction.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = typeof LOG_LEVELS[number];

export type Log = Record<LogLevel, (message: string, fields?: Record<string, unknown>) => void>;

const MAX_FIELD_LENGTH = 2_000;

export interface LogOptions {
  level: LogLevel;
  clock: Clock;
  redactor: Redactor;
  /** Takes one line with its newline; must not throw. */
  write: (line: string) => void;
}

/** Makes the log; lines below `level` are dropped, strings are masked, cleaned and cut. */
export function createLog(options: LogOptions): Log {
  const clean = (text: string) => tidy(options.redactor.text(text), MAX_FIELD_LENGTH);
  const at = (level: LogLevel) => (message: string, fields: Record<string, unknown> = {}) => {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(options.level)) return;
    const time = new Date(options.clock.now()).toISOString();
    options.write(jsonLine({ time, level, message, ...fields }, clean));
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
