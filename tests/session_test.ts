import assert from "node:assert/strict";
import { CallToolRequestSchema, type JSONRPCMessage } from "../src/sdk.ts";
import { InMemoryTransport } from "../src/sdk_client.ts";
import { Session } from "../src/session.ts";

const GREETING = {
  serverInfo: { name: "test", version: "1" },
  capabilities: { tools: {} },
  instructions: "What to know",
};

/** A session and the client's bare end of its connection. */
async function setup() {
  const session = new Session(GREETING);
  const [near, far] = InMemoryTransport.createLinkedPair();
  const arrived: JSONRPCMessage[] = [];
  let tell: () => void;
  near.onmessage = (message) => {
    arrived.push(message);
    tell?.();
  };
  await session.connect(far);
  await near.start();
  const receive = async () => {
    if (arrived.length === 0) await new Promise<void>((resolve) => tell = resolve);
    // deno-lint-ignore no-explicit-any -- the tests look into messages of every shape
    return arrived.shift() as any;
  };
  const request = async (method: string, params: Record<string, unknown>) => {
    await near.send({ jsonrpc: "2.0", id: 1, method, params });
    return await receive();
  };
  const initialize = (capabilities: Record<string, unknown> = {}, protocolVersion = "2025-06-18") =>
    request("initialize", { protocolVersion, capabilities, clientInfo: { name: "client", version: "2" } });
  return { session, near, request, receive, initialize };
}

Deno.test("Session greets in the version that the client speaks, and remembers who it is", async () => {
  const { session, initialize } = await setup();
  assert.equal(session.client, undefined);
  assert.deepEqual((await initialize()).result, { protocolVersion: "2025-06-18", ...GREETING });
  assert.deepEqual(session.client, { name: "client", version: "2" });
});

Deno.test("Session greets in its own version when it does not speak the client's", async () => {
  const { initialize } = await setup();
  assert.equal((await initialize({}, "1999-01-01")).result.protocolVersion, "2025-11-25");
});

for (
  const [capabilities, canAsk] of [
    [{}, false],
    [{ elicitation: {} }, true],
    [{ elicitation: { form: {} } }, true],
    [{ elicitation: { form: {}, url: {} } }, true],
    [{ elicitation: { url: {} } }, false],
  ] as const
) {
  Deno.test(`canAsk is ${canAsk} when the client declares ${JSON.stringify(capabilities)}`, async () => {
    const { session, initialize } = await setup();
    assert.equal(session.canAsk, false);
    await initialize(capabilities);
    assert.equal(session.canAsk, canAsk);
  });
}

Deno.test("ask() puts the form to the client and gives the action", async () => {
  const { session, near, receive, initialize } = await setup();
  await initialize({ elicitation: {} });
  const form = {
    mode: "form" as const,
    message: "Really?",
    requestedSchema: { type: "object" as const, properties: {} },
  };
  const answer = session.ask(form, { timeout: 60_000 });
  const { id, method, params } = await receive();
  assert.equal(method, "elicitation/create");
  assert.deepEqual(params, form);
  await near.send({ jsonrpc: "2.0", id, result: { action: "decline" } });
  assert.equal(await answer, "decline");
});

Deno.test("ask() fails when the answer is none", async () => {
  const { session, near, receive, initialize } = await setup();
  await initialize({ elicitation: {} });
  const form = { message: "Really?", requestedSchema: { type: "object" as const, properties: {} } };
  const failure = assert.rejects(session.ask(form, { timeout: 60_000 }));
  await near.send({ jsonrpc: "2.0", id: (await receive()).id, result: { action: "perhaps" } });
  await failure;
});

Deno.test("setRequestHandler() answers -32602 and the faults when a request does not fit", async () => {
  const { session, request } = await setup();
  session.setRequestHandler(
    CallToolRequestSchema,
    ({ params }) => ({ content: [{ type: "text", text: params.name }] }),
  );
  assert.equal((await request("tools/call", { name: "x" })).result.content[0].text, "x");
  const { error } = await request("tools/call", { arguments: [] });
  assert.equal(error.code, -32602);
  assert.match(error.message, /Cannot read the request tools\/call: params\.name: .*; params\.arguments: /);
});

Deno.test("setRequestHandler() leaves an unknown method to be answered -32601", async () => {
  const { request } = await setup();
  assert.equal((await request("resources/list", {})).error.code, -32601);
});
