import assert from "node:assert/strict";
import { createClient } from "../src/huaweicloud/client.ts";
import { tokenAuthenticator } from "../src/auth/token.ts";
import type { CloudErrorKind } from "../src/huaweicloud/errors.ts";
import { systemFetch } from "../src/huaweicloud/connection.ts";
import { createSend } from "../src/huaweicloud/send.ts";
import { createSimulatedCloud } from "../src/simulator/cloud.ts";
import {
  afterwards,
  answer,
  endlessBody,
  errorBodies,
  type Fault,
  htmlPage,
  redirect,
  reset,
  resetInBody,
  silence,
  silentBody,
} from "../src/simulator/faults.ts";
import { serveOnLoopback } from "../src/simulator/serve.ts";
import { SIMULATION } from "../src/simulator/state.ts";
import type { Outcome } from "../src/tools/change_security_group.ts";
import { fastClock } from "./support/fast_clock.ts";
import { join } from "./support/in_memory.ts";
import { closingServer, freePort } from "./support/raw_server.ts";
import { held } from "./support/held.ts";

const REQUEST = {
  name: "change_encrypted_instance_security_group",
  arguments: { instance_id: SIMULATION.instances.billing, security_group_ids: [SIMULATION.groups.lockedDown] },
};

type Content = Record<string, unknown> & { outcome: Outcome; error?: Record<string, unknown> };

/** The real server behind a real client, with a real socket between it and the cloud, in fast time. */
async function reach(origin: string, options: { attemptTimeoutMs?: number } = {}) {
  const clock = fastClock(8);
  /** The PUTs that were handed to fetch, whether they arrived or not. */
  const tried: string[] = [];
  const joined = await join({
    clock,
    timeoutMs: 600_000,
    cloud: createClient({
      origins: { dbss: origin, vpc: origin },
      userAgent: "dbss-mcp/test",
      send: createSend({
        fetch(url, init, effect) {
          if (effect === "write") tried.push(url.href);
          return systemFetch(url, init, effect);
        },
        authenticator: tokenAuthenticator(SIMULATION.token),
        clock,
        random: () => 0,
        attemptTimeoutMs: options.attemptTimeoutMs ?? 600_000,
      }),
    }),
  });
  const call = async (signal?: AbortSignal) => {
    const result = await joined.client.callTool(REQUEST, undefined, { signal });
    const content = result.structuredContent as Content;
    assert.equal(result.isError, !["accepted", "applied"].includes(content.outcome));
    assert.equal(content.error !== undefined, result.isError);
    const [sentence, json] = result.content as { text: string }[];
    assert.ok(sentence!.text.toLowerCase().startsWith(content.outcome), sentence!.text);
    assert.deepEqual(JSON.parse(json!.text), content);
    assert.ok(!JSON.stringify([result, joined.logged, joined.audited]).includes(SIMULATION.token));
    return content;
  };
  return { joined, tried, call };
}

interface Row {
  what: string;
  /** For one PUT after the other; when they are used up, the cloud answers as it should. */
  faults: Fault[];
  outcome: Outcome;
  kind?: CloudErrorKind;
  retryable?: boolean;
  /** How many PUTs arrive. */
  puts?: number;
  /** What else the result holds. */
  fields?: Record<string, unknown>;
  error?: Record<string, unknown>;
  attemptTimeoutMs?: number;
}

const always = (fault: Fault) => Array.from({ length: 10 }, () => fault);

const GOOD: Row[] = [
  { what: "200 with code 0", faults: [answer(200, { code: 0 })], outcome: "accepted", fields: { code: 0 } },
  { what: "200 without a code", faults: [answer(200, {})], outcome: "accepted" },
  {
    what: "200 with every field",
    faults: [answer(200, { code: 0, description: "d", order_id: "o", task_id: "t" }, { "x-request-id": "r" })],
    outcome: "accepted",
    fields: { http_status: 200, code: 0, description: "d", order_id: "o", task_id: "t", request_id: "r" },
  },
  { what: "200 with unknown fields", faults: [answer(200, { code: 0, new: [{}] })], outcome: "accepted" },
  { what: "200 of the simulated cloud", faults: [], outcome: "accepted", fields: { code: 0 } },
];

