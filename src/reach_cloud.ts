/**
 * Puts the way to Huawei Cloud together: identity, send, client, and the search for the project.
 *
 * The part of the composition root that every command shares; called by `main.ts` with a complete
 * configuration. It decides nothing about a call, and reaches for nothing that is not handed in.
 */
import { createIdentity } from "./auth/identity.ts";
import type { ReadTextFile } from "./auth/profile.ts";
import { projectFinder } from "./auth/project.ts";
import type { CallOptions } from "./call.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { createClient } from "./huaweicloud/client.ts";
import { createSend, type Fetch } from "./huaweicloud/send.ts";
import type { Log } from "./log.ts";
import type { Redactor } from "./redaction.ts";

export interface Surroundings {
  version: string;
  fetch: Fetch;
  clock: Clock;
  random: () => number;
  readTextFile: ReadTextFile;
  log: Log;
  redactor: Redactor;
}

/** Needs a configuration with a region, credentials and origins: one whose `missing` is undefined. */
export function reachCloud(config: Config, surroundings: Surroundings): Pick<
  CallOptions,
  "cloud" | "region" | "projectId" | "findProject"
> {
  const { projectId, attemptTimeoutMs } = config;
  const { fetch, clock, log, redactor } = surroundings;
  const region = config.region!;
  const { dbss, vpc, iam } = config.origins as Required<Config["origins"]>;
  const userAgent = `dbss-mcp/${surroundings.version}`;
  const identity = createIdentity(config.credentials!, {
    fetch,
    clock,
    limitMs: attemptTimeoutMs,
    scope: projectId === undefined ? { name: region } : { id: projectId },
    iam,
    userAgent,
    readTextFile: surroundings.readTextFile,
    onSecret: redactor.add,
    onEarlyFailure: ({ kind, message }) => log.warn("could not renew the credentials yet", { kind, error: message }),
  });
  const send = createSend({
    fetch,
    authenticator: identity.authenticator,
    clock,
    random: surroundings.random,
    attemptTimeoutMs,
    onRetry: ({ attempt, waitMs, error }) =>
      log.warn("will try again", { attempt, wait_ms: Math.round(waitMs), kind: error.kind, error: error.message }),
  });
  return {
    cloud: createClient({ origins: { dbss, vpc }, userAgent, send }),
    region,
    projectId,
    findProject: projectFinder({ ...identity, send, iam, region, userAgent, clock, timeoutMs: config.timeoutMs }),
  };
}
