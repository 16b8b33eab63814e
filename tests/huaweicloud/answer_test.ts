import assert from "node:assert/strict";
import { MAX_BODY_BYTES, readAnswer } from "../../src/huaweicloud/answer.ts";
import { CloudError } from "../../src/huaweicloud/errors.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A body that gives these chunks one by one; an Error among them breaks it there. */
function chunked(...chunks: (Uint8Array | Error)[]) {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const next = chunks.shift();
      if (next === undefined) controller.close();
      else if (next instanceof Error) controller.error(next);
      else controller.enqueue(new Uint8Array(next));
    },
    cancel: () => void (isCancelled = true),
  }, { highWaterMark: 0 });
  return { body, isCancelled: () => isCancelled };
}

const isCloudError = (kind: string, httpStatus: number) => (error: unknown) => {
  assert.ok(error instanceof CloudError);
  assert.deepEqual([error.kind, error.verdict, error.httpStatus], [kind, "unclear", httpStatus]);
  return true;
};

Deno.test("readAnswer() gives status, headers and the parsed body", async () => {
  const response = new Response('{"code":0}', {
    status: 200,
    headers: { "x-request-id": "r-1", "retry-after": "3", "date": "Tue, 24 Nov 2026 02:00:00 GMT" },
  });
  assert.deepEqual(await readAnswer(response), {
    status: 200,
    requestId: "r-1",
    retryAfter: "3",
    date: "Tue, 24 Nov 2026 02:00:00 GMT",
    body: { code: 0 },
    text: '{"code":0}',
  });
});

Deno.test("readAnswer() takes the request id from the body when no header has it", async () => {
  assert.equal((await readAnswer(new Response('{"request_id":"r-2"}'))).requestId, "r-2");
  assert.equal((await readAnswer(new Response('{"request_id":7}'))).requestId, undefined);
  assert.equal((await readAnswer(new Response("null"))).requestId, undefined);
  const both = new Response('{"request_id":"r-2"}', { headers: { "x-request-id": "r-1" } });
  assert.equal((await readAnswer(both)).requestId, "r-1");
});

Deno.test("readAnswer() gives no body when there is none or it is no JSON", async () => {
  for (const text of ["", "{", "<html>"]) {
    const answer = await readAnswer(new Response(text));
    assert.equal(answer.body, undefined);
    assert.equal(answer.text, text);
  }
  assert.equal((await readAnswer(new Response(null, { status: 204 }))).text, "");
});

Deno.test("readAnswer() joins a character that was split over chunks", async () => {
  const [first, second, third] = [bytes('{"description":"\u5b89').slice(0, -1), bytes("\u5b89").slice(2), bytes('"}')];
  const answer = await readAnswer(new Response(chunked(first!, second!, third!).body));
  assert.deepEqual(answer.body, { description: "\u5b89" });
});

Deno.test("readAnswer() reads exactly up to the cap and cancels the body beyond it", async () => {
  assert.equal((await readAnswer(new Response(chunked(bytes("12345"), bytes("67890")).body), 10)).text, "1234567890");
  const { body, isCancelled } = chunked(bytes("12345"), bytes("67890"), bytes("x"));
  await assert.rejects(readAnswer(new Response(body), 10), isCloudError("protocol", 200));
  assert.equal(isCancelled(), true);
});

Deno.test("readAnswer() counts bytes and not characters", async () => {
  await assert.rejects(readAnswer(new Response("\u5b89\u5b89"), 5), isCloudError("protocol", 200));
});

Deno.test("readAnswer() has a cap by default", async () => {
  const large = new Response(" ".repeat(MAX_BODY_BYTES + 1));
  await assert.rejects(readAnswer(large), isCloudError("protocol", 200));
});

Deno.test("readAnswer() throws network when the body breaks off", async () => {
  const { body } = chunked(bytes('{"code"'), new Error("reset"));
  await assert.rejects(readAnswer(new Response(body)), isCloudError("network", 200));
});

Deno.test("readAnswer() keeps the request id when the body cannot be read", async () => {
  const response = new Response(chunked(new Error("reset")).body, { headers: { "x-request-id": "r-1" } });
  await assert.rejects(readAnswer(response), (error: CloudError) => error.requestId === "r-1");
});

for (const status of [400, 401, 429, 500, 503]) {
  Deno.test(`readAnswer() lets the status decide when the body of ${status} cannot be read`, async () => {
    for (const body of [chunked(bytes("x"), new Error("reset")).body, " ".repeat(11)]) {
      const answer = await readAnswer(new Response(body, { status, headers: { "x-request-id": "r-1" } }), 10);
      assert.deepEqual([answer.status, answer.text, answer.requestId], [status, "", "r-1"]);
    }
  });
}
