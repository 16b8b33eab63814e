import assert from "node:assert/strict";
import { SIMULATION } from "../src/simulator/state.ts";
import { join } from "./support/in_memory.ts";

const CHANGE = "change_encrypted_instance_security_group";

Deno.test("tools/call changes the group and says what the cloud said", async () => {
  await using joined = await join();
  const result = await joined.client.callTool({
    name: CHANGE,
    arguments: {
      instance_id: SIMULATION.instances.billing,
      security_group_ids: [SIMULATION.groups.lockedDown],
    },
  });
  assert.equal(result.isError, false);
  assert.equal((result.structuredContent as { outcome: string }).outcome, "accepted");
});
