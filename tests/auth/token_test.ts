import assert from "node:assert/strict";
import { tokenAuthenticator } from "../../src/auth/token.ts";
import type { CloudRequest } from "../../src/huaweicloud/send.ts";
import { failure, setUp } from "../support/credentials.ts";

Deno.test("tokenAuthenticator() adds the token, leaves the request as it was and never renews", async () => {
  const request: CloudRequest = {
    method: "PUT",
    url: new URL("https://dbss.example/v1"),
    headers: new Headers({ accept: "application/json" }),
    body: "{}",
    effect: "write",
  };
  const authenticator = tokenAuthenticator("visible-fake-token");
  const ready = await authenticator.authenticate(request, { signal: new AbortController().signal, deadline: 0 });
  assert.deepEqual(Object.fromEntries(ready.headers), {
    accept: "application/json",
    "x-auth-token": "visible-fake-token",
  });
  assert.deepEqual({ ...ready, headers: request.headers }, request);
  assert.equal(request.headers.has("x-auth-token"), false);
  assert.equal(authenticator.renew, undefined);
});

Deno.test("tokenAuthenticator() leaves a token that has expired to be replaced by a person", async () => {
  const { list, asked, call } = setUp();
  const error = await failure(list(tokenAuthenticator("visible-expired-token"), call()));
  assert.deepEqual([error.kind, error.verdict, error.httpStatus], ["authentication", "denied", 401]);
  assert.equal(asked().length, 1);
});
