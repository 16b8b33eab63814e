/**
 * From what zod found to one sentence: the field, what it got, what it wants.
 *
 * Called by `call.ts` before a tool runs. It never repeats the value of an unknown argument, which might
 * be a secret, and of any other never more than its beginning, with secrets masked before it is cut.
 */
import type * as z from "zod";
import { type Redactor, tidy } from "../redaction.ts";
import { Refusal } from "./tool.ts";

const MAX_SHOWN = 80;

/** A refusal that names every fault zod found, separated by semicolons. */
export function invalidInput(
  tool: { name: string; input: z.ZodObject },
  input: unknown,
  error: z.ZodError,
  redactor: Redactor,
): Refusal {
  const show = (value: unknown) => {
    if (value === undefined) return "is missing";
    if (typeof value !== "string") return `is ${tidy(redactor.text(JSON.stringify(value)), MAX_SHOWN)}`;
    return `is "${tidy(redactor.text(value), MAX_SHOWN)}" (${value.length} ${
      value.length === 1 ? "character" : "characters"
    })`;
  };
  const faults = error.issues.map((issue) => {
    if (issue.code === "unrecognized_keys") {
      const names = issue.keys.map((key) => tidy(redactor.text(key), MAX_SHOWN)).join(", ");
      return `${names} is not an argument of this tool, wanted only ${Object.keys(tool.input.shape).join(", ")}`;
    }
    const got = issue.path.reduce((value, key) => (value as Record<PropertyKey, unknown>)?.[key], input);
    return `${fieldName(issue.path)} ${show(got)}, wanted ${issue.message}`;
  });
  return new Refusal("invalid_input", `Cannot call ${tool.name}: ${faults.join("; ")}`);
}

function fieldName(path: readonly PropertyKey[]): string {
  return path.length === 0 ? "the arguments" : path.map((key, index) => {
    if (typeof key === "number") return `[${key}]`;
    return index === 0 ? String(key) : `.${String(key)}`;
  }).join("");
}
