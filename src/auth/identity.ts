/**
 * From the chosen credential source to what uses it: the authenticator, and what it knows of the project.
 *
 * Called by `reach_cloud.ts` when it puts the way to the cloud together. It only connects the files beside it; it
 * never decides which source is used.
 */
import type { CloudError } from "../huaweicloud/errors.ts";
import type { Authenticator, Call } from "../huaweicloud/send.ts";
import type { Asker } from "./ask.ts";
import type { CredentialSource } from "./credentials.ts";
import { metadataKeys } from "./ecs_metadata.ts";
import { grantAuthenticator, passwordGrants, type PasswordOptions } from "./password.ts";
import { profileKeys, type ReadTextFile } from "./profile.ts";
import { type AccessKeySource, fixedKey, signatureAuthenticator } from "./signature.ts";
import { tokenAuthenticator } from "./token.ts";

export interface Identity {
  authenticator: Authenticator;
  /** Whether requests are signed with an access key rather than carry a token. */
  isSigned: boolean;
  /** The project that the credential itself names, where it does. */
  projectOf?: (call: Call) => Promise<string | undefined>;
}

export interface IdentityOptions extends Asker, Pick<PasswordOptions, "scope" | "iam" | "userAgent"> {
  readTextFile: ReadTextFile;
  /** Told of each credential that becomes known, before it is used. */
  onSecret: (secret: string) => void;
  onEarlyFailure: (error: CloudError) => void;
}

/** The authenticator for a source, and what it knows of the project. Asks for nothing before the first call. */
export function createIdentity(source: CredentialSource, options: IdentityOptions): Identity {
  const signed = (keys: AccessKeySource): Identity => ({
    authenticator: signatureAuthenticator(keys, options.clock),
    isSigned: true,
  });
  switch (source.kind) {
    case "access_key":
      return signed(fixedKey(source.key));
    case "iam_user": {
      const grants = passwordGrants({ ...options, user: source.user });
      return {
        authenticator: grantAuthenticator(grants),
        isSigned: false,
        projectOf: async (call) => (await grants.get(call)).projectId,
      };
    }
    case "token":
      return { authenticator: tokenAuthenticator(source.token), isSigned: false };
    case "profile":
      return signed(profileKeys({ ...options, path: source.path }));
    case "ecs_metadata":
      return signed(metadataKeys(options));
  }
}