const ABNORMAL: Row[] = [
  {
    what: "200 with a non-zero code",
    faults: [answer(200, { code: 1, description: "quota" })],
    outcome: "rejected",
    kind: "abnormal_code",
    fields: { http_status: 200, code: 1, description: "quota" },
  },
  {
    what: "200 with an error code and no code",
    faults: [answer(200, errorBodies.dbss("DBSS.11000000", "internal"))],
    outcome: "unknown",
    kind: "protocol",
    error: { error_code: "DBSS.11000000", error_msg: "internal" },
  },
  { what: "200 and nothing", faults: [answer(200)], outcome: "unknown", kind: "protocol" },
  { what: "200 and no JSON", faults: [answer(200, "{")], outcome: "unknown", kind: "protocol" },
  { what: "200 and a gateway's page", faults: [htmlPage(200)], outcome: "unknown", kind: "protocol" },
  { what: "200 and a body without end", faults: [endlessBody()], outcome: "unknown", kind: "protocol" },
  {
    what: "204",
    faults: [{ respond: () => new Response(null, { status: 204 }) }],
    outcome: "unknown",
    kind: "protocol",
  },
];

const BY_STATUS: [number, Outcome, CloudErrorKind][] = [
  [400, "rejected", "invalid_request"],
  [401, "rejected", "authentication"],
  [403, "rejected", "permission"],
  [404, "rejected", "not_found"],
  [409, "rejected", "conflict"],
  [429, "rejected", "throttled"],
  [500, "unknown", "service"],
  [502, "unknown", "service"],
  [503, "unknown", "service"],
  [504, "unknown", "service"],
];

const STATUSES: Row[] = BY_STATUS.flatMap(([status, outcome, kind]) => {
  const again = status === 429 ? { retryable: true, puts: 4 } : {};
  const shapes = Object.entries(errorBodies).map(([shape, make]) => {
    const body = make("DBSS.1", "said the cloud");
    return {
      what: `${status} with the ${shape} body`,
      faults: always(answer(status, body)),
      outcome,
      kind,
      ...again,
      fields: { http_status: status, ...("request_id" in body ? { request_id: body.request_id } : {}) },
      error: {
        error_code: shape === "iam" ? "400" : "DBSS.1",
        error_msg: "said the cloud",
        ...("details" in body
          ? { details: body.details, encoded_authorization_message: body.encoded_authorization_message }
          : {}),
      },
    };
  });
  return [
    ...shapes,
    { what: `${status} with a gateway's page`, faults: always(htmlPage(status)), outcome, kind, ...again },
    { what: `${status} and nothing`, faults: always(answer(status)), outcome, kind, ...again },
  ];
});

const AGAIN: Row[] = [
  { what: "429 and then 200", faults: [answer(429)], outcome: "accepted", puts: 2 },
  {
    what: "429 with Retry-After and then 200",
    faults: [answer(429, "", { "retry-after": "2" })],
    outcome: "accepted",
    puts: 2,
  },
  {
    what: "503 of a gateway that cannot reach IAM and then 200",
    faults: [answer(503, errorBodies.gateway("APIGW.0613", "IAM unavailable"))],
    outcome: "accepted",
    puts: 2,
  },
  {
    what: "503 of a gateway that cannot reach IAM, again and again",
    faults: always(answer(503, errorBodies.gateway("APIGW.0613", "IAM unavailable"))),
    outcome: "rejected",
    kind: "service",
    retryable: true,
    puts: 4,
    error: { error_code: "APIGW.0613" },
  },
];

const LOST: [string, Fault, CloudErrorKind][] = [
  ["a connection lost before the answer", reset(), "network"],
  ["a connection lost in the middle of the answer", resetInBody(), "network"],
  ["headers, then silence", silentBody(), "timeout"],
  ["silence", silence(), "timeout"],
  ["500", answer(500, errorBodies.dbss("DBSS.11000000", "internal")), "service"],
  ["504 of a gateway", htmlPage(504), "service"],
];

