/**
 * From settings to the credential source that is used, or to what is wrong with it.
 *
 * Called by `config.ts` when the server starts. Adds to `credentials.ts` what needs a look outside of the
 * settings: the profile file, and where it is when nobody says. It never contacts anyone.
 */
import {
  chooseCredentials,
  type CredentialChoice,
  type CredentialSettings,
  type CredentialSource,
} from "./credentials.ts";
import { type Profile, readProfile, type ReadTextFile } from "./profile.ts";

export interface Surroundings {
  /** The home directory, as far as it is known. */
  home?: string;
  readTextFile: ReadTextFile;
}

export interface Resolved {
  source?: CredentialSource;
  ignored: string[];
  half?: CredentialChoice["half"];
  /** What the profile file says, when it is the source. */
  profile?: Profile;
  /** What is wrong with the profile file, as a whole sentence. */
  fault?: string;
}

export function resolveCredentials(settings: CredentialSettings, surroundings: Surroundings): Resolved {
  const choice = chooseWithDefault(settings, surroundings);
  if (choice.source?.kind !== "profile") return choice;
  const { path } = choice.source;
  const profile = readProfile(path, surroundings.readTextFile);
  if ("fault" in profile) return { ignored: choice.ignored, fault: `The profile file ${path} ${profile.fault}` };
  return { ...choice, profile };
}

/** The default file counts only where nothing but ECS metadata would be used, and only when it can be read. */
function chooseWithDefault(settings: CredentialSettings, { home, readTextFile }: Surroundings): CredentialChoice {
  const choice = chooseCredentials(settings);
  const isOpen = choice.half === undefined && (choice.source?.kind ?? "ecs_metadata") === "ecs_metadata";
  if (!isOpen || home === undefined) return choice;
  const credentialsFile = `${home}/.huaweicloud/credentials`;
  try {
    readTextFile(credentialsFile);
  } catch {
    return choice;
  }
  return chooseCredentials({ ...settings, credentialsFile });
}
