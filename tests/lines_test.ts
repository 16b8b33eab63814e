import assert from "node:assert/strict";
import { gatherLines } from "../src/lines.ts";
import { FakeClock } from "./support/fake_clock.ts";

function setup() {
  const clock = new FakeClock();
  const written: string[] = [];
  return { clock, written, lines: gatherLines(clock, (text) => written.push(text)) };
}

Deno.test("gatherLines() writes the lines of one turn together and in their order", () => {
  const { clock, written, lines } = setup();
  lines.add("one\n");
  lines.add("two\n");
  assert.deepEqual(written, []);
  clock.advance(0);
  assert.deepEqual(written, ["one\ntwo\n"]);
  lines.add("three\n");
  clock.advance(0);
  assert.deepEqual(written, ["one\ntwo\n", "three\n"]);
  assert.equal(clock.pending, 0);
});

Deno.test("flush() writes at once what was gathered, and nothing twice", () => {
  const { clock, written, lines } = setup();
  lines.flush();
  lines.add("one\n");
  lines.flush();
  assert.deepEqual(written, ["one\n"]);
  lines.add("two\n");
  clock.advance(0);
  lines.flush();
  assert.deepEqual(written, ["one\n", "two\n"]);
});

Deno.test("write() does not wait, keeps the order and leaves nothing to be written again", () => {
  const { clock, written, lines } = setup();
  lines.write("now\n");
  assert.deepEqual(written, ["now\n"]);
  lines.add("one\n");
  lines.write("two\n");
  assert.deepEqual(written, ["now\n", "one\ntwo\n"]);
  clock.advance(0);
  assert.equal(written.length, 2);
});
