import assert from "node:assert/strict";
import { CloudError } from "../../src/huaweicloud/errors.ts";
import { RETRY } from "../../src/huaweicloud/retry.ts";
import { type Authenticator, type Call, createSend, type SendOptions } from "../../src/huaweicloud/send.ts";
import { FakeClock, idle } from "../support/fake_clock.ts";

type Init = RequestInit & { signal: AbortSignal };
/** What the fake fetch does with one request. */
type Step = (init: Init) => Response | Promise<Response>;

const respond = (status: number, body = "", headers: Record<string, string> = {}): Step => () =>
  new Response(body, { status, headers });
const fail = (error: unknown): Step => () => Promise.reject(error);
const onAbort = (signal: AbortSignal, run: () => void) => signal.addEventListener("abort", run, { once: true });
const hang: Step = ({ signal }) => new Promise((_, reject) => onAbort(signal, () => reject(signal.reason)));
const headersThenSilence = (status: number): Step => ({ signal }) =>
  new Response(
    new ReadableStream({ start: (controller) => onAbort(signal, () => controller.error(signal.reason)) }),
    { status, headers: { "x-request-id": "r-1" } },
  );
const connectFailure = (reason: string) =>
  fail(new TypeError("fetch failed", { cause: new Error(`client error (Connect): ${reason}`) }));
const ok = respond(200, '{"code":0}');
const busy = respond(429);

/** A send whose fetch does these steps in turn, the last one again and again. */
function setup(steps: Step[], options: Partial<SendOptions> & { budgetMs?: number; maxAttempts?: number } = {}) {
  const clock = new FakeClock();
  const start = clock.now();
  const caller = new AbortController();
  const call: Call = {
    signal: caller.signal,
    deadline: start + (options.budgetMs ?? 30_000),
    maxAttempts: options.maxAttempts,
  };
  const sent: { atMs: number; url: string; init: Init; headers: Headers }[] = [];
  const retries: Parameters<NonNullable<SendOptions["onRetry"]>>[0][] = [];
  let tokens = 0;
  const send = createSend({
    fetch(url, init) {
      sent.push({ atMs: clock.now() - start, url: url.href, init: init as Init, headers: new Headers(init.headers) });
      return Promise.resolve(steps[Math.min(sent.length, steps.length) - 1]!(init as Init));
    },
    authenticator: {
      authenticate(request) {
        const headers = new Headers(request.headers);
        headers.set("x-auth-token", `visible-fake-${++tokens}`);
        return Promise.resolve({ ...request, headers });
      },
    },
    clock,
    random: () => 0.5,
    attemptTimeoutMs: 10_000,
    onRetry: (event) => retries.push(event),
    ...options,
  });
  const request = (effect: "read" | "write") =>
    send({
      method: effect === "read" ? "POST" : "PUT",
      url: new URL("https://dbss.example/v1/x"),
      headers: new Headers({ "content-type": "application/json" }),
      body: "{}",
      effect,
    }, call);
  const error = async (effect: "read" | "write") => {
    const thrown = await clock.run(request(effect).then(() => assert.fail("It resolved"), (error) => error));
    assert.ok(thrown instanceof CloudError, String(thrown));
    return thrown;
  };
  return { clock, caller, sent, retries, request, error };
}

Deno.test("send() sends the authenticated request once, follows no redirect and leaves no timer", async () => {
  const { clock, sent, request } = setup([ok]);
  const answer = await request("write");
  assert.deepEqual(answer.body, { code: 0 });
  assert.equal(sent.length, 1);
  const [{ url, init, headers }] = sent as [typeof sent[0]];
  assert.equal(url, "https://dbss.example/v1/x");
  assert.deepEqual([init.method, init.body, init.redirect], ["PUT", "{}", "manual"]);
  assert.deepEqual(Object.fromEntries(headers), {
    "content-type": "application/json",
    "x-auth-token": "visible-fake-1",
  });
  assert.equal(clock.pending, 0);
});

