import assert from "node:assert/strict";
import { createAudit } from "../src/audit.ts";
import { METADATA_ORIGIN } from "../src/auth/ecs_metadata.ts";
import { systemClock } from "../src/clock.ts";
import { help } from "../src/config/command_line.ts";
import { type Config, parseConfig } from "../src/config/config.ts";
import { examine, reportText } from "../src/doctor.ts";
import type { Fetch } from "../src/huaweicloud/send.ts";
import { createLog } from "../src/log.ts";
import { reachCloud } from "../src/reach_cloud.ts";
import { createRedactor } from "../src/redaction.ts";
import { TOOLS } from "../src/server.ts";
import { join } from "./support/in_memory.ts";

const AK = "TESTVISIBLEACCESSKEY";
const SK = "visible-fake-secret-key";
const TOKEN = "visible-fake-token+/=";
const PASSWORD = 'visible "quoted" \\ fake & p\u00e4ssword';
const SESSION = "visible-fake-session";
const PROFILE = `[basic]\nak = ${AK}\nsk = ${SK}\nsecurity_token = ${TOKEN}\n`;

/** Each source of credentials with every secret that it brings into this process. */
const SOURCES: [string, Record<string, string>, string[]][] = [
  ["an access key", { HW_ACCESS_KEY: AK, HW_SECRET_KEY: SK }, [AK, SK]],
  ["a temporary key", { HW_ACCESS_KEY: AK, HW_SECRET_KEY: SK, HW_SECURITY_TOKEN: TOKEN }, [AK, SK, TOKEN]],
  ["a user", { HW_DOMAIN_NAME: "account", HW_USER_NAME: "user", HW_USER_PASSWORD: PASSWORD }, [PASSWORD, TOKEN]],
  ["a token", { HW_AUTH_TOKEN: TOKEN }, [TOKEN]],
  ["a profile file", { HUAWEICLOUD_SDK_CREDENTIALS_FILE: "x.ini" }, [AK, SK, TOKEN]],
  ["ECS metadata", { DBSS_MCP_ECS_METADATA: "true" }, [AK, SK, TOKEN, SESSION]],
];

/** A cloud that grants credentials, unless it refuses all, and quotes whatever it is sent in every field. */
function quoting(status: number, refusesAll: boolean): Fetch {
  return async (url, init) => {
    const request = new Request(url, init);
    const sent = [...request.headers].flat().join(" ") + await request.text();
    const said = sent + encodeURIComponent(sent);
    const requestId = said.replace(/[^\x21-\x7e]/g, "");
    if (!refusesAll && url.pathname === "/v3/auth/tokens") {
      return Response.json({ token: {} }, { status: 201, headers: { "x-subject-token": TOKEN } });
    }
    if (!refusesAll && url.origin === METADATA_ORIGIN) {
      return request.method === "PUT"
        ? new Response(SESSION)
        : Response.json({ credential: { access: AK, secret: SK, securitytoken: TOKEN } });
    }
    return Response.json(
      { error_code: said, error_msg: said, code: 7, description: said, details: [{ error_msg: said }] },
      { status, headers: { "x-request-id": requestId } },
    );
  };
}

/** Everything that leaves the process for a reader: results, logs, audit, doctor and help. */
async function everyOutput(config: Config, fetch: Fetch): Promise<string> {
  const outputs: unknown[] = [help("0")];
  const clock = systemClock;
  const redactor = createRedactor(config.secrets);
  const write = (line: string) => void outputs.push(line);
  const log = createLog({ level: "debug", clock, redactor, write });
  const way = reachCloud(config, {
    version: "0",
    fetch,
    clock,
    random: () => 0,
    readTextFile: () => PROFILE,
    log,
    redactor,
  });
  {
    await using joined = await join({ ...way, redactor, log, audit: createAudit({ clock, redactor, write }) });
    const change = { instance_id: "i".repeat(32), security_group_ids: ["g-1"] };
    for (const { name, input } of TOOLS) {
      const args = "instance_id" in input.shape && "security_group_ids" in input.shape ? change : {};
      for (const project of [{}, { project_id: "p".repeat(32) }]) {
        outputs.push(await joined.client.callTool({ name, arguments: { ...args, ...project } }));
      }
    }
  }
  const report = await examine({ ...way, version: "0", config, clock, redactor, audit: { check() {} } });
  outputs.push(report, reportText(report));
  return outputs.map((output) => typeof output === "string" ? output : JSON.stringify(output)).join("\n");
}

for (const [title, variables, secrets] of SOURCES) {
  const env: Record<string, string> = { HW_REGION_NAME: "cn-north-4", ...variables };
  const parsed = parseConfig(["doctor"], (name) => env[name], () => PROFILE);
  for (const [status, refusesAll] of [[401, false], [403, false], [200, false], [401, true]] as const) {
    Deno.test(`no output shows a secret of ${title}: ${refusesAll ? "credentials and all" : "calls"} answered ${status}`, async () => {
      assert.ok(parsed.kind === "config");
      const output = await everyOutput(parsed.config, quoting(status, refusesAll));
      for (const secret of secrets) {
        for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
          const at = output.indexOf(form);
          assert.equal(at, -1, `${form} in ${output.slice(Math.max(0, at - 100), at + 100)}`);
        }
      }
      if (!refusesAll) assert.ok(output.includes("[redacted]"), "Nothing was masked, so nothing was tried");
    });
  }
}
