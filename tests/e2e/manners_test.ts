import assert from "node:assert/strict";
import { createSimulatedCloud } from "../../src/simulator/cloud.ts";
import { answer, errorBodies, reset } from "../../src/simulator/faults.ts";
import { serveOnLoopback } from "../../src/simulator/serve.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { type ProcessOptions, ServerProcess } from "../support/process.ts";
import { freePort } from "../support/raw_server.ts";
import { held } from "../support/held.ts";

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test-client", version: "1.2.3" } },
};

function call(id: number, args: Record<string, unknown> = {}) {
  return {
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: {
      name: "change_encrypted_instance_security_group",
      arguments: {
        instance_id: SIMULATION.instances.billing,
        security_group_ids: [SIMULATION.groups.lockedDown],
        ...args,
      },
    },
  };
}

function configured(origin: string): ProcessOptions {
  return {
    host: new URL(origin).host,
    env: {
      HW_REGION_NAME: "cn-north-4",
      HW_PROJECT_ID: SIMULATION.projectId,
      HW_AUTH_TOKEN: SIMULATION.token,
      DBSS_MCP_DBSS_ENDPOINT: origin,
      DBSS_MCP_VPC_ENDPOINT: origin,
      DBSS_MCP_LOG_LEVEL: "debug",
    },
  };
}

type Message = { jsonrpc?: string; id?: number; result?: Record<string, unknown> };

function contentOf(messages: unknown[], id: number) {
  const message = (messages as Message[]).find((message) => message.id === id);
  assert.ok(message?.result, `no answer to ${id} in ${JSON.stringify(messages)}`);
  return message.result.structuredContent as { outcome: string; error?: { kind: string; message: string } };
}

/** What ended well: exit code 0, nothing but JSON-RPC on stdout, nothing but JSON lines on stderr. */
async function finishWell(process: ServerProcess): Promise<unknown[]> {
  const { code, messages, stderr } = await process.finish();
  assert.equal(code, 0, stderr);
  for (const message of messages) assert.equal(message.jsonrpc, "2.0");
  for (const line of stderr.split("\n").filter(Boolean)) assert.ok(JSON.parse(line).time, line);
  return messages;
}

async function withCloud(run: (cloud: ReturnType<typeof createSimulatedCloud>, origin: string) => Promise<void>) {
  const cloud = createSimulatedCloud();
  const server = await serveOnLoopback(cloud.handle);
  try {
    await run(cloud, server.origin);
  } finally {
    await server.close();
  }
}

const ENDS: [string, end: (process: ServerProcess) => Promise<void>][] = [
  ["stdin ends", (process) => process.closeInput()],
  ...(["SIGTERM", "SIGINT"] as const).map((signal): typeof ENDS[0] => [
    `${signal} comes`,
    (process) => Promise.resolve(process.kill(signal)),
  ]),
];

for (const [what, end] of ENDS) {
  const ignore = Deno.build.os === "windows" && what.startsWith("SIG");
  Deno.test({ name: `main finishes the call in flight and exits 0 when ${what}`, ignore }, async () => {
    await withCloud(async (cloud, origin) => {
      const { fault, arrived, letGo } = held();
      cloud.faults.push(fault);
      await using process = new ServerProcess(configured(origin));
      await process.send(INITIALIZE, call(1));
      await arrived;
      await end(process);
      await process.stderr.line("finishing the calls in flight");
      letGo();
      assert.equal(contentOf(await finishWell(process), 1).outcome, "accepted");
      assert.equal(cloud.puts.length, 1);
    });
  });
}

Deno.test({
  name: "main takes no further call, and no further word of a person, when SIGTERM has come",
  ignore: Deno.build.os === "windows",
  async fn() {
    await withCloud(async (cloud, origin) => {
      const { fault, arrived, letGo } = held();
      cloud.faults.push(fault);
      await using process = new ServerProcess(configured(origin));
      await process.send(INITIALIZE, call(1));
      await arrived;
      const asking = { ...INITIALIZE.params, capabilities: { elicitation: { form: {} } } };
      await process.send({ ...INITIALIZE, params: asking }, call(2));
      await process.stdout.line("elicitation/create");
      process.kill("SIGTERM");
      await process.stderr.line("finishing the calls in flight");
      await process.send(call(3)).catch(() => {});
      await process.stderr.line('"outcome":"refused"');
      letGo();
      const messages = await finishWell(process) as Message[];
      assert.equal(contentOf(messages, 1).outcome, "accepted");
      assert.equal(contentOf(messages, 2).error?.kind, "confirmation");
      assert.ok(!messages.some(({ id, result }) => id === 3 && result));
      assert.equal(cloud.puts.length, 1);
    });
  },
});

