import assert from "node:assert/strict";
import { metadataUrls } from "../../src/http/issuer.ts";
import { isSecureUrl, LOOPBACK_NAMES } from "../../src/http/names.ts";
import { idle } from "../support/fake_clock.ts";
import { answerOf, bearer, call, CHANGE, get, LIST, READ, refusalOf, served } from "../support/http.ts";
import { fakeIssuer, ISSUER, JWKS_URL, protectedBy } from "../support/issuer.ts";

const METADATA = "https://dbss.example.com/.well-known/oauth-protected-resource/mcp";

Deno.test("the resource's metadata are served with and without the path of the resource", async () => {
  const server = protectedBy(await fakeIssuer());
  for (const path of ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"]) {
    const response = await get(server, `https://dbss.example.com${path}`);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      resource: "https://dbss.example.com/mcp",
      resource_name: "DBSS MCP",
      authorization_servers: [ISSUER],
      scopes_supported: ["dbss:read", "dbss:write"],
      bearer_methods_supported: ["header"],
    });
  }
});

Deno.test("a page of an allowed origin may read the metadata", async () => {
  const origin = "https://app.example.com";
  const oauth = { issuer: ISSUER, publicOrigin: "https://dbss.example.com" };
  for (const [origins, allowed] of [[[origin], origin], [[], null]] as const) {
    const { send } = served({ oauth, names: { hosts: LOOPBACK_NAMES, origins } });
    const response = await send(undefined, { url: METADATA, method: "GET", headers: { origin } });
    assert.equal(response.headers.get("access-control-allow-origin"), allowed);
    await response.body?.cancel();
  }
});

Deno.test("accessTokens() accepts a valid token; its subject is the actor of the audit", async () => {
  const issuer = await fakeIssuer();
  const { send, audited } = protectedBy(issuer);
  const answer = await answerOf(await send(call(), { headers: bearer(await issuer.token()) }));
  assert.equal(answer.result.structuredContent.outcome, "accepted");
  assert.equal(audited[0]!.actor, "sub:user-1");
});

for (const algorithm of ["RS256", "PS256", "ES256", "ES384", "EdDSA"]) {
  Deno.test(`accessTokens() accepts ${algorithm}`, async () => {
    const issuer = await fakeIssuer();
    await issuer.addKey(algorithm, "key-2");
    const { send } = protectedBy(issuer);
    const token = await issuer.token({}, { alg: algorithm, kid: "key-2" });
    assert.equal((await send(LIST, { headers: bearer(token) })).status, 200);
  });
}

Deno.test("accessTokens() takes scopes from scope and from scp, as text and as a list, and the name from client_id", async () => {
  const issuer = await fakeIssuer();
  const { send, audited } = protectedBy(issuer);
  for (
    const claims of [
      { scope: undefined, scp: "dbss:write other" },
      { scope: undefined, scp: ["dbss:write"] },
      { scope: "other dbss:write" },
      { sub: undefined, client_id: "user-1" },
    ]
  ) {
    const response = await send(call(), { headers: bearer(await issuer.token(claims)) });
    assert.equal((await answerOf(response)).result.structuredContent.outcome, "accepted");
    assert.equal(audited.at(-1)!.actor, "sub" in claims ? "client_id:user-1" : "sub:user-1");
  }
});

Deno.test("without dbss:write the change is hidden, and refused with the scope to ask for", async () => {
  const issuer = await fakeIssuer();
  const { send, cloud, audited } = protectedBy(issuer);
  const headers = bearer(await issuer.token({ scope: "dbss:read" }));
  const { tools } = (await answerOf(await send(LIST, { headers }))).result;
  assert.ok(tools.length > 0 && !tools.some(({ name }: { name: string }) => name === CHANGE));
  assert.equal((await send(READ, { headers })).status, 200);
  const before = cloud.requests.length;
  const refused = await send(call(), { headers });
  assert.equal(refused.status, 403);
  assert.equal(
    refused.headers.get("www-authenticate"),
    'Bearer error="insufficient_scope", error_description="The token lacks the scope dbss:write", ' +
      `scope="dbss:read dbss:write", resource_metadata="${METADATA}"`,
  );
  assert.equal(cloud.requests.length, before);
  assert.deepEqual(audited.map(({ actor, tool, outcome }) => [actor, tool, outcome]), [[
    "sub:user-1",
    CHANGE,
    "refused",
  ]]);
});

