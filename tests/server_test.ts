import assert from "node:assert/strict";
import { Client, InMemoryTransport } from "../src/sdk_client.ts";
import { createServer, type ServerOptions } from "../src/server.ts";
import { SIMULATION } from "../src/simulator/state.ts";
import { call, CHANGE, LIST_GROUPS, LIST_INSTANCES, LOCK_DOWN, PREVIEW } from "./support/calls.ts";
import { FakeClock } from "./support/fake_clock.ts";
import { join, simulate } from "./support/in_memory.ts";

const { instances, groups, region } = SIMULATION;

Deno.test("tools/call changes the group and says what the cloud said", async () => {
  await using joined = await join();
  const { content, isError } = await call(joined, CHANGE, LOCK_DOWN);
  assert.deepEqual([content.outcome, content.code, isError], ["accepted", 0, false]);
  assert.equal(Object.keys(content)[0], "outcome");
});

Deno.test("the whole story: list, preview, change, check, undo, by the names of things alone", async () => {
  await using joined = await join({}, { person: () => "accept" });
  const { instances: [instance] } = (await call(joined, LIST_INSTANCES, { name: "orders" })).content;
  const { security_groups: [group] } = (await call(joined, LIST_GROUPS, { name: "isolated" })).content;
  const wanted = { instance_id: instance.instance_id, security_group_ids: [group.id] };
  const { change_arguments } = (await call(joined, PREVIEW, wanted)).content;
  const changed = (await call(joined, CHANGE, { ...change_arguments, wait: true })).content;
  assert.equal(changed.outcome, "applied");
  const undo = { instance_id: instance.instance_id, security_group_ids: changed.previous_security_group_ids };
  assert.equal((await call(joined, CHANGE, { ...undo, wait: true })).content.outcome, "applied");
  const { instances: [after] } = (await call(joined, LIST_INSTANCES, { instance_id: instances.orders })).content;
  assert.deepEqual(after.security_group_ids, [groups.lockedDown]);
});

Deno.test("initialize says which region the server works in, what to do first, and when nothing is real", async () => {
  await using simulated = await join();
  const text = simulated.client.getInstructions()!;
  assert.match(text, new RegExp(`simulated cloud: nothing real changes.* in region ${region}, and in no other`));
  assert.match(text, /List, preview, show the person the preview, change/);
  await using real = await join({ isSimulated: false, policy: { isReadOnly: true, confirm: "auto" } });
  assert.doesNotMatch(real.client.getInstructions()!, /simulated cloud/);
  assert.match(real.client.getInstructions()!, /read-only now: changes are refused/);
  await using empty = await join({ region: undefined, cloud: { missing: "set HW_REGION_NAME" } });
  assert.match(empty.client.getInstructions()!, /not configured yet, a call says what is missing/);
});

/** A client of a server with these options; `pass` sees what the server sends, and may throw or hold it back. */
async function connect(options: ServerOptions, name: string, pass: (method: string) => unknown = () => {}) {
  const [near, far] = InMemoryTransport.createLinkedPair();
  const send = far.send.bind(far);
  far.send = async (message, extra) => {
    await pass("method" in message ? message.method : "answer");
    await send(message, extra);
  };
  const client = new Client({ name, version: "1" });
  await Promise.all([createServer(options).server.connect(far), client.connect(near)]);
  return client;
}

Deno.test("two clients at once get their own answers, and the audit tells them apart", async () => {
  const { cloud, audited, serverOptions } = simulate();
  const one = await connect(serverOptions, "one");
  const two = await connect(serverOptions, "two");
  const [changed, refused] = await Promise.all([
    call({ client: one }, CHANGE, LOCK_DOWN),
    call({ client: two }, CHANGE, { ...LOCK_DOWN, expected_current_security_group_ids: [groups.isolated] }),
  ]);
  assert.deepEqual([changed.content.outcome, refused.content.outcome], ["accepted", "refused"]);
  const byActor = Object.fromEntries(audited.map(({ actor, outcome }) => [actor, outcome]));
  assert.deepEqual(byActor, { "one 1": "accepted", "two 1": "refused" });
  assert.equal(cloud.puts.length, 1);
  await Promise.all([one.close(), two.close()]);
});

for (
  const [what, progress, isLogged] of [
    ["cannot be sent", () => Promise.reject(new Error("the stream is gone")), true],
    ["is not taken by the client", () => new Promise(() => {}), false],
  ] as const
) {
  Deno.test(`a change keeps its outcome when its progress ${what}`, async () => {
    const clock = new FakeClock();
    const { cloud, audited, logged, serverOptions } = simulate({ options: { clock } });
    cloud.readingsUntilApplied = 1;
    const pass = (method: string) => method === "notifications/progress" ? progress() : undefined;
    const client = await connect(serverOptions, "deaf", pass);
    const { content } = await clock.run(
      call({ client }, CHANGE, { ...LOCK_DOWN, wait: true }, { onprogress: () => {} }),
    );
    assert.deepEqual([content.outcome, audited[0]!.outcome], ["applied", "applied"]);
    assert.equal(logged.some(({ message }) => message === "progress could not be sent"), isLogged);
    await client.close();
  });
}

Deno.test("a change tells no progress to a client that did not ask for it", async () => {
  const clock = new FakeClock();
  const { cloud, serverOptions } = simulate({ options: { clock } });
  cloud.readingsUntilApplied = 1;
  const sent: string[] = [];
  const client = await connect(serverOptions, "quiet", (method) => sent.push(method));
  await clock.run(call({ client }, CHANGE, { ...LOCK_DOWN, wait: true }));
  assert.deepEqual(sent, ["answer", "answer"]);
  await client.close();
});
