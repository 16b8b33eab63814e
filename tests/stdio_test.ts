import assert from "node:assert/strict";
import { stdioTransport } from "../src/stdio.ts";
import { idle } from "./support/fake_clock.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const REQUEST = { jsonrpc: "2.0", id: 1, method: "ping" };

async function setup(options: { maxLineBytes?: number; isBroken?: boolean } = {}) {
  const input = new TransformStream<Uint8Array, Uint8Array>();
  const writer = input.writable.getWriter();
  const written: string[] = [];
  const output = new WritableStream<Uint8Array>({
    write(chunk) {
      if (options.isBroken) throw new Deno.errors.BrokenPipe("Broken pipe");
      written.push(new TextDecoder().decode(chunk));
    },
  });
  const transport = stdioTransport(input.readable, output, options.maxLineBytes);
  const messages: unknown[] = [];
  const errors: string[] = [];
  let isClosed = false;
  transport.onmessage = (message) => messages.push(message);
  transport.onerror = (error) => errors.push(error.message);
  transport.onclose = () => isClosed = true;
  await transport.start();
  return {
    transport,
    messages,
    errors,
    written,
    isClosed: () => isClosed,
    async feed(...chunks: (string | Uint8Array)[]) {
      for (const chunk of chunks) await writer.write(typeof chunk === "string" ? encode(chunk) : chunk);
      await idle();
    },
    async endInput() {
      await writer.close();
      await transport.ended;
    },
  };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.then(() => settled = true, () => settled = true);
  await idle();
  return settled;
}

Deno.test("stdioTransport() reads several messages in one chunk, and blank lines are none", async () => {
  const { feed, messages, errors, endInput } = await setup();
  await feed('{"id":1}\n\n  \r\n{"id":2}\r\n{"id":3}\n');
  assert.deepEqual(messages, [{ id: 1 }, { id: 2 }, { id: 3 }]);
  assert.deepEqual(errors, []);
  await endInput();
});

Deno.test("stdioTransport() reads the same however the bytes are cut into chunks", async () => {
  const bytes = encode('{"text":"\u5b89\u5168 \u{1f600}"}\n{"id":2}\n');
  for (let size = 1; size <= bytes.length; size++) {
    const { feed, messages, errors, endInput } = await setup();
    const chunks = [];
    for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.slice(start, start + size));
    await feed(...chunks);
    assert.deepEqual(messages, [{ text: "\u5b89\u5168 \u{1f600}" }, { id: 2 }], `chunks of ${size}`);
    assert.deepEqual(errors, []);
    await endInput();
  }
});

Deno.test("stdioTransport() keeps a part of a line when its chunk's buffer is used again", async () => {
  const { feed, messages, endInput } = await setup();
  const chunk = encode('{"id"');
  await feed(chunk);
  chunk.fill(0);
  await feed(":1}\n");
  assert.deepEqual(messages, [{ id: 1 }]);
  await endInput();
});

for (const line of ["nonsense", "{", "[]", '[{"jsonrpc":"2.0"}]', "7", '"text"', "null", "\ufffd\u0000"]) {
  Deno.test(`stdioTransport() reports and skips the line ${JSON.stringify(line)}`, async () => {
    const { feed, messages, errors, endInput } = await setup();
    await feed(`${line}\n{"id":1}\n`);
    assert.deepEqual(messages, [{ id: 1 }]);
    assert.equal(errors.length, 1);
    assert.ok(!errors[0]!.includes(line.slice(0, 8)) || line.length < 2, "the line's text is not repeated");
    await endInput();
  });
}

Deno.test("stdioTransport() reports and skips a line that is too long, however it is cut", async () => {
  for (const chunks of [["x".repeat(51), "\n"], ["x".repeat(30), "x".repeat(30), "x".repeat(30) + "\n"]]) {
    const { feed, messages, errors, endInput } = await setup({ maxLineBytes: 50 });
    await feed(...chunks, '{"id":1}\n');
    assert.deepEqual(messages, [{ id: 1 }]);
    assert.equal(errors.length, 1);
    assert.match(errors[0]!, /over 50 bytes/);
    await endInput();
  }
});

Deno.test("stdioTransport() reads a line of exactly the limit", async () => {
  const line = `{"x":"${"y".repeat(42)}"}`;
  assert.equal(line.length, 50);
  const { feed, messages, endInput } = await setup({ maxLineBytes: 50 });
  await feed(`${line}\n`);
  assert.equal(messages.length, 1);
  await endInput();
});

Deno.test("stdioTransport() reads a last line without a newline, and then ends", async () => {
  const { feed, messages, transport, endInput } = await setup();
  await feed('{"id":1}');
  assert.deepEqual(messages, []);
  assert.equal(await isSettled(transport.ended), false);
  await endInput();
  assert.deepEqual(messages, [{ id: 1 }]);
});

Deno.test("stdioTransport() reports a too long last line without a newline", async () => {
  const { feed, errors, endInput } = await setup({ maxLineBytes: 5 });
  await feed("123456");
  await endInput();
  assert.equal(errors.length, 1);
});