const NEVER_SENT: [string, Step][] = [
  ["the name does not resolve", connectFailure("dns error: no such host")],
  ["the connection is refused", connectFailure("tcp connect error: Connection refused (os error 111)")],
  ["the TLS handshake fails", connectFailure("invalid peer certificate: UnknownIssuer")],
  ["429", busy],
  ["503 with APIGW.0613", respond(503, '{"error_code":"APIGW.0613"}')],
];
const MAY_HAVE_ARRIVED: [string, Step][] = [
  [
    "the connection is lost before the answer",
    fail(new TypeError("fetch failed", { cause: new Error("client error (SendRequest): connection closed") })),
  ],
  ["500", respond(500)],
  ["502", respond(502)],
  ["503", respond(503)],
  ["504", respond(504)],
];
const FINAL: [string, Step][] = [
  ["307", respond(307, "", { location: "https://elsewhere.example" })],
  ["400", respond(400)],
  ["401", respond(401)],
  ["403", respond(403)],
  ["404", respond(404)],
  ["409", respond(409)],
];

for (const [what, step] of NEVER_SENT) {
  for (const effect of ["write", "read"] as const) {
    Deno.test(`send() sends a ${effect} again when ${what}`, async () => {
      const { clock, sent, request } = setup([step, ok]);
      assert.equal((await clock.run(request(effect))).status, 200);
      assert.equal(sent.length, 2);
      assert.equal(clock.pending, 0);
    });
  }
}

for (const [what, step] of MAY_HAVE_ARRIVED) {
  Deno.test(`send() sends a write once and a read again when ${what}`, async () => {
    const write = setup([step, ok]);
    assert.equal((await write.error("write")).verdict, "unclear");
    assert.equal(write.sent.length, 1);
    const read = setup([step, ok]);
    await read.clock.run(read.request("read"));
    assert.equal(read.sent.length, 2);
  });
}

for (const [what, step] of FINAL) {
  Deno.test(`send() sends neither write nor read again when ${what}`, async () => {
    for (const effect of ["write", "read"] as const) {
      const { sent, error } = setup([step, ok]);
      await error(effect);
      assert.equal(sent.length, 1);
    }
  });
}

Deno.test("send() authenticates each attempt anew and tells of each retry", async () => {
  const { clock, sent, retries, request } = setup([busy, busy, ok]);
  await clock.run(request("write"));
  assert.deepEqual(sent.map(({ headers }) => headers.get("x-auth-token")), [1, 2, 3].map((n) => `visible-fake-${n}`));
  assert.deepEqual(retries.map(({ attempt, waitMs, error }) => [attempt, waitMs, error.kind]), [
    [1, 250, "throttled"],
    [2, 500, "throttled"],
  ]);
});

Deno.test("send() gives up after the last attempt with the last error", async () => {
  const { sent, error } = setup([busy, busy, busy, respond(429, '{"error_code":"last"}'), ok]);
  assert.equal((await error("write")).body.error_code, "last");
  assert.equal(sent.length, RETRY.maxAttempts);
});

for (
  const [random, times] of [[0, [0, 0, 0, 0]], [0.5, [0, 250, 750, 1_750]], [0.999, [
    0,
    499.5,
    1_498.5,
    3_496.5,
  ]]] as const
) {
  Deno.test(`send() waits a share of ${random} of the doubling bound`, async () => {
    const { sent, error } = setup([busy], { random: () => random });
    await error("write");
    assert.deepEqual(sent.map(({ atMs }) => Math.round(atMs * 10) / 10), times);
  });
}

