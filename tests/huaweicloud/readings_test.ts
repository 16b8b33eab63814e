import assert from "node:assert/strict";
import type { Answer } from "../../src/huaweicloud/answer.ts";
import { createClient, MAX_LISTED } from "../../src/huaweicloud/client.ts";
import { CloudError } from "../../src/huaweicloud/errors.ts";
import type { Call, CloudRequest } from "../../src/huaweicloud/send.ts";

const CALL: Call = { signal: new AbortController().signal, deadline: 0 };
const PROJECT = "p".repeat(32);

/** A client whose cloud answers these bodies in turn, the last one again and again; an Error is thrown. */
function setup(...bodies: unknown[]) {
  const sent: CloudRequest[] = [];
  const client = createClient({
    origins: { dbss: "https://dbss.example", vpc: "https://vpc.example" },
    userAgent: "dbss-mcp/test",
    send(request): Promise<Answer> {
      // As it is now: the client goes on using the same URL for the next page.
      sent.push({ ...request, url: new URL(request.url) });
      const body = bodies[Math.min(sent.length, bodies.length) - 1];
      if (body instanceof Error) return Promise.reject(body);
      return Promise.resolve({ status: 200, requestId: "r-1", body, text: JSON.stringify(body) ?? "" });
    },
  });
  return { client, sent };
}

const isProtocolError = (error: unknown) => {
  assert.ok(error instanceof CloudError);
  assert.deepEqual([error.kind, error.httpStatus, error.requestId], ["protocol", 200, "r-1"]);
  return true;
};

Deno.test("listInstances() asks as Huawei's own client does and reads every node", async () => {
  const { client, sent } = setup({
    clusters: [{
      instance_id: "i-1",
      name: "one",
      is_active_standby: true,
      unknown: 1,
      detail: {
        total: 2,
        server: [
          {
            security_group_id: "g-1",
            vpc_id: "v",
            subnet_id: "s",
            status: "ACTIVE",
            task_status: "NO_TASK",
            version: "1",
          },
          { security_group_id: "g-1, g-2,", scene: "ARREAR" },
        ],
      },
    }],
  });
  const none = { vpcId: undefined, subnetId: undefined, status: undefined, taskStatus: undefined, version: undefined };
  assert.deepEqual(await client.listInstances(PROJECT, CALL), [{
    instanceId: "i-1",
    name: "one",
    isHighAvailability: true,
    nodes: [
      {
        securityGroupIds: ["g-1"],
        vpcId: "v",
        subnetId: "s",
        status: "ACTIVE",
        taskStatus: "NO_TASK",
        freezeReason: undefined,
        version: "1",
      },
      { ...none, securityGroupIds: ["g-1", "g-2"], freezeReason: "ARREAR" },
    ],
  }]);
  const { method, url, body, effect, headers } = sent[0]!;
  assert.deepEqual([method, body, effect], ["POST", undefined, "read"]);
  assert.equal(url.href, `https://dbss.example/v2/${PROJECT}/db-encrypt/instances`);
  assert.equal(headers.get("content-type"), "application/json");
});

for (
  const [what, body, instances] of [
    ["no list", {}, []],
    ["null for a list", { clusters: null }, []],
    ["an instance without an id", { clusters: [{ name: "x" }, { instance_id: "" }] }, []],
    ["an instance without nodes", { clusters: [{ instance_id: "i", detail: { server: null } }] }, [[]]],
    ["an instance without details", { clusters: [{ instance_id: "i" }] }, [[]]],
    ["a node without a group", { clusters: [{ instance_id: "i", detail: { server: [{}] } }] }, [[[]]]],
  ] as const
) {
  Deno.test(`listInstances() makes nothing up when the answer has ${what}`, async () => {
    const found = await setup(body).client.listInstances(PROJECT, CALL);
    assert.deepEqual(found.map(({ nodes }) => nodes.map((node) => node.securityGroupIds)), instances);
  });
}

for (
  const [what, body] of [
    ["nothing", undefined],
    ["an array", []],
    ["a list of something else", { clusters: [1] }],
    ["a number as an id", { clusters: [{ instance_id: 7 }] }],
    ["an error with status 200", { error_code: "DBSS.11000000", error_msg: "internal" }],
    ["an older error with status 200", { error: { error_code: "DBSS.11000000" } }],
  ] as const
) {
  Deno.test(`listInstances() throws protocol when the answer is ${what}`, async () => {
    await assert.rejects(setup(body).client.listInstances(PROJECT, CALL), isProtocolError);
  });
}

Deno.test("readInstance() finds one by its id, and says not_found when it is not in the list", async () => {
  const { client } = setup({ clusters: [{ instance_id: "i-1" }, { instance_id: "i-2", name: "two" }] });
  assert.equal((await client.readInstance(PROJECT, "i-2", CALL)).value?.name, "two");
  const { value, error } = await client.readInstance(PROJECT, "i-3", CALL);
  assert.deepEqual([value, error?.kind], [undefined, "not_found"]);
});

Deno.test("readInstance() gives a CloudError back as a value and throws everything else", async () => {
  const refused = new CloudError("permission", "x", { verdict: "denied" });
  assert.equal((await setup(refused).client.readInstance(PROJECT, "i", CALL)).error, refused);
  await assert.rejects(setup(new TypeError("defect")).client.readInstance(PROJECT, "i", CALL), { message: "defect" });
});