Deno.test("only calls of the change need dbss:write, whatever else bears its name", async () => {
  const issuer = await fakeIssuer();
  const { send } = protectedBy(issuer);
  const headers = bearer(await issuer.token({ scope: "dbss:read" }));
  const prompt = { jsonrpc: "2.0", id: 1, method: "prompts/get", params: { name: CHANGE } };
  assert.equal((await send(prompt, { headers })).status, 200);
});

Deno.test("without any scope of this server everything is refused", async () => {
  const issuer = await fakeIssuer();
  const { send } = protectedBy(issuer);
  for (const scope of [undefined, "", "openid", "dbss:readwrite", "DBSS:READ"]) {
    const refused = await send(LIST, { headers: bearer(await issuer.token({ scope })) });
    assert.equal(refused.status, 403);
    assert.match(refused.headers.get("www-authenticate")!, /error="insufficient_scope".*resource_metadata="/);
  }
});

Deno.test("a request without a token is told where to get one", async () => {
  const refused = await protectedBy(await fakeIssuer()).send(LIST);
  assert.equal(refused.status, 401);
  assert.equal(
    refused.headers.get("www-authenticate"),
    `Bearer scope="dbss:read dbss:write", resource_metadata="${METADATA}"`,
  );
});

Deno.test("accessTokens() bears a clock that is off by less than half a minute", async () => {
  const issuer = await fakeIssuer();
  const { send, issuerClock } = protectedBy(issuer);
  const headers = bearer(await issuer.token());
  issuerClock.advance(329_000);
  assert.equal((await send(LIST, { headers })).status, 200);
  issuerClock.advance(1_000);
  assert.equal((await send(LIST, { headers })).status, 401);
});

Deno.test("issuerKeys() finds the keys through the issuer's metadata once, in each place they may stand", async () => {
  for (const url of metadataUrls(ISSUER)) {
    const issuer = await fakeIssuer();
    const page = issuer.pages.get(metadataUrls(ISSUER)[0]!)!;
    issuer.pages.delete(metadataUrls(ISSUER)[0]!);
    issuer.pages.set(url, page);
    const { send } = protectedBy(issuer);
    for (let count = 0; count < 2; count++) {
      assert.equal((await send(LIST, { headers: bearer(await issuer.token()) })).status, 200, url);
    }
    assert.deepEqual(issuer.asked, [
      ...metadataUrls(ISSUER).slice(0, metadataUrls(ISSUER).indexOf(url) + 1),
      JWKS_URL,
    ]);
  }
});

Deno.test("issuerKeys() looks for a key that is new, but not again within the cooldown", async () => {
  for (const [cooldownMs, status, fetches] of [[0, 200, 2], [60_000, 401, 1]] as const) {
    const issuer = await fakeIssuer();
    const { send } = protectedBy(issuer, { jwksUrl: JWKS_URL, cooldownMs });
    assert.equal((await send(LIST, { headers: bearer(await issuer.token()) })).status, 200);
    await issuer.addKey("ES256", "key-2");
    const rotated = await issuer.token({}, { kid: "key-2" });
    assert.equal((await send(LIST, { headers: bearer(rotated) })).status, status);
    assert.equal(issuer.asked.length, fetches);
  }
});

Deno.test("issuerKeys() asks for no metadata when the keys' URL is configured", async () => {
  const issuer = await fakeIssuer();
  const { send } = protectedBy(issuer, { jwksUrl: JWKS_URL });
  assert.equal((await send(LIST, { headers: bearer(await issuer.token()) })).status, 200);
  assert.deepEqual(issuer.asked, [JWKS_URL]);
});

Deno.test("accessTokens() wants the configured audience", async () => {
  const issuer = await fakeIssuer();
  const { send } = protectedBy(issuer, { audience: "api://dbss" });
  const status = async (aud: string | string[]) =>
    (await send(LIST, { headers: bearer(await issuer.token({ aud })) })).status;
  assert.equal(await status(["other", "api://dbss"]), 200);
  assert.equal(await status("https://dbss.example.com/mcp"), 401);
});

Deno.test("when the issuer's keys cannot be had, the answer is 503 and not 401, and the issuer is left in peace", async () => {
  const unreachable = () => {
    throw new TypeError("connection refused");
  };
  for (
    const [url, page] of [
      [JWKS_URL, unreachable],
      [JWKS_URL, () => new Response("", { status: 500 })],
      [metadataUrls(ISSUER)[0]!, unreachable],
      [metadataUrls(ISSUER)[0]!, () => Response.json({ issuer: "https://evil.example", jwks_uri: JWKS_URL })],
      [metadataUrls(ISSUER)[0]!, () => Response.json({ issuer: ISSUER, jwks_uri: "http://login.example.com/keys" })],
      [
        metadataUrls(ISSUER)[0]!,
        () => new Response("", { status: 302, headers: { location: "https://evil.example" } }),
      ],
    ] as const
  ) {
    const issuer = await fakeIssuer();
    const sound = issuer.pages.get(url)!;
    issuer.pages.set(url, page);
    const { send, issuerClock } = protectedBy(issuer);
    const headers = bearer(await issuer.token());
    const refused = await send(LIST, { headers });
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get("retry-after"), "5");
    assert.match(await refusalOf(refused), /issuer's keys cannot be fetched/);
    assert.ok(!issuer.asked.some((asked) => asked.includes("evil") || asked === "http://login.example.com/keys"));
    issuer.pages.set(url, sound);
    issuerClock.advance(5_000);
    assert.equal((await send(LIST, { headers })).status, 200);
  }
});

Deno.test("issuerKeys() does not ask again while the issuer does not answer", async () => {
  for (const [url, page] of [[JWKS_URL, { status: 503 }], [metadataUrls(ISSUER)[0]!, { issuer: "other" }]] as const) {
    const issuer = await fakeIssuer();
    issuer.pages.set(url, () => "status" in page ? new Response("", page) : Response.json(page));
    const { send } = protectedBy(issuer);
    const headers = bearer(await issuer.token());
    for (let count = 0; count < 5; count++) assert.equal((await send(LIST, { headers })).status, 503);
    assert.equal(issuer.asked.filter((asked) => asked === url).length, 1);
  }
});

Deno.test("issuerKeys() waits for the issuer's metadata no longer than 5 seconds", async () => {
  const issuer = await fakeIssuer();
  const hang = (signal?: AbortSignal | null) =>
    new Promise<Response>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  issuer.pages.set(metadataUrls(ISSUER)[0]!, hang);
  const { send, issuerClock } = protectedBy(issuer);
  const pending = send(LIST, { headers: bearer(await issuer.token()) });
  await idle();
  issuerClock.advance(5_000);
  assert.equal((await pending).status, 503);
  assert.equal(issuerClock.pending, 0);
});

Deno.test("issuerKeys() keeps the keys it has when the issuer fails", async () => {
  const issuer = await fakeIssuer();
  const { send } = protectedBy(issuer, { cooldownMs: 0 });
  const known = bearer(await issuer.token());
  assert.equal((await send(LIST, { headers: known })).status, 200);
  issuer.pages.set(JWKS_URL, () => new Response("", { status: 500 }));
  await issuer.addKey("ES256", "key-2");
  const unknown = bearer(await issuer.token({}, { kid: "key-2" }));
  assert.equal((await send(LIST, { headers: unknown })).status, 503);
  assert.equal((await send(LIST, { headers: known })).status, 200);
});

Deno.test("metadataUrls() names the places of RFC 8414 and OpenID Connect", () => {
  assert.deepEqual(metadataUrls("https://a.example/b/"), [
    "https://a.example/.well-known/oauth-authorization-server/b",
    "https://a.example/.well-known/openid-configuration/b",
    "https://a.example/b/.well-known/openid-configuration",
  ]);
  assert.deepEqual(metadataUrls("https://a.example"), [
    "https://a.example/.well-known/oauth-authorization-server",
    "https://a.example/.well-known/openid-configuration",
  ]);
});

Deno.test("isSecureUrl() wants https, except on loopback", () => {
  for (const url of ["https://a.example/b", "http://127.0.0.1:1", "http://localhost", "http://[::1]/x"]) {
    assert.ok(isSecureUrl(url), url);
  }
  for (const url of ["http://a.example", "ftp://127.0.0.1", "https://user@a.example", "https://a.example/#b", "a"]) {
    assert.ok(!isSecureUrl(url), url);
  }
});

Deno.test("nobody whose token has the name of a fixed token as its sub is taken for its owner", async () => {
  const issuer = await fakeIssuer();
  const { send, audited } = protectedBy(issuer);
  await send(call(), { headers: bearer(await issuer.token({ sub: "ci" })) });
  assert.doesNotMatch(String(audited[0]!.actor), /^[A-Za-z0-9._-]{1,64}$/, "a fixed token's name has no colon");
});
