/**
 * Runs the official conformance suite against this server over HTTP, twice: the real process as it is, and
 * the real HTTP app with the fixtures that most of the suite's scenarios want. What is expected to fail is
 * listed with its reason in the two files beside this one; a new failure and a stale entry both fail the run.
 */
import { fileURLToPath } from "node:url";
import manifest from "./suite.json" with { type: "json" };
import { createServer } from "../../src/server.ts";
import { onSocket, served } from "../support/http.ts";
import { simulate } from "../support/in_memory.ts";
import { ServerProcess } from "../support/process.ts";
import { addFixtures, FIXTURE_TOOLS } from "./fixtures.ts";

// A configuration and a lock of its own: nobody but who runs this has to fetch the suite.
const CONFIG = fileURLToPath(new URL("suite.json", import.meta.url));
const SUITE = manifest.imports["@modelcontextprotocol/conformance"];

async function runSuite(url: URL, expectedFailures: string): Promise<boolean> {
  const file = fileURLToPath(new URL(expectedFailures, import.meta.url));
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", "--config", CONFIG, SUITE, "server", "--url", url.href, "--expected-failures", file],
  }).output().then((output) => {
    Deno.stdout.writeSync(output.stdout);
    Deno.stderr.writeSync(output.stderr);
    return output;
  });
  return success;
}

async function asItIs(): Promise<boolean> {
  await using server = new ServerProcess({
    args: ["http", "--simulate", "--http-port", "0"],
    host: "127.0.0.1",
  });
  const { url } = JSON.parse(await server.stderr.line("serving on HTTP"));
  const isConformant = await runSuite(new URL("/mcp", url), "as_it_is.yml");
  server.end();
  return isConformant;
}

async function withFixtures(): Promise<boolean> {
  const { serverOptions } = simulate();
  await using socket = await onSocket(served({
    createServer() {
      const made = createServer({ ...serverOptions, tools: FIXTURE_TOOLS });
      addFixtures(made.server);
      return made;
    },
  }));
  return await runSuite(socket.url, "with_fixtures.yml");
}

const results = [await asItIs(), await withFixtures()];
Deno.exit(results.every(Boolean) ? 0 : 1);
