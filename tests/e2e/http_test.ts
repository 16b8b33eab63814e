import assert from "node:assert/strict";
import { createMCPClient } from "@ai-sdk/mcp";
// @ts-types="@modelcontextprotocol/sdk/client/index"
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
// @ts-types="@modelcontextprotocol/sdk/client/streamableHttp"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createSimulatedCloud } from "../../src/simulator/cloud.ts";
import { serveOnLoopback } from "../../src/simulator/serve.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { bearer, call, CHANGE, CHANGE_ARGUMENTS, LIST, TOKENS } from "../support/http.ts";
import { fakeIssuer } from "../support/issuer.ts";
import { ServerProcess } from "../support/process.ts";
import { held } from "../support/held.ts";

const [{ name, token }] = TOKENS as [typeof TOKENS[0], ...typeof TOKENS];

/** The `http` command as a process of its own, in front of a simulated cloud on a socket. */
async function start(env: Record<string, string> = {}, readingsUntilApplied = 0) {
  const cloud = createSimulatedCloud({ readingsUntilApplied });
  const socket = await serveOnLoopback(cloud.handle);
  const server = new ServerProcess({
    args: ["http", "--http-port", "0"],
    host: "127.0.0.1",
    env: {
      HW_REGION_NAME: "cn-north-4",
      HW_PROJECT_ID: SIMULATION.projectId,
      HW_AUTH_TOKEN: SIMULATION.token,
      DBSS_MCP_DBSS_ENDPOINT: socket.origin,
      DBSS_MCP_VPC_ENDPOINT: socket.origin,
      ...env,
    },
  });
  const { url } = JSON.parse(await server.stderr.line("serving on HTTP"));
  return {
    cloud,
    server,
    url: new URL("/mcp", url),
    post: (body: unknown, headers: Record<string, string> = {}) =>
      fetch(new URL("/mcp", url), {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", "accept": "application/json, text/event-stream", ...headers },
      }),
    async [Symbol.asyncDispose]() {
      server.end();
      await server[Symbol.asyncDispose]();
      await socket.close();
    },
  };
}

const MOVE_AND_WAIT = {
  instance_id: SIMULATION.instances.orders,
  security_group_ids: [SIMULATION.groups.open],
  wait: true,
};

/** Windows has no signal that a process could answer to. */
const WITH_SIGNALS = { ignore: Deno.build.os === "windows" };

const withTokens = { DBSS_MCP_HTTP_TOKENS: `${name}:${token}` };

Deno.test("the SDK's client calls over HTTP with exactly one PUT, and hears of progress", WITH_SIGNALS, async () => {
  await using running = await start(withTokens, 1);
  const { cloud, server, url } = running;
  const client = new Client({ name: "test-client", version: "1.2.3" });
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers: bearer(token) } }));
  const { tools } = await client.listTools();
  assert.ok(tools.some((tool) => tool.name === CHANGE));
  const heard: number[] = [];
  const result = await client.callTool(
    { name: CHANGE, arguments: MOVE_AND_WAIT },
    undefined,
    { onprogress: ({ progress }) => heard.push(progress) },
  );
  assert.equal((result.structuredContent as { outcome: string }).outcome, "applied");
  assert.deepEqual(heard, [1]);
  assert.equal(cloud.puts.length, 1);
  await client.close();

  server.kill("SIGTERM");
  const { code, stdout, stderr } = await server.finish();
  assert.equal(code, 0);
  assert.equal(stdout, "");
  assert.ok(!stderr.includes(token) && !stderr.includes(SIMULATION.token));
  assert.equal(JSON.parse(stderr.split("\n").find((line) => line.includes('"audit"'))!).actor, name);
  // Nothing from the caller's side goes on to the cloud.
  assert.ok(!JSON.stringify(cloud.requests).includes(token));
});

Deno.test("a client of somebody else, the AI SDK's, lists and calls over HTTP", async () => {
  await using running = await start(withTokens);
  const client = await createMCPClient({
    transport: { type: "http", url: running.url.href, headers: bearer(token) },
  });
  const tools = await client.tools();
  const result = await tools[CHANGE]!.execute(CHANGE_ARGUMENTS, { toolCallId: "1", messages: [], context: undefined });
  assert.equal((result as { structuredContent: { outcome: string } }).structuredContent.outcome, "accepted");
  assert.equal(running.cloud.puts.length, 1);
  await client.close();
});

Deno.test("a caller's token that stands where it does not belong is masked", async () => {
  await using running = await start(withTokens);
  const { error } = (await (await running.post(call({ instance_id: `!${token}` }), bearer(token))).json())
    .result.structuredContent;
  assert.match(error.message, /\[redacted\]/);
  assert.ok(!error.message.includes(token));
});

Deno.test("SIGTERM lets a call in flight end and then exits 0", WITH_SIGNALS, async () => {
  await using running = await start();
  const { cloud, server } = running;
  const { fault, arrived, letGo } = held("PUT", { code: 0, task_id: "task-1" });
  cloud.faults.push(fault);
  const pending = running.post(call());
  await arrived;
  server.kill("SIGTERM");
  await server.stderr.line("signal received");
  await assert.rejects(running.post(LIST), "a new connection is not accepted");
  letGo();
  const answer = await (await pending).json();
  assert.equal(answer.result.structuredContent.task_id, "task-1");
  assert.equal((await server.finish()).code, 0);
});