Deno.test({
  name: "main exits at once when a second signal comes",
  ignore: Deno.build.os === "windows",
  async fn() {
    await withCloud(async (cloud, origin) => {
      const { fault, arrived, letGo } = held();
      cloud.faults.push(fault);
      await using process = new ServerProcess(configured(origin));
      await process.send(INITIALIZE, call(1));
      await arrived;
      process.kill("SIGTERM");
      await process.stderr.line("finishing the calls in flight");
      process.kill("SIGTERM");
      assert.equal((await process.finish()).code, 1);
      letGo();
    });
  },
});

Deno.test("main lets two calls reach the cloud before either is answered", async () => {
  await withCloud(async (cloud, origin) => {
    const both = [held(), held()];
    cloud.faults.push(...both.map(({ fault }) => fault));
    await using process = new ServerProcess(configured(origin));
    await process.send(INITIALIZE, call(1), call(2));
    await Promise.all(both.map(({ arrived }) => arrived));
    for (const { letGo } of both) letGo();
    await process.closeInput();
    const messages = await finishWell(process);
    assert.deepEqual([1, 2].map((id) => contentOf(messages, id).outcome), ["accepted", "accepted"]);
  });
});

Deno.test("main follows a change, and keeps its secrets, when a promise fails for which nobody waits", async () => {
  await withCloud(async (cloud, origin) => {
    const { host, env } = configured(origin);
    // Runs before the server, and lets each request of it leave such a promise behind.
    const careless = `const send = globalThis.fetch;
      globalThis.fetch = (url, init) => {
        Promise.reject(new Error(Deno.env.get("HW_AUTH_TOKEN")));
        return send(url, init);
      };`;
    await using process = new ServerProcess({
      env,
      permissions: [
        `--preload=data:text/javascript,${encodeURIComponent(careless)}`,
        "--allow-env=HW_*,HUAWEICLOUD_SDK_*,DBSS_MCP_*",
        `--allow-net=${host}`,
      ],
    });
    await process.send(INITIALIZE, call(1));
    const defect = await process.stderr.line('"defect"');
    assert.ok(defect.includes("[redacted]") && !defect.includes(SIMULATION.token), defect);
    await process.closeInput();
    assert.equal(contentOf(await finishWell(process), 1).outcome, "accepted");
    assert.equal(cloud.puts.length, 1);
  });
});

Deno.test("main says on stderr and in its instructions that the cloud is simulated", async () => {
  await using process = new ServerProcess({ args: ["--simulate"], env: { HW_REGION_NAME: "cn-north-4" } });
  await process.send(INITIALIZE, call(1));
  await process.closeInput();
  await process.stderr.line("simulated cloud: nothing real changes");
  assert.match(await process.stderr.line("serving on stdio"), /"region":"simulated"/);
  const messages = await finishWell(process) as Message[];
  assert.match(messages.find(({ id }) => id === 0)!.result!.instructions as string, /simulated cloud/);
  assert.equal(contentOf(messages, 1).outcome, "accepted");
});

Deno.test("main ends without a crash when the client no longer reads", async () => {
  await using process = new ServerProcess({ args: ["--simulate"] });
  await process.send(INITIALIZE);
  await process.stdout.line("serverInfo");
  await process.stdout.cancel();
  await process.send(call(1));
  await process.stderr.line("The client no longer reads");
  const { code, stderr } = await process.finish();
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /Uncaught|BrokenPipe/);
});

Deno.test("main asks no one and changes nothing when the client goes while a person is asked", async () => {
  await withCloud(async (cloud, origin) => {
    await using process = new ServerProcess(configured(origin));
    const params = { ...INITIALIZE.params, capabilities: { elicitation: {} } };
    await process.send({ ...INITIALIZE, params }, call(1));
    await process.stdout.line("elicitation/create");
    await process.closeInput();
    const { outcome, error } = contentOf(await finishWell(process), 1);
    assert.deepEqual([outcome, error?.kind], ["refused", "confirmation"]);
    assert.equal(cloud.puts.length, 0);
  });
});

Deno.test("main reports lines that are no messages, and requests that get no answer, and goes on", async () => {
  await using process = new ServerProcess({ args: ["--simulate"] });
  await process.send(
    "nonsense",
    "[]",
    "x".repeat(5 * 1024 * 1024),
    { id: 5, method: "ping" },
    INITIALIZE,
    { jsonrpc: "2.0", id: 1, method: "ping" },
    { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "no_such_tool" } },
    { jsonrpc: "2.0", id: 3, method: "no/such/method" },
  );
  await process.closeInput();
  const { code, stderr, messages } = await process.finish();
  assert.equal(code, 0);
  assert.deepEqual(messages.map(({ id }) => id).sort(), [0, 1, 2, 3]);
  const codeOf = (id: number) =>
    (messages.find((message) => message.id === id) as { error: { code: number } }).error.code;
  assert.deepEqual([codeOf(2), codeOf(3)], [-32602, -32601]);
  assert.equal(stderr.match(/protocol error/g)?.length, 4);
});

