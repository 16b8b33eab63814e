/**
 * Entry and composition root: reads flags and environment, chooses every implementation, runs a command.
 *
 * The only file of the server that touches Deno.env, Deno.args, the standard streams, signals and the exit
 * code. It decides nothing about a call.
 */
import manifest from "../deno.json" with { type: "json" };
import { createAudit } from "./audit.ts";
import { endsWithin, systemClock } from "./clock.ts";
import { type Command, help } from "./config/command_line.ts";
import { type Config, parseConfig } from "./config/config.ts";
import { systemFetch } from "./huaweicloud/connection.ts";
import type { Fetch } from "./huaweicloud/send.ts";
import { httpFaults } from "./http/requirements.ts";
import { httpTransport } from "./http/transport.ts";
import { gatherLines } from "./lines.ts";
import { createLog, type Log } from "./log.ts";
import { createRedactor, type Redactor } from "./redaction.ts";
import { reachCloud } from "./reach_cloud.ts";
import { createServer, type ServerOptions, TOOLS } from "./server.ts";
import { stdioTransport } from "./stdio.ts";

const EXIT_FAILURE = 1;
const EXIT_CONFIGURATION = 2;

/** What a change may need beyond its budget: looks at the instance before and after it, and the way out. */
const SHUTDOWN_GRACE_MS = 12_000;

function printTo(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  try {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
  } catch {
    // A reader that has gone away is no reason to fail.
  }
}

async function main(): Promise<number> {
  const parsed = parseConfig(Deno.args, (name) => Deno.env.get(name), Deno.readTextFileSync);
  switch (parsed.kind) {
    case "help":
      printTo(Deno.stdout, help(manifest.version));
      return 0;
    case "version":
      printTo(Deno.stdout, `${manifest.version}\n`);
      return 0;
    case "faults":
      if (parsed.isJson) printTo(Deno.stdout, json({ faults: parsed.faults, exit_code: EXIT_CONFIGURATION }));
      return refuseToStart(parsed.faults);
    case "config":
      return await COMMAND_RUNS[parsed.config.command](parsed.config);
  }
}

function refuseToStart(faults: readonly string[]): number {
  printTo(Deno.stderr, faults.map((fault) => `dbss-mcp: ${fault}\n`).join(""));
  return EXIT_CONFIGURATION;
}

const COMMAND_RUNS: Record<Command, (config: Config) => Promise<number>> = {
  stdio: serveStdio,
  http: serveHttp,
  doctor: runDoctor,
};

async function serveStdio(config: Config): Promise<number> {
  const { log, options } = await prepare(config);
  const { server, settled } = createServer(options);
  const transport = stdioTransport(Deno.stdin.readable, Deno.stdout.writable);
  const signalled = onSignal(log);
  await server.connect(transport);
  log.info("serving on stdio", { version: manifest.version, region: options.region, missing: config.missing });

  await Promise.race([transport.ended, signalled]);
  log.info("finishing the calls in flight");
  transport.stopReading();
  const graceMs = config.timeoutMs + SHUTDOWN_GRACE_MS;
  if (!await endsWithin(systemClock, graceMs, Promise.all([settled(), transport.answered()]))) {
    // From now on no change is sent; one that is on its way is still followed to its end and recorded.
    await server.close();
    if (!await endsWithin(systemClock, graceMs, settled())) log.warn("stopped before every call in flight had ended");
  }
  return 0;
}

async function serveHttp(config: Config): Promise<number> {
  const faults = httpFaults(config);
  if (faults.length > 0) return refuseToStart(faults);
  // Not loaded for stdio, where every chat session waits for the start.
  const { composeApp } = await import("./http/compose.ts");
  const { serve } = await import("./http/serve.ts");
  const { log, options } = await prepare(config);
  const app = await composeApp(config, {
    createServer: ({ principal, canWrite }) =>
      createServer({
        ...options,
        actor: principal,
        policy: canWrite ? options.policy : { ...options.policy, isReadOnly: true },
      }),
    createTransport: httpTransport,
    isWrite: (name) => TOOLS.some((tool) => tool.name === name && !tool.annotations.readOnlyHint),
    recordRefusal: (actor, tool) =>
      options.audit.record({
        actor,
        tool,
        region: options.region,
        outcome: "refused",
        error_kind: "policy",
        duration_ms: 0,
      }),
    fetch,
    clock: systemClock,
    log,
  });
  const served = serve({
    app,
    hostname: config.httpHost.replace(/^\[|\]$/g, ""),
    port: config.httpPort,
    onListen: (url) =>
      log.info("serving on HTTP", { url, version: manifest.version, region: options.region, missing: config.missing }),
    stop: onSignal(log),
    // After the deadline no change is sent; one that was sent just before has its own budget.
    graceMs: config.httpDeadlineMs + config.timeoutMs + SHUTDOWN_GRACE_MS,
    clock: systemClock,
  });
  try {
    if (!await served) log.warn("stopped before every call in flight had ended");
    return 0;
  } catch (error) {
    log.error("cannot listen", { host: config.httpHost, port: config.httpPort, error: String(error) });
    return EXIT_FAILURE;
  }
}