for (
  const [what, header, waitMs] of [
    ["seconds", "3", 3_000],
    ["zero seconds", "0", 0],
    ["a date", "Thu, 01 Jan 2026 00:00:05 GMT", 5_000],
    ["a date in the past", "Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["more than the cap", "25", RETRY.maxRetryAfterMs],
    ["garbage", "later", 250],
  ] as const
) {
  Deno.test(`send() obeys Retry-After when it is ${what}`, async () => {
    const { clock, sent, request } = setup([respond(429, "", { "retry-after": header }), ok]);
    await clock.run(request("write"));
    assert.deepEqual(sent.map(({ atMs }) => atMs), [0, waitMs]);
  });
}

Deno.test("send() does not begin a wait that the budget cannot hold", async () => {
  const { clock, sent, error } = setup([respond(429, "", { "retry-after": "5" }), ok], { budgetMs: 5_000 });
  const start = clock.now();
  assert.equal((await error("write")).kind, "throttled");
  assert.equal(sent.length, 1);
  assert.equal(clock.now(), start);
});

Deno.test("send() counts attempts and waits against one budget", async () => {
  const { clock, sent, error } = setup([hang], { budgetMs: 25_000 });
  const start = clock.now();
  const { kind, message } = await error("read");
  assert.equal(kind, "timeout");
  // 10 s, 250 ms wait, 10 s, 500 ms wait, and what is left.
  assert.deepEqual(sent.map(({ atMs }) => atMs), [0, 10_250, 20_750]);
  assert.match(message, /within 4250 ms/);
  assert.equal(clock.now() - start, 25_000);
  assert.equal(clock.pending, 0);
});

Deno.test("send() sends nothing when the budget is used up before", async () => {
  const { sent, error } = setup([ok], { budgetMs: 0 });
  const { kind, verdict } = await error("write");
  assert.deepEqual([kind, verdict], ["timeout", "not_sent"]);
  assert.equal(sent.length, 0);
});

Deno.test("send() sends nothing when authenticating used the budget up", async () => {
  const clock = new FakeClock();
  const { sent, request } = setup([ok], {
    clock,
    authenticator: {
      authenticate(request) {
        clock.advance(30_000);
        return Promise.resolve(request);
      },
    },
  });
  await assert.rejects(request("write"), { kind: "timeout", verdict: "not_sent" });
  assert.equal(sent.length, 0);
});

for (const [what, step] of [["no answer comes", hang], ["the body never ends", headersThenSilence(200)]] as const) {
  Deno.test(`send() ends a write as timeout, unclear, when ${what}`, async () => {
    const { clock, sent, error } = setup([step]);
    const { kind, verdict, httpStatus, requestId } = await error("write");
    assert.deepEqual([kind, verdict], ["timeout", "unclear"]);
    assert.deepEqual([httpStatus, requestId], step === hang ? [undefined, undefined] : [200, "r-1"]);
    assert.equal(sent.length, 1);
    assert.equal(sent[0]!.init.signal.aborted, true);
    assert.equal(clock.pending, 0);
  });
}

Deno.test("send() lets the status decide when the body of an error never ends", async () => {
  const { sent, error } = setup([headersThenSilence(403)]);
  const { kind, verdict, requestId } = await error("write");
  assert.deepEqual([kind, verdict, requestId], ["permission", "denied", "r-1"]);
  assert.equal(sent.length, 1);
});

Deno.test("send() obeys the attempt's limit when it is shorter", async () => {
  const { error } = setup([hang], { attemptTimeoutMs: 1_234 });
  assert.match((await error("write")).message, /within 1234 ms/);
});

const renewing = (renew: () => boolean): Authenticator => ({
  authenticate: (request) => Promise.resolve(request),
  renew,
});

Deno.test("send() renews the credential once and at once when it was refused", async () => {
  for (const effect of ["write", "read"] as const) {
    let renewals = 0;
    const { clock, sent, request } = setup([respond(401), ok], { authenticator: renewing(() => ++renewals > 0) });
    await clock.run(request(effect));
    assert.equal(renewals, 1);
    assert.deepEqual(sent.map(({ atMs }) => atMs), [0, 0]);
  }
});

Deno.test("send() gives up when the renewed credential is refused, too", async () => {
  let renewals = 0;
  const { sent, error } = setup([respond(401)], { authenticator: renewing(() => ++renewals > 0) });
  assert.equal((await error("write")).kind, "authentication");
  assert.deepEqual([sent.length, renewals], [2, 1]);
});

Deno.test("send() gives up when the authenticator has nothing better", async () => {
  const { sent, error } = setup([respond(401), ok], { authenticator: renewing(() => false) });
  assert.equal((await error("write")).kind, "authentication");
  assert.equal(sent.length, 1);
});

Deno.test("send() renews for no other answer", async () => {
  for (const status of [400, 403, 429, 500]) {
    const authenticator = renewing(() => assert.fail("renewed"));
    await setup([respond(status)], { authenticator }).error("write");
  }
});

Deno.test("send() sends nothing and passes the error on when the authenticator fails", async () => {
  const refused = new CloudError("permission", "No credential", { verdict: "not_sent" });
  const { sent, request } = setup([ok], { authenticator: { authenticate: () => Promise.reject(refused) } });
  await assert.rejects(request("write"), (error) => error === refused);
  assert.equal(sent.length, 0);

  const defect = new TypeError("defect");
  const other = setup([ok], { authenticator: { authenticate: () => Promise.reject(defect) } });
  await assert.rejects(other.request("write"), (error) => error === defect);
  assert.equal(other.sent.length, 0);
});

Deno.test("send() asks the authenticator again when it could not be reached", async () => {
  let asked = 0;
  const { clock, sent, request } = setup([ok], {
    authenticator: {
      authenticate(request) {
        if (++asked > 1) return Promise.resolve(request);
        return Promise.reject(new CloudError("network", "IAM is away", { verdict: "not_sent" }));
      },
    },
  });
  await clock.run(request("write"));
  assert.deepEqual([asked, sent.length], [2, 1]);
});

Deno.test("send() sends nothing when the call was cancelled before", async () => {
  for (const effect of ["write", "read"] as const) {
    const { caller, sent, error } = setup([ok]);
    caller.abort();
    const { kind, verdict } = await error(effect);
    assert.deepEqual([kind, verdict], ["cancelled", "not_sent"]);
    assert.equal(sent.length, 0);
  }
});

Deno.test("send() sends nothing when the call is cancelled while it authenticates", async () => {
  const gate = Promise.withResolvers<void>();
  const { caller, sent, request } = setup([ok], {
    authenticator: { authenticate: (request) => gate.promise.then(() => request) },
  });
  const refused = assert.rejects(request("write"), { kind: "cancelled", verdict: "not_sent" });
  caller.abort();
  gate.resolve();
  await refused;
  assert.equal(sent.length, 0);
});

for (const [what, step] of [["the answer", hang], ["the body", headersThenSilence(200)]] as const) {
  Deno.test(`send() stops a read that is cancelled while it waits for ${what}`, async () => {
    const { clock, caller, sent, request } = setup([step]);
    const stopped = assert.rejects(request("read"), { kind: "cancelled" });
    await idle();
    caller.abort();
    await stopped;
    assert.equal(sent.length, 1);
    assert.equal(clock.pending, 0);
  });

  Deno.test(`send() follows a write that is cancelled while it waits for ${what}`, async () => {
    const answered = Promise.withResolvers<void>();
    const body = () =>
      new ReadableStream({
        async pull(controller) {
          await answered.promise;
          controller.enqueue(new TextEncoder().encode('{"code":0}'));
          controller.close();
        },
      });
    const later: Step = step === hang
      ? () => answered.promise.then(() => new Response('{"code":0}'))
      : () => new Response(body());
    const { clock, caller, sent, request } = setup([later]);
    const followed = request("write");
    await idle();
    caller.abort();
    await idle();
    assert.equal(sent[0]!.init.signal.aborted, false);
    answered.resolve();
    assert.deepEqual((await followed).body, { code: 0 });
    assert.equal(clock.pending, 0);
  });
}

Deno.test("send() still ends a cancelled write at its time limit", async () => {
  const { clock, caller, request } = setup([hang]);
  const followed = request("write");
  await idle();
  caller.abort();
  await assert.rejects(clock.run(followed), { kind: "timeout", verdict: "unclear" });
});

Deno.test("send() does not repeat a write that was cancelled on its way", async () => {
  const answered = Promise.withResolvers<Response>();
  const { clock, caller, sent, retries, request } = setup([() => answered.promise, ok]);
  const refused = assert.rejects(request("write"), { kind: "throttled", verdict: "denied" });
  await idle();
  caller.abort();
  answered.resolve(new Response("", { status: 429 }));
  await refused;
  assert.deepEqual([sent.length, retries.length], [1, 0]);
  assert.equal(clock.pending, 0);
});

for (const effect of ["write", "read"] as const) {
  Deno.test(`send() ends the wait at once when a ${effect} is cancelled in it`, async () => {
    const { clock, caller, sent, request } = setup([respond(429, "", { "retry-after": "20" }), ok]);
    const refused = assert.rejects(request(effect), { kind: "throttled" });
    await idle();
    assert.equal(clock.pending, 1);
    caller.abort();
    await refused;
    assert.equal(sent.length, 1);
    assert.equal(clock.pending, 0);
  });
}

Deno.test("send() leaves no listener at the caller's signal", async () => {
  const { clock, caller, request } = setup([busy, ok]);
  let listeners = 0;
  const { signal } = caller;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners += 1;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners -= 1;
    removeEventListener.apply(signal, args);
  };
  await clock.run(request("read"));
  assert.equal(listeners, 0);
});