Deno.test("listSecurityGroups() asks for one page with its filters", async () => {
  const { client, sent } = setup({
    security_groups: [{ id: "g-1", name: "a", description: "" }, { id: "g-2", name: null, description: "d" }],
  });
  assert.deepEqual(await client.listSecurityGroups({ projectId: PROJECT, name: "a&b", ids: ["g-1", "g-2"] }, CALL), {
    items: [{ id: "g-1", name: "a", description: undefined }, { id: "g-2", name: undefined, description: "d" }],
    isTruncated: false,
  });
  const { method, url, headers } = sent[0]!;
  assert.deepEqual([method, url.origin, url.pathname], [
    "GET",
    "https://vpc.example",
    `/v3/${PROJECT}/vpc/security-groups`,
  ]);
  assert.deepEqual([...url.searchParams], [["name", "a&b"], ["id", "g-1"], ["id", "g-2"], ["limit", "500"]]);
  assert.equal(headers.has("content-type"), false);
  assert.equal(sent.length, 1);
});

Deno.test("listSecurityGroups() follows the pages to their end", async () => {
  const page = (id: string, next_marker?: string | null) => ({ security_groups: [{ id }], page_info: { next_marker } });
  for (const end of [undefined, null, ""]) {
    const { client, sent } = setup(page("a", "m-1"), page("b", "m-2"), page("c", end));
    const { items, isTruncated } = await client.listSecurityGroups({ projectId: PROJECT }, CALL);
    assert.deepEqual([items.map(({ id }) => id), isTruncated], [["a", "b", "c"], false]);
    assert.deepEqual(sent.map(({ url }) => url.searchParams.get("marker")), [null, "m-1", "m-2"]);
  }
});

Deno.test("listSecurityGroups() stops at the cap and says so", async () => {
  const full = {
    security_groups: Array.from({ length: 500 }, (_, n) => ({ id: `${n}` })),
    page_info: { next_marker: "m" },
  };
  const { client, sent } = setup(full);
  const { items, isTruncated } = await client.listSecurityGroups({ projectId: PROJECT }, CALL);
  assert.deepEqual([items.length, isTruncated, sent.length], [MAX_LISTED, true, MAX_LISTED / 500]);
});

Deno.test("listSecurityGroups() stops when a page is empty although a next one is named", async () => {
  const { client, sent } = setup({ security_groups: [], page_info: { next_marker: "m" } });
  assert.deepEqual(await client.listSecurityGroups({ projectId: PROJECT }, CALL), { items: [], isTruncated: false });
  assert.equal(sent.length, 1);
});

const RULE = { security_group_id: "g-1", direction: "ingress" };

Deno.test("listRules() leaves out what is switched off and what is not said", async () => {
  const { client, sent } = setup({
    security_group_rules: [
      { ...RULE, enabled: false },
      { ...RULE, enabled: true, action: "deny", protocol: "tcp", multiport: "22", ethertype: "IPv4", priority: 1 },
      { ...RULE, remote_ip_prefix: "10.0.0.0/8", remote_group_id: "", remote_address_group_id: null },
    ],
  });
  const rules = await client.listRules(PROJECT, ["g-1", "g-2"], CALL);
  const set = rules.map((rule) => Object.fromEntries(Object.entries(rule).filter(([, value]) => value !== undefined)));
  const base = { securityGroupId: "g-1", direction: "ingress" };
  assert.deepEqual(set, [
    { ...base, action: "deny", protocol: "tcp", ports: "22", ethertype: "IPv4", priority: 1 },
    { ...base, action: "allow", remoteIpPrefix: "10.0.0.0/8" },
  ]);
  assert.deepEqual(sent[0]!.url.searchParams.getAll("security_group_id"), ["g-1", "g-2"]);
});

Deno.test("listRules() throws rather than compare a part of the rules", async () => {
  const { client } = setup({
    security_group_rules: Array.from({ length: 500 }, () => RULE),
    page_info: { next_marker: "m" },
  });
  await assert.rejects(client.listRules(PROJECT, ["g-1"], CALL), { name: "CloudError", kind: "protocol" });
});

Deno.test("listRules() throws protocol when a rule has a direction that is not known", async () => {
  const { client } = setup({ security_group_rules: [{ ...RULE, direction: "both" }] });
  await assert.rejects(client.listRules(PROJECT, ["g-1"], CALL), isProtocolError);
});

Deno.test("readSecurityGroups() gives the groups that exist, or the error as a value", async () => {
  const { client, sent } = setup({ security_groups: [{ id: "g-1" }] });
  const { value } = await client.readSecurityGroups(PROJECT, ["g-1", "g-9"], CALL);
  assert.deepEqual(value?.map(({ id }) => id), ["g-1"]);
  assert.deepEqual(sent[0]!.url.searchParams.getAll("id"), ["g-1", "g-9"]);
});

Deno.test("readRules() asks for nothing when there is no group", async () => {
  const { client, sent } = setup();
  assert.deepEqual(await client.readRules(PROJECT, [], CALL), { value: [] });
  assert.equal(sent.length, 0);
});

Deno.test("readSecurityGroups() gives a CloudError back as a value", async () => {
  const refused = new CloudError("permission", "x", { verdict: "denied" });
  assert.equal((await setup(refused).client.readSecurityGroups(PROJECT, ["g"], CALL)).error, refused);
});
