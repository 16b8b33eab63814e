import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import type { Fetch } from "../../src/huaweicloud/send.ts";
import { createLog } from "../../src/log.ts";
import { reachCloud } from "../../src/reach_cloud.ts";
import { PROMPT } from "../../src/prompt.ts";
import { createRedactor } from "../../src/redaction.ts";
import { createSimulatedCloud, type SimulatedCloud } from "../../src/simulator/cloud.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { changeSecurityGroup } from "../../src/tools/change_security_group.ts";
import { join } from "../support/in_memory.ts";

const { user, key, projectId, instances, groups } = SIMULATION;
const KEY = { HW_ACCESS_KEY: key.accessKey, HW_SECRET_KEY: key.secretKey };
const USER = { HW_DOMAIN_NAME: user.domainName, HW_USER_NAME: user.userName, HW_USER_PASSWORD: user.userPassword };

function configOf(variables: Record<string, string>): Config {
  const env: Record<string, string> = { HW_REGION_NAME: "cn-north-4", DBSS_MCP_TIMEOUT_MS: "300", ...variables };
  const parsed = parseConfig([], (name) => env[name]);
  assert.ok(parsed.kind === "config", JSON.stringify(parsed));
  return parsed.config;
}

function wayTo(variables: Record<string, string>, fetch: Fetch) {
  const clock = systemClock;
  const redactor = createRedactor();
  const log = createLog({ level: "error", clock, redactor, write() {} });
  const readTextFile = () => assert.fail("It read a file");
  return reachCloud(configOf(variables), { version: "0", fetch, clock, random: () => 0, readTextFile, log, redactor });
}

/** What a change comes to with these credentials, on a cloud that `prepare` has altered. */
async function change(variables: Record<string, string>, prepare: (cloud: SimulatedCloud) => void, reach?: Fetch) {
  const cloud = createSimulatedCloud();
  cloud.iam.projects = [{ id: projectId, name: "cn-north-4" }];
  prepare(cloud);
  const fetch: Fetch = reach ?? ((url, init) => cloud.handle(new Request(url, init)));
  await using joined = await join({ ...wayTo(variables, fetch), timeoutMs: 300 });
  const { structuredContent } = await joined.client.callTool({
    name: changeSecurityGroup.name,
    arguments: { instance_id: instances.billing, security_group_ids: [groups.lockedDown] },
  });
  const { outcome, error } = structuredContent as { outcome: string; error?: Record<string, unknown> };
  return { cloud, outcome, error };
}

Deno.test("a change goes through with each source that needs IAM", async () => {
  for (const variables of [KEY, USER, { HW_AUTH_TOKEN: SIMULATION.token }]) {
    const { outcome, error } = await change(variables, () => {});
    assert.equal(outcome, "accepted", JSON.stringify(error));
  }
});

Deno.test("a change with a user's token takes the project that the token names, or asks for the configured one", async () => {
  const found = await change(USER, () => {});
  assert.ok(found.cloud.requests.every(({ path }) => path !== "/v3/auth/projects"));
  const configured = await change(
    { ...USER, HW_PROJECT_ID: projectId },
    (cloud) => (cloud.iam.projects[0]!.name = "x"),
  );
  assert.equal(configured.outcome, "accepted");
});

Deno.test("completion finds the project as a call does", async () => {
  const cloud = createSimulatedCloud();
  cloud.iam.projects = [{ id: projectId, name: "cn-north-4" }];
  await using joined = await join({ ...wayTo(KEY, (url, init) => cloud.handle(new Request(url, init))) });
  const { completion } = await joined.client.complete({
    ref: { type: "ref/prompt", name: PROMPT.name },
    argument: { name: "instance", value: "billing" },
  });
  assert.deepEqual(completion.values, ["billing-encrypt"]);
});

const down: Fetch = () => Promise.resolve(new Response("", { status: 503 }));
const CASES: [string, Parameters<typeof change>, kind: string, message: RegExp, hint: RegExp][] = [
  [
    "the password is wrong",
    [{ ...USER, HW_USER_PASSWORD: "visible-wrong" }, () => {}],
    "authentication",
    /Cannot get a token from IAM/,
    /HW_USER_PASSWORD/,
  ],
  [
    "the user needs a second factor",
    [USER, (cloud) => (cloud.iam.userState = "mfa_required")],
    "authentication",
    /second factor/,
    /access key/,
  ],
  ["IAM is down and a token is wanted", [USER, () => {}, down], "service", /Cannot get a token from IAM/, /later/],
  ["IAM is down and a project is wanted", [KEY, () => {}, down], "service", /Cannot find the project/, /later/],
  [
    "the key is wrong",
    [{ ...KEY, HW_SECRET_KEY: "visible-wrong" }, () => {}],
    "authentication",
    /Cannot find the project.*did not accept/,
    /Replace the credentials/,
  ],
  [
    "no project has the region's name",
    [KEY, (cloud) => (cloud.iam.projects = [])],
    "configuration",
    /IAM has no project named cn-north-4/,
    /environment/,
  ],
];
for (const [title, args, kind, message, hint] of CASES) {
  Deno.test(`a change is refused, and never unknown, when ${title}`, async () => {
    const { cloud, outcome, error } = await change(...args);
    assert.deepEqual([outcome, error?.kind], ["refused", kind]);
    assert.match(String(error?.message), message);
    assert.match(String(error?.hint), hint);
    assert.deepEqual(cloud.puts, []);
  });
}
