/**
 * The question that a person is asked before a change.
 *
 * Called by the change tool when `policy.ts` wants a person; `server.ts` carries the question to the client.
 * The words are ours; names that come from the cloud stand in quotation marks, rules as `rules.ts` words them,
 * and all of it is tidied and cut. It never decides anything.
 */
import type { SecurityGroup } from "../huaweicloud/client.ts";
import { plain, tidy } from "../redaction.ts";
import type { Assessment } from "./assessment.ts";

const MAX_NAME = 64;
const MAX_LINES = 8;

/** Several lines of plain text, warnings before rules. */
export function confirmationQuestion(
  change: { region: string; instanceId: string },
  assessment: Assessment,
): string {
  const name = assessment.instance.value?.name;
  const { current, requested, rulesGained = [], rulesLost = [], warnings, notChecked } = assessment;
  return [
    `Change the security group of encrypted instance ${quoted(name)}${change.instanceId} in region ${change.region}?`,
    `Now: ${current === undefined ? "not known" : groups(current)}`,
    `Then: ${groups(requested)}`,
    ...section("Warning", warnings),
    ...section("Could not be checked", notChecked),
    ...section("Rule gained", rulesGained),
    ...section("Rule lost", rulesLost),
  ].join("\n");
}

function groups(all: readonly SecurityGroup[]): string {
  return all.length === 0 ? "none" : all.map(({ id, name }) => `${quoted(name)}${plain(id)}`).join(", ");
}

function quoted(name: string | undefined): string {
  return name === undefined ? "" : `${JSON.stringify(tidy(name, MAX_NAME))} `;
}

function section(title: string, lines: readonly string[]): string[] {
  const shown = lines.slice(0, MAX_LINES).map((line) => `${title}: ${tidy(line, 300)}`);
  const rest = lines.length - shown.length;
  return rest > 0 ? [...shown, `${title}: and ${rest} more`] : shown;
}