const UNCLEAR: Row[] = LOST.flatMap(([what, fault, kind]) => {
  const attemptTimeoutMs = kind === "timeout" ? 2_400 : undefined;
  return [
    { what: `${what}, nothing done`, faults: [fault], outcome: "unknown" as const, kind, attemptTimeoutMs },
    { what: `${what}, after it was done`, faults: [afterwards(fault)], outcome: "applied" as const, attemptTimeoutMs },
  ];
});

const BROKEN_ERRORS: Row[] = [
  { what: "400 whose body breaks off", faults: [resetInBody(400)], outcome: "rejected", kind: "invalid_request" },
  {
    what: "403 whose body never comes",
    faults: [silentBody(403)],
    outcome: "rejected",
    kind: "permission",
    attemptTimeoutMs: 2_400,
  },
];

for (const row of [...GOOD, ...ABNORMAL, ...STATUSES, ...AGAIN, ...UNCLEAR, ...BROKEN_ERRORS]) {
  Deno.test(`tools/call says ${row.outcome}${row.kind ? `, ${row.kind},` : ""} when the cloud gives ${row.what}`, async () => {
    const cloud = createSimulatedCloud();
    cloud.faults.push(...row.faults);
    const server = await serveOnLoopback(cloud.handle);
    const { joined, tried, call } = await reach(server.origin, row);
    try {
      const content = await call();
      assert.equal(content.outcome, row.outcome);
      assert.equal(content.error?.kind, row.kind);
      assert.equal(content.error?.retryable, row.kind && (row.retryable ?? false));
      assert.deepEqual([tried.length, cloud.puts.length], [row.puts ?? 1, row.puts ?? 1]);
      assert.deepEqual(content.previous_security_group_ids, [SIMULATION.groups.open]);
      assertHolds(content, row.fields);
      assertHolds(content.error ?? {}, row.error);
      assert.deepEqual(joined.audited.map(({ outcome }) => outcome), [row.outcome]);
    } finally {
      await joined[Symbol.asyncDispose]();
      await server.close();
    }
  });
}

function assertHolds(actual: Record<string, unknown>, expected: Record<string, unknown> = {}): void {
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(actual[name], value, name);
}

Deno.test("tools/call sends exactly the documented request", async () => {
  const cloud = createSimulatedCloud();
  const server = await serveOnLoopback(cloud.handle);
  {
    const { joined, call } = await reach(server.origin);
    await using _ = joined;
    await call();
  }
  const [put] = cloud.puts;
  assert.equal(
    put!.path,
    `/v1/${SIMULATION.projectId}/db-encrypt/${SIMULATION.instances.billing}/security-group`,
  );
  assert.equal(put!.body, JSON.stringify({ security_group_ids: [SIMULATION.groups.lockedDown] }));
  assert.equal(put!.headers["x-auth-token"], SIMULATION.token);
  assert.equal(put!.headers["content-type"], "application/json");
  assert.equal(put!.headers["user-agent"], "dbss-mcp/test");
  await server.close();
});

for (const status of [301, 302, 303, 307, 308]) {
  Deno.test(`tools/call follows no redirect ${status}, and nothing arrives where it points`, async () => {
    const bait = createSimulatedCloud();
    const baitServer = await serveOnLoopback(bait.handle);
    const cloud = createSimulatedCloud();
    const fault = redirect(`${baitServer.origin}/v1/elsewhere`, status);
    cloud.faults.push(fault, { ...fault, on: "POST" });
    const server = await serveOnLoopback(cloud.handle);
    {
      const { joined, tried, call } = await reach(server.origin);
      await using _ = joined;
      const { outcome, error, http_status } = await call();
      assert.deepEqual([outcome, error?.kind, http_status], ["unknown", "protocol", status]);
      assert.equal(tried.length, 1);
    }
    assert.equal(bait.requests.length, 0);
    await server.close();
    await baitServer.close();
  });
}

