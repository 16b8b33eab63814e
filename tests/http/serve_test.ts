import assert from "node:assert/strict";
import { idle } from "../support/fake_clock.ts";
import { call, onSocket, served } from "../support/http.ts";

/** A served app with one change on its way, whose caller has hung up. */
async function abandonedChange() {
  const change = Promise.withResolvers<Response>();
  const arrived = Promise.withResolvers<void>();
  const server = served({}, {
    fetch(_url, { method }) {
      if (method !== "PUT") return Promise.resolve(Response.json({}, { status: 400 }));
      arrived.resolve();
      return change.promise;
    },
  });
  const socket = await onSocket(server);
  const gone = new AbortController();
  const lost = fetch(socket.url, {
    method: "POST",
    body: JSON.stringify(call()),
    headers: { "content-type": "application/json", "accept": "application/json, text/event-stream" },
    signal: gone.signal,
  });
  await arrived.promise;
  gone.abort();
  await assert.rejects(lost);
  return { ...server, socket, finish: () => change.resolve(Response.json({ code: 0 })) };
}

Deno.test("serve() stops only when a change has ended whose caller has gone", async () => {
  const { socket, finish, audited } = await abandonedChange();
  let isStopped = false;
  const stopped = socket.stop().finally(() => isStopped = true);
  for (let turn = 0; turn < 20; turn++) await idle();
  assert.equal(isStopped, false);
  finish();
  assert.equal(await stopped, true);
  assert.equal(audited.length, 1);
});

Deno.test("serve() stops when the grace is over, and says that something was cut off", async () => {
  const { socket, finish, clock, app } = await abandonedChange();
  const stopped = socket.stop();
  await idle();
  clock.advance(1_000);
  assert.equal(await stopped, false);
  finish();
  await app.settled();
});
