/**
 * From the settings of the `http` command to its app: which names, which judges of tokens, which limits.
 *
 * Called by `main.ts` before anything listens. It never opens a connection: an issuer is asked when its
 * first token comes.
 */
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { Log } from "../log.ts";
import { type App, type AppOptions, createApp, MCP_PATH } from "./app.ts";
import { fixedTokens, type TokenJudge } from "./authentication.ts";
import { issuerKeys, type IssuerOptions } from "./issuer.ts";
import { LOOPBACK_NAMES } from "./names.ts";
import { accessTokens } from "./oauth.ts";

export interface Surroundings
  extends
    Pick<AppOptions, "createServer" | "createTransport" | "isWrite" | "recordRefusal">,
    Pick<IssuerOptions, "fetch"> {
  clock: Clock;
  log: Log;
}

/** The app for a configuration in which `requirements.ts` found no fault. */
export async function composeApp(config: Config, { fetch, ...around }: Surroundings): Promise<App> {
  const { oauthIssuer: issuer, httpPublicOrigin: publicOrigin, clock, log } = { ...config, ...around };
  const judges: TokenJudge[] = [];
  if (config.httpTokens !== undefined) judges.push(await fixedTokens(config.httpTokens));
  if (issuer !== undefined) {
    const getKey = issuerKeys({ issuer, jwksUrl: config.oauthJwksUrl, fetch, clock, log });
    const audience = config.oauthAudience ?? `${publicOrigin}${MCP_PATH}`;
    judges.push(accessTokens({ issuer, audience, getKey, clock, log }));
  }
  return createApp({
    ...around,
    judges,
    oauth: issuer === undefined ? undefined : { issuer, publicOrigin: publicOrigin! },
    names: {
      hosts: [
        ...LOOPBACK_NAMES,
        config.httpHost,
        ...(publicOrigin === undefined ? [] : [new URL(publicOrigin).hostname]),
        ...(config.httpAllowedHosts ?? []),
      ],
      origins: config.httpAllowedOrigins ?? [],
    },
    ratePerMinute: config.httpRatePerMinute,
    maxCalls: config.httpMaxCalls,
    deadlineMs: config.httpDeadlineMs,
    missing: config.missing,
  });
}
