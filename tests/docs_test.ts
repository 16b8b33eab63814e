import assert from "node:assert/strict";
import { parseConfig } from "../src/config/config.ts";
import { permissionFlags } from "../src/config/permissions.ts";
import { HTTP_SETTINGS } from "../src/config/http_settings.ts";
import { ERROR_KINDS, HINTS } from "../src/result.ts";
import { TOOLS } from "../src/server.ts";
import type { Setting } from "../src/config/setting.ts";
import { SETTINGS } from "../src/config/settings.ts";
import { SIMULATION } from "../src/simulator/state.ts";
import { changeSecurityGroup, OUTCOMES } from "../src/tools/change_security_group.ts";
import { join } from "./support/in_memory.ts";

const root = new URL("../", import.meta.url);
const readme = Deno.readTextFileSync(new URL("README.md", root));
const clientConfig = JSON.parse(Deno.readTextFileSync(new URL("mcp.config.json", root)));
const deployment = Deno.readTextFileSync(new URL("docs/deployment.md", root));
const httpSettings: Setting<unknown>[] = Object.values(HTTP_SETTINGS);
const settings = Object.values(SETTINGS as Record<string, Setting<unknown>>);

/** The rows of the table whose first heading is `heading`, a list of cells each. */
function table(heading: string, text = readme): string[][] {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => new RegExp(`^\\| ${heading} +\\|`).test(line));
  assert.notEqual(start, -1, `There is no table with the heading ${heading}`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

const code = (text: string | undefined) => text === undefined ? "" : `\`${text}\``;

const rowOf = ({ env, fallbackEnv, default: preset, about }: Setting<unknown>) => [
  code(env),
  code(fallbackEnv),
  preset === undefined ? "" : code(String(preset)),
  about,
];

Deno.test("README lists every setting but those of HTTP, which stand in docs/deployment.md", () => {
  assert.deepEqual(
    table("variable"),
    settings.filter((setting) => !httpSettings.includes(setting)).map(rowOf),
  );
  assert.deepEqual(table("variable", deployment), httpSettings.map(rowOf));
});

Deno.test("docs/deployment.md lists every status that a request is refused with", () => {
  const refused = new Set<string>();
  for (const { name } of Deno.readDirSync(new URL("src/http/", root))) {
    const source = Deno.readTextFileSync(new URL(`src/http/${name}`, root));
    for (const [, first] of source.matchAll(/\brefuse\((.*?),\s/gs)) {
      for (const [status] of first!.matchAll(/\b[45]\d\d\b/g)) refused.add(status);
    }
  }
  // Nobody is there to read it.
  refused.delete("499");
  const listed = table("answer", deployment).map(([status]) => status!).filter((status) => !status.startsWith("-"));
  assert.deepEqual([...new Set(listed)].sort(), [...refused].sort());
});

Deno.test("what is deployed sets only variables that there are", () => {
  const known = settings.flatMap(({ env, fallbackEnv }) => [env, fallbackEnv]);
  for (const path of ["Dockerfile", "deploy/kubernetes.yaml", "deploy/nginx.conf", "docs/deployment.md"]) {
    const text = Deno.readTextFileSync(new URL(path, root));
    for (const [name] of text.matchAll(/\b(HW|DBSS_MCP)_[A-Z_]+[A-Z]\b/g)) {
      assert.ok(known.includes(name), `${path}: ${name}`);
    }
  }
});

Deno.test("README shows each client's own way to write the HTTP entry", () => {
  const { url } = clientConfig.mcpServers["dbss-http"];
  const rows = table("client");
  assert.equal(rows.length, 8);
  for (const [client, , cell] of rows) {
    const entry = cell!.slice(1, -1);
    assert.ok(entry.includes(url) && entry.includes("Bearer "), client);
    if (entry.startsWith("{")) JSON.parse(entry);
  }
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

interface ClientEntry {
  command?: string;
  args?: string[];
  env?: Record<string, string>;
  url?: string;
  headers?: Record<string, string>;
}

Deno.test("mcp.config.json starts the server with narrow flags and valid settings", () => {
  for (
    const [name, entry] of Object.entries<ClientEntry>(
      clientConfig.mcpServers,
    )
  ) {
    if (entry.command === undefined) {
      assert.match(entry.url!, /^https:\/\/.*\/mcp$/, name);
      assert.match(entry.headers!.Authorization!, /^Bearer <.+>$/, name);
      continue;
    }
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

Deno.test("README.zh.md says what README says: the same sections, tables, examples and links", () => {
  const chinese = Deno.readTextFileSync(new URL("README.zh.md", root));
  assert.deepEqual(outline(chinese), outline(readme));
  assert.ok(chinese.split("\n").length < 250);
});

/** What must be the same in every language. */
function outline(text: string) {
  const lines = text.split("\n");
  const json = [...text.matchAll(/```json\n[\s\S]*?```/g)].map(([block]) => block);
  const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target!);
  return {
    headings: lines.map((line) => /^#+(?= )/.exec(line)?.[0]).filter(Boolean),
    rows: lines.filter((line) => line.startsWith("|")).map((line) => line.match(/`[^`]+`|\d+(\.\d+)?/g) ?? []),
    bullets: lines.filter((line) => line.startsWith("- ")).length,
    names: [...new Set(text.match(/`[A-Za-z_~./-]+`/g))].sort(),
    json,
    links: [...new Set(links)].filter((target) => !/^README(\.zh)?\.md$/.test(target)).sort(),
  };
}
