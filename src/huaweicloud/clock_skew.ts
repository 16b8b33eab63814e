/**
 * Tells a wrong clock from a wrong key, which the gateway's answer does not.
 *
 * Called by `send.ts` when an answer is an error. It compares two dates that travelled: the one the request
 * was signed with and the one the answer carries. It never changes a clock and never makes up for one.
 */
import type { Answer } from "./answer.ts";
import { CloudError } from "./errors.ts";

/** The gateway refuses a signature whose date is further off (API Request Signing Guide, FAQs). */
const ALLOWED_SKEW_MS = 15 * 60_000;

const SDK_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** The same error, or one that names the clock when a signed request was refused and its date is too far off. */
export function explainClock(error: CloudError, sent: Headers, answer: Pick<Answer, "date">): CloudError {
  if (error.kind !== "authentication") return error;
  const signed = Date.parse((sent.get("x-sdk-date") ?? "").replace(SDK_DATE, "$1-$2-$3T$4:$5:$6Z"));
  const skewMs = signed - Date.parse(answer.date ?? "");
  if (!(Math.abs(skewMs) > ALLOWED_SKEW_MS)) return error;
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const direction = skewMs > 0 ? "ahead of" : "behind";
  return new CloudError(
    "authentication",
    `Huawei Cloud did not accept the signature: this machine's clock is ${minutes} minutes ${direction} Huawei ` +
      `Cloud's, and at most 15 are allowed (HTTP ${error.httpStatus})`,
    { ...error, hint: "Set this machine's clock, best by time synchronisation, and call again" },
  );
}
