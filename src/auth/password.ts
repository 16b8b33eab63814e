/**
 * Authenticates with the name and password of an IAM user, exchanged for a token that is kept and renewed.
 *
 * Called by `send.ts` on every attempt; asks IAM through `ask.ts` when there is no token that still serves.
 * The password leaves this process in that one request, and is never sent again at once after IAM refused it.
 */
import { CloudError } from "../huaweicloud/errors.ts";
import type { Authenticator } from "../huaweicloud/send.ts";
import type { Answer } from "../huaweicloud/answer.ts";
import { ask, type Asker } from "./ask.ts";
import { type Fetched, type Renewable, renewable } from "./renewable.ts";
import { withToken } from "./token.ts";

export interface IamUser {
  domainName: string;
  userName: string;
  userPassword: string;
}

/** What IAM grants: the token, and the project that it is good for, when the answer names it. */
export interface Grant {
  token: string;
  projectId?: string;
}

export interface PasswordOptions extends Asker {
  user: IamUser;
  /** The project of the token: by id, or by its name, which for a region's own project is the region. */
  scope: { id: string } | { name: string };
  /** The origin of the IAM endpoint. */
  iam: string;
  userAgent: string;
  /** Told of each token as soon as it is known. */
  onSecret: (secret: string) => void;
  onEarlyFailure?: (error: CloudError) => void;
}

/** Tokens last 24 hours and may be refused earlier; half an hour leaves time to reach an IAM that is down. */
const MARGIN_MS = 30 * 60_000;

/** Wrong passwords may get the user locked, so a refused one is not sent again for a while. */
const REFUSAL_PAUSE_MS = 5 * 60_000;

const PURPOSE = "Cannot get a token from IAM";

/** The tokens of an IAM user, one at a time: KeystoneCreateUserTokenByPassword of the IAM API reference. */
export function passwordGrants(options: PasswordOptions): Renewable<Grant> {
  const { clock, onEarlyFailure } = options;
  return renewable({
    obtain: () => requestToken(options),
    clock,
    marginMs: MARGIN_MS,
    refusalPauseMs: REFUSAL_PAUSE_MS,
    onEarlyFailure,
  });
}

/** Puts the present token into X-Auth-Token. Throws what asking for one threw: a CloudError, `not_sent`. */
export function grantAuthenticator(grants: Renewable<Grant>): Authenticator {
  return {
    authenticate: async (request, call) => withToken(request, (await grants.get(call)).token),
    renew: grants.renew,
  };
}

async function requestToken(options: PasswordOptions): Promise<Fetched<Grant>> {
  const { domainName, userName, userPassword } = options.user;
  const user = { name: userName, password: userPassword, domain: { name: domainName } };
  const { answer, headers } = await ask(options, {
    method: "POST",
    url: new URL("/v3/auth/tokens?nocatalog=true", options.iam),
    headers: {
      "content-type": "application/json;charset=utf8",
      "accept": "application/json",
      "user-agent": options.userAgent,
    },
    body: JSON.stringify({
      auth: { identity: { methods: ["password"], password: { user } }, scope: { project: options.scope } },
    }),
    purpose: PURPOSE,
  }).catch((error) => {
    throw error instanceof CloudError ? explainRefusal(error) : error;
  });
  const token = headers.get("x-subject-token");
  if (token === null) {
    throw new CloudError("protocol", `${PURPOSE}: its answer carries none`, {
      verdict: "not_sent",
      httpStatus: answer.status,
      requestId: answer.requestId,
    });
  }
  options.onSecret(token);
  const { expiresAt, projectId } = readToken(answer);
  return { value: { token, projectId }, expiresAt };
}

/** What is not there, or not as documented, stays unknown: the token is then used until it is refused. */
function readToken({ body }: Answer): { expiresAt?: number; projectId?: string } {
  const { token } = (body ?? {}) as { token?: { expires_at?: unknown; project?: { id?: unknown } } };
  const expiresAt = Date.parse(String(token?.expires_at));
  const projectId = token?.project?.id;
  return {
    expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt,
    projectId: typeof projectId === "string" ? projectId : undefined,
  };
}

const NAMES = "HW_DOMAIN_NAME, HW_USER_NAME and HW_USER_PASSWORD";

/** IAM tells its reasons only in words, and does not document them; the words themselves stay in the error. */
const REASONS: readonly (readonly [RegExp, message: string, hint: string])[] = [
  [
    /mfa|totp|passcode|verification code|login protect/i,
    "it wants a second factor from this user, which a server cannot give",
    "Use an access key, or an IAM user without login protection",
  ],
  [
    /lock/i,
    "it has locked this user for now",
    `Check ${NAMES}, then wait until the lock is over before you restart the server`,
  ],
  [
    /disabled/i,
    "this user or account is disabled",
    "Ask the account's administrator to enable the user, or use another one",
  ],
];

function explainRefusal(error: CloudError): CloudError {
  switch (error.kind) {
    case "authentication":
    case "permission": {
      const words = [error.body.error_msg, ...(error.body.details ?? []).map(({ error_msg }) => error_msg)].join(" ");
      const [, message, hint] = REASONS.find(([pattern]) => pattern.test(words)) ?? [
        undefined,
        "it did not accept the account name, the user name or the password",
        `Check ${NAMES}; a HUAWEI ID cannot get a token, so create an IAM user`,
      ];
      return new CloudError("authentication", `${PURPOSE}: ${message} (HTTP ${error.httpStatus})`, { ...error, hint });
    }
    case "invalid_request":
    case "not_found":
      return new CloudError(error.kind, error.message, {
        ...error,
        hint: `Check ${NAMES}, and HW_PROJECT_ID or the region`,
      });
    default:
      return error;
  }
}