Deno.test("tools/call says refused, network, retryable when the connection is refused", async () => {
  const { joined, tried, call } = await reach(`http://127.0.0.1:${freePort()}`);
  await using _ = joined;
  const { outcome, error } = await call();
  assert.deepEqual([outcome, error?.kind, error?.retryable], ["refused", "network", true]);
  assert.equal(tried.length, 4);
});

Deno.test("tools/call says refused, network, retryable when the TLS handshake fails", async () => {
  const cloud = createSimulatedCloud();
  const server = await serveOnLoopback(cloud.handle);
  {
    const { joined, tried, call } = await reach(server.origin.replace("http:", "https:"));
    await using _ = joined;
    const { outcome, error } = await call();
    assert.deepEqual([outcome, error?.kind, error?.retryable], ["refused", "network", true]);
    assert.match(error?.message as string, /TLS/);
    assert.equal(tried.length, 4);
  }
  assert.equal(cloud.requests.length, 0);
  await server.close();
});

const LOOPBACK_ONLY: Deno.TestDefinition["permissions"] = { net: ["127.0.0.1"] };

Deno.test("tools/call says refused when the process is not permitted to reach the host", {
  permissions: LOOPBACK_ONLY,
}, async () => {
  const { joined, call } = await reach("https://elsewhere.invalid");
  await using _ = joined;
  const { outcome, error } = await call();
  assert.equal(outcome, "refused");
  assert.match(error?.message as string, /--allow-net/);
});

Deno.test("tools/call follows a change that is cancelled on its way, so that the audit tells the truth", async () => {
  const cloud = createSimulatedCloud();
  const { fault, arrived, letGo } = held("PUT");
  cloud.faults.push(fault);
  const server = await serveOnLoopback(cloud.handle);
  {
    const { joined, tried, call } = await reach(server.origin);
    await using _ = joined;
    const abort = new AbortController();
    const cancelled = assert.rejects(call(abort.signal));
    await arrived;
    abort.abort();
    await cancelled;
    letGo();
    await joined.settled();
    assert.equal(tried.length, 1);
    assert.deepEqual(joined.audited.map(({ outcome }) => outcome), ["accepted"]);
  }
  await server.close();
});

Deno.test("tools/call sends no change when it is cancelled while it looks first", async () => {
  const cloud = createSimulatedCloud();
  const { fault, arrived, letGo } = held("POST");
  cloud.faults.push(fault);
  const server = await serveOnLoopback(cloud.handle);
  {
    const { joined, tried, call } = await reach(server.origin);
    await using _ = joined;
    const abort = new AbortController();
    const cancelled = assert.rejects(call(abort.signal));
    await arrived;
    abort.abort();
    await cancelled;
    await joined.settled();
    assert.equal(tried.length, 0);
    assert.deepEqual(joined.audited.map(({ outcome, error_kind }) => [outcome, error_kind]), [[
      "refused",
      "cancelled",
    ]]);
  }
  letGo();
  await server.close();
});

Deno.test("tools/call carries two calls at once: both reach the cloud before either is answered", async () => {
  const cloud = createSimulatedCloud();
  const both = [held("PUT"), held("PUT")];
  cloud.faults.push(...both.map(({ fault }) => fault));
  const server = await serveOnLoopback(cloud.handle);
  {
    const { joined, call } = await reach(server.origin);
    await using _ = joined;
    const calls = [call(), call()];
    await Promise.all(both.map(({ arrived }) => arrived));
    both.forEach(({ letGo }) => letGo());
    assert.deepEqual((await Promise.all(calls)).map(({ outcome }) => outcome), ["accepted", "accepted"]);
  }
  await server.close();
});

for (const moment of ["before the change comes", "at its first byte", "at its last byte"] as const) {
  Deno.test(`tools/call never sends a second PUT when the server closes a connection ${moment}`, async () => {
    for (let round = 0; round < 10; round++) {
      await using server = closingServer(moment);
      const { joined, tried, call } = await reach(server.origin);
      await using _ = joined;
      const { outcome } = await call();
      assert.equal(outcome, moment === "before the change comes" ? "accepted" : "unknown");
      assert.deepEqual([server.puts, tried.length], [1, 1], `round ${round}`);
    }
  });
}
