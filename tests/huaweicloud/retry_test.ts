import assert from "node:assert/strict";
import { CLOUD_ERROR_KINDS, CloudError, type CloudErrorKind, type Verdict } from "../../src/huaweicloud/errors.ts";
import { decideRetry, type Effect, isRepeatable, RETRY, type RetryState } from "../../src/huaweicloud/retry.ts";

const failure = (kind: CloudErrorKind, verdict: Verdict, httpStatus?: number, retryAfterMs?: number) =>
  new CloudError(kind, "x", { verdict, httpStatus, retryAfterMs });

const decide = (state: Partial<RetryState>) =>
  decideRetry({
    effect: "write",
    error: failure("throttled", "denied", 429),
    attempt: 1,
    remainingMs: 30_000,
    random: 0.5,
    ...state,
  });

const TABLE: [CloudErrorKind, Verdict, status: number | undefined, write: boolean, read: boolean][] = [
  ["invalid_request", "denied", 400, false, false],
  ["authentication", "denied", 401, false, false],
  ["permission", "denied", 403, false, false],
  ["not_found", "denied", 404, false, false],
  ["timeout", "unclear", 408, false, true],
  ["conflict", "denied", 409, false, false],
  ["throttled", "denied", 429, true, true],
  ["service", "unclear", 500, false, true],
  ["service", "unclear", 501, false, false],
  ["service", "unclear", 502, false, true],
  ["service", "unclear", 503, false, true],
  ["service", "denied", 503, true, true],
  ["service", "unclear", 504, false, true],
  ["service", "unclear", 505, false, false],
  ["network", "not_sent", undefined, true, true],
  ["network", "unclear", undefined, false, true],
  ["network", "unclear", 200, false, true],
  ["timeout", "not_sent", undefined, true, true],
  ["timeout", "unclear", undefined, false, true],
  ["timeout", "unclear", 200, false, true],
  ["protocol", "unclear", 200, false, false],
  ["abnormal_code", "denied", 200, false, false],
  ["cancelled", "not_sent", undefined, false, false],
  ["cancelled", "unclear", undefined, false, false],
];

for (const [kind, verdict, status, write, read] of TABLE) {
  for (const [effect, expected] of [["write", write], ["read", read]] as [Effect, boolean][]) {
    Deno.test(`decideRetry() ${expected ? "repeats" : "stops"} a ${effect} when ${kind}, ${verdict}, ${status}`, () => {
      const error = failure(kind, verdict, status);
      assert.equal(isRepeatable(effect, error), expected);
      assert.equal(decide({ effect, error }).retry, expected);
    });
  }
}

Deno.test("isRepeatable() never repeats a write whose fate is unclear, whatever the kind and status", () => {
  for (const kind of CLOUD_ERROR_KINDS.filter((kind) => kind !== "throttled")) {
    for (const status of [undefined, 200, 307, 408, 429, 500, 502, 503, 504]) {
      assert.equal(isRepeatable("write", failure(kind, "unclear", status)), false, `${kind} ${status}`);
    }
  }
});

Deno.test("decideRetry() stops after the last attempt", () => {
  assert.equal(decide({ attempt: RETRY.maxAttempts - 1 }).retry, true);
  assert.equal(decide({ attempt: RETRY.maxAttempts }).retry, false);
  assert.equal(decide({ attempt: RETRY.maxAttempts + 1 }).retry, false);
  assert.equal(decide({ attempt: 1, maxAttempts: 1 }).retry, false);
  assert.equal(decide({ attempt: RETRY.maxAttempts, maxAttempts: RETRY.maxAttempts + 1 }).retry, true);
});

Deno.test("decideRetry() draws the wait from the full range up to a doubling bound", () => {
  for (const [attempt, bound] of [[1, 500], [2, 1_000], [3, 2_000]] as const) {
    assert.deepEqual(decide({ attempt, random: 0 }), { retry: true, waitMs: 0 });
    assert.deepEqual(decide({ attempt, random: 0.5 }), { retry: true, waitMs: bound / 2 });
    assert.deepEqual(decide({ attempt, random: 0.999 }), { retry: true, waitMs: bound * 0.999 });
  }
  assert.ok(RETRY.baseMs * 2 ** (RETRY.maxAttempts - 2) <= RETRY.maxBackoffMs);
});

Deno.test("decideRetry() obeys Retry-After without jitter, capped", () => {
  for (const random of [0, 0.999]) {
    const wait = (ms: number) => decide({ error: failure("throttled", "denied", 429, ms), random });
    assert.deepEqual(wait(0), { retry: true, waitMs: 0 });
    assert.deepEqual(wait(3_000), { retry: true, waitMs: 3_000 });
    assert.deepEqual(wait(3_600_000), { retry: true, waitMs: RETRY.maxRetryAfterMs });
    assert.deepEqual(wait(Infinity), { retry: true, waitMs: RETRY.maxRetryAfterMs });
  }
});

Deno.test("decideRetry() stops when the wait would leave an attempt too little of the budget", () => {
  const error = failure("throttled", "denied", 429, 3_000);
  assert.equal(decide({ error, remainingMs: 3_000 + RETRY.minAttemptMs }).retry, true);
  assert.equal(decide({ error, remainingMs: 2_999 + RETRY.minAttemptMs }).retry, false);
  assert.equal(decide({ random: 0, remainingMs: 0 }).retry, false);
  assert.equal(decide({ random: 0, remainingMs: -1 }).retry, false);
});
