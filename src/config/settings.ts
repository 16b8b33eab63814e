/**
 * Every setting, once: its names, what it is for, how its text becomes a value.
 *
 * Read by `config.ts`, and by the tests that hold README's table and `--help` to it. It never reads the
 * environment itself.
 */
import { CREDENTIAL_SETTINGS } from "./credential_settings.ts";
import {
  DEFAULT_CLOUD,
  ENDPOINT_FORM,
  isProjectId,
  isRegion,
  PROJECT_ID_FORM,
  readEndpoint,
} from "../huaweicloud/endpoint.ts";
import { HTTP_SETTINGS } from "./http_settings.ts";
import { LOG_LEVELS, type LogLevel } from "../log.ts";
import { CONFIRM_MODES, type ConfirmMode } from "../policy.ts";
import { matching, preset, setting, truth, wholeNumber } from "./setting.ts";

const idList = (text: string) => {
  const ids = text.split(",").map((id) => id.trim()).filter(Boolean);
  return ids.length > 0 && ids.every((id) => /^[A-Za-z0-9_-]{1,64}$/.test(id)) ? ids : undefined;
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
    wanted: PROJECT_ID_FORM,
    read: (text) => isProjectId(text) ? text : undefined,
  }),
  ...CREDENTIAL_SETTINGS,
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
  vpcEndpoint: setting({
    env: "DBSS_MCP_VPC_ENDPOINT",
    flag: "vpc-endpoint",
    about: "VPC endpoint in place of the region's own",
    wanted: ENDPOINT_FORM,
    read: readEndpoint,
  }),
  iamEndpoint: setting({
    env: "DBSS_MCP_IAM_ENDPOINT",
    fallbackEnv: "HUAWEICLOUD_SDK_IAM_ENDPOINT",
    flag: "iam-endpoint",
    about: "IAM endpoint in place of the region's own",
    wanted: ENDPOINT_FORM,
    read: readEndpoint,
  }),
  isReadOnly: preset({
    env: "DBSS_MCP_READ_ONLY",
    flag: "read-only",
    isGuard: true,
    about: "true hides the change tool and refuses it",
    wanted: "true or false",
    read: truth,
    default: false,
  }),
  confirm: preset<ConfirmMode>({
    env: "DBSS_MCP_CONFIRM",
    flag: "confirm",
    isGuard: true,
    about: "Whether a person is asked before a change: auto asks where the client can ask, required refuses where it " +
      "cannot, off never asks",
    wanted: `one of ${CONFIRM_MODES.join(", ")}`,
    read: (text) => CONFIRM_MODES.find((mode) => mode === text),
    default: "auto",
  }),
  allowedInstanceIds: setting({
    env: "DBSS_MCP_ALLOWED_INSTANCE_IDS",
    flag: "allowed-instance-ids",
    isGuard: true,
    about: "The only instances that may be changed, separated by commas",
    wanted: "ids separated by commas",
    read: idList,
  }),
  allowedSecurityGroupIds: setting({
    env: "DBSS_MCP_ALLOWED_SECURITY_GROUP_IDS",
    flag: "allowed-security-group-ids",
    isGuard: true,
    about: "The only security groups that may be set, separated by commas",
    wanted: "ids separated by commas",
    read: idList,
  }),
  auditFile: setting({
    env: "DBSS_MCP_AUDIT_FILE",
    flag: "audit-file",
    isGuard: true,
    about: "File that gets one line for each attempted change; a change that cannot be recorded there is refused",
    wanted: "the path of a file",
    read: matching(/^\P{Cc}*[^\p{Cc}\s/\\]$/u),
  }),
  timeoutMs: preset({
    env: "DBSS_MCP_TIMEOUT_MS",
    flag: "timeout-ms",
    about: "Time for a whole call, retries and waits included",
    wanted: MILLISECONDS,
    read: wholeNumber(100, 600_000),
    default: 30_000,
  }),
  attemptTimeoutMs: preset({
    env: "DBSS_MCP_ATTEMPT_TIMEOUT_MS",
    flag: "attempt-timeout-ms",
    about: "Time for one request and its whole answer",
    wanted: MILLISECONDS,
    read: wholeNumber(100, 600_000),
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
