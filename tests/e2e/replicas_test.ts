/**
 * Two replicas behind nginx, with the configuration that is recommended: one is killed under load.
 *
 * Runs where nginx is installed and the tests may start it: `deno task test:replicas`.
 */
import assert from "node:assert/strict";
import { createSimulatedCloud } from "../../src/simulator/cloud.ts";
import { serveOnLoopback } from "../../src/simulator/serve.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { idle } from "../support/fake_clock.ts";
import { call } from "../support/http.ts";
import { ServerProcess } from "../support/process.ts";

const NGINX = "/usr/sbin/nginx";
const CALLS = 300;
const CONNECTIONS = 16;

const canRun = Deno.permissions.querySync({ name: "run", command: NGINX }).state === "granted" && isInstalled();

function isInstalled(): boolean {
  try {
    return Deno.statSync(NGINX).isFile;
  } catch {
    return false;
  }
}

/** A replica; nobody reads its log, but somebody has to take it. */
async function startReplica(cloudOrigin: string) {
  const server = new ServerProcess({
    args: ["http", "--http-port", "0", "--http-rate-per-minute", "100000"],
    host: "127.0.0.1",
    env: {
      HW_REGION_NAME: "cn-north-4",
      HW_PROJECT_ID: SIMULATION.projectId,
      HW_AUTH_TOKEN: SIMULATION.token,
      DBSS_MCP_DBSS_ENDPOINT: cloudOrigin,
      DBSS_MCP_VPC_ENDPOINT: cloudOrigin,
    },
  });
  const { url } = JSON.parse(await server.stderr.line("serving on HTTP"));
  const log = server.stderr.rest();
  return {
    port: new URL(url).port,
    kill: () => server.kill("SIGKILL"),
    async [Symbol.asyncDispose]() {
      server.end();
      await server[Symbol.asyncDispose]();
      await log;
    },
  };
}

/** nginx with deploy/nginx.conf, in front of two ports, on a port that is free. */
async function startNginx(replicas: readonly { port: string }[]) {
  await Deno.mkdir(".tmp", { recursive: true });
  const directory = await Deno.makeTempDir({ dir: ".tmp" });
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr as Deno.NetAddr;
  free.close();
  const site = (await Deno.readTextFile(new URL("../../deploy/nginx.conf", import.meta.url)))
    .replace("127.0.0.1:8080", `127.0.0.1:${port}`)
    .replace("127.0.0.1:8081", `127.0.0.1:${replicas[0]!.port}`)
    .replace("127.0.0.1:8082", `127.0.0.1:${replicas[1]!.port}`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${name};`).join(" ");
  await Deno.writeTextFile(
    `${directory}/nginx.conf`,
    `daemon off; pid nginx.pid; error_log stderr crit; events {} http { access_log off; ${temporary} ${site} }`,
  );
  const prefix = await Deno.realPath(directory);
  const child = new Deno.Command(NGINX, { args: ["-p", prefix, "-c", "nginx.conf", "-e", "stderr"] }).spawn();
  const url = new URL(`http://127.0.0.1:${port}/mcp`);
  for (let tries = 0; tries < 100; tries++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
    if (connection === undefined) await idle();
    else {
      connection.close();
      break;
    }
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

async function change(url: URL, group: string): Promise<"accepted" | "lost"> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "accept": "application/json, text/event-stream",
      "host": "localhost",
    },
    body: JSON.stringify(call({ instance_id: SIMULATION.instances.billing, security_group_ids: [group] })),
  });
  // Broken off in the middle of the answer: rare, and no less clear to a client.
  const answer = await response.json().catch((error) => error);
  if (answer instanceof TypeError) return "lost";
  const { result, error } = answer;
  if (response.status === 200) {
    assert.equal(result.structuredContent.outcome, "accepted");
    return "accepted";
  }
  assert.equal(response.status, 502);
  assert.equal(response.headers.get("retry-after"), "1");
  assert.match(error.message, /^The connection to the server was lost; a change that was sent may have happened/);
  return "lost";
}

Deno.test("when a replica is killed under load, calls succeed or say that they were lost, and none is made twice", {
  ignore: !canRun,
}, async () => {
  const cloud = createSimulatedCloud();
  const groups = Array.from({ length: CALLS }, (_, index) => `group-${index}`);
  cloud.groups.push(...groups.map((id) => ({ id, name: id, rules: [] })));
  const socket = await serveOnLoopback(async (request) => {
    // As long as a cloud near by takes, so that calls are in flight when the replica dies.
    await new Promise((resolve) => setTimeout(resolve, 5));
    return await cloud.handle(request);
  });
  {
    await using first = await startReplica(socket.origin);
    await using second = await startReplica(socket.origin);
    await using nginx = await startNginx([first, second]);

    const outcomes = new Map<string, "accepted" | "lost">();
    const waiting = [...groups];
    const work = async () => {
      for (let group; (group = waiting.shift()) !== undefined;) {
        outcomes.set(group, await change(nginx.url, group));
        if (outcomes.size === CALLS / 3) first.kill();
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));

    const puts = Map.groupBy(cloud.puts, ({ body }) => JSON.parse(body).security_group_ids[0] as string);
    for (const [group, outcome] of outcomes) {
      const count = puts.get(group)?.length ?? 0;
      if (outcome === "accepted") assert.equal(count, 1, group);
      else assert.ok(count <= 1, group);
    }
    const lost = groups.filter((group) => outcomes.get(group) === "lost");
    assert.ok(lost.length > 0 && lost.length <= CONNECTIONS, `${lost.length} calls were lost`);
    assert.ok(groups.slice(-CALLS / 3).every((group) => outcomes.get(group) === "accepted"));
  }
  await socket.close();
});