async function runDoctor(config: Config): Promise<number> {
  const { examine, reportText } = await import("./doctor.ts");
  const { options } = await prepare(config);
  const report = await examine({ ...options, config });
  printTo(Deno.stdout, config.isJson ? json(report) : reportText(report));
  return report.exit_code;
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}

/** What every command needs: a log, and the options of its servers. */
async function prepare(config: Config): Promise<{ log: Log; options: ServerOptions }> {
  const redactor = createRedactor([...config.secrets, ...(config.httpTokens ?? []).map(({ token }) => token)]);
  const lines = gatherLines(systemClock, (text) => printTo(Deno.stderr, text));
  addEventListener("unload", lines.flush);
  const log = createLog({ level: config.logLevel, clock: systemClock, redactor, write: lines.add });
  // stdout is the protocol: what a library prints goes to stderr.
  // deno-lint-ignore no-console
  console.log = console.info = console.debug = console.error;
  // A promise that nobody waits for must not end the process under a change, nor say on stderr what it holds.
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("defect", { error: String(event.reason?.stack ?? event.reason) });
  });
  return {
    log,
    options: {
      version: manifest.version,
      timeoutMs: config.timeoutMs,
      policy: config,
      clock: systemClock,
      log,
      redactor,
      audit: createAudit({
        clock: systemClock,
        redactor,
        write: lines.write,
        append: config.auditFile === undefined
          ? undefined
          : (text) => Deno.writeTextFileSync(config.auditFile!, text, { append: true }),
      }),
      ...await connect(config, log, redactor),
    },
  };
}

type Connection = Pick<ServerOptions, "cloud" | "region" | "projectId" | "findProject" | "isSimulated">;

/** Chooses the cloud that the server works on. */
async function connect(config: Config, log: Log, redactor: Redactor): Promise<Connection> {
  const surroundings = {
    version: manifest.version,
    clock: systemClock,
    random: Math.random,
    readTextFile: Deno.readTextFileSync,
    log,
    redactor,
  };
  if (config.isSimulated) {
    const { createSimulatedCloud } = await import("./simulator/cloud.ts");
    const { SIMULATION } = await import("./simulator/state.ts");
    const simulated = createSimulatedCloud({ readingsUntilApplied: 1 });
    log.warn("simulated cloud: nothing real changes", SIMULATION.instances);
    const { region, projectId, token } = SIMULATION;
    const origins = { dbss: "https://dbss.invalid", vpc: "https://vpc.invalid", iam: "https://iam.invalid" };
    const fetch: Fetch = (url, init) => simulated.handle(new Request(url, init));
    const simulation: Config = { ...config, region, projectId, origins, credentials: { kind: "token", token } };
    return { ...reachCloud(simulation, { ...surroundings, fetch }), isSimulated: true };
  }
  for (const name of config.ignoredCredentials) {
    log.warn(`${name} is set and not used, since other credentials come first`, { used: config.credentials?.kind });
  }
  const { region, projectId, missing } = config;
  if (missing !== undefined) return { cloud: { missing }, region, projectId, isSimulated: false };
  return { ...reachCloud(config, { ...surroundings, fetch: systemFetch }), isSimulated: false };
}

/** Resolves at the first SIGINT or SIGTERM; the second one ends the process at once. */
function onSignal(log: Log): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const handle = () => {
    count += 1;
    if (count > 1) Deno.exit(EXIT_FAILURE);
    log.info("signal received");
    resolve();
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, handle);
  return promise;
}

Deno.exit(await main());
