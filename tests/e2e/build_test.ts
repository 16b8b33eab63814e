import assert from "node:assert/strict";
import { BUILD } from "../support/process.ts";

const root = new URL("../../", import.meta.url);
const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
const SUITES = ["stdio", "http", "manners"].map((name) => `tests/e2e/${name}_test.ts`);

async function deno(...args: string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.ok(success, `deno ${args.join(" ")}\n${text(stdout)}\n${text(stderr)}`);
}

/** Builds as the task does, to another place. */
async function build(): Promise<string> {
  const [command, ...args] = tasks.build.split(" ") as string[];
  assert.equal(command, "deno");
  await deno(...args.map((arg) => arg === "dist/dbss-mcp.js" ? BUILD : arg));
  return Deno.readTextFileSync(BUILD) + Deno.readTextFileSync(`${BUILD}.map`);
}

// A run against the build must not begin another one.
if (!Deno.args.includes("--build")) {
  Deno.test("deno task build gives the same bytes twice", async () => {
    const first = await build();
    assert.equal(await build() === first, true);
    assert.doesNotMatch(
      Deno.readTextFileSync(BUILD),
      /\b(from|import)\s*\(?"(npm|jsr|https?):/,
      "it needs no registry",
    );
  });

  Deno.test("the build passes the suites over stdio and HTTP, alone in its folder", async () => {
    await build();
    await Deno.remove(new URL(".tmp/build/empty", root), { recursive: true }).catch(() => {});
    await deno("task", "test", ...SUITES, "--", "--build");
  });
}
