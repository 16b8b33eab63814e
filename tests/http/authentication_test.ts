import assert from "node:assert/strict";
import { fixedTokens } from "../../src/http/authentication.ts";
import { answerOf, bearer, call, LIST, refusalOf, served, TOKENS } from "../support/http.ts";

const judges = [await fixedTokens(TOKENS)];

Deno.test("fixedTokens() knows each token's owner, who is the actor of the audit", async () => {
  const { send, audited, logged } = served({ judges });
  for (const { name, token } of TOKENS) {
    const answer = await answerOf(await send(call(), { headers: bearer(token) }));
    assert.equal(answer.result.structuredContent.outcome, "accepted");
    assert.equal(audited.at(-1)!.actor, name);
    assert.equal(logged.at(-1)!.principal, name);
  }
});

Deno.test("fixedTokens() knows no other token, not even a part of one", async () => {
  const [judge] = judges;
  const { token } = TOKENS[0]!;
  for (const other of ["", "x", token.slice(0, -1), `${token}x`, token.toUpperCase(), TOKENS[0]!.name]) {
    assert.equal(await judge!(other), undefined, other);
  }
});

Deno.test("authenticate() takes the scheme in any case, and nothing but one bearer token", async () => {
  const { send } = served({ judges });
  const status = async (authorization: string) => (await send(LIST, { headers: { authorization } })).status;
  const { token } = TOKENS[0]!;
  assert.equal(await status(`bearer ${token}`), 200);
  for (const bad of [token, `Basic ${token}`, `Bearer ${token} ${token}`, `Bearer ${token}, Bearer x`, "Bearer "]) {
    assert.equal(await status(bad), 401, bad);
  }
});

Deno.test("a missing and a wrong token are answered 401 with a challenge, and the token is nowhere repeated", async () => {
  const { send, logged, cloud } = served({ judges });
  const missing = await send(call());
  assert.equal(missing.status, 401);
  assert.equal(missing.headers.get("www-authenticate"), "Bearer");
  assert.match(await refusalOf(missing), /^Cannot answer without a bearer token/);
  const wrong = await send(call(), { headers: bearer("wrong-token-0123456789") });
  assert.equal(wrong.status, 401);
  assert.match(wrong.headers.get("www-authenticate")!, /^Bearer error="invalid_token", error_description="[^"]+"$/);
  const everything = JSON.stringify([await wrong.text(), [...wrong.headers], logged]);
  assert.ok(!everything.includes("wrong-token"));
  assert.equal(cloud.requests.length, 0);
});