Deno.test("send() writes one line for each message", async () => {
  const { transport, written, endInput } = await setup();
  await transport.send({ jsonrpc: "2.0", method: "a", params: { text: "x\ny\u2028" } });
  await Promise.all([1, 2, 3].map((id) => transport.send({ jsonrpc: "2.0", id, result: {} })));
  assert.equal(written.join("").split("\n").length, 5);
  for (const line of written) assert.equal(line.indexOf("\n"), line.length - 1);
  assert.deepEqual(JSON.parse(written[0]!).params, { text: "x\ny\u2028" });
  await endInput();
});

Deno.test("answered() waits until every request that was read has its answer", async () => {
  const { transport, feed, endInput } = await setup();
  assert.equal(await isSettled(transport.answered()), true);
  await feed(JSON.stringify(REQUEST) + "\n", JSON.stringify({ ...REQUEST, id: "two" }) + "\n");
  await endInput();
  const answered = transport.answered();
  await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
  assert.equal(await isSettled(answered), false);
  await transport.send({ jsonrpc: "2.0", id: "two", error: { code: -1, message: "x" } });
  assert.equal(await isSettled(answered), true);
  assert.equal(await isSettled(transport.answered()), true);
});

Deno.test("answered() does not take a question of the server's for an answer", async () => {
  const { transport, feed, endInput } = await setup();
  await feed(JSON.stringify(REQUEST) + "\n");
  await transport.send({ jsonrpc: "2.0", id: 1, method: "elicitation/create", params: {} });
  assert.equal(await isSettled(transport.answered()), false);
  await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
  assert.equal(await isSettled(transport.answered()), true);
  await endInput();
});

Deno.test("answered() does not wait for a request that was cancelled", async () => {
  const { transport, feed, messages, endInput } = await setup();
  await feed(JSON.stringify(REQUEST) + "\n");
  await feed('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}\n');
  assert.equal(await isSettled(transport.answered()), true);
  assert.equal(messages.length, 2);
  await endInput();
});

for (
  const message of [
    { id: 1, method: "ping" },
    { ...REQUEST, id: null },
    { ...REQUEST, id: 1.5 },
    { ...REQUEST, id: {} },
    { ...REQUEST, surprise: true },
    { ...REQUEST, params: [] },
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { jsonrpc: "2.0", method: "notifications/cancelled" },
    { jsonrpc: "2.0", id: 1, result: {} },
  ]
) {
  Deno.test(`answered() does not wait for ${JSON.stringify(message)}, which gets no answer`, async () => {
    const { transport, feed, messages, endInput } = await setup();
    await feed(JSON.stringify(message) + "\n");
    assert.equal(messages.length, 1);
    assert.equal(await isSettled(transport.answered()), true);
    await endInput();
  });
}

Deno.test("stdioTransport() ends and drops what is written when the client no longer reads", async () => {
  const { transport, feed, errors, endInput } = await setup({ isBroken: true });
  await feed(JSON.stringify(REQUEST) + "\n");
  await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
  await transport.send({ jsonrpc: "2.0", id: 2, result: {} });
  assert.equal(await isSettled(transport.ended), true);
  assert.equal(await isSettled(transport.answered()), true);
  assert.deepEqual(errors, ["The client no longer reads; its answers are dropped"]);
  await endInput();
});

Deno.test("answered() lets go of requests that wait when the client no longer reads", async () => {
  const { transport, feed, endInput } = await setup({ isBroken: true });
  await feed(JSON.stringify(REQUEST) + "\n", JSON.stringify({ ...REQUEST, id: 2 }) + "\n");
  const answered = transport.answered();
  await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
  assert.equal(await isSettled(answered), true);
  await endInput();
});

Deno.test("stdioTransport() fails what the client was asked when the client is gone", async () => {
  const { transport, feed, messages, endInput } = await setup();
  await transport.send({ jsonrpc: "2.0", id: 7, method: "elicitation/create", params: {} });
  await transport.send({ jsonrpc: "2.0", id: 8, method: "elicitation/create", params: {} });
  await feed('{"jsonrpc":"2.0","id":8,"result":{}}\n');
  await endInput();
  assert.deepEqual(messages.slice(1).map((message) => (message as { id: number }).id), [7]);
  assert.ok("error" in (messages[1] as Record<string, unknown>));
});

Deno.test("stdioTransport() reports it and ends when reading fails", async () => {
  const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("gone")) });
  const transport = stdioTransport(broken, new WritableStream());
  const errors: string[] = [];
  transport.onerror = (error) => errors.push(error.message);
  await transport.start();
  await transport.ended;
  assert.deepEqual(errors, ["gone"]);
});

Deno.test("close() stops reading and tells it", async () => {
  const { transport, isClosed } = await setup();
  await transport.close();
  await transport.ended;
  assert.equal(isClosed(), true);
});

Deno.test("stdioTransport() takes nothing more, and fails what was asked, when it is to stop reading", async () => {
  const { transport, feed, messages, written } = await setup();
  await feed(JSON.stringify(REQUEST) + "\n");
  await transport.send({ jsonrpc: "2.0", id: 7, method: "elicitation/create" });
  transport.stopReading();
  await transport.ended;
  await feed(JSON.stringify({ ...REQUEST, id: 2 }) + "\n").catch(() => {});
  assert.deepEqual(messages.map((message) => (message as { id: number }).id), [1, 7]);
  assert.equal(await isSettled(transport.answered()), false, "what was read is still to be answered");
  await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
  assert.equal(await isSettled(transport.answered()), true);
  assert.equal(written.length, 2);
});
