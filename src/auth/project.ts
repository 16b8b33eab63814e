/**
 * Finds the project of the region in IAM, for users who have not configured one.
 *
 * Asked by a tool's call that names no project, through the same `send.ts` and credentials as every request;
 * found once and kept. It never creates a project, and never chooses between several.
 */
import type { Clock } from "../clock.ts";
import { CloudError } from "../huaweicloud/errors.ts";
import type { Call, Send } from "../huaweicloud/send.ts";
import { beforeSending } from "./ask.ts";
import { renewable } from "./renewable.ts";

export interface ProjectOptions {
  send: Send;
  /** What the credential itself says; when it names a project, IAM is not searched. */
  projectOf?: (call: Call) => Promise<string | undefined>;
  /** The origin of the IAM endpoint. */
  iam: string;
  /** A token may list its own projects without a permission; a signed request has to ask for them by name. */
  isSigned: boolean;
  region: string;
  userAgent: string;
  clock: Clock;
  /** The time for the search, in milliseconds; it goes on when the call that began it ends. */
  timeoutMs: number;
}

const PURPOSE = "Cannot find the project of the region in IAM";

const DENIED_HINT = "Set HW_PROJECT_ID; the console shows it under My Credentials";

const MAX_CANDIDATES = 10;

/** What a name or an id consists of; other text might be meant for whoever reads it and is not passed on. */
const PLAIN = /^[A-Za-z0-9_-]{1,64}$/;

/** The project's id, or the sentence that says why it cannot be known. */
type Found = string | { missing: string };

/** Makes the search; what it finds is kept, what it does not find is searched again by the next call. */
export function projectFinder(options: ProjectOptions): (call: Call) => Promise<Found> {
  const { clock } = options;
  const found = renewable<Found>({
    clock,
    async obtain() {
      const value = await search(options);
      return typeof value === "string" ? { value } : { value, expiresAt: clock.now() };
    },
  });
  return async (call) => await options.projectOf?.(call) ?? await found.get(call);
}

interface Project {
  id: string;
  name: string;
}

/** KeystoneListProjects by name, or KeystoneListAuthProjects, of the IAM API reference. */
async function search(options: ProjectOptions): Promise<Found> {
  const { send, iam, region, userAgent, clock, timeoutMs } = options;
  const path = options.isSigned ? `/v3/projects?name=${encodeURIComponent(region)}` : "/v3/auth/projects";
  const headers = new Headers({ "accept": "application/json", "user-agent": userAgent });
  const call: Call = { signal: new AbortController().signal, deadline: clock.now() + timeoutMs };
  const answer = await send({ method: "GET", url: new URL(path, iam), headers, effect: "read" }, call)
    .catch((error) => {
      if (!(error instanceof CloudError)) throw error;
      const isDenied = error.kind === "permission" || error.kind === "not_found";
      throw beforeSending(error, PURPOSE, isDenied ? DENIED_HINT : error.hint);
    });
  const projects = readProjects(answer.body);
  if (projects === undefined) {
    throw new CloudError("protocol", `${PURPOSE}: its answer has no list of projects`, {
      verdict: "not_sent",
      httpStatus: answer.status,
      requestId: answer.requestId,
    });
  }
  const matching = projects.filter(({ name }) => name === region);
  if (matching.length === 1) return matching[0]!.id;
  return { missing: explain(region, projects, matching) };
}

function readProjects(body: unknown): Project[] | undefined {
  const { projects } = (body ?? {}) as { projects?: unknown };
  if (!Array.isArray(projects)) return undefined;
  return projects.filter((entry): entry is Project => isPlain(entry?.id) && isPlain(entry?.name));
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" && PLAIN.test(value);
}

function explain(region: string, projects: readonly Project[], matching: readonly Project[]): string {
  const what = matching.length === 0 ? "no project" : `${matching.length} projects`;
  const candidates = matching.length === 0 ? projects : matching;
  const shown = candidates.slice(0, MAX_CANDIDATES).map(({ id, name }) => `${name} (${id})`);
  const more = candidates.length > shown.length ? ` and ${candidates.length - shown.length} more` : "";
  const list = shown.length === 0 ? "" : `; candidates: ${shown.join(", ")}${more}`;
  return `Cannot tell which project to use: IAM has ${what} named ${region}${list}. Set HW_PROJECT_ID or pass project_id`;
}
