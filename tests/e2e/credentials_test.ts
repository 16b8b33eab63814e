import assert from "node:assert/strict";
import { createSimulatedCloud } from "../../src/simulator/cloud.ts";
import { serveOnLoopback } from "../../src/simulator/serve.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { connectToProcess, SDK_STDIO_CLIENT, ServerProcess } from "../support/process.ts";

const { key, temporaryKey, projectId, instances, groups } = SIMULATION;

async function region() {
  const cloud = createSimulatedCloud();
  cloud.iam.projects = [{ id: projectId, name: "cn-north-4" }];
  const socket = await serveOnLoopback(cloud.handle);
  const { origin } = socket;
  return {
    cloud,
    host: new URL(origin).host,
    env: {
      HW_REGION_NAME: "cn-north-4",
      DBSS_MCP_DBSS_ENDPOINT: origin,
      DBSS_MCP_VPC_ENDPOINT: origin,
      DBSS_MCP_IAM_ENDPOINT: origin,
    },
    [Symbol.asyncDispose]: () => socket.close(),
  };
}

for (
  const [title, { accessKey, secretKey, ...rest }] of [["access key", key], [
    "temporary access key",
    temporaryKey,
  ]] as const
) {
  Deno.test(
    `the spawned server signs a change with a ${title} and finds its project by itself`,
    SDK_STDIO_CLIENT,
    async () => {
      await using place = await region();
      const { cloud, host } = place;
      const security: Record<string, string> = "securityToken" in rest ? { HW_SECURITY_TOKEN: rest.securityToken } : {};
      const env = { ...place.env, HW_ACCESS_KEY: accessKey, HW_SECRET_KEY: secretKey, ...security };
      {
        await using connected = await connectToProcess({ host, env });
        const { structuredContent } = await connected.client.callTool({
          name: "change_encrypted_instance_security_group",
          arguments: { instance_id: instances.billing, security_group_ids: [groups.lockedDown] },
        });
        const { outcome, project_id } = structuredContent as Record<string, unknown>;
        assert.deepEqual([outcome, project_id], ["accepted", projectId]);
      }
      assert.deepEqual(cloud.puts.map(({ isApplied, headers }) => [isApplied, headers["x-project-id"]]), [[
        true,
        projectId,
      ]]);
      assert.ok(cloud.requests.every(({ headers }) => headers["x-auth-token"] === undefined));
    },
  );
}

Deno.test("the spawned server warns of credentials that are set and not used", async () => {
  await using place = await region();
  const env = {
    ...place.env,
    HW_ACCESS_KEY: key.accessKey,
    HW_SECRET_KEY: key.secretKey,
    HW_AUTH_TOKEN: "visible-fake",
  };
  await using server = new ServerProcess({ env });
  assert.match(await server.stderr.line("not used"), /"warn".*HW_AUTH_TOKEN is set and not used.*"access_key"/);
});
