import assert from "node:assert/strict";
import { Session } from "../../src/session.ts";
import { on, silence } from "../../src/simulator/faults.ts";
import { idle } from "../support/fake_clock.ts";
import { answerOf, call, CHANGE, get, initialize, LIST, READ, refusalOf, served } from "../support/http.ts";

Deno.test("POST /mcp answers initialize, lists and calls, each request by itself", async () => {
  const { send, cloud, app, clock } = served();
  assert.equal((await answerOf(await send(initialize))).result.protocolVersion, "2025-11-25");
  const listed = await answerOf(await send(LIST));
  assert.ok(listed.result.tools.some(({ name }: { name: string }) => name === CHANGE));
  const response = await send(call());
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal((await answerOf(response)).result.structuredContent.outcome, "accepted");
  assert.equal(cloud.puts.length, 1);
  await app.settled();
  assert.equal(clock.pending, 0);
});

Deno.test("POST /mcp answers a notification with 202 and no body", async () => {
  const response = await served().send({ jsonrpc: "2.0", method: "notifications/initialized" });
  assert.equal(response.status, 202);
  assert.equal(await response.text(), "");
});

Deno.test("POST /mcp sends progress in a stream when the caller sent a progress token", async () => {
  const { send, app } = served({ createServer: () => progressing() });
  const response = await send({ ...LIST, params: { _meta: { progressToken: "p1" } } });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const events = (await response.text()).split("\n").filter((line) => line.startsWith("data: "));
  const [progress, answer] = events.map((line) => JSON.parse(line.slice(6)));
  assert.deepEqual(progress.params, { progressToken: "p1", progress: 1 });
  assert.deepEqual(answer, { jsonrpc: "2.0", id: 1, result: { tools: [] } });
  await app.settled();
});

/** A server whose list of tools takes a step that it tells about. */
function progressing() {
  const server = new Session({
    serverInfo: { name: "test", version: "0" },
    capabilities: { tools: {} },
    instructions: "",
  });
  server.fallbackRequestHandler = async (_request, { sendNotification, _meta }) => {
    const params = { progressToken: _meta!.progressToken!, progress: 1 };
    await sendNotification({ method: "notifications/progress", params });
    return { tools: [] };
  };
  return { server, settled: () => Promise.resolve() };
}

for (const method of ["GET", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"]) {
  Deno.test(`${method} /mcp is answered 405`, async () => {
    const response = await served().send(undefined, { method });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get("allow"), "POST");
  });
}

Deno.test("GET /healthz and /readyz need neither name nor token, and tell whether configuration is complete", async () => {
  const ready = served({ judges: [() => Promise.resolve(undefined)] });
  const notReady = served({ missing: "Cannot reach Huawei Cloud yet: set HW_AUTH_TOKEN" });
  for (
    const [server, path, status, text] of [
      [ready, "/healthz", 200, "ok\n"],
      [ready, "/readyz", 200, "ok\n"],
      [notReady, "/healthz", 200, "ok\n"],
      [notReady, "/readyz", 503, "not configured\n"],
    ] as const
  ) {
    const response = await get(server, `http://10.1.2.3:8080${path}`);
    assert.equal(response.status, status);
    assert.equal(await response.text(), text);
    assert.equal(server.cloud.requests.length, 0);
  }
});

Deno.test("nothing else is served", async () => {
  for (const path of ["/", "/index.html", "/metrics", "/.well-known/oauth-protected-resource"]) {
    assert.equal((await get(served(), `http://127.0.0.1${path}`)).status, 404, path);
  }
});

Deno.test("every answer carries an id, is not stored and has safe headers, refusals too", async () => {
  const { send } = served();
  for (const response of [await send(LIST), await send("{")]) {
    assert.match(response.headers.get("x-request-id")!, /^[0-9a-f-]{36}$/);
    assert.equal(response.headers.get("cache-control"), "no-store");
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("access-control-allow-origin"), null);
    assert.equal(response.headers.get("strict-transport-security"), null);
    await response.body?.cancel();
  }
});

