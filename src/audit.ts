/**
 * The trace of every attempted change: one JSON line each, also for those that were refused.
 *
 * Called by `call.ts` around a run of a tool that writes: before it, to be sure that the line can be
 * written, and after it, before the answer is given. It never holds a secret, and never lets a change pass
 * that it could not record.
 */
import type { Clock } from "./clock.ts";
import { jsonLine, type Redactor, tidy } from "./redaction.ts";

export interface AuditRecord {
  /** On stdio the client's name and version, over HTTP the principal. */
  actor: string;
  tool: string;
  region?: string;
  project_id?: string;
  instance_id?: string;
  security_group_ids?: readonly string[];
  previous_security_group_ids?: readonly string[];
  confirmed_by?: string;
  outcome?: string;
  http_status?: number;
  code?: number;
  task_id?: string;
  error_kind?: string;
  error_code?: string;
  request_id?: string;
  duration_ms: number;
}

export interface Audit {
  /** @throws when the file cannot be written to. */
  check(): void;
  /** @throws when the file cannot be written to; the line then still went to stderr. */
  record(entry: AuditRecord): void;
}

export interface AuditOptions {
  clock: Clock;
  redactor: Redactor;
  /** Takes one line for stderr; must not throw. */
  write: (line: string) => void;
  /** Appends text to the audit file, making it where it does not exist; absent when there is none. */
  append?: (text: string) => void;
}

const MAX_FIELD_LENGTH = 200;

/** Makes the audit; without `append` its lines go to stderr alone. */
export function createAudit({ clock, redactor, write, append }: AuditOptions): Audit {
  const clean = (text: string) => tidy(redactor.text(text), MAX_FIELD_LENGTH);
  return {
    check: () => append?.(""),
    record(entry) {
      const time = new Date(clock.now()).toISOString();
      const line = jsonLine({ time, audit: "change", ...entry }, clean);
      write(line);
      append?.(line);
    },
  };
}
