/**
 * Keeps secrets and control characters out of everything that leaves this process for a reader.
 *
 * Results, questions, completions, log, audit and doctor's report pass it on the way out. It never alters what
 * is sent to the cloud.
 */

const MASK = "[redacted]";

/** Shorter strings are not taken as secrets: they would mask ordinary words. */
const MIN_SECRET_LENGTH = 6;

/** Control characters, lone surrogates, and whatever a reader does not see: text can be smuggled in those. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

export interface Redactor {
  /** From now on this value is masked wherever it appears. */
  add(secret: string | undefined): void;
  /** Masks every known secret. */
  text(value: string): string;
}

/** Makes a redactor that knows these secrets; more can be added at any time. */
export function createRedactor(secrets: readonly (string | undefined)[] = []): Redactor {
  let known: string[] = [];
  const redactor: Redactor = {
    add(secret) {
      if (secret === undefined || secret.length < MIN_SECRET_LENGTH) return;
      // A server may quote it as it arrived: bare, in a URL, or in JSON.
      const forms = [...known, secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
      // Longest first, so that a secret inside another one does not leave the rest of it behind.
      known = [...new Set(forms)].sort((a, b) => b.length - a.length);
    },
    text(value) {
      let masked = value;
      for (const secret of known) masked = masked.replaceAll(secret, MASK);
      return masked;
    },
  };
  secrets.forEach(redactor.add);
  return redactor;
}

/** Replaces unsafe characters by a space and cuts to `limit` characters, saying how many were cut. */
export function tidy(value: string, limit: number): string {
  const clean = value.replace(UNSAFE, " ").trim();
  if (clean.length <= limit) return clean;
  // A cut in the middle of a surrogate pair would leave half a character.
  const start = clean.slice(0, limit).replace(/\p{Cs}$/u, "");
  return `${start}... (${clean.length - start.length} more characters)`;
}

/** Commas are for ports; with words between them they would be a sentence. */
const PLAIN = /^([A-Za-z0-9_.:/-]{1,64}|[\d,-]{1,400})$/;

/** A value of the cloud's as a sentence of ours may hold it: an id, a code or ports, but no room for words. */
export function plain(value: string): string {
  return PLAIN.test(value) ? value : "(not shown)";
}

/**
 * A copy of plain data in which every string went through `change`; properties that are undefined are left
 * out, so that absent stays absent.
 */
export function mapStrings(value: unknown, change: (text: string, key: string) => string, key = ""): unknown {
  if (typeof value === "string") return change(value, key);
  if (Array.isArray(value)) return value.map((entry) => mapStrings(entry, change, key));
  if (typeof value !== "object" || value === null) return value;
  const entries: [string, unknown][] = [];
  for (const [name, entry] of Object.entries(value)) {
    if (entry !== undefined) entries.push([name, mapStrings(entry, change, name)]);
  }
  return Object.fromEntries(entries);
}

/** One line of JSON in which every string went through `change`. */
export function jsonLine(value: Record<string, unknown>, change: (text: string) => string): string {
  return JSON.stringify(value, (_key, entry) => typeof entry === "string" ? change(entry) : entry) + "\n";
}
