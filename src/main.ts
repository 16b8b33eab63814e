/**
 * Entry and composition root: reads flags and environment, chooses every implementation, runs a command.
 *
 * The only file that touches Deno.env, Deno.args, the standard streams, signals and the exit code. It
 * decides nothing about a call.
 */
import manifest from "../deno.json" with { type: "json" };
import { createAudit } from "./audit.ts";
import { tokenAuthenticator } from "./auth/token.ts";
import { systemClock } from "./clock.ts";
import { type Config, help, parseConfig } from "./config.ts";
import { createClient, type HuaweiCloud } from "./huaweicloud/client.ts";
import { systemFetch } from "./huaweicloud/connection.ts";
import { createSend, type Fetch } from "./huaweicloud/send.ts";
import { createLog, type Log } from "./log.ts";
import { createRedactor } from "./redaction.ts";
import { createServer, type ServerOptions } from "./server.ts";
import { stdioTransport } from "./stdio.ts";

const EXIT_CONFIGURATION = 2;

/** What a change may need beyond its budget: a look before it, a look after an unclear answer, and the way out. */
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
  const parsed = parseConfig(Deno.args, (name) => Deno.env.get(name));
  switch (parsed.kind) {
    case "help":
      printTo(Deno.stdout, help(manifest.version));
      return 0;
    case "version":
      printTo(Deno.stdout, `${manifest.version}\n`);
      return 0;
    case "faults":
      printTo(Deno.stderr, parsed.faults.map((fault) => `dbss-mcp: ${fault}\n`).join(""));
      return EXIT_CONFIGURATION;
    case "config":
      return await serveStdio(parsed.config);
  }
}

async function serveStdio(config: Config): Promise<number> {
  const redactor = createRedactor(config.secrets);
  const log = createLog({
    level: config.logLevel,
    clock: systemClock,
    redactor,
    write: (line) => printTo(Deno.stderr, line),
  });
  // stdout is the protocol: what a library prints goes to stderr.
  // deno-lint-ignore no-console
  console.log = console.info = console.debug = console.error;

  const { server, settled } = createServer({
    version: manifest.version,
    timeoutMs: config.timeoutMs,
    policy: config,
    clock: systemClock,
    log,
    redactor,
    audit: createAudit({
      clock: systemClock,
      redactor,
      write: (line) => printTo(Deno.stderr, line),
      append: config.auditFile === undefined
        ? undefined
        : (text) => Deno.writeTextFileSync(config.auditFile!, text, { append: true }),
    }),
    ...await connect(config, log),
  });
  const transport = stdioTransport(Deno.stdin.readable, Deno.stdout.writable);
  const signalled = onSignal(log);
  await server.connect(transport);
  log.info("serving on stdio", { version: manifest.version, region: config.region, missing: config.missing });

  await Promise.race([transport.ended, signalled]);
  log.info("finishing the calls in flight");
  const limit = Promise.withResolvers<void>();
  const stopLimit = systemClock.after(config.timeoutMs + SHUTDOWN_GRACE_MS, limit.resolve);
  await Promise.race([Promise.all([settled(), transport.answered()]), limit.promise]);
  stopLimit();
  return 0;
}

type Connection = Pick<ServerOptions, "cloud" | "region" | "projectId" | "isSimulated">;

/** Chooses the cloud that the server works on. */
async function connect(config: Config, log: Log): Promise<Connection> {
  if (config.isSimulated) {
    const { createSimulatedCloud } = await import("./simulator/cloud.ts");
    const { SIMULATION } = await import("./simulator/state.ts");
    const simulated = createSimulatedCloud({ readingsUntilApplied: 1 });
    log.warn("simulated cloud: nothing real changes", SIMULATION.instances);
    const { region, projectId, token } = SIMULATION;
    const fetch: Fetch = (url, init) => simulated.handle(new Request(url, init));
    const cloud = client(
      { ...config, origins: { dbss: "https://dbss.invalid", vpc: "https://vpc.invalid" }, authToken: token },
      log,
      fetch,
    );
    return { cloud, region, projectId, isSimulated: true };
  }
  const cloud = config.missing === undefined ? client(config, log, systemFetch) : { missing: config.missing };
  return { cloud, region: config.region, projectId: config.projectId, isSimulated: false };
}

function client(config: Config, log: Log, fetch: Fetch): HuaweiCloud {
  return createClient({
    origins: { dbss: config.origins.dbss!, vpc: config.origins.vpc! },
    userAgent: `dbss-mcp/${manifest.version}`,
    send: createSend({
      fetch,
      authenticator: tokenAuthenticator(config.authToken!),
      clock: systemClock,
      random: Math.random,
      attemptTimeoutMs: config.attemptTimeoutMs,
      onRetry: ({ attempt, waitMs, error }) =>
        log.warn("will try again", { attempt, wait_ms: Math.round(waitMs), kind: error.kind, error: error.message }),
    }),
  });
}

/** Resolves at the first SIGINT or SIGTERM; the second one ends the process at once. */
function onSignal(log: Log): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const handle = () => {
    count += 1;
    if (count > 1) Deno.exit(1);
    log.info("signal received");
    resolve();
  };
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, handle);
  return promise;
}

Deno.exit(await main());
