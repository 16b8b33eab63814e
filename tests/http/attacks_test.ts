/**
 * What must fail: one test for each attack. Nothing may reach the cloud, and the server must go on.
 */
import assert from "node:assert/strict";
import { exportSPKI, importJWK, SignJWT, UnsecuredJWT } from "jose";
import { fixedTokens } from "../../src/http/authentication.ts";
import { MAX_BODY_BYTES, MAX_DEPTH } from "../../src/http/body.ts";
import { idle } from "../support/fake_clock.ts";
import { bearer, call, exchangeRaw, LIST, onSocket, refusalOf, type Served, served, TOKENS } from "../support/http.ts";
import { AUDIENCE, fakeIssuer, ISSUER, protectedBy } from "../support/issuer.ts";

/** The attack got this status, changed nothing, and the next honest caller is served. */
async function fails(server: Served, response: Response, status: number, honest?: Record<string, string>) {
  await response.body?.cancel();
  assert.equal(response.status, status);
  assert.equal(server.cloud.requests.length, 0);
  assert.equal((await server.send(LIST, { headers: honest })).status, 200);
}

const withTokens = async () => served({ judges: [await fixedTokens(TOKENS)] });
const ours = bearer(TOKENS[0]!.token);

Deno.test("no token is answered 401", async () => {
  const server = await withTokens();
  await fails(server, await server.send(call()), 401, ours);
});

Deno.test("a wrong token is answered 401", async () => {
  const server = await withTokens();
  await fails(server, await server.send(call(), { headers: bearer(`${TOKENS[0]!.token}x`) }), 401, ours);
});

Deno.test("a token in the query string or the body is answered 401", async () => {
  const server = await withTokens();
  const { token } = TOKENS[0]!;
  const url = `http://127.0.0.1/mcp?access_token=${token}&token=${token}`;
  await fails(server, await server.send({ ...call(), access_token: token }, { url }), 401, ours);
  assert.ok(!JSON.stringify(server.logged).includes(token));
});

const TOKEN_ATTACKS: Record<string, (issuer: Awaited<ReturnType<typeof fakeIssuer>>) => Promise<string>> = {
  "an expired token": (issuer) => issuer.token({ exp: Date.UTC(2025, 11, 31) / 1_000 }),
  "a token that never expires": (issuer) => issuer.token({ exp: undefined }),
  "a token that is not valid yet": (issuer) => issuer.token({ nbf: Date.UTC(2026, 0, 2) / 1_000 }),
  "a token for another audience": (issuer) => issuer.token({ aud: "https://other.example.com/mcp" }),
  "a token for no audience": (issuer) => issuer.token({ aud: undefined }),
  "a token of another issuer": (issuer) => issuer.token({ iss: "https://evil.example" }),
  "a token without a subject": (issuer) => issuer.token({ sub: undefined }),
  "a token with alg none": () =>
    Promise.resolve(
      new UnsecuredJWT({ iss: ISSUER, aud: AUDIENCE, sub: "user-1", scope: "dbss:write", exp: 4_000_000_000 }).encode(),
    ),
  "a token that is signed with HS256 and the public key": async (issuer) => {
    const key = await importJWK(issuer.jwks[0]!, "ES256", { extractable: true }) as CryptoKey;
    const secret = new TextEncoder().encode(await exportSPKI(key));
    return await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "user-1", scope: "dbss:write", exp: 4_000_000_000 })
      .setProtectedHeader({ alg: "HS256", kid: "key-1" }).sign(secret);
  },
  "a token that is signed with HS256 and a secret that the issuer publishes": async (issuer) => {
    const secret = new Uint8Array(32);
    issuer.jwks.push({ kty: "oct", k: "A".repeat(43), kid: "key-9", alg: "HS256" });
    return await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "user-1", scope: "dbss:write", exp: 4_000_000_000 })
      .setProtectedHeader({ alg: "HS256", kid: "key-9" }).sign(secret);
  },
  "a token of a key that the issuer does not have": async (issuer) => {
    const other = await fakeIssuer();
    await other.addKey("ES256", "key-9");
    issuer.keys.set("key-9", other.keys.get("key-9")!);
    return await issuer.token({}, { kid: "key-9" });
  },
  "a token of another key under a known name": async () => await (await fakeIssuer()).token(),
  "a token whose claims were altered": async (issuer) => {
    const [header, , signature] = (await issuer.token({ scope: "dbss:read" })).split(".");
    const [, claims] = (await issuer.token()).split(".");
    return [header, claims, signature].join(".");
  },
  "something that is no token": () => Promise.resolve("a.b.c"),
};

