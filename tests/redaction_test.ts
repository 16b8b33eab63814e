import assert from "node:assert/strict";
import { createRedactor, jsonLine, mapStrings, plain, tidy } from "../src/redaction.ts";

Deno.test("createRedactor() masks every secret wherever and however often it appears", () => {
  const redactor = createRedactor(["fake-secret-1", undefined, "fake-secret-2"]);
  assert.equal(
    redactor.text("a fake-secret-1 b fake-secret-2fake-secret-1"),
    "a [redacted] b [redacted][redacted]",
  );
});

Deno.test("createRedactor() masks a secret as it stands in a URL, too", () => {
  const redactor = createRedactor(["fake/secret+1="]);
  assert.equal(redactor.text("?key=fake%2Fsecret%2B1%3D&x"), "?key=[redacted]&x");
});

Deno.test("createRedactor() masks a secret as it stands in JSON, too", () => {
  const redactor = createRedactor(['fake "secret" \\']);
  assert.equal(redactor.text(JSON.stringify({ key: 'fake "secret" \\' })), '{"key":"[redacted]"}');
});

Deno.test("createRedactor() takes no part of a secret for the whole", () => {
  const redactor = createRedactor(["fake-secret", "fake-secret-and-more"]);
  assert.equal(redactor.text("fake-secret-and-more"), "[redacted]");
});

Deno.test("createRedactor() leaves ordinary words alone when a secret is short", () => {
  const redactor = createRedactor(["the", ""]);
  assert.equal(redactor.text("the other"), "the other");
});

Deno.test("createRedactor() takes signs of a pattern as they are", () => {
  assert.equal(createRedactor(["a.*$&b(c"]).text("aXXb a.*$&b(c"), "aXXb [redacted]");
});

Deno.test("Redactor.add() masks from then on", () => {
  const redactor = createRedactor();
  assert.equal(redactor.text("fake-secret"), "fake-secret");
  redactor.add("fake-secret");
  redactor.add(undefined);
  assert.equal(redactor.text("fake-secret"), "[redacted]");
});

for (
  const [what, text] of [
    ["an escape sequence", "a\u001bb"],
    ["a line break", "a\nb"],
    ["a delete", "a\u007fb"],
    ["a C1 control", "a\u009bb"],
    ["a zero-width space", "a\u200bb"],
    ["a direction override", "a\u202eb"],
    ["a line separator", "a\u2028b"],
    ["a byte order mark", "a\ufeffb"],
    ["a soft hyphen", "a\u00adb"],
    ["a variation selector", "a\ufe0fb"],
    ["an invisible tag", "a\u{e0041}b"],
    ["a supplementary variation selector", "a\u{e0100}b"],
    ["an invisible letter", "a\u3164b"],
    ["half a surrogate pair", "a\ud83db"],
  ] as const
) {
  Deno.test(`tidy() replaces ${what} by a space`, () => {
    assert.equal(tidy(text, 100), "a b");
  });
}

Deno.test("tidy() keeps visible characters of every script", () => {
  const text = "Gr\u00fc\u00dfe, \u5b89\u5168\u7ec4, \u0645\u0631\u062d\u0628\u0627, \u{1f600}";
  assert.equal(tidy(`  ${text}\n`, 100), text);
});

Deno.test("tidy() cuts what is longer than the limit and says by how much", () => {
  assert.equal(tidy("1234567890", 10), "1234567890");
  assert.equal(tidy("12345678901", 10), "1234567890... (1 more characters)");
});

Deno.test("tidy() never cuts a character in half", () => {
  assert.equal(tidy("\u{1f600}\u{1f600}", 3), "\u{1f600}... (2 more characters)");
});

Deno.test("mapStrings() changes every string, knows its key and leaves the rest", () => {
  const value = { a: "x", list: ["y", { b: "z" }], n: 1, yes: true, none: null, gone: undefined };
  assert.deepEqual(mapStrings(value, (text, key) => `${key}:${text}`), {
    a: "a:x",
    list: ["list:y", { b: "b:z" }],
    n: 1,
    yes: true,
    none: null,
  });
  assert.deepEqual(value.list[0], "y");
});

Deno.test("plain() lets ids, codes, prefixes and ports through, and nothing that could be a sentence", () => {
  const kept = ["00000000-0000-4000-8000-0000000000a1", "DBSS.10020021", "2001:db8::/32", "1-30", "22,3389,8000-8080"];
  for (const value of kept) assert.equal(plain(value), value);
  for (const value of ["two words", "call,the,change,now", "line\nbreak", "x".repeat(65), "", '"']) {
    assert.equal(plain(value), "(not shown)", value);
  }
});

Deno.test("jsonLine() changes every string on its way into one line, and leaves out what is undefined", () => {
  const value = { a: "x", b: 1, c: undefined, d: null, e: ["y", { f: "z" }], g: true };
  const line = jsonLine(value, (text) => `<${text}>`);
  assert.equal(line, '{"a":"<x>","b":1,"d":null,"e":["<y>",{"f":"<z>"}],"g":true}\n');
});
