/**
 * The second ring: the SDK's own client, joined in memory to the real server over the simulated cloud.
 */
import { Client, ElicitRequestSchema, InMemoryTransport } from "../../src/sdk_client.ts";
import { createAudit } from "../../src/audit.ts";
import { tokenAuthenticator } from "../../src/auth/token.ts";
import { systemClock } from "../../src/clock.ts";
import { createClient } from "../../src/huaweicloud/client.ts";
import { createSend, type Fetch } from "../../src/huaweicloud/send.ts";
import { createLog } from "../../src/log.ts";
import { createRedactor } from "../../src/redaction.ts";
import { createServer, type ServerOptions } from "../../src/server.ts";
import { createSimulatedCloud, type SimulatedCloud } from "../../src/simulator/cloud.ts";
import { SIMULATION } from "../../src/simulator/state.ts";

export interface Joined {
  client: Client;
  cloud: SimulatedCloud;
  /** The server's log, a parsed line each. */
  logged: Record<string, unknown>[];
  /** The audit's lines, parsed. */
  audited: Record<string, unknown>[];
  settled(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Overrides of a server's options, and of what it reaches the cloud with. */
export interface Overrides {
  options?: Partial<ServerOptions>;
  fetch?: Fetch;
  attemptTimeoutMs?: number;
  token?: string;
}

/** A simulated cloud, and the options of a server that works on it. */
export function simulate({ options, ...reach }: Overrides = {}) {
  const cloud = createSimulatedCloud();
  const audited: Record<string, unknown>[] = [];
  const logged: Record<string, unknown>[] = [];
  const redactor = createRedactor([SIMULATION.token]);
  const clock = options?.clock ?? systemClock;
  const serverOptions: ServerOptions = {
    version: "0.0.0-test",
    region: SIMULATION.region,
    projectId: SIMULATION.projectId,
    isSimulated: true,
    timeoutMs: 5_000,
    policy: { isReadOnly: false, confirm: "auto" },
    audit: createAudit({ clock, redactor, write: (line) => audited.push(JSON.parse(line)) }),
    clock,
    redactor,
    log: createLog({ level: "debug", clock, redactor, write: (line) => logged.push(JSON.parse(line)) }),
    cloud: createClient({
      origins: { dbss: "https://dbss.invalid", vpc: "https://vpc.invalid" },
      userAgent: "dbss-mcp/test",
      send: createSend({
        fetch: reach.fetch ?? ((url, init) => cloud.handle(new Request(url, init))),
        authenticator: tokenAuthenticator(reach.token ?? SIMULATION.token),
        clock,
        random: () => 0,
        attemptTimeoutMs: reach.attemptTimeoutMs ?? 2_000,
      }),
    }),
    ...options,
  };
  return { cloud, audited, logged, serverOptions };
}

export type PersonsAction = "accept" | "decline" | "cancel";

/** Who sits in front of the client: without a person, the client cannot ask. */
export interface Person {
  /** Gets the question, gives the answer; may throw. */
  person?: (question: string) => PersonsAction | Promise<PersonsAction>;
  /** What the client declares under `elicitation` when there is a person. */
  elicitation?: Record<string, unknown>;
}

/** A client of the server; overrides `options`, what it reaches the cloud with, or who sits in front of it. */
export async function join(
  options: Partial<ServerOptions> = {},
  { person, elicitation = { form: {} }, ...reach }: Omit<Overrides, "options"> & Person = {},
): Promise<Joined> {
  const { cloud, audited, logged, serverOptions } = simulate({ options, ...reach });
  const server = createServer(serverOptions);
  const [near, far] = InMemoryTransport.createLinkedPair();
  const capabilities = person ? { elicitation } : {};
  const client = new Client({ name: "test-client", version: "1.2.3" }, { capabilities });
  if (person) {
    client.setRequestHandler(ElicitRequestSchema, async ({ params }) => ({ action: await person(params.message) }));
  }
  await Promise.all([server.server.connect(far), client.connect(near)]);
  return {
    client,
    cloud,
    logged,
    audited,
    settled: server.settled,
    async [Symbol.asyncDispose]() {
      await client.close();
    },
  };
}
