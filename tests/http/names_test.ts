import assert from "node:assert/strict";
import { LOOPBACK_NAMES } from "../../src/http/names.ts";
import { LIST, refusalOf, served } from "../support/http.ts";

const names = { hosts: [...LOOPBACK_NAMES, "dbss.example.com"], origins: ["https://app.example.com"] };

async function status(headers: Record<string, string>): Promise<number> {
  const response = await served({ names }).send(LIST, { headers });
  await response.body?.cancel();
  return response.status;
}

Deno.test("checkNames() compares the Host by name, whatever its port", async () => {
  for (const host of ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "[::1]", "DBSS.example.com"]) {
    assert.equal(await status({ host }), 200, host);
  }
});

const FOREIGN_HOSTS = [
  "evil.example",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "evil.example:8080",
  "[::2]",
  "localhost@evil.example",
  "evil.example/localhost",
  "localhost:port",
  "user@localhost",
  "localhost/path",
  "localhost?query",
  "localhost, evil.example",
  "",
];

Deno.test("checkNames() answers a foreign or malformed Host 403", async () => {
  for (const host of FOREIGN_HOSTS) assert.equal(await status({ host }), 403, host);
});

const OWN_ORIGINS = ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:5173", "https://app.example.com"];

const FOREIGN_ORIGINS = [
  "null",
  "https://evil.example",
  "http://app.example.com",
  "https://app.example.com:8443",
  "https://app.example.com.evil.example",
  "https://dbss.example.com",
  "http://localhost.evil.example",
  "http://localhost@evil.example",
  "file://localhost",
  "ftp://localhost",
  "http://localhost/path",
  "http://user@localhost",
  "",
];

Deno.test("checkNames() lets pages on loopback and of allowed origins call, and no other", async () => {
  for (const origin of OWN_ORIGINS) assert.equal(await status({ origin }), 200, origin);
  for (const origin of FOREIGN_ORIGINS) assert.equal(await status({ origin }), 403, origin);
});

Deno.test("checkNames() shows a refused name cut", async () => {
  const response = await served().send(LIST, { headers: { host: "a".repeat(200) } });
  assert.match(await refusalOf(response), /^Cannot answer to the host "a{80}\.\.\. \(120 more characters\)"/);
});

Deno.test("CORS headers go to allowed origins only, and a preflight needs no token", async () => {
  const { send } = served({ names, judges: [() => Promise.resolve(undefined)] });
  const preflight = (origin: string) =>
    send(undefined, { method: "OPTIONS", headers: { origin, "access-control-request-method": "POST" } });
  const allowed = await preflight("https://app.example.com");
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers.get("access-control-allow-origin"), "https://app.example.com");
  assert.equal(allowed.headers.get("access-control-allow-methods"), "POST");
  assert.match(allowed.headers.get("access-control-allow-headers")!, /authorization/);
  assert.equal((await preflight("http://localhost:3000")).headers.get("access-control-allow-origin"), null);
  assert.equal((await preflight("https://evil.example")).status, 403);
});