for (
  const [args, pattern] of [[["--version"], /^\d+\.\d+\.\d+\n$/], [["--help"], /--region, HW_REGION_NAME/]] as const
) {
  Deno.test(`main prints and exits 0 when it is called with ${args}, without any permission`, async () => {
    await using process = new ServerProcess({ args: [...args], permissions: ["--no-prompt"] });
    const { code, stdout, stderr } = await process.finish();
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, pattern);
  });
}

Deno.test("main starts without configuration, lists its tools, and a call says what to set", async () => {
  await using process = new ServerProcess();
  await process.send(INITIALIZE, { jsonrpc: "2.0", id: 1, method: "tools/list" }, call(2));
  await process.closeInput();
  const messages = await finishWell(process) as Message[];
  assert.ok((messages.find(({ id }) => id === 1)!.result!.tools as unknown[]).length > 0);
  const { outcome, error } = contentOf(messages, 2);
  assert.deepEqual([outcome, error?.kind], ["refused", "configuration"]);
  assert.match(error!.message, /HW_REGION_NAME/);
});

Deno.test("main starts without permission to read the environment, and a call says which one is missing", async () => {
  await using process = new ServerProcess({ permissions: ["--no-prompt"], env: { HW_REGION_NAME: "cn-north-4" } });
  await process.send(INITIALIZE, call(1));
  await process.closeInput();
  const { error } = contentOf(await finishWell(process), 1);
  assert.equal(error?.kind, "configuration");
  assert.match(error!.message, /--allow-env=HW_REGION_NAME/);
});

Deno.test("main exits 2 with every fault on stderr and nothing on stdout when the configuration is wrong", async () => {
  await using process = new ServerProcess({
    args: ["--timeout-ms", "-5"],
    env: {
      HW_REGION_NAME: "cn/north",
      HW_AUTH_TOKEN: "fake token with spaces",
      DBSS_MCP_DBSS_ENDPOINT: "http://user:fake-password@dbss.example",
    },
  });
  const { code, stdout, stderr } = await process.finish();
  assert.deepEqual([code, stdout], [2, ""]);
  assert.equal(stderr.split("\n").filter(Boolean).length, 4);
  for (const name of ["--timeout-ms", "HW_REGION_NAME", "HW_AUTH_TOKEN", "DBSS_MCP_DBSS_ENDPOINT"]) {
    assert.ok(stderr.includes(`dbss-mcp: ${name} `), name);
  }
  assert.doesNotMatch(stderr, /fake/);
});

Deno.test("main says refused when the host's name does not resolve", async () => {
  await using process = new ServerProcess({ ...configured("https://dbss.invalid"), host: "dbss.invalid" });
  await process.send(INITIALIZE, call(1));
  await process.closeInput();
  const { outcome, error } = contentOf(await finishWell(process), 1);
  assert.deepEqual([outcome, error?.kind], ["refused", "network"]);
  assert.match(error!.message, /did not resolve/);
});

Deno.test("main shows the token nowhere, whatever goes wrong", async () => {
  await withCloud(async (cloud, origin) => {
    const { token } = SIMULATION;
    cloud.faults.push(
      answer(401, errorBodies.dbss("DBSS.10020100", `The token ${token} is not valid`), { "x-request-id": token }),
      answer(500, `<html>${token}</html>`),
      answer(200, { code: 1, description: token, task_id: encodeURIComponent(token) }),
      answer(429, { error_msg: token }, { "retry-after": "0" }),
      reset(),
    );
    const args = [{}, {}, {}, {}, {}, { instance_id: token }, { [token]: token }, { security_group_ids: [token] }];
    await using process = new ServerProcess(configured(origin));
    await process.send(INITIALIZE, token, { jsonrpc: "2.0", id: 99, method: "tools/call", params: { name: token } });
    for (const [id, each] of args.entries()) await process.send(call(id + 1, each));
    await process.closeInput();
    const { code, stdout, stderr } = await process.finish();
    assert.equal(code, 0);
    assert.equal(stdout.split("\n").filter(Boolean).length, args.length + 2);
    assert.match(stderr, /tool call/);
    for (const text of [stdout, stderr]) assert.ok(!text.includes(token), text);
  });
});

Deno.test("main shows the token nowhere when the cloud cannot be reached", async () => {
  const options = configured(`http://127.0.0.1:${freePort()}`);
  await using process = new ServerProcess({ ...options, args: ["--timeout-ms", "300"] });
  await process.send(INITIALIZE, call(1));
  await process.closeInput();
  const { stdout, stderr } = await process.finish();
  assert.match(stdout, /was refused|No connection/);
  for (const text of [stdout, stderr]) assert.ok(!text.includes(SIMULATION.token), text);
});
