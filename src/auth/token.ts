/**
 * Authenticates with a fixed user token, in the X-Auth-Token header.
 *
 * Called by `send.ts` on every attempt. It never renews: a refused token has to be replaced by a person.
 */
import type { Authenticator, CloudRequest } from "../huaweicloud/send.ts";

/** The token has to be a valid header value: visible ASCII, no spaces. */
export function tokenAuthenticator(token: string): Authenticator {
  return { authenticate: (request) => Promise.resolve(withToken(request, token)) };
}

/** A copy of the request that carries the token. */
export function withToken(request: CloudRequest, token: string): CloudRequest {
  const headers = new Headers(request.headers);
  headers.set("x-auth-token", token);
  return { ...request, headers };
}