Deno.test("a second signal exits at once", WITH_SIGNALS, async () => {
  await using running = await start();
  const { cloud, server } = running;
  const { fault, arrived } = held();
  cloud.faults.push(fault);
  const pending = running.post(call()).catch(() => "cut off");
  await arrived;
  server.kill("SIGTERM");
  await server.stderr.line("signal received");
  server.kill("SIGTERM");
  assert.equal((await server.finish()).code, 1);
  assert.equal(await pending, "cut off");
});

Deno.test("a caller that hangs up leaves the audit line of its change behind", async () => {
  await using running = await start();
  const { cloud, server, url } = running;
  const { fault, arrived, letGo } = held("PUT", { code: 0, task_id: "task-1" });
  cloud.faults.push(fault);
  const body = JSON.stringify(call());
  const connection = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
  await connection.write(new TextEncoder().encode(
    `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
      `Accept: application/json, text/event-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  ));
  await arrived;
  connection.close();
  await server.stderr.line('"status":499');
  letGo();
  assert.equal(JSON.parse(await server.stderr.line('"audit"')).task_id, "task-1");
});

Deno.test("with OAuth a token without dbss:write sees no change tool and is refused the change", async () => {
  const issuer = await fakeIssuer();
  const socket = await serveOnLoopback(() => Promise.resolve(Response.json({ keys: issuer.jwks })));
  {
    await using running = await start({
      DBSS_MCP_OAUTH_ISSUER: "https://login.example.com",
      DBSS_MCP_OAUTH_JWKS_URL: `${socket.origin}/keys`,
      DBSS_MCP_HTTP_PUBLIC_ORIGIN: "https://dbss.example.com",
      DBSS_MCP_OAUTH_AUDIENCE: "api://dbss",
    });
    const claims = { iss: "https://login.example.com", aud: "api://dbss", exp: 4_000_000_000 };
    const reader = bearer(await issuer.token({ ...claims, scope: "dbss:read" }));
    const { tools } = (await (await running.post(LIST, reader)).json()).result;
    assert.ok(tools.length > 0 && !tools.some((tool: { name: string }) => tool.name === CHANGE));
    const refused = await running.post(call(), reader);
    assert.equal(refused.status, 403);
    assert.match((await refused.json()).error.message, /lacks the scope dbss:write$/);
    const writer = bearer(await issuer.token(claims));
    const answer = await (await running.post(call(), writer)).json();
    assert.equal(answer.result.structuredContent.outcome, "accepted");
    assert.equal(running.cloud.puts.length, 1);
    running.server.end();
    const { stderr } = await running.server.finish();
    const audited = stderr.split("\n").filter((line) => line.includes('"audit"')).map((line) => JSON.parse(line));
    assert.deepEqual(audited.map(({ actor, outcome, error_kind }) => [actor, outcome, error_kind]), [
      ["sub:user-1", "refused", "policy"],
      ["sub:user-1", "accepted", undefined],
    ]);
  }
  await socket.close();
});

Deno.test(
  "with OpenTelemetry on, a collector gets one span per call of a tool, in one trace with its requests",
  WITH_SIGNALS,
  async () => {
    type Span = { name: string; traceId: string; attributes: { key: string; value: { stringValue?: string } }[] };
    const spans: Span[] = [];
    const collector = await serveOnLoopback(async (request) => {
      const { resourceSpans = [] } = await request.json();
      for (const { scopeSpans } of resourceSpans) {
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      return Response.json({});
    });
    {
      await using running = await start({
        ...withTokens,
        OTEL_DENO: "true",
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
        OTEL_DENO_CONSOLE: "ignore",
        OTEL_PROPAGATORS: "none",
      });
      await (await running.post(call(), bearer(token))).json();
      running.server.kill("SIGTERM");
      assert.equal((await running.server.finish()).code, 0);
      assert.ok(running.cloud.requests.every(({ headers }) => headers.traceparent === undefined));
    }
    await collector.close();
    const [span, ...others] = spans.filter(({ name }) => name.startsWith("tools/call"));
    assert.deepEqual(others, []);
    assert.equal(span!.name, `tools/call ${CHANGE}`);
    assert.deepEqual(Object.fromEntries(span!.attributes.map(({ key, value }) => [key, value.stringValue])), {
      tool: CHANGE,
      region: "cn-north-4",
      outcome: "accepted",
    });
    const names = spans.filter(({ traceId }) => traceId === span!.traceId).map(({ name }) => name).sort();
    assert.deepEqual(names, ["POST", "POST", "PUT", `tools/call ${CHANGE}`]);
    assert.ok(!JSON.stringify(spans).includes(token) && !JSON.stringify(spans).includes(SIMULATION.token));
  },
);

Deno.test("a server that others may reach does not start without authentication", async () => {
  await using server = new ServerProcess({ args: ["http", "--http-host", "0.0.0.0"] });
  const { code, stdout, stderr } = await server.finish();
  assert.equal(code, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /^dbss-mcp: DBSS_MCP_HTTP_HOST is "0\.0\.0\.0", which others may reach/);
});

Deno.test("a port that is taken ends the start with its number and exit code 1", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await using server = new ServerProcess({ args: ["http", "--http-port", String(port)], host: "127.0.0.1" });
  const { code, stderr } = await server.finish();
  assert.equal(code, 1);
  const line = JSON.parse(stderr.trim().split("\n").at(-1)!);
  assert.deepEqual([line.message, line.port], ["cannot listen", port]);
});
