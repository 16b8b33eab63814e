/**
 * Every setting, once: its names, what it is for, how its text becomes a value.
 *
 * Read by `config.ts`, and by the tests that hold README's table and `--help` to it. It never reads the
 * environment itself.
 */
import { DEFAULT_CLOUD, ENDPOINT_FORM, isRegion, readEndpoint } from "./huaweicloud/endpoint.ts";
import { HTTP_SETTINGS } from "./http_settings.ts";
import { LOG_LEVELS, type LogLevel } from "./log.ts";
import { preset, setting } from "./setting.ts";

const matching = (pattern: RegExp) => (text: string) => pattern.test(text) ? text : undefined;

/** Header values: visible ASCII, no spaces. */
const secretText = matching(/^[\x21-\x7e]{1,16384}$/);

const milliseconds = (text: string) => {
  const value = Number(text);
  return /^\d{1,7}$/.test(text) && value >= 100 && value <= 600_000 ? value : undefined;
};
const MILLISECONDS = "a whole number of milliseconds from 100 to 600000";

export const SETTINGS = {
  region: setting({
    env: "HW_REGION_NAME",
    flag: "region",
    about: "Region that this server works in; required, never assumed",
    wanted: "a region id such as cn-north-4",
    read: (text) => isRegion(text) ? text : undefined,
  }),
  projectId: setting({
    env: "HW_PROJECT_ID",
    fallbackEnv: "HUAWEICLOUD_SDK_PROJECT_ID",
    flag: "project-id",
    about: "Project for calls that name none",
    wanted: '32 to 64 letters, digits, "-" or "_"',
    read: matching(/^[A-Za-z0-9_-]{32,64}$/),
  }),
  authToken: setting({
    env: "HW_AUTH_TOKEN",
    isSecret: true,
    about: "IAM user token, sent as X-Auth-Token",
    wanted: "a token of visible ASCII characters without spaces",
    read: secretText,
  }),
  cloud: preset({
    env: "HW_CLOUD",
    flag: "cloud",
    about: "Domain of the cloud",
    wanted: `a domain name such as ${DEFAULT_CLOUD}`,
    read: matching(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/),
    default: DEFAULT_CLOUD,
  }),
  dbssEndpoint: setting({
    env: "DBSS_MCP_DBSS_ENDPOINT",
    flag: "dbss-endpoint",
    about: "DBSS endpoint in place of the region's own",
    wanted: ENDPOINT_FORM,
    read: readEndpoint,
  }),
  timeoutMs: preset({
    env: "DBSS_MCP_TIMEOUT_MS",
    flag: "timeout-ms",
    about: "Time for a whole call, retries and waits included",
    wanted: MILLISECONDS,
    read: milliseconds,
    default: 30_000,
  }),
  attemptTimeoutMs: preset({
    env: "DBSS_MCP_ATTEMPT_TIMEOUT_MS",
    flag: "attempt-timeout-ms",
    about: "Time for one request and its whole answer",
    wanted: MILLISECONDS,
    read: milliseconds,
    default: 10_000,
  }),
  logLevel: preset<LogLevel>({
    env: "DBSS_MCP_LOG_LEVEL",
    flag: "log-level",
    about: "Least level of the log lines on stderr",
    wanted: `one of ${LOG_LEVELS.join(", ")}`,
    read: (text) => LOG_LEVELS.find((level) => level === text),
    default: "info",
  }),
  ...HTTP_SETTINGS,
};
