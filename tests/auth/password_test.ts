import assert from "node:assert/strict";
import { grantAuthenticator, passwordGrants, type PasswordOptions } from "../../src/auth/password.ts";
import type { Fetch } from "../../src/huaweicloud/send.ts";
import { answer, htmlPage, silence, silentBody } from "../../src/simulator/faults.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { failure, IAM, setUp } from "../support/credentials.ts";

const { user, projectId, region } = SIMULATION;
const TOKENS = "/v3/auth/tokens";
const LIST = `/v2/${projectId}/db-encrypt/instances`;

function login(options: Partial<PasswordOptions> = {}) {
  const shared = setUp();
  const grants = passwordGrants({
    ...shared.asker,
    user,
    scope: { id: projectId },
    iam: IAM,
    userAgent: "dbss-mcp/test",
    onSecret: shared.onSecret,
    ...options,
  });
  return { ...shared, grants, authenticator: grantAuthenticator(grants) };
}

Deno.test("passwordGrants() asks for a token of the project, and for the password's sake nothing else", async () => {
  const { grants, cloud, call } = login();
  const { token, projectId: granted } = await grants.get(call());
  assert.equal(granted, projectId);
  const [{ method, path, query, headers, body }] = cloud.requests as [typeof cloud.requests[0]];
  assert.deepEqual([method, path, query.has("nocatalog")], ["POST", TOKENS, true]);
  assert.deepEqual([headers["content-type"], headers["user-agent"]], [
    "application/json;charset=utf8",
    "dbss-mcp/test",
  ]);
  assert.deepEqual(JSON.parse(body), {
    auth: {
      identity: {
        methods: ["password"],
        password: { user: { name: user.userName, password: user.userPassword, domain: { name: user.domainName } } },
      },
      scope: { project: { id: projectId } },
    },
  });
  assert.equal(cloud.iam.isGood(token), true);
});

Deno.test("passwordGrants() asks by the region's name when no project is configured", async () => {
  const { grants, cloud, call } = login({ scope: { name: region } });
  assert.equal((await grants.get(call())).projectId, projectId);
  assert.deepEqual(JSON.parse(cloud.requests[0]!.body).auth.scope, { project: { name: region } });
});

Deno.test("passwordGrants() sends the password once even when fetch would repeat it, and follows no redirect", async () => {
  const inits: unknown[] = [];
  const fetch: Fetch = (_url, { redirect }, effect) => {
    inits.push([redirect, effect]);
    return Promise.resolve(new Response("", { status: 201, headers: { "x-subject-token": "visible-fake-token" } }));
  };
  const { grants, call } = login({ fetch });
  await grants.get(call());
  assert.deepEqual(inits, [["manual", "write"]]);
});

Deno.test("passwordGrants() makes the token known before it is used", async () => {
  const { grants, secrets, call } = login();
  const { token } = await grants.get(call());
  assert.deepEqual(secrets, [token]);
});

Deno.test("grantAuthenticator() uses one token for many calls, and asks once however many wait", async () => {
  const { authenticator, list, asked, call } = login();
  await Promise.all([1, 2, 3].map(() => list(authenticator, call())));
  await list(authenticator, call());
  assert.deepEqual(asked(), [TOKENS, LIST, LIST, LIST, LIST]);
});

Deno.test("grantAuthenticator() renews the token half an hour before it expires", async () => {
  const { authenticator, list, asked, clock, call } = login();
  await list(authenticator, call());
  clock.advance(23.5 * 60 * 60_000 - 1);
  await list(authenticator, call());
  assert.equal(asked().filter((path) => path === TOKENS).length, 1);
  clock.advance(1);
  await list(authenticator, call());
  assert.equal(asked().filter((path) => path === TOKENS).length, 2);
});

Deno.test("grantAuthenticator() renews a token that was refused, once", async () => {
  const { authenticator, list, asked, cloud, call } = login();
  await list(authenticator, call());
  cloud.iam.revokeAll();
  await list(authenticator, call());
  assert.deepEqual(asked(), [TOKENS, LIST, LIST, TOKENS, LIST]);
});

Deno.test("grantAuthenticator() gives up when the new token is refused as well", async () => {
  const { authenticator, list, asked, cloud, call } = login();
  cloud.iam.isGood = () => false;
  assert.equal((await failure(list(authenticator, call()))).kind, "authentication");
  assert.deepEqual(asked(), [TOKENS, LIST, TOKENS, LIST]);
});

