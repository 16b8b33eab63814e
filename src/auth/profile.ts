/**
 * The profile file of Huawei Cloud's SDKs: an access key in the section `[basic]` of an INI file.
 *
 * Read once by `config.ts` to find out what is configured, and again by the authenticator, since whoever
 * rotates the keys writes them there. It never shows a line of the file, which might hold a secret.
 */
import type { Clock } from "../clock.ts";
import { isProjectId, PROJECT_ID_FORM } from "../huaweicloud/endpoint.ts";
import { CloudError } from "../huaweicloud/errors.ts";
import { type Renewable, renewable } from "./renewable.ts";
import type { AccessKey } from "./signature.ts";

export interface Profile {
  key: AccessKey;
  projectId?: string;
}

/** Throws when the file is not there or may not be read. */
export type ReadTextFile = (path: string) => string;

/** The file does not say how long its keys are good, so it is read again after this time and after a refusal. */
const REREAD_MS = 60_000;

/** What the file says, or what is wrong with it, as the end of the sentence "The profile file ...". */
export function readProfile(path: string, readTextFile: ReadTextFile): Profile | { fault: string } {
  let text: string;
  try {
    text = readTextFile(path);
  } catch (error) {
    switch (error instanceof Error ? error.name : "") {
      case "NotFound":
        return { fault: "does not exist" };
      case "NotCapable":
        return { fault: `may not be read by this process; start it with --allow-read=${path}` };
      default:
        return { fault: "cannot be read; check that it is a file and that this user may read it" };
    }
  }
  return parseProfile(text);
}

/** Section `[basic]` of a profile file (huaweicloud-sdk-python-v3, core auth/provider.py), or what is wrong with it. */
export function parseProfile(text: string): Profile | { fault: string } {
  const basic = new Map<string, string>();
  let section = "";
  for (const [index, raw] of text.replace(/^\ufeff/, "").split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const heading = /^\[(.+)\]$/.exec(line);
    const entry = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line);
    if (heading !== null) section = heading[1]!.trim();
    else if (entry === null) return { fault: `is malformed in line ${index + 1}, wanted "key = value" or "[section]"` };
    else if (section === "basic" && entry[2] !== "") basic.set(entry[1]!.toLowerCase(), entry[2]!);
  }
  const accessKey = basic.get("ak");
  const secretKey = basic.get("sk");
  if (accessKey === undefined || secretKey === undefined) {
    const lacking = [accessKey === undefined && "ak", secretKey === undefined && "sk"].filter(Boolean).join(" and ");
    return { fault: `has no ${lacking} in its section [basic]` };
  }
  const unusable = ["ak", "sk", "security_token"].find((name) => !/^[\x21-\x7e]*$/.test(basic.get(name) ?? ""));
  if (unusable !== undefined) return { fault: `has a ${unusable} that is not visible ASCII without spaces` };
  const projectId = basic.get("project_id");
  if (projectId !== undefined && !isProjectId(projectId)) {
    return { fault: `has a project_id that is not ${PROJECT_ID_FORM}` };
  }
  return {
    key: { accessKey, secretKey, securityToken: basic.get("security_token") },
    projectId,
  };
}

export interface ProfileOptions {
  path: string;
  readTextFile: ReadTextFile;
  clock: Clock;
  onSecret: (secret: string) => void;
}

/** The key in the file, as it is now. */
export function profileKeys({ path, readTextFile, clock, onSecret }: ProfileOptions): Renewable<AccessKey> {
  return renewable({
    clock,
    obtain() {
      const profile = readProfile(path, readTextFile);
      if ("fault" in profile) {
        const message = `The profile file ${path} ${profile.fault}`;
        const hint = "Correct the profile file and call again; no restart is needed";
        return Promise.reject(new CloudError("authentication", message, { verdict: "not_sent", hint }));
      }
      for (const secret of secretsOf(profile.key)) onSecret(secret);
      return Promise.resolve({ value: profile.key, expiresAt: clock.now() + REREAD_MS });
    },
  });
}

/** Every part of a key that must not be shown. */
export function secretsOf(key: AccessKey | undefined): string[] {
  return Object.values(key ?? {}).filter((part) => part !== undefined);
}
