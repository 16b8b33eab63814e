import assert from "node:assert/strict";
import { createSimulatedCloud } from "../../src/simulator/cloud.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { serveOnLoopback } from "../../src/simulator/serve.ts";
import { connectToProcess, SDK_STDIO_CLIENT } from "../support/process.ts";
import { closingServer } from "../support/raw_server.ts";

const CHANGE = {
  name: "change_encrypted_instance_security_group",
  arguments: {
    instance_id: SIMULATION.instances.billing,
    security_group_ids: [SIMULATION.groups.lockedDown],
  },
};

/** What the process has to know to reach a cloud at this address. */
const reaching = (origin: string) => ({
  host: new URL(origin).host,
  env: {
    HW_REGION_NAME: "cn-north-4",
    HW_PROJECT_ID: SIMULATION.projectId,
    HW_AUTH_TOKEN: SIMULATION.token,
    DBSS_MCP_DBSS_ENDPOINT: origin,
  },
});

Deno.test(
  "the spawned server changes the group through a real socket with exactly one PUT",
  SDK_STDIO_CLIENT,
  async () => {
    const cloud = createSimulatedCloud();
    const socket = await serveOnLoopback(cloud.handle);
    {
      await using connected = await connectToProcess(reaching(socket.origin));
      const result = await connected.client.callTool(CHANGE);
      assert.equal((result.structuredContent as { outcome: string }).outcome, "accepted");
    }
    assert.equal(cloud.puts.length, 1);
    await socket.close();
  },
);

Deno.test(
  "the spawned server sends no second PUT when the connection of the first one is closed",
  SDK_STDIO_CLIENT,
  async () => {
    await using cloud = closingServer("at its last byte");
    await using connected = await connectToProcess(reaching(cloud.origin));
    const result = await connected.client.callTool(CHANGE);
    assert.equal((result.structuredContent as { outcome: string }).outcome, "unknown");
    assert.equal(cloud.puts, 1);
  },
);
