/**
 * What the tests of the credentials share: a fake clock, calls that it bounds, and the simulated cloud as fetch.
 */
import assert from "node:assert/strict";
import { CloudError } from "../../src/huaweicloud/errors.ts";
import type { Authenticator, Call, Fetch } from "../../src/huaweicloud/send.ts";
import { createSend } from "../../src/huaweicloud/send.ts";
import { createSimulatedCloud } from "../../src/simulator/cloud.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { FakeClock } from "./fake_clock.ts";

export const IAM = "https://iam.invalid";

export function setUp() {
  const clock = new FakeClock();
  const cloud = createSimulatedCloud({ clock });
  const secrets: string[] = [];
  const fetch: Fetch = (url, init) => cloud.handle(new Request(url, init));
  return {
    clock,
    cloud,
    fetch,
    secrets,
    asker: { fetch, clock, limitMs: 10_000 },
    onSecret: (secret: string) => void secrets.push(secret),
    /** The paths that were asked for, in turn. */
    asked: () => cloud.requests.map(({ path }) => path),
    call: (ms = 30_000, signal = new AbortController().signal): Call => ({ signal, deadline: clock.now() + ms }),
    /** Lists the instances with these credentials; waits for no timer, since signing is work outside of the fake clock. */
    list(authenticator: Authenticator, call: Call) {
      const send = createSend({ fetch, authenticator, clock, random: () => 0, attemptTimeoutMs: 10_000 });
      const { projectId } = SIMULATION;
      const url = new URL(`https://dbss.invalid/v2/${projectId}/db-encrypt/instances`);
      return send({ method: "POST", url, headers: new Headers(), effect: "read", projectId }, call);
    },
  };
}

/** The CloudError that `promise` rejects with. */
export async function failure(promise: Promise<unknown>): Promise<CloudError> {
  const thrown = await promise.then(() => assert.fail("It resolved"), (error) => error);
  assert.ok(thrown instanceof CloudError, String(thrown?.stack ?? thrown));
  return thrown;
}
