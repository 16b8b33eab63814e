import assert from "node:assert/strict";
import { parseConfig } from "../src/config.ts";
import { permissionFlags } from "../src/permissions.ts";
import { ERROR_KINDS, HINTS } from "../src/result.ts";
import { TOOLS } from "../src/server.ts";
import type { Setting } from "../src/setting.ts";
import { SETTINGS } from "../src/settings.ts";
import { SIMULATION } from "../src/simulator/state.ts";
import { changeSecurityGroup, OUTCOMES } from "../src/tools/change_security_group.ts";
import { join } from "./support/in_memory.ts";

const root = new URL("../", import.meta.url);
const readme = Deno.readTextFileSync(new URL("README.md", root));
const clientConfig = JSON.parse(Deno.readTextFileSync(new URL("mcp.config.json", root)));
const settings: Setting<unknown>[] = Object.values(SETTINGS);

/** The rows of the table whose first heading is `heading`, a list of cells each. */
function table(heading: string): string[][] {
  const lines = readme.split("\n");
  const start = lines.findIndex((line) => new RegExp(`^\\| ${heading} +\\|`).test(line));
  assert.notEqual(start, -1, `README has no table with the heading ${heading}`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

const code = (text: string | undefined) => text === undefined ? "" : `\`${text}\``;

Deno.test("README lists every setting with its names, its default and what it is for", () => {
  assert.deepEqual(
    table("variable"),
    settings.map(({ env, fallbackEnv, default: preset, about }) => [
      code(env),
      code(fallbackEnv),
      preset === undefined ? "" : code(String(preset)),
      about,
    ]),
  );
});

Deno.test("README lists every kind of error with its hint", () => {
  assert.deepEqual(
    table("kind").map(([kind, , hint]) => [kind, hint]),
    ERROR_KINDS.map((kind) => [code(kind), HINTS[kind]]),
  );
});

Deno.test("README lists every tool, and which of them write", () => {
  assert.deepEqual(
    table("tool").map(([name, writes]) => [name, writes]),
    TOOLS.map(({ name, annotations }) => [code(name), annotations.readOnlyHint ? "no" : "yes"]),
  );
});

Deno.test("README lists every argument of the change, and every outcome", () => {
  assert.deepEqual(table("argument").map(([name]) => name), Object.keys(changeSecurityGroup.input.shape).map(code));
  assert.deepEqual(table("outcome").map(([name]) => name), OUTCOMES.map(code));
});

Deno.test("README shows what the change really returns", async () => {
  const examples = [...readme.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json!));
  const calls = [
    { instance_id: SIMULATION.instances.billing, security_group_ids: [SIMULATION.groups.lockedDown], wait: true },
    { instance_id: "f".repeat(32), security_group_ids: [SIMULATION.groups.lockedDown] },
  ];
  for (const [index, args] of calls.entries()) {
    await using joined = await join();
    const { structuredContent } = await joined.client.callTool({ name: changeSecurityGroup.name, arguments: args });
    const { request_id: _shown, ...shown } = examples[index];
    const { request_id: _real, ...real } = structuredContent as Record<string, unknown>;
    assert.deepEqual(shown, real);
  }
});

Deno.test("README stays under 250 lines", () => {
  assert.ok(readme.split("\n").length < 250);
});

Deno.test("mcp.config.json starts the server with narrow flags and valid settings", () => {
  for (
    const [name, entry] of Object.entries<{ command?: string; args?: string[]; env?: Record<string, string> }>(
      clientConfig.mcpServers,
    )
  ) {
    if (entry.command === undefined) continue;
    const args = entry.args!;
    const main = args.findIndex((arg) => arg.endsWith("/src/main.ts"));
    const permissions = args.slice(1, main);
    assert.equal(args[0], "run", name);
    assert.ok(permissions.includes("--no-prompt"), name);
    for (const flag of permissions) assert.match(flag, /^--no-prompt$|^--allow-(env|net|read|write)=./, name);
    const placeholders = /^<.*>$/;
    const env = Object.fromEntries(
      Object.entries(entry.env ?? {}).map(([key, value]) => [key, placeholders.test(value) ? "0".repeat(32) : value]),
    );
    const parsed = parseConfig(
      args.slice(main + 1),
      (key) => env[key],
      () => "[basic]\nak = TESTAK\nsk = visible-fake-sk",
    );
    assert.equal(parsed.kind, "config", name);
    if (parsed.kind !== "config") continue;
    assert.equal(parsed.config.missing, undefined, name);
    const needed = permissionFlags(parsed.config, "stdio").filter((flag) => !flag.startsWith("--allow-env"));
    const given = permissions.filter((flag) => !/^--no-prompt$|^--allow-env=/.test(flag));
    assert.deepEqual(given, needed, name);
  }
});
