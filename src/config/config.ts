/**
 * From flags and environment to one frozen Config, or to every fault at once.
 *
 * Called by `main.ts`, which hands in both; a pure pipeline: read, merge, validate, freeze. It never shows
 * the value of a secret, and never takes a secret from the command line.
 */
import type { CredentialSource } from "../auth/credentials.ts";
import { type ReadTextFile, secretsOf } from "../auth/profile.ts";
import { listed, permissionFor, resolveCredentials, type Resolved } from "../auth/resolve.ts";
import { iamOrigin, serviceOrigin } from "../huaweicloud/endpoint.ts";
import { tidy } from "../redaction.ts";
import { type Command, readCommandLine } from "./command_line.ts";
import type { Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

type Settings = typeof SETTINGS;
type Key = keyof Settings;
type ValueOf<S> = S extends { default: infer Value } ? Value
  : S extends Setting<infer Value> ? Value | undefined
  : never;

export type Config =
  & Readonly<{ [K in Key]: ValueOf<Settings[K]> }>
  & Readonly<{
    command: Command;
    isSimulated: boolean;
    /** Of `doctor`: whether it answers in JSON, and whether it makes no request. */
    isJson: boolean;
    isOffline: boolean;
    /** The environment variables that were used. */
    variables: readonly string[];
    /** What still has to be set before the cloud can be reached, as a sentence; undefined when nothing. */
    missing?: string;
    /** Every secret value, for the redactor. */
    secrets: readonly string[];
    /** The origins of the services, as far as region or overrides give them. */
    origins: { dbss?: string; vpc?: string; iam?: string };
    /** Where the credentials come from; undefined when no source is complete. */
    credentials?: CredentialSource;
    /** Variables of credentials that are set and not used, since others come first. */
    ignoredCredentials: readonly string[];
  }>;

export type Parsed =
  | { kind: "config"; config: Config }
  | { kind: "help" | "version" }
  | { kind: "faults"; faults: string[]; isJson: boolean };

/** Gives a variable's value; throws when the process may not read it. */
export type Environment = (name: string) => string | undefined;

/** Reads flags first, then the environment, and a profile file where one is asked for. Never throws. */
export function parseConfig(
  args: readonly string[],
  env: Environment,
  readTextFile: ReadTextFile = noFile,
): Parsed {
  const faults: string[] = [];
  const { flags, command } = readCommandLine(args, faults);
  if (flags.help) return { kind: "help" };
  if (flags.version) return { kind: "version" };

  const blocked: string[] = [];
  const secrets: string[] = [];
  const values: Record<string, unknown> = {};
  const names: Partial<Record<Key, string>> = {};
  for (const [key, definition] of Object.entries(SETTINGS) as [Key, Setting<unknown>][]) {
    const found = find(definition, flags, env, blocked);
    values[key] = definition.default;
    if (found === undefined) continue;
    names[key] = found.name;
    if (definition.isSecret) secrets.push(found.text);
    const value = definition.read(found.text);
    if (value === undefined) {
      const got = definition.isSecret ? "has a value that cannot be used" : `is ${shown(found.text)}`;
      faults.push(`${found.name} ${got}, wanted ${definition.wanted}`);
    } else values[key] = value;
  }
  const settings = values as { [K in Key]: ValueOf<Settings[K]> };
  const isSimulated = flags.simulate === true;
  const isJson = flags.json === true;
  const resolved: Resolved = isSimulated || faults.length > 0
    ? { ignored: [], faults: [] }
    : resolveCredentials(settings, {
      home: findHome(env),
      readTextFile,
      keyVariables: [names.accessKey, names.secretKey, names.securityToken].filter((name) => name !== undefined),
      blocked,
    });
  faults.push(...resolved.faults);
  if (faults.length > 0) return { kind: "faults", faults, isJson };
  secrets.push(...secretsOf(resolved.profile?.key));

  const origin = (service: "dbss" | "vpc", override?: string) =>
    override ?? (settings.region && serviceOrigin(service, settings.region, settings.cloud));
  return {
    kind: "config",
    config: Object.freeze({
      ...settings,
      command,
      isSimulated,
      isJson,
      isOffline: flags.offline === true,
      variables: [...Object.values(names).filter((name) => !name.startsWith("--")), resolved.homeVariable ?? []].flat(),
      secrets,
      projectId: settings.projectId ?? resolved.profile?.projectId,
      missing: isSimulated ? undefined : missing(settings.region, resolved.source, blocked),
      origins: {
        dbss: origin("dbss", settings.dbssEndpoint),
        vpc: origin("vpc", settings.vpcEndpoint),
        iam: settings.iamEndpoint ?? (settings.region && iamOrigin(settings.region, settings.cloud)),
      },
      credentials: resolved.source,
      ignoredCredentials: resolved.ignored,
    }),
  };
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
  return `"${tidy(text.replace(/\/\/.*@/s, "//...@"), 80)}" (${text.length} characters)`;
}

function noFile(): never {
  throw new Deno.errors.NotFound();
}

/** The home directory matters only when this process may read where it is. */
function findHome(env: Environment): { variable: string; path: string } | undefined {
  for (const variable of ["HOME", "USERPROFILE"]) {
    try {
      const path = env(variable);
      if (path) return { variable, path };
    } catch {
      continue;
    }
  }
  return undefined;
}

function missing(region: string | undefined, source: CredentialSource | undefined, blocked: readonly string[]) {
  const names = [
    ...(region === undefined ? [SETTINGS.region.env] : []),
    ...(source === undefined ? [SETTINGS.accessKey.env, SETTINGS.secretKey.env] : []),
  ];
  if (names.length === 0) return unreadableGuard(blocked);
  const others = source === undefined
    ? "; instead of an access key an IAM user, a token, a profile file or ECS metadata will do, see --help"
    : "";
  return `Cannot reach Huawei Cloud yet: set ${listed(names)}${permissionFor(names, blocked)}${others}`;
}

function unreadableGuard(blocked: readonly string[]): string | undefined {
  const isGuard = ({ env, isGuard }: Setting<unknown>) => isGuard && blocked.includes(env);
  if (!Object.values(SETTINGS as Record<Key, Setting<unknown>>).some(isGuard)) return undefined;
  return "Cannot tell whether changes are restricted: allow reading the settings (--allow-env=DBSS_MCP_*)";
}