Deno.test("a short plain request id is taken over, any other replaced", async () => {
  const { send, logged } = served();
  const idFor = async (id: string) =>
    (await send(LIST, { headers: { "x-request-id": id } })).headers.get("x-request-id")!;
  assert.equal(await idFor("trace-1_A"), "trace-1_A");
  for (const bad of ["a b", "x".repeat(65), '"};{"', "\u00e9"]) assert.match(await idFor(bad), /^[0-9a-f-]{36}$/);
  assert.equal(logged.find(({ message }) => message === "request")!.http_request_id, "trace-1_A");
});

Deno.test("the access log has one line per request, without query, body or headers", async () => {
  const { send, logged } = served();
  await send(LIST, { url: "http://127.0.0.1/mcp?token=not-for-the-log", headers: { "x-request-id": "r1" } });
  assert.deepEqual(logged.filter(({ message }) => message === "request"), [{
    time: "2026-01-01T00:00:00.000Z",
    level: "info",
    message: "request",
    method: "POST",
    path: "/mcp",
    status: 200,
    duration_ms: 0,
    principal: "anonymous",
    address: "127.0.0.1",
    http_request_id: "r1",
  }]);
  assert.ok(!JSON.stringify(logged).includes("not-for-the-log"));
});

Deno.test("a defect is answered 500 without its text, and logged with it", async () => {
  const { send, logged } = served({
    createServer() {
      throw new Error("inner detail");
    },
  });
  const response = await send(LIST);
  assert.equal(response.status, 500);
  assert.ok(!(await refusalOf(response)).includes("inner detail"));
  assert.ok(String(logged.find(({ message }) => message === "defect")!.error).includes("inner detail"));
});

Deno.test("a caller that goes away does not stop a change that was sent: its outcome is audited", async () => {
  const change = Promise.withResolvers<Response>();
  const { send, app, audited } = served({}, {
    fetch: (_url, { method }) =>
      method === "PUT" ? change.promise : Promise.resolve(Response.json({}, { status: 400 })),
  });
  const gone = new AbortController();
  const lost = send(call(), { signal: gone.signal });
  await idle();
  gone.abort();
  assert.equal((await lost).status, 499);
  assert.deepEqual(audited, []);
  change.resolve(Response.json({ code: 0, task_id: "task-1" }));
  await app.settled();
  assert.deepEqual(audited.map(({ outcome, task_id, actor }) => [outcome, task_id, actor]), [
    ["accepted", "task-1", "anonymous"],
  ]);
});

Deno.test("a caller that goes away stops a read at once", async () => {
  const signals: AbortSignal[] = [];
  const { send, app } = served({}, {
    fetch: (_url, { signal }) => {
      signals.push(signal!);
      return new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason)));
    },
  });
  const gone = new AbortController();
  const lost = send(READ, { signal: gone.signal });
  await idle();
  assert.deepEqual(signals.map(({ aborted }) => aborted), [false]);
  gone.abort();
  assert.equal((await lost).status, 499);
  await app.settled();
  assert.deepEqual(signals.map(({ aborted }) => aborted), [true]);
});

for (const [how, _meta] of [["JSON", undefined], ["a stream", { progressToken: 1 }]] as const) {
  Deno.test(`the deadline answers in ${how} with the request's own id, and says what may have happened`, async () => {
    const { send, app, clock, cloud } = served({ deadlineMs: 1_000 });
    cloud.faults.push(on("POST", silence()));
    const pending = send({ ...READ, params: { ...READ.params, _meta } });
    await idle();
    clock.advance(1_000);
    const answer = await answerOf(await pending);
    assert.equal(answer.id, 1);
    assert.match(answer.error.message, /^No answer within 1000 ms; a change that was sent may have happened/);
    await app.settled();
    assert.equal(clock.pending, 0);
  });
}
