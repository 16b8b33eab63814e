import assert from "node:assert/strict";
import { type Config, parseConfig } from "../src/config/config.ts";
import { examine, reportText } from "../src/doctor.ts";
import { createLog } from "../src/log.ts";
import { reachCloud } from "../src/reach_cloud.ts";
import { createRedactor } from "../src/redaction.ts";
import { answer } from "../src/simulator/faults.ts";
import { SIMULATION } from "../src/simulator/state.ts";
import { setUp } from "./support/credentials.ts";

const { key, token, projectId } = SIMULATION;
const KEY = { HW_ACCESS_KEY: key.accessKey, HW_SECRET_KEY: key.secretKey };
const PROJECT = { HW_PROJECT_ID: projectId };

function configOf(variables: Record<string, string>, args: string[] = []): Config {
  const env: Record<string, string> = { HW_REGION_NAME: "cn-north-4", ...variables };
  const parsed = parseConfig(["doctor", ...args], (name) => env[name], () => "[basic]\nak = TESTAK\nsk = visible-sk");
  assert.ok(parsed.kind === "config", JSON.stringify(parsed));
  return parsed.config;
}

/** A doctor whose cloud is the simulated one, with the region's project in it. */
function patient(config: Config, audit = { check() {} }) {
  const shared = setUp();
  const { clock, cloud, fetch } = shared;
  cloud.iam.projects = [{ id: projectId, name: "cn-north-4" }];
  const redactor = createRedactor(config.secrets);
  const log = createLog({ level: "error", clock, redactor, write() {} });
  const readTextFile = () => assert.fail("It read a file");
  const reach = () => reachCloud(config, { version: "0", fetch, clock, random: () => 0, readTextFile, log, redactor });
  const { region, missing } = config;
  const way = missing === undefined ? reach() : { cloud: { missing }, region };
  return { ...shared, report: () => examine({ ...way, version: "9.8.7", config, clock, redactor, audit }) };
}

Deno.test("examine() reads the list once, and says that all is well", async () => {
  const { report, cloud } = patient(configOf({ ...KEY, ...PROJECT }));
  const { exit_code, checks, version, region, project_id, project_from, credentials } = await report();
  assert.deepEqual([exit_code, version, region], [0, "9.8.7", "cn-north-4"]);
  assert.deepEqual([project_id, project_from], [projectId, "configuration"]);
  assert.equal(credentials, `access key ...${key.accessKey.slice(-4)}`);
  assert.deepEqual(checks, [
    { check: "list encrypted instances", status: "passed", message: "found 2", duration_ms: 0 },
  ]);
  assert.deepEqual(cloud.requests.map(({ method, isApplied }) => [method, isApplied]), [["POST", false]]);
});

Deno.test("examine() finds the project when none is configured", async () => {
  const { report } = patient(configOf(KEY));
  const { exit_code, checks, project_id, project_from } = await report();
  assert.deepEqual([exit_code, project_id, project_from], [0, projectId, "IAM"]);
  assert.deepEqual(checks.map(({ check, status }) => [check, status]), [
    ["find the project", "passed"],
    ["list encrypted instances", "passed"],
  ]);
});

Deno.test("examine() says why the project cannot be told, and lists nothing", async () => {
  const { report, cloud } = patient(configOf(KEY));
  cloud.iam.projects = [];
  const { exit_code, checks, project_id } = await report();
  assert.deepEqual([exit_code, project_id], [1, undefined]);
  assert.deepEqual(checks.map(({ status }) => status), ["failed", "skipped"]);
  assert.match(checks[0]!.message, /IAM has no project named cn-north-4/);
});

Deno.test("examine() keeps what the cloud said when the read fails", async () => {
  const { report, cloud } = patient(configOf({ ...KEY, ...PROJECT }));
  const body = { error_code: "APIGW.0302", error_msg: "not\u001ballowed", request_id: "r-1" };
  cloud.faults.push({ ...answer(403, body), on: "POST" });
  const { exit_code, checks: [check] } = await report();
  assert.equal(exit_code, 1);
  const { message, hint, ...facts } = check!;
  assert.deepEqual(facts, {
    check: "list encrypted instances",
    status: "failed",
    kind: "permission",
    http_status: 403,
    error_code: "APIGW.0302",
    error_msg: "not allowed",
    request_id: "r-1",
    duration_ms: 0,
  });
  assert.ok(message && hint);
});

Deno.test("examine() makes no request with --offline", async () => {
  for (const variables of [KEY, { ...KEY, ...PROJECT }]) {
    const { report, cloud } = patient(configOf(variables, ["--offline"]));
    const { exit_code, checks } = await report();
    assert.equal(exit_code, 0);
    assert.ok(checks.every(({ status }) => status === "skipped"));
    assert.deepEqual(cloud.requests, []);
  }
});

