/**
 * The temporary access key that an ECS instance with an agency gets from its metadata service.
 *
 * Asked by the authenticator through `ask.ts` when there is no key that still serves. Only on when it was
 * switched on: the address is the same on every cloud and needs a network permission of its own. It never
 * sends a credential there.
 */
import { CloudError } from "../huaweicloud/errors.ts";
import { ask, type Asker } from "./ask.ts";
import { secretsOf } from "./profile.ts";
import { type Fetched, type Renewable, renewable } from "./renewable.ts";
import type { AccessKey } from "./signature.ts";

/** Plain http on a link-local address, as every cloud has it; answered by the host and not by the network. */
export const METADATA_ORIGIN = "http://169.254.169.254";

/** The metadata service answers from the same host; the SDKs wait as long. */
const LIMIT_MS = 3_000;

/** A new key is fetched this long before the old one expires. */
const MARGIN_MS = 5 * 60_000;

/** How long the session token for the metadata service itself is asked for; used at once and dropped. */
const SESSION_SECONDS = "21600";

const PURPOSE = "Cannot get an access key from the ECS metadata service";

export interface MetadataOptions extends Omit<Asker, "limitMs"> {
  onSecret: (secret: string) => void;
  onEarlyFailure?: (error: CloudError) => void;
}

/** The temporary keys of an instance's agency, read from the metadata service and again before they end. */
export function metadataKeys(options: MetadataOptions): Renewable<AccessKey> {
  const { clock, onEarlyFailure } = options;
  return renewable({ clock, onEarlyFailure, marginMs: MARGIN_MS, obtain: () => requestKey(options) });
}

async function requestKey(options: MetadataOptions): Promise<Fetched<AccessKey>> {
  const asker: Asker = { ...options, limitMs: LIMIT_MS };
  const session = await requestSession(asker);
  if (session !== undefined) options.onSecret(session);
  const { answer } = await ask(asker, {
    method: "GET",
    url: new URL("/openstack/latest/securitykey", METADATA_ORIGIN),
    headers: session === undefined ? {} : { "x-metadata-token": session },
    purpose: PURPOSE,
  }).catch((error) => {
    throw error instanceof CloudError ? explain(error) : error;
  });
  const key = readKey(answer.body);
  if (key === undefined) {
    throw new CloudError("protocol", `${PURPOSE}: its answer carries none`, {
      verdict: "not_sent",
      httpStatus: answer.status,
    });
  }
  for (const secret of secretsOf(key.value)) options.onSecret(secret);
  return key;
}

/** A token for the metadata service itself, or undefined where it works without, as older ones do. */
async function requestSession(asker: Asker): Promise<string | undefined> {
  try {
    const { answer } = await ask(asker, {
      method: "PUT",
      url: new URL("/meta-data/latest/api/token", METADATA_ORIGIN),
      headers: { "x-metadata-token-ttl-seconds": SESSION_SECONDS },
      purpose: PURPOSE,
    });
    return answer.text.trim();
  } catch (error) {
    if (error instanceof CloudError && [404, 405, 503].includes(error.httpStatus ?? 0)) return undefined;
    throw error instanceof CloudError ? explain(error) : error;
  }
}

function readKey(body: unknown): Fetched<AccessKey> | undefined {
  const { credential } = (body ?? {}) as { credential?: Record<string, unknown> };
  const { access, secret, securitytoken, expires_at } = credential ?? {};
  if (typeof access !== "string" || typeof secret !== "string" || typeof securitytoken !== "string") return undefined;
  const expiresAt = Date.parse(String(expires_at));
  return {
    value: { accessKey: access, secretKey: secret, securityToken: securitytoken },
    expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt,
  };
}

function explain(error: CloudError): CloudError {
  const hint = error.httpStatus === undefined
    ? "Unset DBSS_MCP_ECS_METADATA if this is no ECS instance, and configure an access key"
    : "Check that the ECS instance has an agency that may use DBSS; no restart is needed";
  return new CloudError(error.kind, error.message, { ...error, hint });
}
