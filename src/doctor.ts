/**
 * The `doctor` command: what is configured, what it needs, and whether one harmless read succeeds.
 *
 * Called by `main.ts` with the configuration, the audit and the way to the cloud that the server itself would
 * use. It never changes anything in the cloud, and shows of a credential at most the end of an access key's id.
 */
import type { Audit } from "./audit.ts";
import type { CredentialSource } from "./auth/credentials.ts";
import type { CallOptions } from "./call.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import type { HuaweiCloud } from "./huaweicloud/client.ts";
import { KNOWN_REGIONS } from "./huaweicloud/endpoint.ts";
import { CloudError } from "./huaweicloud/errors.ts";
import { permissionFlags } from "./config/permissions.ts";
import { mapStrings, type Redactor, tidy } from "./redaction.ts";
import { HINTS } from "./result.ts";

type Cloud = Pick<CallOptions, "cloud" | "projectId" | "findProject" | "region">;

export interface DoctorOptions extends Cloud {
  version: string;
  config: Config;
  clock: Clock;
  redactor: Redactor;
  audit: Pick<Audit, "check">;
}

export interface Check {
  check: string;
  status: "passed" | "failed" | "skipped";
  /** What was found, or why it failed or was skipped. */
  message: string;
  hint?: string;
  kind?: string;
  http_status?: number;
  error_code?: string;
  error_msg?: string;
  request_id?: string;
  duration_ms?: number;
}

export interface Report {
  version: string;
  is_simulated: boolean;
  region?: string;
  endpoints: Config["origins"];
  credentials: string;
  ignored_credentials: readonly string[];
  project_id?: string;
  project_from?: "configuration" | "IAM";
  read_only: boolean;
  confirm: string;
  allowed_instance_ids: readonly string[] | "all";
  allowed_security_group_ids: readonly string[] | "all";
  audit_file?: string;
  deno_permissions: { stdio: string[]; http: string[] };
  huawei_cloud_permissions: string;
  checks: Check[];
  exit_code: 0 | 1 | 2;
}

/** No action names are documented for encrypted instances, so only system policies are named. */
const NEEDED = "DBSS FullAccess, or a custom policy that covers the change; listing should work with DBSS " +
  "ReadOnlyAccess, and security groups need vpc:securityGroups:list";

const MAX_TEXT = 1_000;

/** Looks at what is configured and, unless offline, makes harmless reads. Never throws a CloudError. */
export async function examine(options: DoctorOptions): Promise<Report> {
  const { config, redactor } = options;
  const { id: projectId, checks: asked } = "missing" in options.cloud
    ? { id: options.projectId, checks: [incomplete(options.cloud.missing)] }
    : await runChecks(options, options.cloud);
  const checks = [...asked, ...checkAuditFile(options)];
  const report: Report = {
    version: options.version,
    is_simulated: config.isSimulated,
    region: options.region,
    endpoints: config.isSimulated ? {} : config.origins,
    credentials: describe(config),
    ignored_credentials: config.ignoredCredentials,
    project_id: projectId,
    project_from: options.projectId !== undefined ? "configuration" : projectId !== undefined ? "IAM" : undefined,
    read_only: config.isReadOnly,
    confirm: config.confirm,
    allowed_instance_ids: config.allowedInstanceIds ?? "all",
    allowed_security_group_ids: config.allowedSecurityGroupIds ?? "all",
    audit_file: config.auditFile,
    deno_permissions: { stdio: permissionFlags(config, "stdio"), http: permissionFlags(config, "http") },
    huawei_cloud_permissions: NEEDED,
    checks,
    exit_code: "missing" in options.cloud ? 2 : checks.some(({ status }) => status === "failed") ? 1 : 0,
  };
  return mapStrings(report, (text) => tidy(redactor.text(text), MAX_TEXT)) as Report;
}

function incomplete(missing: string): Check {
  return { check: "configuration", status: "failed", message: missing, hint: HINTS.configuration };
}

/** As before a change: the file is opened for writing, and made where it does not exist. */
function checkAuditFile({ audit, config }: DoctorOptions): Check[] {
  if (config.auditFile === undefined) return [];
  const check = "write the audit file";
  try {
    audit.check();
    return [{ check, status: "passed", message: `${config.auditFile} can be appended to` }];
  } catch (error) {
    const message = `every change would be refused: ${error}`;
    return [{ check, status: "failed", message, hint: HINTS.configuration, kind: "configuration" }];
  }
}

