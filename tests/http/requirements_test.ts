import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/config.ts";
import { httpFaults } from "../../src/http/requirements.ts";
import { TOKENS } from "../support/http.ts";

const tokens = TOKENS.map(({ name, token }) => `${name}:${token}`).join(",");

function faults(env: Record<string, string>): string[] {
  const parsed = parseConfig(["http"], (name) => env[name]);
  return parsed.kind === "config" ? httpFaults(parsed.config) : parsed.kind === "faults" ? parsed.faults : [];
}

Deno.test("httpFaults() lets a server on loopback start without authentication, and no other", () => {
  for (const host of ["127.0.0.1", "localhost", "::1", "[::1]"]) {
    assert.deepEqual(faults({ DBSS_MCP_HTTP_HOST: host }), []);
  }
  for (const host of ["0.0.0.0", "::", "10.1.2.3", "dbss.example.com", "127.0.0.1.example.com"]) {
    assert.match(faults({ DBSS_MCP_HTTP_HOST: host })[0]!, /which others may reach, wanted DBSS_MCP_HTTP_TOKENS or/);
    assert.deepEqual(faults({ DBSS_MCP_HTTP_HOST: host, DBSS_MCP_HTTP_TOKENS: tokens }), []);
  }
});

Deno.test("httpFaults() wants a public origin beside an issuer, and an issuer beside what belongs to it", () => {
  const oauth = { DBSS_MCP_OAUTH_ISSUER: "https://login.example.com" };
  assert.match(faults(oauth)[0]!, /^DBSS_MCP_HTTP_PUBLIC_ORIGIN is missing/);
  const complete = { ...oauth, DBSS_MCP_HTTP_PUBLIC_ORIGIN: "https://dbss.example.com", DBSS_MCP_HTTP_HOST: "0.0.0.0" };
  assert.deepEqual(faults(complete), []);
  assert.deepEqual(
    faults({ DBSS_MCP_OAUTH_AUDIENCE: "a", DBSS_MCP_OAUTH_JWKS_URL: "https://a.example/keys" }).map((fault) =>
      fault.split(" ")[0]
    ),
    ["DBSS_MCP_OAUTH_AUDIENCE", "DBSS_MCP_OAUTH_JWKS_URL"],
  );
});

Deno.test("httpFaults() wants the deadline of a request to be longer than that of the call", () => {
  assert.deepEqual(faults({ DBSS_MCP_HTTP_DEADLINE_MS: "30000" }), [
    "DBSS_MCP_HTTP_DEADLINE_MS is 30000, wanted more than DBSS_MCP_TIMEOUT_MS, which is 30000",
  ]);
  assert.deepEqual(faults({ DBSS_MCP_HTTP_DEADLINE_MS: "30001" }), []);
});

const GOOD: Record<string, string[]> = {
  DBSS_MCP_HTTP_HOST: ["localhost", "::1", "[::1]"],
  DBSS_MCP_HTTP_PORT: ["0", "65535"],
  DBSS_MCP_HTTP_TOKENS: [tokens, `a.b-c_1:${"x".repeat(32)}`],
  DBSS_MCP_HTTP_PUBLIC_ORIGIN: ["https://dbss.example.com", "https://dbss.example.com:8443/", "http://127.0.0.1:8080"],
  DBSS_MCP_HTTP_ALLOWED_HOSTS: ["a.example", "a.example, 10.1.2.3,::1"],
  DBSS_MCP_HTTP_ALLOWED_ORIGINS: ["https://a.example,https://b.example:1"],
  DBSS_MCP_HTTP_MAX_CALLS: ["1", "10000"],
  DBSS_MCP_HTTP_RATE_PER_MINUTE: ["1", "9999999"],
  DBSS_MCP_HTTP_DEADLINE_MS: ["30001", "900000"],
};

const BAD: Record<string, string[]> = {
  DBSS_MCP_HTTP_HOST: ["http://localhost", "localhost:1", "a/b", "a b", "[::1", "user@a"],
  DBSS_MCP_HTTP_PORT: ["-1", "65536", "80.5", "http"],
  DBSS_MCP_HTTP_TOKENS: [
    "a",
    `:${"x".repeat(32)}`,
    `a:${"x".repeat(31)}`,
    `a b:${"x".repeat(32)}`,
    `a:${"x".repeat(32)},a:${"y".repeat(32)}`,
    `a:${"x".repeat(32)},b:${"x".repeat(32)}`,
  ],
  DBSS_MCP_HTTP_PUBLIC_ORIGIN: ["dbss.example.com", "http://dbss.example.com", "https://dbss.example.com/mcp"],
  DBSS_MCP_HTTP_ALLOWED_HOSTS: ["a.example:80", "https://a.example", "a.example,,", "*"],
  DBSS_MCP_HTTP_ALLOWED_ORIGINS: ["*", "a.example", "https://a.example/path", "null"],
  DBSS_MCP_HTTP_MAX_CALLS: ["0", "10001", "x"],
  DBSS_MCP_HTTP_RATE_PER_MINUTE: ["0", "10000000"],
  DBSS_MCP_HTTP_DEADLINE_MS: ["99", "900001"],
  DBSS_MCP_OAUTH_ISSUER: ["http://login.example.com", "login.example.com"],
  DBSS_MCP_OAUTH_AUDIENCE: ["a b", "x".repeat(1_001)],
  DBSS_MCP_OAUTH_JWKS_URL: ["http://login.example.com/keys", "keys"],
};

Deno.test("each HTTP setting takes what it says and refuses the rest, without showing a secret", () => {
  for (const [name, values] of Object.entries(GOOD)) {
    for (const value of values) assert.deepEqual(faults({ [name]: value }), [], `${name}=${value}`);
  }
  for (const [name, values] of Object.entries(BAD)) {
    for (const value of values) {
      const [fault, ...rest] = faults({ [name]: value });
      assert.ok(fault?.startsWith(`${name} `) && fault.includes(", wanted "), `${name}=${value}: ${fault}`);
      assert.deepEqual(rest, []);
      if (name === "DBSS_MCP_HTTP_TOKENS") assert.ok(!/xxx|fake-token/.test(fault!));
    }
  }
});
