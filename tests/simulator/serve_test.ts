import assert from "node:assert/strict";
import {
  answer,
  endlessBody,
  type Fault,
  htmlPage,
  redirect,
  reset,
  resetInBody,
  silence,
  silentBody,
} from "../../src/simulator/faults.ts";
import { serveOnLoopback } from "../../src/simulator/serve.ts";

/** A server that answers everything with this fault, and what a plain fetch of it gives. */
async function serving(fault: Fault, check: (url: string) => Promise<void>): Promise<void> {
  const server = await serveOnLoopback((request) => Promise.resolve(fault.respond(request)));
  try {
    await check(`${server.origin}/path?query`);
  } finally {
    await server.close();
  }
}

Deno.test("serveOnLoopback() hands over the request as it came and the response as it is", async () => {
  const seen: unknown[] = [];
  const server = await serveOnLoopback(async (request) => {
    seen.push(request.method, request.url, request.headers.get("x-test"), await request.text());
    return new Response("text", { status: 418, headers: { "x-answer": "yes" } });
  });
  const response = await fetch(`${server.origin}/a%2Fb?c`, { method: "PUT", headers: { "x-test": "1" }, body: "body" });
  assert.deepEqual(seen, ["PUT", `${server.origin}/a%2Fb?c`, "1", "body"]);
  assert.deepEqual([response.status, response.headers.get("x-answer"), await response.text()], [418, "yes", "text"]);
  assert.match(server.origin, /^http:\/\/127\.0\.0\.1:\d+$/);
  await server.close();
});

Deno.test("answer() sends an object as JSON and a string as it is", async () => {
  await serving(answer(409, { error_code: "x" }, { "retry-after": "3" }), async (url) => {
    const response = await fetch(url);
    assert.deepEqual([response.status, response.headers.get("retry-after")], [409, "3"]);
    assert.deepEqual(await response.json(), { error_code: "x" });
  });
  await serving(htmlPage(502), async (url) => {
    const response = await fetch(url);
    assert.equal(response.status, 502);
    assert.match(await response.text(), /<html>/);
  });
});

Deno.test("redirect() points elsewhere", async () => {
  await serving(redirect("https://elsewhere.example/x"), async (url) => {
    const response = await fetch(url, { redirect: "manual" });
    assert.deepEqual([response.status, response.headers.get("location")], [307, "https://elsewhere.example/x"]);
    await response.body?.cancel();
  });
});

Deno.test("reset() tears the connection down before an answer", async () => {
  await serving(reset(), (url) => assert.rejects(fetch(url), TypeError));
});

Deno.test("resetInBody() tears the connection down in the middle of the answer", async () => {
  await serving(resetInBody(201), async (url) => {
    const response = await fetch(url);
    assert.equal(response.status, 201);
    await assert.rejects(response.text());
  });
});

Deno.test("silence() never answers and silentBody() stops after the headers", async () => {
  await serving(silence(), (url) => assert.rejects(fetch(url, { signal: AbortSignal.timeout(30) })));
  await serving(silentBody(), async (url) => {
    const abort = new AbortController();
    const response = await fetch(url, { signal: abort.signal });
    assert.equal(response.status, 200);
    abort.abort();
    await assert.rejects(response.text());
  });
});

Deno.test("endlessBody() goes on until the reader has enough", async () => {
  await serving(endlessBody(), async (url) => {
    const reader = (await fetch(url)).body!.getReader();
    let size = 0;
    while (size < 1_000_000) size += (await reader.read()).value!.length;
    await reader.cancel();
  });
});

Deno.test("serveOnLoopback() tells the handler when the caller has gone", async () => {
  const caller = new AbortController();
  const gone = Promise.withResolvers<void>();
  const server = await serveOnLoopback((request) => {
    request.signal.addEventListener("abort", () => gone.resolve(), { once: true });
    caller.abort();
    return new Promise(() => {});
  });
  await assert.rejects(fetch(server.origin, { signal: caller.signal }));
  await gone.promise;
  await server.close();
});