for (const [name, forge] of Object.entries(TOKEN_ATTACKS)) {
  Deno.test(`${name} is answered 401`, async () => {
    const issuer = await fakeIssuer();
    const server = protectedBy(issuer);
    const forged = await forge(issuer);
    const response = await server.send(call(), { headers: bearer(forged) });
    assert.match(response.headers.get("www-authenticate")!, /^Bearer error="invalid_token"/);
    await fails(server, response, 401, bearer(await issuer.token()));
    assert.equal(server.refusals.length, 1);
    assert.ok(!JSON.stringify([server.refusals, server.logged]).includes(forged));
  });
}

Deno.test("a token without the scope for a change is answered 403", async () => {
  const issuer = await fakeIssuer();
  const server = protectedBy(issuer);
  const reader = bearer(await issuer.token({ scope: "dbss:read" }));
  await fails(server, await server.send(call(), { headers: reader }), 403, reader);
});

Deno.test("a foreign Host, a foreign Origin and the shape of DNS rebinding are answered 403", async () => {
  const server = served();
  await fails(server, await server.send(call(), { headers: { host: "evil.example" } }), 403);
  await fails(server, await server.send(call(), { headers: { origin: "https://evil.example" } }), 403);
  const rebound = { host: "evil.example:8080", origin: "http://evil.example:8080" };
  await fails(server, await server.send(call(), { headers: rebound }), 403);
  const forwarded = { "host": "evil.example", "x-forwarded-host": "localhost", "forwarded": "host=localhost" };
  await fails(server, await server.send(call(), { headers: forwarded }), 403);
});

