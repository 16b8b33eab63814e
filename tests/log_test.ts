import assert from "node:assert/strict";
import { createLog, LOG_LEVELS, type LogLevel } from "../src/log.ts";
import { createRedactor } from "../src/redaction.ts";
import { FakeClock } from "./support/fake_clock.ts";

function setup(level: LogLevel = "debug") {
  const lines: string[] = [];
  const log = createLog({
    level,
    clock: new FakeClock(Date.UTC(2026, 0, 2, 3, 4, 5, 6)),
    redactor: createRedactor(["fake-secret"]),
    write: (line) => lines.push(line),
  });
  return { log, lines };
}

Deno.test("createLog() writes one JSON object a line, with time, level and message first", () => {
  const { log, lines } = setup();
  log.warn("something", { count: 1, gone: undefined });
  assert.deepEqual(lines, [
    '{"time":"2026-01-02T03:04:05.006Z","level":"warn","message":"something","count":1}\n',
  ]);
});

for (const [index, level] of LOG_LEVELS.entries()) {
  Deno.test(`createLog() writes from ${level} upwards when that is its level`, () => {
    const { log, lines } = setup(level);
    for (const each of LOG_LEVELS) log[each]("x");
    assert.deepEqual(lines.map((line) => JSON.parse(line).level), LOG_LEVELS.slice(index));
  });
}

Deno.test("createLog() masks secrets, control characters and length in every field, however deep", () => {
  const { log, lines } = setup();
  log.error("a fake-secret\nb", { deep: [{ text: "fake-secret\u001b[2J" }], long: "x".repeat(5_000) });
  assert.equal(lines.length, 1);
  assert.equal(lines[0]!.indexOf("\n"), lines[0]!.length - 1);
  const { message, deep, long } = JSON.parse(lines[0]!);
  assert.equal(message, "a [redacted] b");
  assert.equal(deep[0].text, "[redacted] [2J");
  assert.ok(long.length < 2_100);
});

Deno.test("createLog() masks a secret that the cut would go through", () => {
  const { log, lines } = setup();
  log.info("x".repeat(1_995) + "fake-secret");
  assert.ok(!lines[0]!.includes("fake"));
});
