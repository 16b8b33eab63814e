import assert from "node:assert/strict";
import { createSimulatedCloud } from "../../src/simulator/cloud.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { serveOnLoopback } from "../../src/simulator/serve.ts";
import { connectToProcess, SDK_STDIO_CLIENT } from "../support/process.ts";

Deno.test(
  "the spawned server changes the group through a real socket with exactly one PUT",
  SDK_STDIO_CLIENT,
  async () => {
    const cloud = createSimulatedCloud();
    const socket = await serveOnLoopback(cloud.handle);
    {
      await using connected = await connectToProcess({
        host: new URL(socket.origin).host,
        env: {
          HW_REGION_NAME: "cn-north-4",
          HW_PROJECT_ID: SIMULATION.projectId,
          HW_AUTH_TOKEN: SIMULATION.token,
          DBSS_MCP_DBSS_ENDPOINT: socket.origin,
        },
      });
      const result = await connected.client.callTool({
        name: "change_encrypted_instance_security_group",
        arguments: {
          instance_id: SIMULATION.instances.billing,
          security_group_ids: [SIMULATION.groups.lockedDown],
        },
      });
      assert.equal((result.structuredContent as { outcome: string }).outcome, "accepted");
    }
    assert.equal(cloud.puts.length, 1);
    await socket.close();
  },
);