Deno.test("grantAuthenticator() sends a wrong password once, also when it is called again within five minutes", async () => {
  const { authenticator, list, asked, clock, call } = login({ user: { ...user, userPassword: "visible-wrong" } });
  await failure(list(authenticator, call()));
  clock.advance(5 * 60_000 - 1);
  await failure(list(authenticator, call()));
  assert.deepEqual(asked(), [TOKENS]);
  clock.advance(1);
  await failure(list(authenticator, call()));
  assert.deepEqual(asked(), [TOKENS, TOKENS]);
});

Deno.test("grantAuthenticator() waits out an IAM that is unavailable, as far as the call lasts", async () => {
  const { authenticator, list, asked, cloud, clock, call } = login();
  cloud.faults.push({ ...answer(503), on: "POST" }, { ...htmlPage(502), on: "POST" });
  await clock.run(list(authenticator, call()));
  assert.deepEqual(asked(), [TOKENS, TOKENS, TOKENS, LIST]);
});

const REFUSALS: [
  string,
  Parameters<typeof login>[0],
  state: "active" | "mfa_required" | "disabled" | "locked",
  RegExp,
  RegExp,
][] = [
  [
    "the password is wrong",
    { user: { ...user, userPassword: "visible-wrong" } },
    "active",
    /did not accept/,
    /HUAWEI ID/,
  ],
  ["a second factor is required", {}, "mfa_required", /second factor/, /access key/],
  ["the user is disabled", {}, "disabled", /disabled/, /administrator/],
  ["the user is locked", {}, "locked", /locked/, /wait/],
];
for (const [title, options, state, message, hint] of REFUSALS) {
  Deno.test(`passwordGrants() says so when ${title}`, async () => {
    const { grants, cloud, call } = login(options);
    cloud.iam.userState = state;
    const error = await failure(grants.get(call()));
    assert.deepEqual([error.kind, error.verdict, error.httpStatus], ["authentication", "not_sent", 401]);
    assert.match(error.message, /^Cannot get a token from IAM: /);
    assert.match(error.message, message);
    assert.match(error.hint!, hint);
    assert.ok(error.body.error_msg, "the cloud's own words are kept");
  });
}

Deno.test("passwordGrants() names what to check when IAM does not know the project", async () => {
  const { grants, call } = login({ scope: { name: "cn-north-99" } });
  const error = await failure(grants.get(call()));
  assert.deepEqual([error.kind, error.verdict], ["invalid_request", "not_sent"]);
  assert.match(error.hint!, /HW_DOMAIN_NAME.*HW_PROJECT_ID/);
});

const BROKEN: [string, Fetch, kind: string][] = [
  ["IAM is unavailable", () => Promise.resolve(new Response("", { status: 503 })), "service"],
  ["IAM throttles", () => Promise.resolve(new Response("", { status: 429 })), "throttled"],
  ["IAM redirects", () => Promise.resolve(new Response("", { status: 302 })), "protocol"],
  ["the answer carries no token", () => Promise.resolve(new Response("{}", { status: 201 })), "protocol"],
  ["no connection can be made", () => Promise.reject(new TypeError("fetch failed")), "network"],
];
for (const [title, fetch, kind] of BROKEN) {
  Deno.test(`passwordGrants() gives ${kind} and never an unclear verdict when ${title}`, async () => {
    const { grants, call } = login({ fetch });
    const error = await failure(grants.get(call()));
    assert.deepEqual([error.kind, error.verdict], [kind, "not_sent"]);
    assert.match(error.message, /^Cannot get a token from IAM: /);
  });
}

for (const [what, fault] of [["does not answer", silence()], ["does not end its answer", silentBody(201)]] as const) {
  Deno.test(`passwordGrants() gives up on an IAM that ${what}, and leaves no timer`, async () => {
    const { grants, cloud, clock, call } = login();
    cloud.faults.push({ ...fault, on: "POST" });
    const error = await clock.run(failure(grants.get(call())));
    assert.deepEqual([error.kind, error.verdict], ["timeout", "not_sent"]);
    assert.match(error.message, /10000 ms/);
    assert.equal(clock.pending, 0);
  });
}

Deno.test("passwordGrants() uses a token whose expiry it cannot read until it is refused", async () => {
  const headers = { "x-subject-token": "visible-fake-token" };
  let asked = 0;
  const fetch: Fetch = () => {
    asked += 1;
    return Promise.resolve(new Response('{"token":{"expires_at":"soon","project":7}}', { status: 201, headers }));
  };
  const { grants, clock, call } = login({ fetch });
  const first = call();
  assert.deepEqual(await grants.get(first), { token: "visible-fake-token", projectId: undefined });
  clock.advance(48 * 60 * 60_000);
  await grants.get(call());
  assert.equal(asked, 1);
});
