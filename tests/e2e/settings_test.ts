/**
 * Each setting that decides over a change, in the real process: what is tested piece by piece elsewhere must
 * also be handed from one piece to the next.
 */
import assert from "node:assert/strict";
import { createSimulatedCloud } from "../../src/simulator/cloud.ts";
import { silence } from "../../src/simulator/faults.ts";
import { serveOnLoopback } from "../../src/simulator/serve.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { type ProcessOptions, ServerProcess } from "../support/process.ts";

const CHANGE = {
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "change_encrypted_instance_security_group",
    arguments: {
      instance_id: SIMULATION.instances.billing,
      security_group_ids: [SIMULATION.groups.lockedDown],
    },
  },
};

interface Reply {
  result: { structuredContent: { outcome: string; error?: { kind: string; message: string } } };
}

/** Starts the server, asks for the change, and lets it end. */
async function change(options: ProcessOptions) {
  await using process = new ServerProcess(options);
  await process.send(CHANGE);
  await process.closeInput();
  const { messages: [reply], stderr } = await process.finish();
  return { ...(reply as unknown as Reply).result.structuredContent, stderr };
}

const REFUSALS: [variable: string, value: string, flag: string, kind: string][] = [
  ["DBSS_MCP_READ_ONLY", "true", "--read-only", "policy"],
  ["DBSS_MCP_ALLOWED_INSTANCE_IDS", SIMULATION.instances.orders, "--allowed-instance-ids", "policy"],
  ["DBSS_MCP_ALLOWED_SECURITY_GROUP_IDS", SIMULATION.groups.open, "--allowed-security-group-ids", "policy"],
  ["DBSS_MCP_CONFIRM", "required", "--confirm", "confirmation"],
  // Nobody allows the process to write.
  ["DBSS_MCP_AUDIT_FILE", "audit.jsonl", "--audit-file", "configuration"],
];

for (const [variable, value, flag, kind] of REFUSALS) {
  Deno.test(`main refuses the change when ${variable} or ${flag} forbids it`, async () => {
    const ways: ProcessOptions[] = [
      { args: ["--simulate"], env: { [variable]: value } },
      { args: ["--simulate", flag, value] },
    ];
    for (const way of ways) {
      const { outcome, error } = await change(way);
      assert.deepEqual([outcome, error?.kind], ["refused", kind]);
      assert.ok(error!.message.includes(variable), error!.message);
    }
  });
}

Deno.test("main warns that nobody is asked, unless DBSS_MCP_CONFIRM is off", async () => {
  const auto = await change({ args: ["--simulate"] });
  const off = await change({ args: ["--simulate"], env: { DBSS_MCP_CONFIRM: "off" } });
  assert.deepEqual([auto.outcome, off.outcome], ["accepted", "accepted"]);
  assert.match(auto.stderr, /no person is asked/);
  assert.doesNotMatch(off.stderr, /no person is asked/);
});

Deno.test("main leaves the line of a change in DBSS_MCP_AUDIT_FILE", async () => {
  await Deno.mkdir(".tmp", { recursive: true });
  const path = `${await Deno.realPath(".tmp")}/audit-${crypto.randomUUID()}.jsonl`;
  const permissions = ["--allow-env=DBSS_MCP_*", `--allow-write=${path}`];
  try {
    await change({ args: ["--simulate"], env: { DBSS_MCP_AUDIT_FILE: path }, permissions });
    assert.equal(JSON.parse(await Deno.readTextFile(path)).outcome, "accepted");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("main writes only what DBSS_MCP_LOG_LEVEL lets through, and the audit in any case", async () => {
  const { stderr } = await change({ args: ["--simulate"], env: { DBSS_MCP_LOG_LEVEL: "error" } });
  const [line, ...others] = stderr.trimEnd().split("\n");
  assert.equal(JSON.parse(line!).audit, "change");
  assert.deepEqual(others, []);
});

for (const variable of ["DBSS_MCP_TIMEOUT_MS", "DBSS_MCP_ATTEMPT_TIMEOUT_MS"]) {
  Deno.test(`main waits for an answer only as long as ${variable} says`, async () => {
    const cloud = createSimulatedCloud();
    cloud.faults.push(silence());
    const socket = await serveOnLoopback(cloud.handle);
    const { outcome, error } = await change({
      host: new URL(socket.origin).host,
      env: {
        HW_REGION_NAME: "cn-north-4",
        HW_PROJECT_ID: SIMULATION.projectId,
        HW_AUTH_TOKEN: SIMULATION.token,
        DBSS_MCP_DBSS_ENDPOINT: socket.origin,
        DBSS_MCP_VPC_ENDPOINT: socket.origin,
        [variable]: "200",
      },
    });
    await socket.close();
    assert.deepEqual([outcome, error?.kind], ["unknown", "timeout"]);
    assert.match(error!.message, /no complete answer within (1\d\d|200) ms/);
  });
}
