import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createSimulatedCloud } from "../../src/simulator/cloud.ts";
import { serveOnLoopback } from "../../src/simulator/serve.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { connectToProcess, type ProcessOptions, SDK_STDIO_CLIENT, ServerProcess } from "../support/process.ts";

const { key, user, projectId, instances } = SIMULATION;
const TMP = new URL("../../.tmp/", import.meta.url);

/** The simulated cloud on two sockets, one of them for IAM alone. */
async function region() {
  const cloud = createSimulatedCloud();
  cloud.iam.projects = [{ id: projectId, name: "cn-north-4" }];
  const [services, iam] = await Promise.all([serveOnLoopback(cloud.handle), serveOnLoopback(cloud.handle)]);
  return {
    cloud,
    hosts: [services, iam].map(({ origin }) => new URL(origin).host),
    env: {
      HW_REGION_NAME: "cn-north-4",
      DBSS_MCP_DBSS_ENDPOINT: services.origin,
      DBSS_MCP_VPC_ENDPOINT: services.origin,
      DBSS_MCP_IAM_ENDPOINT: iam.origin,
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([services.close(), iam.close()]);
    },
  };
}

async function doctor(options: ProcessOptions, ...args: string[]) {
  await using server = new ServerProcess({ ...options, args: ["doctor", "--json", ...args] });
  const { code, stdout } = await server.finish();
  return { code, report: JSON.parse(stdout) };
}

/** The error of one harmless call, or undefined when it succeeded. */
async function call(options: ProcessOptions) {
  await using connected = await connectToProcess(options);
  const result = await connected.client.callTool({ name: "list_encrypted_instances" });
  const { error, total } = result.structuredContent as { error?: { message: string; hint: string }; total?: number };
  if (error === undefined) assert.equal(total, Object.keys(instances).length);
  return error;
}

const BROAD = ["--allow-env", "--allow-net=127.0.0.1", "--allow-read"];

Deno.test(
  "the flags that doctor prints are enough for an IAM user, and none of them can go",
  SDK_STDIO_CLIENT,
  async () => {
    await using place = await region();
    const env = {
      ...place.env,
      HW_DOMAIN_NAME: user.domainName,
      HW_USER_NAME: user.userName,
      HW_USER_PASSWORD: user.userPassword,
    };
    const { code, report } = await doctor({ env, permissions: BROAD });
    assert.equal(code, 0, JSON.stringify(report));
    assert.equal(report.project_id, projectId);
    const [allowEnv, allowNet] = report.deno_permissions.stdio as string[];
    assert.deepEqual(report.deno_permissions.stdio, [allowEnv, `--allow-net=${place.hosts.join(",")}`]);

    const [all, withoutEnv, withoutNet, withoutIam] = await Promise.all([
      call({ env, permissions: [allowEnv!, allowNet!] }),
      call({ env, permissions: [allowNet!] }),
      call({ env, permissions: [allowEnv!] }),
      call({ env, permissions: [allowEnv!, `--allow-net=${place.hosts[0]}`] }),
    ]);
    assert.equal(all, undefined);
    assert.match(withoutEnv!.message, /allow reading: --allow-env=HW_REGION_NAME/);
    for (const error of [withoutNet, withoutIam]) {
      assert.ok(error!.message.includes(`not permitted to reach ${place.hosts[1]}`), error!.message);
      assert.match(error!.hint, /doctor/);
    }
  },
);

Deno.test(
  "the flags that doctor prints are enough for a profile file, and none of them can go",
  SDK_STDIO_CLIENT,
  async () => {
    await using place = await region();
    await Deno.mkdir(new URL("home/.huaweicloud/", TMP), { recursive: true });
    const file = fileURLToPath(new URL("home/.huaweicloud/credentials", TMP));
    await Deno.writeTextFile(
      file,
      `[basic]\nak = ${key.accessKey}\nsk = ${key.secretKey}\nproject_id = ${projectId}\n`,
    );
    const env = { ...place.env, HUAWEICLOUD_SDK_CREDENTIALS_FILE: file };
    const { code, report } = await doctor({ env, permissions: BROAD });
    assert.equal(code, 0, JSON.stringify(report));
    const [allowEnv, allowNet, allowRead] = report.deno_permissions.stdio as string[];
    assert.deepEqual([allowNet, allowRead], [`--allow-net=${place.hosts[0]}`, `--allow-read=${file}`]);

    const withoutRead = async () => {
      await using server = new ServerProcess({ env, permissions: [allowEnv!, allowNet!] });
      return await server.finish();
    };
    const [all, withoutNet, { code: refused, stderr }] = await Promise.all([
      call({ env, permissions: [allowEnv!, allowNet!, allowRead!] }),
      call({ env, permissions: [allowEnv!, allowRead!] }),
      withoutRead(),
    ]);
    assert.equal(all, undefined);
    assert.match(withoutNet!.message, /not permitted to reach/);
    assert.equal(refused, 2);
    assert.ok(stderr.includes(`start it with --allow-read=${file}`), stderr);
  },
);

Deno.test("doctor exits with 0, 1 or 2, and prints for people without --json", async () => {
  await using place = await region();
  const env = { ...place.env, HW_ACCESS_KEY: key.accessKey, HW_SECRET_KEY: key.secretKey };
  const exit = async (env: Record<string, string>) => {
    await using server = new ServerProcess({ args: ["doctor"], env, permissions: BROAD });
    return await server.finish();
  };
  const [well, wrongKey, half, offline] = await Promise.all([
    exit(env),
    exit({ ...env, HW_SECRET_KEY: "visible-wrong-secret" }),
    doctor({ env: { ...place.env, HW_ACCESS_KEY: key.accessKey }, permissions: BROAD }),
    doctor({ env: { ...env, HW_SECRET_KEY: "visible-wrong-secret" }, permissions: BROAD }, "--offline"),
  ]);
  assert.equal(well.code, 0, well.stdout);
  assert.match(well.stdout, /^passed +list encrypted instances: found 2 \(\d+ ms\)$/m);
  assert.equal(wrongKey.code, 1);
  assert.match(wrongKey.stdout, /APIGW\.0301/);
  assert.deepEqual([half.code, half.report.exit_code], [2, 2]);
  assert.match(half.report.faults[0], /HW_SECRET_KEY is not/);
  assert.equal(offline.code, 0);
});

Deno.test("the flags that doctor prints for http are enough, and none of them can go", async () => {
  await using place = await region();
  const env = { ...place.env, HW_ACCESS_KEY: key.accessKey, HW_SECRET_KEY: key.secretKey, DBSS_MCP_HTTP_PORT: "0" };
  const { report } = await doctor({ env, permissions: BROAD });
  const [allowEnv, allowNet] = report.deno_permissions.http as string[];
  assert.deepEqual(report.deno_permissions.http, [allowEnv, `--allow-net=${place.hosts.join(",")},127.0.0.1:0`]);
  const args = ["http"];
  {
    await using server = new ServerProcess({ args, env, permissions: [allowEnv!, allowNet!] });
    const { url } = JSON.parse(await server.stderr.line("serving on HTTP"));
    const ready = await fetch(new URL("/readyz", url));
    await ready.body?.cancel();
    assert.equal(ready.status, 200);
    server.end();
  }
  const permissions = [allowEnv!, `--allow-net=${place.hosts.join(",")}`];
  await using server = new ServerProcess({ args, env, permissions });
  const { code, stderr } = await server.finish();
  assert.equal(code, 1);
  assert.match(stderr, /cannot listen.*--allow-net/);
});
