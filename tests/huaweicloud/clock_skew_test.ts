import assert from "node:assert/strict";
import { fixedKey, signatureAuthenticator } from "../../src/auth/signature.ts";
import { explainClock } from "../../src/huaweicloud/clock_skew.ts";
import { CloudError, type CloudErrorKind } from "../../src/huaweicloud/errors.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { failure, setUp } from "../support/credentials.ts";
import { FakeClock } from "../support/fake_clock.ts";

const refused = (kind: CloudErrorKind = "authentication") =>
  new CloudError(kind, "Refused", { verdict: "denied", httpStatus: 401, requestId: "r-1", body: { error_code: "c" } });
const signedAt = (date: string) => new Headers({ "x-sdk-date": date });
const SERVER = "Tue, 24 Nov 2026 02:00:00 GMT";

for (
  const [date, words] of [
    ["20261124T021501Z", "15 minutes ahead of"],
    ["20261124T030000Z", "60 minutes ahead of"],
    ["20261124T014000Z", "20 minutes behind"],
    ["20251124T020000Z", "525600 minutes behind"],
  ] as const
) {
  Deno.test(`explainClock() says that the clock is ${words} Huawei Cloud's`, () => {
    const error = explainClock(refused(), signedAt(date), { date: SERVER });
    assert.ok(error.message.includes(`this machine's clock is ${words} Huawei Cloud's`), error.message);
    assert.match(error.hint!, /clock/);
    assert.deepEqual([error.kind, error.verdict, error.httpStatus, error.requestId, error.body], [
      "authentication",
      "denied",
      401,
      "r-1",
      { error_code: "c" },
    ]);
  });
}

const UNTOUCHED: [string, CloudError, Headers, string | undefined][] = [
  ["the clock is 15 minutes off, as allowed", refused(), signedAt("20261124T021500Z"), SERVER],
  ["the request was not signed", refused(), new Headers(), SERVER],
  ["the answer has no date", refused(), signedAt("20261124T030000Z"), undefined],
  ["the answer's date cannot be read", refused(), signedAt("20261124T030000Z"), "soon"],
  ["the error is another one", refused("permission"), signedAt("20261124T030000Z"), SERVER],
];
for (const [title, error, headers, date] of UNTOUCHED) {
  Deno.test(`explainClock() leaves the error as it is when ${title}`, () => {
    assert.equal(explainClock(error, headers, { date }), error);
  });
}

Deno.test("send() tells a wrong clock from a wrong key", async () => {
  const { clock, list, call } = setUp();
  const key = fixedKey(SIMULATION.key);
  const slow = signatureAuthenticator(key, new FakeClock(clock.now() - 16 * 60_000));
  assert.match((await failure(list(slow, call()))).message, /clock is 16 minutes behind/);
  const wrong = fixedKey({ ...SIMULATION.key, secretKey: "visible-wrong-secret" });
  assert.doesNotMatch((await failure(list(signatureAuthenticator(wrong, clock), call()))).message, /clock/);
});