Deno.test("examine() tries out the audit file, also with --offline", async () => {
  const config = configOf({ ...KEY, ...PROJECT, DBSS_MCP_AUDIT_FILE: "audit.jsonl" }, ["--offline"]);
  let tries = 0;
  const passed = await patient(config, { check: () => void tries++ }).report();
  assert.deepEqual([passed.exit_code, tries], [0, 1]);
  assert.deepEqual(passed.checks.at(-1), {
    check: "write the audit file",
    status: "passed",
    message: "audit.jsonl can be appended to",
  });

  const failed = await patient(config, {
    check() {
      throw new Deno.errors.NotCapable("fake fault");
    },
  }).report();
  const { status, message, kind } = failed.checks.at(-1)!;
  assert.deepEqual([failed.exit_code, status, kind], [1, "failed", "configuration"]);
  assert.equal(message, "every change would be refused: NotCapable: fake fault");
});

Deno.test("reportText() says that a region is not documented, as a slip of the pen is", async () => {
  for (const [region, isSaid] of [["cn-nroth-4", true], ["cn-north-4", false]] as const) {
    const { report } = patient(configOf({ ...KEY, HW_REGION_NAME: region }, ["--offline"]));
    assert.equal(reportText(await report()).includes(`${region}, not among the documented ones`), isSaid);
  }
});

Deno.test("examine() gives exit code 2 and says what to set when the configuration is incomplete", async () => {
  const { report } = patient(configOf({}));
  const { exit_code, checks, credentials } = await report();
  assert.deepEqual([exit_code, credentials], [2, "none"]);
  assert.match(checks[0]!.message, /set HW_ACCESS_KEY and HW_SECRET_KEY/);
});

for (
  const [variables, credentials, args] of [
    [{ ...KEY, HW_SECURITY_TOKEN: "visible-fake-token" }, "temporary access key ...EY00", []],
    [
      { HW_DOMAIN_NAME: "account", HW_USER_NAME: "user", HW_USER_PASSWORD: "visible-fake" },
      "IAM user user of account account, by password",
      [],
    ],
    [{ HW_AUTH_TOKEN: token }, "user token, which nobody renews", []],
    [{ HUAWEICLOUD_SDK_CREDENTIALS_FILE: "x.ini" }, "access key of the profile file x.ini", []],
    [{ DBSS_MCP_ECS_METADATA: "true" }, "temporary access key of the ECS instance's agency", []],
    [{}, "none needed, the cloud is simulated", ["--simulate"]],
  ] as [Record<string, string>, string, string[]][]
) {
  Deno.test(`examine() calls the source "${credentials}"`, async () => {
    const config = configOf(variables, ["--offline", ...args]);
    const { clock } = setUp();
    const options = { cloud: { missing: "not of interest" }, version: "0", clock, redactor: createRedactor() };
    const report = await examine({ ...options, config, audit: { check() {} } });
    assert.equal(report.credentials, credentials);
    assert.equal(Object.keys(report.endpoints).length, config.isSimulated ? 0 : 3);
  });
}

Deno.test("reportText() shows every part of the report", async () => {
  const { report, cloud } = patient(configOf({
    ...KEY,
    ...PROJECT,
    HW_AUTH_TOKEN: token,
    DBSS_MCP_READ_ONLY: "true",
    DBSS_MCP_ALLOWED_INSTANCE_IDS: "i-1,i-2",
    DBSS_MCP_AUDIT_FILE: "audit.jsonl",
  }));
  cloud.faults.push({ ...answer(401, { error_code: "APIGW.0301", request_id: "r-1" }), on: "POST" });
  const text = reportText(await report());
  for (
    const part of [
      "9.8.7",
      "cn-north-4",
      "https://dbss.cn-north-4.myhuaweicloud.com",
      "https://iam.cn-north-4.myhuaweicloud.com",
      "access key ...EY00",
      "HW_AUTH_TOKEN",
      `${projectId}, from configuration`,
      "refused, read-only",
      "i-1, i-2",
      "audit.jsonl",
      "--allow-net=dbss.cn-north-4.myhuaweicloud.com:443,vpc.",
      "DBSS FullAccess",
      "failed   list encrypted instances: ",
      "Huawei Cloud said: APIGW.0301, request r-1",
      "Replace the credentials",
    ]
  ) assert.ok(text.includes(part), `${part} in\n${text}`);
});

Deno.test("reportText() says what is not set", async () => {
  const { report } = patient(configOf({ HW_REGION_NAME: "" }));
  const text = reportText(await report());
  for (const part of ["not set", "none", "not known", "confirmation auto"]) {
    assert.ok(text.includes(part), `${part} in\n${text}`);
  }
});

Deno.test("reportText() says when no permission is needed", async () => {
  const { report } = patient(configOf({ HW_REGION_NAME: "" }));
  assert.ok(reportText({ ...await report(), deno_permissions: { stdio: [], http: [] } }).includes("no permission"));
});

Deno.test("parseConfig() takes --json and --offline for doctor alone", () => {
  assert.equal(configOf(KEY, ["--json"]).isJson, true);
  assert.equal(configOf(KEY).isJson, false);
  const parsed = parseConfig(["--json", "--offline"], () => undefined);
  assert.ok(parsed.kind === "faults");
  assert.deepEqual(parsed.faults, [
    "--json is for the command doctor alone",
    "--offline is for the command doctor alone",
  ]);
});
