/**
 * From flags and environment to one frozen Config, or to every fault at once.
 *
 * Called by `main.ts`, which hands in both; a pure pipeline: read, merge, validate, freeze. It never shows
 * the value of a secret, and never takes a secret from the command line.
 */
import { parseArgs } from "node:util";
import { serviceOrigin } from "./huaweicloud/endpoint.ts";
import { tidy } from "./redaction.ts";
import type { Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

type Settings = typeof SETTINGS;
type Key = keyof Settings;
type ValueOf<S> = S extends { default: infer Value } ? Value
  : S extends Setting<infer Value> ? Value | undefined
  : never;

export const COMMANDS = ["stdio", "http"] as const;
export type Command = typeof COMMANDS[number];

export type Config =
  & Readonly<{ [K in Key]: ValueOf<Settings[K]> }>
  & Readonly<{
    command: Command;
    isSimulated: boolean;
    /** What still has to be set before the cloud can be reached, as a sentence; undefined when nothing. */
    missing?: string;
    /** Every secret value, for the redactor. */
    secrets: readonly string[];
    /** The origins of the services, as far as region or overrides give them. */
    origins: { dbss?: string; vpc?: string };
  }>;

export type Parsed =
  | { kind: "config"; config: Config }
  | { kind: "help" | "version" }
  | { kind: "faults"; faults: string[] };

/** Gives a variable's value; throws when the process may not read it. */
export type Environment = (name: string) => string | undefined;

export function parseConfig(args: readonly string[], env: Environment): Parsed {
  const faults: string[] = [];
  const { flags, command } = readFlags(args, faults);
  if (flags.help) return { kind: "help" };
  if (flags.version) return { kind: "version" };

  const blocked: string[] = [];
  const secrets: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, definition] of Object.entries(SETTINGS) as [Key, Setting<unknown>][]) {
    const found = find(definition, flags, env, blocked);
    values[key] = definition.default;
    if (found === undefined) continue;
    if (definition.isSecret) secrets.push(found.text);
    const value = definition.read(found.text);
    if (value === undefined) {
      const got = definition.isSecret ? "has a value that cannot be used" : `is ${shown(found.text)}`;
      faults.push(`${found.name} ${got}, wanted ${definition.wanted}`);
    } else values[key] = value;
  }
  if (faults.length > 0) return { kind: "faults", faults };

  const settings = values as { [K in Key]: ValueOf<Settings[K]> };
  const isSimulated = flags.simulate === true;
  const origin = (service: "dbss" | "vpc", override?: string) =>
    override ?? (settings.region && serviceOrigin(service, settings.region, settings.cloud));
  return {
    kind: "config",
    config: Object.freeze({
      ...settings,
      command,
      isSimulated,
      secrets,
      missing: isSimulated ? undefined : missing(settings, blocked),
      origins: { dbss: origin("dbss", settings.dbssEndpoint), vpc: origin("vpc", settings.vpcEndpoint) },
    }),
  };
}

function readFlags(args: readonly string[], faults: string[]) {
  const names = Object.values(SETTINGS as Record<Key, Setting<unknown>>).flatMap(({ flag }) => flag ?? []);
  const options = {
    help: { type: "boolean", short: "h" },
    version: { type: "boolean" },
    simulate: { type: "boolean" },
    ...Object.fromEntries(names.map((name) => [name, { type: "string" } as const])),
  } as const;
  // Strict parsing would stop at the first fault, and take the value in `--timeout-ms -5` for a flag.
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false });
  const known = new Map<string, { type: string }>(Object.entries(options));
  for (const [name, value] of Object.entries(values)) {
    const flag = `${name.length === 1 ? "-" : "--"}${tidy(name, 40)}`;
    const takesValue = known.get(name)?.type === "string";
    if (!known.has(name)) faults.push(`${flag} is not a flag of this server; --help lists the flags`);
    else if (takesValue !== (typeof value === "string")) faults.push(`${flag} takes ${takesValue ? "a" : "no"} value`);
  }
  const command = positionals[0] ?? "stdio";
  if (positionals.length > 1 || !isCommand(command)) {
    faults.push(`The command is "${tidy(positionals.join(" "), 80)}", wanted one of ${COMMANDS.join(", ")}`);
  }
  return { flags: values as Record<string, string | boolean | undefined>, command: command as Command };
}

function isCommand(value: string): value is Command {
  return (COMMANDS as readonly string[]).includes(value);
}

/** A flag wins over the variable, the variable over its fallback; an empty text counts as not set. */
function find(
  definition: Setting<unknown>,
  flags: Record<string, string | boolean | undefined>,
  env: Environment,
  blocked: string[],
): { name: string; text: string } | undefined {
  const fromFlag = definition.flag && flags[definition.flag];
  if (typeof fromFlag === "string") return { name: `--${definition.flag}`, text: fromFlag };
  for (const name of [definition.env, definition.fallbackEnv]) {
    if (name === undefined) continue;
    try {
      const text = env(name);
      if (text !== undefined && text !== "") return { name, text };
    } catch {
      blocked.push(name);
    }
  }
  return undefined;
}

/** A wrong value as a fault shows it: without the name and password that a URL may hold. */
function shown(text: string): string {
  return `"${tidy(text.replace(/\/\/[^/]*@/, "//...@"), 80)}" (${text.length} characters)`;
}

function missing(settings: { [K in Key]: ValueOf<Settings[K]> }, blocked: readonly string[]): string | undefined {
  const names = [
    ...(settings.region === undefined ? [SETTINGS.region.env] : []),
    ...(settings.authToken === undefined ? [SETTINGS.authToken.env] : []),
  ];
  if (names.length === 0) return undefined;
  const unreadable = names.filter((name) => blocked.includes(name));
  const permission = unreadable.length > 0 ? ` (and allow reading: --allow-env=${unreadable.join(",")})` : "";
  return `Cannot reach Huawei Cloud yet: set ${names.join(" and ")}${permission}`;
}

/** What `--help` prints. */
export function help(version: string): string {
  const rows = Object.values(SETTINGS as Record<Key, Setting<unknown>>).map((definition) => {
    const names = [definition.flag && `--${definition.flag}`, definition.env, definition.fallbackEnv];
    const preset = definition.default === undefined ? "" : ` (default ${definition.default})`;
    return `  ${names.filter(Boolean).join(", ")}\n      ${definition.about}${preset}`;
  });
  return `dbss-mcp ${version}: an MCP server that changes the security group of Huawei Cloud DBSS encrypted instances

Usage: deno run <permissions> src/main.ts [${COMMANDS.join("|")}] [flags]

Flags:
  --simulate
      Talk to a simulated cloud inside this process; nothing real changes
  --help, --version

Settings, as a flag where one is named, else as an environment variable; secrets have no flag:
${rows.join("\n")}
`;
}