Deno.test("a body of 5 MB is answered 413 without being read, with and without Content-Length", async () => {
  const server = served();
  await using socket = await onSocket(server);
  const big = " ".repeat(5 * 1024 * 1024);
  const head = "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
    "Accept: application/json, text/event-stream\r\nConnection: close\r\n";
  const sized = await exchangeRaw(socket.url, `${head}Content-Length: ${big.length}\r\n\r\n`, big);
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${big.length.toString(16)}\r\n${big}\r\n0\r\n\r\n`;
  for (const answer of [sized, await exchangeRaw(socket.url, chunked)]) assert.match(answer, /^(HTTP\/1\.1 413 |$)/);
  assert.equal(server.logged.filter(({ status }) => status === 413).length, 2);
  assert.equal((await server.send(LIST)).status, 200);
});

Deno.test("a body is taken up to the limit and refused beyond it, whatever it declares", async () => {
  const { send } = served();
  const sized = (size: number) => JSON.stringify(LIST).padEnd(size);
  assert.equal((await send(sized(MAX_BODY_BYTES))).status, 200);
  assert.equal((await send(sized(MAX_BODY_BYTES + 1))).status, 413);
  let isRead = false;
  const unread = new ReadableStream({ pull: () => void (isRead = true) }, { highWaterMark: 0 });
  const announced = await send(unread, { headers: { "content-length": String(MAX_BODY_BYTES + 1) } });
  assert.deepEqual([announced.status, isRead], [413, false]);
  const lying = await send(sized(MAX_BODY_BYTES + 1), { headers: { "content-length": "10" } });
  assert.equal(lying.status, 413);
});

Deno.test("a slow body is answered 408 at the deadline and holds no place after it", async () => {
  const server = served({ maxCalls: 1, deadlineMs: 2_000 });
  const slow = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{"json')) });
  const pending = server.send(slow);
  await idle();
  assert.equal((await server.send(LIST)).status, 503);
  server.clock.advance(2_000);
  await fails(server, await pending, 408);
});

Deno.test("a slow body over a socket ends in an answer, too", async () => {
  const server = served({ deadlineMs: 2_000 });
  await using socket = await onSocket(server);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(socket.url.port) });
  await connection.write(new TextEncoder().encode(
    "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
  ));
  while (server.clock.pending === 0) await idle();
  server.clock.advance(2_000);
  const buffer = new Uint8Array(100);
  await connection.read(buffer);
  assert.match(new TextDecoder().decode(buffer), /^HTTP\/1\.1 408 /);
});

Deno.test("a batch is answered 400, of 1,000 calls or of one", async () => {
  const server = served();
  for (const size of [1, 1_000]) await fails(server, await server.send(Array(size).fill(call())), 400);
});

Deno.test("deep JSON is answered 400", async () => {
  const server = served();
  for (const levels of [MAX_DEPTH, 100_000]) {
    const deep = `${"[".repeat(levels)}${"]".repeat(levels)}`;
    const body = JSON.stringify(call()).replace('"arguments":{', `"arguments":{"deep":${deep},`);
    await fails(server, await server.send(body), 400);
  }
  for (const half of ["[", '{"a":']) await fails(server, await server.send(half.repeat(40_000)), 400);
});

Deno.test("a wrong content type is answered 415, a wrong Accept 406", async () => {
  const server = served();
  for (
    const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", ""]
  ) {
    await fails(server, await server.send(call(), { headers: { "content-type": type } }), 415);
  }
  for (const accept of ["text/html", "application/json"]) {
    await fails(server, await server.send(call(), { headers: { accept } }), 406);
  }
});

Deno.test("headers cannot be injected through ids", async () => {
  const server = served();
  await using socket = await onSocket(server);
  const body = JSON.stringify({ ...LIST, id: "1\r\nset-cookie: injected=1" });
  const answer = await exchangeRaw(
    socket.url,
    `POST /mcp?a=%0d%0aset-cookie:%20injected=1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
      `Accept: application/json, text/event-stream\r\nX-Request-Id: a%0d%0aset-cookie: injected=1\r\n` +
      `Mcp-Session-Id: a%0d%0aset-cookie: injected=1\r\nConnection: close\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  const head = answer.slice(0, answer.indexOf("\r\n\r\n"));
  assert.match(head, /^HTTP\/1\.1 200 /);
  assert.ok(!head.includes("injected"), head);
  assert.ok(!JSON.stringify(server.logged).includes("injected"));
});

Deno.test("tricks with the path reach nothing, or /mcp with every check", async () => {
  const server = await withTokens();
  await using socket = await onSocket(server);
  const body = JSON.stringify(call());
  for (
    const path of [
      "/mcp/",
      "//mcp",
      "/MCP",
      "/mcp/../mcp",
      "/mcp%2f",
      "/%6dcp",
      "/mcp;a=b",
      "/mcp%00",
      "/healthz/../mcp",
      "/./mcp",
      "/mcp?/healthz",
      "/mcp%3f",
      "http://localhost/mcp",
      "/.well-known/oauth-protected-resource/../../mcp",
    ]
  ) {
    const answer = await exchangeRaw(
      socket.url,
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
        `Accept: application/json, text/event-stream\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    assert.match(answer, /^HTTP\/1\.1 40[14] /, path);
  }
  assert.equal(server.cloud.requests.length, 0);
});

Deno.test("headers that override the method change nothing", async () => {
  const server = served();
  const override = (method: string) => ({
    "x-http-method-override": method,
    "x-http-method": method,
    "x-method-override": method,
  });
  const disguised = await server.send(undefined, { method: "GET", headers: override("POST") });
  await fails(server, disguised, 405);
  assert.equal((await server.send(LIST, { headers: override("DELETE") })).status, 200);
});

Deno.test("1,000 parallel connections are answered, each with 200 or a refusal that names the time to wait", async () => {
  const server = served({ maxCalls: 8, ratePerMinute: 5_000 });
  await using socket = await onSocket(server);
  const ask = async () => {
    const response = await fetch(socket.url, {
      method: "POST",
      body: JSON.stringify(LIST),
      headers: { "content-type": "application/json", "accept": "application/json, text/event-stream" },
    });
    await response.body?.cancel();
    return response.status === 503 ? `503 after ${response.headers.get("retry-after")}` : String(response.status);
  };
  const answers = await Promise.all(Array.from({ length: 1_000 }, ask));
  assert.deepEqual(answers.filter((answer) => answer !== "200" && answer !== "503 after 1"), []);
  assert.ok(answers.includes("200"));
  assert.equal(await refusalOf(await server.send("{")), "Cannot read the body, wanted JSON");
});
