import assert from "node:assert/strict";
import { systemFetch } from "../../src/huaweicloud/connection.ts";
import { serveOnLoopback } from "../../src/simulator/serve.ts";
import { closingServer } from "../support/raw_server.ts";

for (const moment of ["at its first byte", "at its last byte"] as const) {
  Deno.test(`systemFetch() sends a write once when the connection is closed ${moment}`, async () => {
    await using server = closingServer(moment);
    const url = new URL(server.origin);
    // What a pool would hand to the write: a connection that has served and was kept.
    await (await systemFetch(url, { method: "POST" }, "read")).text();
    await assert.rejects(systemFetch(url, { method: "PUT", body: "{}" }, "write"), TypeError);
    assert.equal(server.puts, 1);
  });
}

Deno.test("systemFetch() keeps the connection of a read and none of a write", async () => {
  await using server = closingServer("at its last byte");
  const url = new URL(server.origin);
  for (let round = 0; round < 3; round++) await (await systemFetch(url, { method: "POST" }, "read")).text();
  assert.equal(server.connections, 1);
  await assert.rejects(systemFetch(url, { method: "PUT" }, "write"));
  await (await systemFetch(url, { method: "PUT" }, "write")).text();
  await (await systemFetch(url, { method: "PUT" }, "write")).text();
  assert.equal(server.connections, 4);
});

Deno.test("systemFetch() reads the whole answer to a write", async () => {
  const body = new Blob(["x".repeat(1_000_000)]);
  const server = await serveOnLoopback(() => Promise.resolve(new Response(body.stream())));
  const response = await systemFetch(new URL(server.origin), { method: "PUT" }, "write");
  assert.equal((await response.text()).length, 1_000_000);
  await server.close();
});
