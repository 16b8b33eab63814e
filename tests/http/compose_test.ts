import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/config.ts";
import { composeApp } from "../../src/http/compose.ts";
import { httpTransport } from "../../src/http/transport.ts";
import { createServer } from "../../src/server.ts";
import { on, silence } from "../../src/simulator/faults.ts";
import { FakeClock, idle } from "../support/fake_clock.ts";
import { bearer, CHANGE, LIST, READ, sendTo, TOKENS } from "../support/http.ts";
import { simulate } from "../support/in_memory.ts";
import { fakeIssuer, ISSUER, PUBLIC_ORIGIN } from "../support/issuer.ts";

/** The app as `main.ts` would compose it from these variables. */
async function composed(env: Record<string, string>) {
  const parsed = parseConfig(["http"], (name) => env[name]);
  if (parsed.kind !== "config") assert.fail(JSON.stringify(parsed));
  const clock = new FakeClock();
  const issuer = await fakeIssuer();
  const { cloud, serverOptions } = simulate({ options: { clock } });
  const app = await composeApp(parsed.config, {
    createServer: () => createServer(serverOptions),
    createTransport: httpTransport,
    isWrite: (name) => name === CHANGE,
    recordRefusal: () => {},
    fetch: issuer.fetch,
    clock,
    log: serverOptions.log,
  });
  const send = sendTo(app);
  const status = async (init?: Parameters<typeof send>[1]) => (await send(LIST, init)).status;
  return { app, cloud, clock, issuer, send, status };
}

Deno.test("DBSS_MCP_HTTP_HOST, _PUBLIC_ORIGIN and _ALLOWED_HOSTS are answered to, beside loopback", async () => {
  const plain = await composed({});
  const named = await composed({
    DBSS_MCP_HTTP_HOST: "10.1.2.3",
    DBSS_MCP_HTTP_PUBLIC_ORIGIN: "https://public.example.com",
    DBSS_MCP_HTTP_ALLOWED_HOSTS: "other.example.com,::2",
  });
  for (const host of ["10.1.2.3:8080", "public.example.com", "other.example.com", "[::2]:8080"]) {
    assert.equal(await plain.status({ headers: { host } }), 403, host);
    assert.equal(await named.status({ headers: { host } }), 200, host);
  }
  assert.equal(await named.status(), 200);
});

Deno.test("DBSS_MCP_HTTP_ALLOWED_ORIGINS lets the pages of an origin call", async () => {
  const origin = "https://app.example.com";
  assert.equal(await (await composed({})).status({ headers: { origin } }), 403);
  const { status } = await composed({ DBSS_MCP_HTTP_ALLOWED_ORIGINS: origin });
  assert.equal(await status({ headers: { origin } }), 200);
});

Deno.test("DBSS_MCP_HTTP_TOKENS wants one of its tokens", async () => {
  const { status } = await composed({
    DBSS_MCP_HTTP_TOKENS: TOKENS.map(({ name, token }) => `${name}:${token}`).join(),
  });
  assert.equal(await status(), 401);
  for (const { token } of TOKENS) assert.equal(await status({ headers: bearer(token) }), 200);
});

Deno.test("DBSS_MCP_HTTP_RATE_PER_MINUTE limits requests", async () => {
  const { status } = await composed({ DBSS_MCP_HTTP_RATE_PER_MINUTE: "1" });
  assert.deepEqual([await status(), await status()], [200, 429]);
});

Deno.test("DBSS_MCP_HTTP_MAX_CALLS limits calls at once, and DBSS_MCP_HTTP_DEADLINE_MS their time", async () => {
  const { app, cloud, clock, send, status } = await composed({
    DBSS_MCP_HTTP_MAX_CALLS: "1",
    DBSS_MCP_HTTP_DEADLINE_MS: "40000",
    DBSS_MCP_TIMEOUT_MS: "30000",
  });
  cloud.faults.push(on("POST", silence()));
  const pending = send(READ);
  await idle();
  assert.equal(await status(), 503);
  clock.advance(40_000);
  await (await pending).body?.cancel();
  await app.settled();
  assert.equal(await status(), 200);
});

Deno.test("DBSS_MCP_OAUTH_ISSUER accepts its tokens for the public origin, or for DBSS_MCP_OAUTH_AUDIENCE", async () => {
  const oauth = { DBSS_MCP_OAUTH_ISSUER: ISSUER, DBSS_MCP_HTTP_PUBLIC_ORIGIN: PUBLIC_ORIGIN };
  for (const [env, aud] of [[{}, `${PUBLIC_ORIGIN}/mcp`], [{ DBSS_MCP_OAUTH_AUDIENCE: "api://dbss" }, "api://dbss"]]) {
    const { issuer, status } = await composed({ ...oauth, ...env as Record<string, string> });
    assert.equal(await status(), 401);
    assert.equal(await status({ headers: bearer(await issuer.token({ aud: aud as string })) }), 200);
    assert.equal(await status({ headers: bearer(await issuer.token({ aud: "other" })) }), 401);
  }
});

Deno.test("DBSS_MCP_OAUTH_JWKS_URL is where the keys are fetched", async () => {
  const { issuer, status } = await composed({
    DBSS_MCP_OAUTH_ISSUER: ISSUER,
    DBSS_MCP_HTTP_PUBLIC_ORIGIN: PUBLIC_ORIGIN,
    DBSS_MCP_OAUTH_JWKS_URL: "https://keys.example.com/jwks",
  });
  issuer.pages.set("https://keys.example.com/jwks", () => Response.json({ keys: issuer.jwks }));
  assert.equal(await status({ headers: bearer(await issuer.token()) }), 200);
  assert.deepEqual(issuer.asked, ["https://keys.example.com/jwks"]);
});

Deno.test("fixed tokens and an issuer's tokens are accepted side by side", async () => {
  const { issuer, status } = await composed({
    DBSS_MCP_HTTP_TOKENS: `ci:${TOKENS[0]!.token}`,
    DBSS_MCP_OAUTH_ISSUER: ISSUER,
    DBSS_MCP_HTTP_PUBLIC_ORIGIN: PUBLIC_ORIGIN,
  });
  assert.equal(await status({ headers: bearer(TOKENS[0]!.token) }), 200);
  assert.equal(await status({ headers: bearer(await issuer.token()) }), 200);
  assert.equal(await status({ headers: bearer(TOKENS[1]!.token) }), 401);
});
