import assert from "node:assert/strict";
import { answer, on } from "../../src/simulator/faults.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { call, LIST_INSTANCES } from "../support/calls.ts";
import { join, type Joined } from "../support/in_memory.ts";

const { instances, groups, projectId } = SIMULATION;

const ids = ({ content }: { content: Record<string, { instance_id: string }[]> }) =>
  content.instances!.map(({ instance_id }) => instance_id);

/** What the cloud lists for one call. */
function listing({ cloud }: Joined, body: unknown): void {
  cloud.faults.push(on("POST", answer(200, body)));
}

Deno.test("list_encrypted_instances shows every instance as it is", async () => {
  await using joined = await join();
  const { content, sentence } = await call(joined, LIST_INSTANCES);
  assert.deepEqual([content.total, content.truncated, content.project_id], [2, false, projectId]);
  assert.deepEqual(content.instances[0], {
    instance_id: instances.billing,
    name: "billing-encrypt",
    status: "ACTIVE",
    task_status: "NO_TASK",
    security_group_ids: [groups.open],
    vpc_id: "00000000-0000-4000-8000-0000000000c1",
    subnet_id: "00000000-0000-4000-8000-0000000000d1",
    version: "1.0.0",
    high_availability: true,
  });
  assert.equal(content.instances[1].high_availability, false);
  assert.equal(sentence, "2 matching encrypted instances in region simulated.");
  assert.deepEqual(joined.cloud.requests.map(({ method, body }) => [method, body]), [["POST", ""]]);
});

const FILTERS: [Record<string, unknown>, string[]][] = [
  [{ name: "BILL" }, [instances.billing]],
  [{ name: "encrypt" }, [instances.billing, instances.orders]],
  [{ name: "nothing of that name" }, []],
  [{ name: "." }, []],
  [{ instance_id: instances.orders }, [instances.orders]],
  [{ instance_id: "f".repeat(32) }, []],
  [{ instance_id: instances.orders, name: "billing" }, []],
];

for (const [filter, expected] of FILTERS) {
  Deno.test(`list_encrypted_instances finds ${expected.length} with ${JSON.stringify(filter)}`, async () => {
    await using joined = await join();
    const answered = await call(joined, LIST_INSTANCES, filter);
    assert.deepEqual(ids(answered), expected);
    assert.equal(answered.content.total, expected.length);
  });
}

Deno.test("list_encrypted_instances finds a name whatever its case", async () => {
  await using joined = await join();
  joined.cloud.instances[0]!.name = "BILLING";
  assert.deepEqual(ids(await call(joined, LIST_INSTANCES, { name: "billing" })), [instances.billing]);
});

for (const [limit, shown] of [[undefined, 50], [1, 1], [60, 60], [200, 61]] as const) {
  Deno.test(`list_encrypted_instances shows ${shown} of 61 when limit is ${limit}, and says that there are more`, async () => {
    await using joined = await join();
    listing(joined, { clusters: Array.from({ length: 61 }, (_, index) => ({ instance_id: `i-${index}` })) });
    const { content, sentence } = await call(joined, LIST_INSTANCES, limit === undefined ? {} : { limit });
    assert.equal(content.instances.length, shown);
    assert.deepEqual([content.total, content.truncated], [61, shown < 61]);
    assert.equal(sentence.includes("the list is cut"), shown < 61);
  });
}

for (const limit of [0, 201, 1.5, "10"]) {
  Deno.test(`list_encrypted_instances refuses the limit ${JSON.stringify(limit)} and asks nothing`, async () => {
    await using joined = await join();
    const { content } = await call(joined, LIST_INSTANCES, { limit });
    assert.equal(content.error.kind, "invalid_input");
    assert.match(content.error.message, /limit is .*, wanted a whole number from 1 to 200/);
    assert.equal(joined.cloud.requests.length, 0);
  });
}

Deno.test("list_encrypted_instances leaves absent what the cloud left out, and drops what has no id", async () => {
  await using joined = await join();
  const server = [{ security_group_id: null, status: "" }];
  const clusters = [{ instance_id: "i-1" }, { name: "no id" }, { instance_id: "i-2", name: null, detail: { server } }];
  listing(joined, { clusters, surprise: true });
  const { content } = await call(joined, LIST_INSTANCES);
  assert.deepEqual(content.instances, [
    { instance_id: "i-1", security_group_ids: [] },
    { instance_id: "i-2", security_group_ids: [] },
  ]);
});

Deno.test("list_encrypted_instances shows no instance when the cloud lists none", async () => {
  for (const body of [{}, { clusters: null }, { clusters: [] }]) {
    await using joined = await join();
    listing(joined, body);
    const { content, sentence } = await call(joined, LIST_INSTANCES);
    assert.deepEqual([content.instances, content.total], [[], 0]);
    assert.equal(sentence, "0 matching encrypted instances in region simulated.");
  }
});

Deno.test("list_encrypted_instances shows the groups of all nodes, each once, also several in one field", async () => {
  await using joined = await join();
  const node = (security_group_id: string) => ({ security_group_id });
  listing(joined, { clusters: [{ instance_id: "i-1", detail: { server: [node("a, b"), node("b"), node("c")] } }] });
  const { content } = await call(joined, LIST_INSTANCES);
  assert.deepEqual(content.instances[0].security_group_ids, ["a", "b", "c"]);
});

for (
  const body of [[], "text", { clusters: {} }, { clusters: [{ instance_id: 7 }] }, {
    clusters: [{ instance_id: "i-1", detail: { server: [{ security_group_id: ["a"] }] } }],
  }]
) {
  Deno.test(`list_encrypted_instances says protocol and guesses nothing when the answer is ${JSON.stringify(body)}`, async () => {
    await using joined = await join();
    listing(joined, body);
    const { content } = await call(joined, LIST_INSTANCES);
    assert.equal(content.error.kind, "protocol");
    assert.equal(content.instances, undefined);
  });
}

Deno.test("list_encrypted_instances keeps what the cloud said when it is refused", async () => {
  await using joined = await join();
  const body = {
    error_code: "DBSS.1",
    error_msg: "no",
    details: [{ error_msg: "why" }],
    encoded_authorization_message: "m",
  };
  joined.cloud.faults.push(on("POST", answer(403, body)));
  const { content } = await call(joined, LIST_INSTANCES);
  const { kind, hint, retryable, message: _, ...said } = content.error;
  assert.deepEqual([kind, retryable], ["permission", false]);
  assert.match(hint, /DBSS FullAccess/);
  assert.deepEqual(said, body);
});

Deno.test("list_encrypted_instances asks for the project that is named, and says which one is missing", async () => {
  await using joined = await join({ projectId: undefined });
  const { content } = await call(joined, LIST_INSTANCES);
  assert.deepEqual([content.error.kind, joined.cloud.requests.length], ["configuration", 0]);
  assert.match(content.error.message, /HW_PROJECT_ID/);
  assert.equal((await call(joined, LIST_INSTANCES, { project_id: projectId })).content.project_id, projectId);
});
