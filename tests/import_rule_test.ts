import assert from "node:assert/strict";

const SRC = new URL("../src/", import.meta.url);

interface Import {
  target: string;
  isType: boolean;
}

function read(folder = ""): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of Deno.readDirSync(new URL(folder, SRC))) {
    if (entry.isDirectory) read(`${folder}${entry.name}/`).forEach((text, path) => files.set(path, text));
    else {files.set(
        folder + entry.name,
        Deno.readTextFileSync(new URL(folder + entry.name, SRC)).replaceAll("\r\n", "\n"),
      );}
  }
  return files;
}

const files = read();

/** What a file imports from src/, as paths inside it. */
function importsOf(path: string): Import[] {
  const pattern = /(?:^(?:import|export)(?<type> type)? (?:[^;"]*? from )?|\bimport\()"(?<from>\.[^"]+)"/gm;
  return [...files.get(path)!.matchAll(pattern)].map(({ groups }) => ({
    target: new URL(groups!.from!, new URL(path, SRC)).href.slice(SRC.href.length),
    isType: groups!.type !== undefined,
  })).filter(({ target }) => files.has(target));
}

/** The composition root and the demo may import anything; these three stand around the way of a call. */
const ROOTS = /^(main|demo)\.ts$/;
const AROUND = /^(clock|redaction|log)\.ts$/;

/** For each folder, what its files may import, and what of that as a type only. */
const RULES: [folder: RegExp, allowed: RegExp, typesOnly?: RegExp][] = [
  [/^tools\//, /^tools\//, /^huaweicloud\/client\.ts$/],
  [/^huaweicloud\//, /^huaweicloud\//],
  [/^auth\//, /^(auth|huaweicloud)\//],
  [/^http\//, /^(http\/|sdk\.ts$)/, /^(config\/config|server)\.ts$/],
  [/^config\//, /^(config|auth|huaweicloud)\/|^http\/names\.ts$|^policy\.ts$/, /^http\//],
  [/^simulator\//, /^simulator\//],
  [/^(clock|redaction|sdk|sdk_client)\.ts$/, /^$/],
  [/^[^/]*$/, /^(?!simulator\/)/],
];

for (const path of files.keys()) {
  if (ROOTS.test(path)) continue;
  Deno.test(`src/${path} imports only what the import rule allows`, () => {
    const [, allowed, typesOnly] = RULES.find(([folder]) => folder.test(path))!;
    for (const { target, isType } of importsOf(path)) {
      const isAllowed = allowed.test(target) || AROUND.test(target) || (isType && typesOnly?.test(target));
      assert.ok(isAllowed, `src/${path} imports ${isType ? "the types of " : ""}src/${target}`);
      assert.ok(!ROOTS.test(target), `src/${path} imports src/${target}`);
    }
  });
}

Deno.test("src/ has no circular imports but of types, which are gone when it runs", () => {
  const done = new Set<string>();
  const visit = (path: string, trail: string[]) => {
    assert.ok(!trail.includes(path), [...trail, path].join(" -> "));
    if (done.has(path)) return;
    for (const { target, isType } of importsOf(path)) if (!isType) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
  assert.ok(done.size > 20, "the imports were found");
});

/** The code of a file without its comments and strings, so that only what runs is looked at. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<![:"'])\/\/.*$/gm, "").replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
}

const FORBIDDEN: [what: string, pattern: RegExp, except: RegExp][] = [
  [
    "the system's time, random numbers or timers",
    /\b(Date\.now|Math\.random|setTimeout|setInterval|AbortSignal\.timeout)\b|new Date\(\)/,
    /^(main|clock)\.ts$/,
  ],
  ["Deno.env, Deno.args or Deno.exit", /\bDeno\.(env|args|exit)\b/, ROOTS],
  ["the console", /\bconsole\./, ROOTS],
  ["eval", /\b(eval|Function)\(/, /^$/],
];

for (const [what, pattern, except] of FORBIDDEN) {
  Deno.test(`src/ does not use ${what} outside ${except.source}`, () => {
    for (const [path, text] of files) {
      if (!except.test(path)) assert.doesNotMatch(codeOf(text), pattern, `src/${path}`);
    }
  });
}

Deno.test("src/tools/ does not know HTTP", () => {
  for (const [path, text] of files) {
    if (!path.startsWith("tools/")) continue;
    assert.doesNotMatch(codeOf(text), /\b(fetch|Request|Response|URL|[Hh]eaders?|statusCode)\b/, `src/${path}`);
  }
});

for (const [path, text] of files) {
  Deno.test(`src/${path} begins with what it is, what it never does, and fits on a few screens`, () => {
    const lines = text.split("\n");
    assert.ok(lines.length <= 251, `${lines.length - 1} lines`);
    const header = /^\/\*\*\n((?: \*.*\n)+) \*\/\n/.exec(text)?.[1] ?? "";
    assert.ok(header.split("\n").length >= 3, "the module's header is too short");
    assert.match(
      header,
      /\b(never|no|nobody|nothing|only|not)\b/i,
      "the header does not say what the module never does",
    );
  });
}