async function runChecks(options: DoctorOptions, cloud: HuaweiCloud): Promise<{ id?: string; checks: Check[] }> {
  const { region, config, clock } = options;
  let id = options.projectId;
  const checks: Check[] = [];
  if (id === undefined) {
    checks.push(
      await attempt(options, "find the project", async () => {
        const found = await options.findProject!(budget(clock, config));
        if (typeof found !== "string") return { status: "failed", message: found.missing };
        id = found;
        return { status: "passed", message: `${found} is the project of ${region}` };
      }),
    );
  }
  const check = "list encrypted instances";
  if (id === undefined) return { checks: [...checks, { check, status: "skipped", message: "no project to list" }] };
  const projectId = id;
  checks.push(
    await attempt(options, check, async () => {
      const instances = await cloud.listInstances(projectId, budget(clock, config));
      return { status: "passed", message: `found ${instances.length}` };
    }),
  );
  return { id, checks };
}

/** Runs one check, unless no request is to be made. */
async function attempt(
  { config, clock }: DoctorOptions,
  check: string,
  run: () => Promise<Pick<Check, "status" | "message">>,
): Promise<Check> {
  if (config.isOffline) return { check, status: "skipped", message: "no request is made with --offline" };
  const started = clock.now();
  try {
    return { check, ...await run(), duration_ms: clock.now() - started };
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    return {
      check,
      status: "failed",
      message: error.message,
      hint: error.hint ?? HINTS[error.kind],
      kind: error.kind,
      http_status: error.httpStatus,
      error_code: error.body.error_code,
      error_msg: error.body.error_msg,
      request_id: error.requestId,
      duration_ms: clock.now() - started,
    };
  }
}

function budget(clock: Clock, { timeoutMs }: Config) {
  return { signal: new AbortController().signal, deadline: clock.now() + timeoutMs };
}

function describe({ credentials, isSimulated }: Config): string {
  if (isSimulated) return "none needed, the cloud is simulated";
  return credentials === undefined ? "none" : describeSource(credentials);
}

function describeSource(source: CredentialSource): string {
  switch (source.kind) {
    case "access_key": {
      const { accessKey, securityToken } = source.key;
      return `${securityToken === undefined ? "" : "temporary "}access key ...${accessKey.slice(-4)}`;
    }
    case "iam_user":
      return `IAM user ${source.user.userName} of account ${source.user.domainName}, by password`;
    case "token":
      return "user token, which nobody renews";
    case "profile":
      return `access key of the profile file ${source.path}`;
    case "ecs_metadata":
      return "temporary access key of the ECS instance's agency";
  }
}

/** The report for people. */
export function reportText(report: Report): string {
  const { endpoints, checks } = report;
  const some = (ids: readonly string[] | "all") => ids === "all" ? "all" : ids.join(", ");
  const rows: [string, string | undefined][] = [
    ["version", report.version],
    ["cloud", report.is_simulated ? "simulated, nothing real changes" : "Huawei Cloud"],
    ["region", regionText(report)],
    ["DBSS endpoint", endpoints.dbss],
    ["VPC endpoint", endpoints.vpc],
    ["IAM endpoint", endpoints.iam],
    ["credentials", report.credentials],
    ["set, not used", report.ignored_credentials.join(", ") || undefined],
    ["project", report.project_id === undefined ? "not known" : `${report.project_id}, from ${report.project_from}`],
    ["changes", report.read_only ? "refused, read-only" : `allowed, confirmation ${report.confirm}`],
    ["instances", some(report.allowed_instance_ids)],
    ["security groups", some(report.allowed_security_group_ids)],
    ["audit file", report.audit_file ?? "none, stderr only"],
    ["for Deno, stdio", report.deno_permissions.stdio.join(" ") || "no permission"],
    ["for Deno, http", report.deno_permissions.http.join(" ")],
    ["IAM policies", report.huawei_cloud_permissions],
  ];
  const lines = rows.filter(([, value]) => value !== undefined).map(([name, value]) => `${name.padEnd(17)}${value}`);
  return [...lines, "", ...checks.flatMap(checkLines), ""].join("\n");
}

function regionText({ region, is_simulated }: Report): string {
  if (region === undefined) return "not set";
  const isKnown = is_simulated || (KNOWN_REGIONS as readonly string[]).includes(region);
  return isKnown ? region : `${region}, not among the documented ones that --help lists`;
}

function checkLines(check: Check): string[] {
  const { status, duration_ms, hint, message, error_code, error_msg, request_id } = check;
  const time = duration_ms === undefined ? "" : ` (${Math.round(duration_ms)} ms)`;
  const said = [error_code, error_msg, request_id && `request ${request_id}`].filter(Boolean).join(", ");
  return [
    `${status.padEnd(8)} ${check.check}: ${message}${time}`,
    ...(said === "" ? [] : [`         Huawei Cloud said: ${said}`]),
    ...(hint === undefined ? [] : [`         ${hint}`]),
  ];
}
