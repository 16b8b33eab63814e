import assert from "node:assert/strict";
import { createSimulatedCloud } from "../../src/simulator/cloud.ts";
import { afterwards, answer, ConnectionReset, reset } from "../../src/simulator/faults.ts";
import { SIMULATION } from "../../src/simulator/state.ts";

const { token, projectId, instances, groups } = SIMULATION;

interface Put {
  project?: string;
  instance?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

function put({ project = projectId, instance = instances.billing, method = "PUT", headers = {}, body }: Put = {}) {
  return new Request(`https://dbss.invalid/v1/${project}/db-encrypt/${instance}/security-group`, {
    method,
    headers: { "x-auth-token": token, "content-type": "application/json", ...headers },
    body: body ?? JSON.stringify({ security_group_ids: [groups.lockedDown] }),
  });
}

const groupsOf = (cloud: ReturnType<typeof createSimulatedCloud>) =>
  cloud.instances[0]!.nodes.map(({ securityGroupId }) => securityGroupId);

Deno.test("handle() changes the instance, gives a task and records the request", async () => {
  const cloud = createSimulatedCloud();
  const response = await cloud.handle(put());
  assert.equal(response.status, 200);
  assert.ok(response.headers.get("x-request-id"));
  const { code, task_id } = await response.json();
  assert.equal(code, 0);
  assert.match(task_id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(groupsOf(cloud), [groups.lockedDown, groups.lockedDown]);
  assert.equal(cloud.requests.length, 1);
  const { method, path, isApplied, headers } = cloud.requests[0]!;
  assert.deepEqual([method, isApplied, headers["x-auth-token"]], ["PUT", true, token]);
  assert.equal(path, `/v1/${projectId}/db-encrypt/${instances.billing}/security-group`);
});

Deno.test("createSimulatedCloud() gives clouds that share nothing", async () => {
  const [one, other] = [createSimulatedCloud(), createSimulatedCloud()];
  await one.handle(put());
  assert.deepEqual(groupsOf(other), [groups.open, groups.open]);
  assert.equal(other.requests.length, 0);
});

const REFUSED: [string, Put, status: number, code: string][] = [
  ["the token is wrong", { headers: { "x-auth-token": "wrong" } }, 401, "DBSS.10020100"],
  ["the project is another one", { project: "9".repeat(32) }, 401, "APIGW.0307"],
  ["the instance is unknown", { instance: "9".repeat(36) }, 400, "DBSS.10020021"],
  ["the group is unknown", { body: '{"security_group_ids":["x"]}' }, 400, "DBSS.10000001"],
  ["one of the groups is unknown", { body: `{"security_group_ids":["${groups.open}","x"]}` }, 400, "DBSS.10000001"],
  ["there is no group", { body: '{"security_group_ids":[]}' }, 400, "DBSS.10000001"],
  ["the groups are no list", { body: `{"security_group_ids":"${groups.open}"}` }, 400, "DBSS.10000001"],
  ["the body is no JSON", { body: "{" }, 400, "DBSS.10000001"],
  ["the body is null", { body: "null" }, 400, "DBSS.10000001"],
  ["the body is empty", { body: "" }, 400, "DBSS.10000001"],
  ["the content type is not JSON", { headers: { "content-type": "text/plain" } }, 400, "DBSS.10000001"],
  ["the method is another one", { method: "POST" }, 404, "APIGW.0101"],
  ["the path is another one", { instance: "a/b" }, 404, "APIGW.0101"],
  ["the path is not well encoded", { instance: "%zz" }, 404, "APIGW.0101"],
];

for (const [what, request, status, code] of REFUSED) {
  Deno.test(`handle() answers ${status} ${code} and changes nothing when ${what}`, async () => {
    const cloud = createSimulatedCloud();
    const response = await cloud.handle(put(request));
    assert.equal(response.status, status);
    assert.equal((await response.json()).error_code, code);
    assert.deepEqual(groupsOf(cloud), [groups.open, groups.open]);
    assert.equal(cloud.requests[0]!.isApplied, false);
  });
}

Deno.test("handle() uses faults one by one and then answers again", async () => {
  const cloud = createSimulatedCloud();
  cloud.faults.push(answer(500), reset());
  assert.equal((await cloud.handle(put())).status, 500);
  await assert.rejects(cloud.handle(put()), ConnectionReset);
  assert.deepEqual(groupsOf(cloud), [groups.open, groups.open]);
  assert.equal((await cloud.handle(put())).status, 200);
  assert.deepEqual(cloud.requests.map(({ isApplied }) => isApplied), [false, false, true]);
});

Deno.test("afterwards() shows its fault when the change is already done", async () => {
  const cloud = createSimulatedCloud();
  cloud.faults.push(afterwards(answer(504)));
  assert.equal((await cloud.handle(put())).status, 504);
  assert.deepEqual(groupsOf(cloud), [groups.lockedDown, groups.lockedDown]);
  assert.equal(cloud.requests[0]!.isApplied, true);
});