Deno.test("send() makes only as many attempts as the call allows", async () => {
  for (const maxAttempts of [1, 2]) {
    const { sent, error } = setup([busy], { maxAttempts });
    await error("read");
    assert.equal(sent.length, maxAttempts);
  }
});

const throttled = respond(429, '{"error_code":"APIGW.0308","error_msg":"slow down"}', { "x-request-id": "r-429" });

for (
  const [what, steps, kind, hint] of [
    ["refused", [throttled, connectFailure("Connection refused")], "network", undefined],
    ["out of reach for its credentials", [throttled], "authentication", "Check the password"],
  ] as const
) {
  Deno.test(`send() keeps what the cloud answered to a write when the next attempt is ${what}`, async () => {
    let attempts = 0;
    const { error, retries } = setup([...steps], {
      maxAttempts: 2,
      authenticator: {
        authenticate(request) {
          attempts += 1;
          if (hint === undefined || attempts === 1) return Promise.resolve(request);
          throw new CloudError("authentication", "IAM said no", { verdict: "not_sent", hint });
        },
      },
    });
    const { message, ...found } = await error("write");
    assert.match(
      message,
      /^Huawei Cloud throttled the request \(HTTP 429, APIGW.0308\), and the next attempt did not get out: /,
    );
    assert.equal(found.kind, kind);
    assert.equal(found.verdict, "denied", "it was sent");
    assert.deepEqual([found.httpStatus, found.requestId, found.hint], [429, "r-429", hint]);
    assert.equal(found.body.error_code, "APIGW.0308");
    assert.equal(retries.length, 1);
  });
}

Deno.test("send() keeps that a write was answered, with what IAM said, when the renewal of its token fails", async () => {
  let attempts = 0;
  const { error, sent, retries } = setup([respond(401)], {
    authenticator: {
      authenticate(request) {
        if (++attempts === 1) return Promise.resolve(request);
        const facts = { verdict: "not_sent", httpStatus: 503, body: { error_code: "IAM.1" } } as const;
        throw new CloudError("service", "IAM is down", facts);
      },
      renew: () => true,
    },
    maxAttempts: 2,
  });
  const { kind, verdict, httpStatus, body, message } = await error("write");
  assert.deepEqual([kind, verdict, httpStatus, body.error_code], ["service", "denied", 503, "IAM.1"]);
  assert.match(message, /\(HTTP 401\), and the next attempt did not get out: IAM is down$/);
  assert.equal(sent.length, 1);
  assert.equal(retries[0]!.error.kind, "authentication", "the refusal is told, too");
});
