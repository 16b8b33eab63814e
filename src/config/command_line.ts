/**
 * The command line: its commands, its flags, and what `--help` says of them.
 *
 * Read by `config.ts`, which gives the values their meaning; `main.ts` prints the help. It never repeats a
 * value that might be a secret.
 */
import { KNOWN_REGIONS } from "../huaweicloud/endpoint.ts";
import { tidy } from "../redaction.ts";
import type { Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

export const COMMANDS = ["stdio", "http", "doctor"] as const;
export type Command = typeof COMMANDS[number];

/** Flags that are there or not; every other one takes a value. */
const SWITCHES = ["help", "version", "simulate", "json", "offline"];

/**
 * The command and the flags; what is wrong with them is added to `faults`.
 *
 * By hand: all faults at once, a value that begins with a dash, and no node:util to load for it.
 */
export function readCommandLine(args: readonly string[], faults: string[]) {
  const settings = Object.values(SETTINGS as Record<string, Setting<unknown>>);
  const flags: Record<string, string | true> = {};
  const positionals: string[] = [];
  const rest = [...args];
  let areKnown = true;
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (!/^-./.test(arg)) {
      positionals.push(arg);
      continue;
    }
    const [flag, ...parts] = arg.split("=") as [string, ...string[]];
    const name = flag === "-h" ? "help" : flag.slice(2);
    const isSwitch = SWITCHES.includes(name);
    const isKnown = (flag.startsWith("--") || flag === "-h") &&
      (isSwitch || settings.some((setting) => setting.flag === name));
    areKnown &&= isKnown;
    // The next argument is the value whatever it looks like: `--timeout-ms -5` is a wrong value, not a flag.
    const value = parts.length > 0 ? parts.join("=") : isKnown && !isSwitch ? rest.shift() : undefined;
    // With a single dash, it might also be the value of a flag that is not known.
    const visible = flag.startsWith("--") ? tidy(flag, 42) : flag.slice(0, 2);
    if (!isKnown) faults.push(`${visible} is not a flag of this server; --help lists the flags`);
    else if (isSwitch !== (value === undefined)) faults.push(`--${name} takes ${isSwitch ? "no" : "a"} value`);
    else flags[name] = value ?? true;
  }
  const command = positionals[0] ?? "stdio";
  // Behind a flag that is not known stands its value, which might be a secret.
  if (areKnown && (positionals.length > 1 || !isCommand(command))) {
    faults.push(`The command is "${tidy(positionals.join(" "), 80)}", wanted one of ${COMMANDS.join(", ")}`);
  }
  for (const flag of ["json", "offline"]) {
    if (flags[flag] === true && command !== "doctor") faults.push(`--${flag} is for the command doctor alone`);
  }
  return { flags, command: command as Command };
}

function isCommand(value: string): value is Command {
  return (COMMANDS as readonly string[]).includes(value);
}

/** What `--help` prints. */
export function help(version: string): string {
  const rows = Object.values(SETTINGS as Record<string, Setting<unknown>>).map((definition) => {
    const names = [definition.flag && `--${definition.flag}`, definition.env, definition.fallbackEnv];
    const preset = definition.default === undefined ? "" : ` (default ${definition.default})`;
    return `  ${names.filter(Boolean).join(", ")}\n      ${definition.about}${preset}`;
  });
  return `dbss-mcp ${version}: an MCP server that changes the security group of Huawei Cloud DBSS encrypted instances

Usage: deno run <permissions> src/main.ts [${COMMANDS.join("|")}] [flags]

Flags:
  --simulate
      Talk to a simulated cloud inside this process; nothing real changes
  --json, --offline
      Of doctor: answer in JSON; make no request
  --help, --version

Settings, as a flag where one is named, else as an environment variable; secrets have no flag:
${rows.join("\n")}

Documented regions; others are accepted when well formed:
${KNOWN_REGIONS.map((region) => `  ${region}\n`).join("")}`;
}
