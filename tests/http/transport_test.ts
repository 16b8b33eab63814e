import assert from "node:assert/strict";
import { httpTransport } from "../../src/http/transport.ts";
import { answerOf, LIST, refusalOf } from "../support/http.ts";

const ANSWER = { jsonrpc: "2.0" as const, id: 1, result: { tools: [] } };
const PROGRESS = {
  jsonrpc: "2.0" as const,
  method: "notifications/progress",
  params: { progressToken: "p", progress: 1 },
};

function request(headers: Record<string, string> = {}): Request {
  return new Request("http://127.0.0.1/mcp", {
    method: "POST",
    headers: { "accept": "application/json, text/event-stream", "content-type": "application/json", ...headers },
  });
}

function setup(enableJsonResponse = true) {
  const transport = httpTransport({ enableJsonResponse });
  const received: unknown[] = [];
  transport.onmessage = (message) => received.push(message);
  const send = (message: unknown, headers?: Record<string, string>) =>
    transport.handleRequest(request(headers), { parsedBody: message });
  return { transport, received, send };
}

Deno.test("handleRequest() answers with the JSON that the server sends, and with nothing after it", async () => {
  const { transport, received, send } = setup();
  const pending = send(LIST);
  assert.deepEqual(received, [LIST]);
  await transport.send(PROGRESS);
  await transport.send(ANSWER);
  await transport.send({ ...ANSWER, result: { late: true } });
  const response = await pending;
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.deepEqual(await response.json(), ANSWER);
});

Deno.test("handleRequest() streams what the server sends until its answer", async () => {
  const { transport, send } = setup(false);
  const response = await send(LIST);
  await transport.send(PROGRESS);
  await transport.send(ANSWER);
  await transport.send(PROGRESS);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  assert.equal(response.headers.get("x-accel-buffering"), "no", "nginx would keep progress back");
  const events = (await response.text()).split("\n\n").filter(Boolean);
  assert.deepEqual(events, [PROGRESS, ANSWER].map((message) => `event: message\ndata: ${JSON.stringify(message)}`));
});

Deno.test("send() drops what a caller that left its stream no longer reads", async () => {
  const { transport, send } = setup(false);
  const response = await send(LIST);
  await response.body!.cancel();
  await transport.send(PROGRESS);
  await transport.send(ANSWER);
});

Deno.test("send() fails to ask a caller that reads no stream", async () => {
  const { transport, send } = setup();
  const pending = send(LIST);
  await assert.rejects(transport.send({ jsonrpc: "2.0", id: 7, method: "elicitation/create" }), /reads no stream/);
  await transport.send(ANSWER);
  await pending;
});

Deno.test("close() ends the stream and tells it", async () => {
  const { transport, send } = setup(false);
  const response = await send(LIST);
  let isClosed = false;
  transport.onclose = () => isClosed = true;
  await transport.close();
  assert.equal(await response.text(), "");
  assert.equal(isClosed, true);
});

for (
  const message of [
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", id: 1, result: {} },
    { jsonrpc: "2.0", id: 1, error: { code: -1, message: "x" } },
  ]
) {
  Deno.test(`handleRequest() takes ${JSON.stringify(message)} with 202 and no body`, async () => {
    const { received, send } = setup();
    const response = await send(message);
    assert.equal(response.status, 202);
    assert.equal(await response.text(), "");
    assert.deepEqual(received, [message]);
  });
}

for (
  const message of [
    {},
    { ...LIST, jsonrpc: "1.0" },
    { ...LIST, id: null },
    { ...LIST, id: {} },
    { ...LIST, surprise: true },
    { ...LIST, params: [] },
    { ...LIST, params: { _meta: { progressToken: {} } } },
    { jsonrpc: "2.0", id: 1, result: "text" },
  ]
) {
  Deno.test(`handleRequest() refuses ${JSON.stringify(message)} with 400`, async () => {
    const { received, send } = setup();
    const response = await send(message);
    assert.equal(response.status, 400);
    assert.match(await refusalOf(response), /^Cannot read the body as a JSON-RPC message$/);
    assert.deepEqual(received, []);
  });
}

for (
  const [headers, status] of [
    [{ "accept": "application/json" }, 406],
    [{ "accept": "text/event-stream" }, 406],
    [{ "content-type": "text/plain" }, 415],
    [{ "content-type": "application/jsonp" }, 415],
    [{ "mcp-protocol-version": "1999-01-01" }, 400],
  ] as [Record<string, string>, number][]
) {
  Deno.test(`handleRequest() answers ${status} to ${JSON.stringify(headers)}`, async () => {
    const { received, send } = setup();
    assert.equal((await send(LIST, headers)).status, status);
    assert.deepEqual(received, []);
  });
}

for (const type of ["application/json; charset=utf-8", "Application/JSON", "application/json ;charset=utf-8"]) {
  Deno.test(`handleRequest() reads the content type ${type}`, async () => {
    const { transport, send } = setup();
    const pending = send(LIST, { "content-type": type });
    await transport.send(ANSWER);
    assert.equal((await pending).status, 200);
  });
}

Deno.test("handleRequest() leaves the version of the first request to the server", async () => {
  const { transport, send } = setup();
  const pending = send({ ...LIST, method: "initialize" }, { "mcp-protocol-version": "1999-01-01" });
  await transport.send(ANSWER);
  assert.deepEqual(await answerOf(await pending), ANSWER);
});

Deno.test("handleRequest() takes a version that the protocol has", async () => {
  const { transport, send } = setup();
  const pending = send(LIST, { "mcp-protocol-version": "2025-11-25" });
  await transport.send(ANSWER);
  assert.equal((await pending).status, 200);
});

for (const enableJsonResponse of [true, false]) {
  Deno.test(`a frozen result is answered like any other, also the second time, json ${enableJsonResponse}`, async () => {
    const result = Object.freeze({ tools: [{ name: '"}],"' }] });
    for (const id of [1, "two"]) {
      const transport = httpTransport({ enableJsonResponse });
      transport.onmessage = () => void transport.send({ jsonrpc: "2.0", id, result });
      const response = await transport.handleRequest(request(), { parsedBody: { ...LIST, id } });
      const text = (await response.text()).replace(/^event: message\ndata: /, "");
      assert.deepEqual(JSON.parse(text), { jsonrpc: "2.0", id, result });
    }
  });
}
