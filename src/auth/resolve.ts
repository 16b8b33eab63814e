/**
 * From settings to the credential source that is used, or to every fault in them.
 *
 * Called by `config.ts` when the server starts. Adds to `credentials.ts` what needs more than the settings:
 * the profile file, where it is when nobody says, and words for what is half set. It contacts nobody and
 * shows no secret.
 */
import {
  chooseCredentials,
  type CredentialChoice,
  type CredentialSettings,
  type CredentialSource,
} from "./credentials.ts";
import { type Profile, readProfile, type ReadTextFile } from "./profile.ts";

export interface Surroundings {
  /** The variable that names the home directory, when there is one. */
  home?: { variable: string; path: string };
  readTextFile: ReadTextFile;
  /** Where the parts of an access key came from. */
  keyVariables: readonly string[];
  /** Variables that this process may not read. */
  blocked: readonly string[];
}

export interface Resolved {
  source?: CredentialSource;
  /** Variables that are set and not used, since another source comes first. */
  ignored: string[];
  /** What the profile file says, when it is the source. */
  profile?: Profile;
  /** The variable that led to the profile file, when it was found without being named. */
  homeVariable?: string;
  /** Whole sentences. */
  faults: string[];
}

/** The source to use, the variables that it leaves unused, and every fault, as sentences. */
export function resolveCredentials(settings: CredentialSettings, surroundings: Surroundings): Resolved {
  const { readTextFile, home, keyVariables, blocked } = surroundings;
  const { source, ignored, half } = chooseWithDefault(settings, surroundings);
  if (half !== undefined) return { ignored, faults: [halfSet(half, blocked)] };
  // A key of one tool's variables with the secret or the token of another's belong to two different keys.
  if (new Set(keyVariables.map((name) => name.startsWith("HW_"))).size > 1) {
    return { ignored, faults: [`${listed(keyVariables)} are set, wanted all of one kind: HW_* or HUAWEICLOUD_SDK_*`] };
  }
  if (source?.kind !== "profile") return { source, ignored, faults: [] };
  const profile = readProfile(source.path, readTextFile);
  if ("fault" in profile) return { ignored, faults: [`The profile file ${source.path} ${profile.fault}`] };
  const homeVariable = settings.credentialsFile === undefined ? home?.variable : undefined;
  return { source, ignored, profile, homeVariable, faults: [] };
}

/** The default file counts only where nothing but ECS metadata would be used, and only when it can be read. */
function chooseWithDefault(settings: CredentialSettings, { home, readTextFile }: Surroundings): CredentialChoice {
  const choice = chooseCredentials(settings);
  const isOpen = choice.half === undefined && (choice.source?.kind ?? "ecs_metadata") === "ecs_metadata";
  if (!isOpen || home === undefined) return choice;
  const credentialsFile = `${home.path}/.huaweicloud/credentials`;
  try {
    readTextFile(credentialsFile);
  } catch {
    return choice;
  }
  return chooseCredentials({ ...settings, credentialsFile });
}

function halfSet({ set, lacking }: Required<CredentialChoice>["half"], blocked: readonly string[]): string {
  const are = (names: string[]) => `${listed(names)} ${names.length === 1 ? "is" : "are"}`;
  return `${are(set)} set and ${are(lacking)} not, wanted all of them or none${permissionFor(lacking, blocked)}`;
}

/** The flag that is lacking, in parentheses, when one of these variables could not be read at all. */
export function permissionFor(names: readonly string[], blocked: readonly string[]): string {
  const unreadable = names.filter((name) => blocked.includes(name));
  return unreadable.length > 0 ? ` (and allow reading: --allow-env=${unreadable.join(",")})` : "";
}

/** Such as "A, B and C". */
export function listed(names: readonly string[]): string {
  return names.join(", ").replace(/, ([^,]*)$/, " and $1");
}
