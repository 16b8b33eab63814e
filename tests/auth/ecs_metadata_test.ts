import assert from "node:assert/strict";
import { metadataKeys } from "../../src/auth/ecs_metadata.ts";
import { signatureAuthenticator } from "../../src/auth/signature.ts";
import type { Fetch } from "../../src/huaweicloud/send.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { failure, setUp } from "../support/credentials.ts";
import { idle } from "../support/fake_clock.ts";

const { temporaryKey } = SIMULATION;
const HOUR = 60 * 60_000;

/** A metadata service in the test's hands: what it answers to the session and to the key. */
function instance(
  answers: { session?: () => Response; key?: (expiresAt: string) => Response } = {},
) {
  const shared = setUp();
  const asked: { method: string; url: string; headers: Headers }[] = [];
  const key = answers.key ?? ((expires_at) =>
    Response.json({
      credential: {
        access: temporaryKey.accessKey,
        secret: temporaryKey.secretKey,
        securitytoken: temporaryKey.securityToken,
        expires_at,
      },
    }));
  const fetch: Fetch = (url, init) => {
    asked.push({ method: init.method!, url: url.href, headers: new Headers(init.headers) });
    if (init.method === "PUT") return Promise.resolve(answers.session?.() ?? new Response("visible-session-token\n"));
    return Promise.resolve(key(new Date(shared.clock.now() + HOUR).toISOString()));
  };
  const early: string[] = [];
  const { clock, onSecret } = shared;
  const source = metadataKeys({ fetch, clock, onSecret, onEarlyFailure: ({ message }) => early.push(message) });
  return { ...shared, fetched: asked, early, source, authenticator: signatureAuthenticator(source, clock) };
}

Deno.test("metadataKeys() gets a session and with it the key, which signs", async () => {
  const { list, authenticator, fetched, secrets, call } = instance();
  assert.equal((await list(authenticator, call())).status, 200);
  assert.deepEqual(fetched.map(({ method, url }) => `${method} ${url}`), [
    "PUT http://169.254.169.254/meta-data/latest/api/token",
    "GET http://169.254.169.254/openstack/latest/securitykey",
  ]);
  assert.equal(fetched[0]!.headers.get("x-metadata-token-ttl-seconds"), "21600");
  assert.equal(fetched[1]!.headers.get("x-metadata-token"), "visible-session-token");
  assert.deepEqual(secrets, ["visible-session-token", ...Object.values(temporaryKey)]);
});

for (const status of [404, 405, 503]) {
  Deno.test(`metadataKeys() goes without a session when it is answered with ${status}`, async () => {
    const { source, fetched, call } = instance({ session: () => new Response("", { status }) });
    assert.equal((await source.get(call())).accessKey, temporaryKey.accessKey);
    assert.equal(fetched[1]!.headers.has("x-metadata-token"), false);
  });
}

Deno.test("metadataKeys() gets a new key five minutes before the old one expires", async () => {
  const { source, fetched, clock, call } = instance();
  await source.get(call());
  clock.advance(HOUR - 5 * 60_000 - 1);
  await source.get(call());
  assert.equal(fetched.length, 2);
  clock.advance(1);
  await source.get(call());
  await idle();
  assert.equal(fetched.length, 4);
});

Deno.test("metadataKeys() points to the agency when the service has no key", async () => {
  for (const status of [401, 404]) {
    const { source, call } = instance({ key: () => new Response("Please configure", { status }) });
    const error = await failure(source.get(call()));
    assert.deepEqual([error.verdict, error.httpStatus, error.body.error_msg], ["not_sent", status, "Please configure"]);
    assert.match(error.hint!, /agency/);
  }
});

Deno.test("metadataKeys() gives up after three seconds, and says that this may be no ECS instance", async () => {
  const { clock, onSecret, call } = setUp();
  const fetch: Fetch = (_url, { signal }) =>
    new Promise((_, reject) => signal!.addEventListener("abort", () => reject(signal!.reason), { once: true }));
  const started = clock.now();
  const error = await clock.run(failure(metadataKeys({ clock, onSecret, fetch }).get(call())));
  assert.deepEqual([error.kind, error.verdict, clock.now() - started], ["timeout", "not_sent", 3_000]);
  assert.match(error.hint!, /DBSS_MCP_ECS_METADATA/);
});

for (const body of ["{}", "[]", "null", '{"credential":{"access":"a","secret":"b"}}', '{"credential":7}', "<html>"]) {
  Deno.test(`metadataKeys() gives protocol when the answer is ${body}`, async () => {
    const { source, call } = instance({ key: () => new Response(body) });
    const error = await failure(source.get(call()));
    assert.deepEqual([error.kind, error.verdict], ["protocol", "not_sent"]);
  });
}
