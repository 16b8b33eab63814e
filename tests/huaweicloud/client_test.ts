import assert from "node:assert/strict";
import type { Answer } from "../../src/huaweicloud/answer.ts";
import { createClient } from "../../src/huaweicloud/client.ts";
import { CloudError } from "../../src/huaweicloud/errors.ts";
import type { Call, CloudRequest } from "../../src/huaweicloud/send.ts";

const CALL: Call = { signal: new AbortController().signal, deadline: 0 };
const CHANGE = { projectId: "p".repeat(32), instanceId: "i".repeat(32), securityGroupIds: ["g-1", "g-2"] };

function setup(answer: (request: CloudRequest) => Answer | Promise<Answer>) {
  const sent: { request: CloudRequest; call: Call }[] = [];
  const client = createClient({
    origins: { dbss: "https://dbss.example:8443", vpc: "https://vpc.example" },
    userAgent: "dbss-mcp/test",
    send(request, call) {
      sent.push({ request, call });
      return Promise.resolve(request).then(answer);
    },
  });
  return { client, sent };
}

const change = (body: unknown, text = JSON.stringify(body) ?? "") =>
  setup(() => ({ status: 200, requestId: "r-1", body, text })).client.changeSecurityGroup(CHANGE, CALL);

Deno.test("changeSecurityGroup() asks for exactly what the API reference documents", async () => {
  const { client, sent } = setup(() => ({ status: 200, body: { code: 0 }, text: "" }));
  await client.changeSecurityGroup(CHANGE, CALL);
  assert.equal(sent.length, 1);
  const { request, call } = sent[0]!;
  assert.equal(call, CALL);
  assert.equal(request.method, "PUT");
  assert.equal(request.effect, "write");
  assert.equal(request.projectId, CHANGE.projectId);
  assert.equal(
    request.url.href,
    `https://dbss.example:8443/v1/${CHANGE.projectId}/db-encrypt/${CHANGE.instanceId}/security-group`,
  );
  assert.equal(request.body, '{"security_group_ids":["g-1","g-2"]}');
  assert.deepEqual(Object.fromEntries(request.headers), {
    "content-type": "application/json",
    "accept": "application/json",
    "user-agent": "dbss-mcp/test",
  });
});

const TAKEN: [string, body: Record<string, unknown>, read: Record<string, unknown>][] = [
  ["code 0", { code: 0 }, { code: 0 }],
  ["no code", {}, {}],
  ["a task without a code", { task_id: "t-1" }, { taskId: "t-1" }],
  [
    "every field",
    { code: 0, description: "d", order_id: "o-1", task_id: "t-1" },
    { code: 0, description: "d", orderId: "o-1", taskId: "t-1" },
  ],
  ["fields that are null", { code: 0, description: null, order_id: null, task_id: null }, { code: 0 }],
  ["unknown fields", { code: 0, surprise: { deep: [1] } }, { code: 0 }],
];

for (const [what, body, read] of TAKEN) {
  Deno.test(`changeSecurityGroup() gives an answer without error when 200 has ${what}`, async () => {
    const { answer, error } = await change(body);
    assert.equal(error, undefined);
    const facts = { description: undefined, orderId: undefined, taskId: undefined, code: undefined };
    assert.deepEqual(answer, { httpStatus: 200, requestId: "r-1", ...facts, ...read });
  });
}

for (const code of [1, -1, 10_020_021]) {
  Deno.test(`changeSecurityGroup() calls code ${code} in 200 denied and keeps what was said`, async () => {
    const { answer, error } = await change({ code, description: "no", error_code: "DBSS.1", error_msg: "why" });
    assert.deepEqual([error?.kind, error?.verdict, error?.httpStatus], ["abnormal_code", "denied", 200]);
    assert.deepEqual([error?.body.error_code, error?.body.error_msg, error?.requestId], ["DBSS.1", "why", "r-1"]);
    assert.deepEqual([answer?.code, answer?.description], [code, "no"]);
  });
}

const UNREADABLE: [string, body: unknown, text: string][] = [
  ["no body", undefined, ""],
  ["no JSON", undefined, "<html>welcome to the hotel's network</html>"],
  ["an array", [], "[]"],
  ["null", null, "null"],
  ["a number", 0, "0"],
  ["a text as code", { code: "0" }, '{"code":"0"}'],
  ["a fraction as code", { code: 0.5 }, '{"code":0.5}'],
  ["a number as task_id", { code: 0, task_id: 7 }, '{"code":0,"task_id":7}'],
];

for (const [what, body, text] of UNREADABLE) {
  Deno.test(`changeSecurityGroup() claims nothing when 200 has ${what}`, async () => {
    const { answer, error } = await change(body, text);
    assert.equal(answer, undefined);
    assert.deepEqual([error?.kind, error?.verdict, error?.requestId], ["protocol", "unclear", "r-1"]);
    assert.equal(error?.body.error_msg, text === "" ? undefined : text);
  });
}

for (const code of [undefined, 0]) {
  Deno.test(`changeSecurityGroup() claims nothing when 200 has an error code and ${code ?? "no code"}`, async () => {
    const { error } = await change({ code, error_code: "DBSS.11000000", error_msg: "internal" });
    assert.deepEqual([error?.kind, error?.verdict], ["protocol", "unclear"]);
    assert.equal(error?.body.error_code, "DBSS.11000000");
  });
}

Deno.test("changeSecurityGroup() gives a CloudError back as a value and throws everything else", async () => {
  const refused = new CloudError("permission", "x", { verdict: "denied" });
  const { client } = setup(() => Promise.reject(refused));
  assert.deepEqual(await client.changeSecurityGroup(CHANGE, CALL), { error: refused });
  const defect = setup(() => Promise.reject(new TypeError("defect")));
  await assert.rejects(defect.client.changeSecurityGroup(CHANGE, CALL), { message: "defect" });
});

Deno.test("changeSecurityGroup() keeps values inside their part of the path", async () => {
  const { client, sent } = setup(() => ({ status: 200, body: { code: 0 }, text: "" }));
  await client.changeSecurityGroup({ ...CHANGE, instanceId: "../../v3?x#y" }, CALL);
  assert.equal(
    sent[0]!.request.url.href,
    `https://dbss.example:8443/v1/${CHANGE.projectId}/db-encrypt/..%2F..%2Fv3%3Fx%23y/security-group`,
  );
});
