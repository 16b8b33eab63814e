import assert from "node:assert/strict";
import { type ChangeRequest, CONFIRM_MODES, decide, type Policy } from "../src/policy.ts";
import { SIMULATION } from "../src/simulator/state.ts";
import { call, CHANGE, LIST_INSTANCES, LOCK_DOWN } from "./support/calls.ts";
import { join } from "./support/in_memory.ts";

const { instances, groups } = SIMULATION;
const CHANGE_OF_I1: ChangeRequest = { instance_id: "i-1", security_group_ids: ["g-1", "g-2"] };

const ROWS: [Partial<Policy>, canAsk: boolean, verdict: string, kind?: string, why?: RegExp][] = [
  [{ confirm: "auto" }, true, "ask"],
  [{ confirm: "auto" }, false, "allow_unasked"],
  [{ confirm: "required" }, true, "ask"],
  [{ confirm: "required" }, false, "refuse", "confirmation", /DBSS_MCP_CONFIRM is required/],
  [{ confirm: "off" }, true, "allow"],
  [{ confirm: "off" }, false, "allow"],
  [{ allowedInstanceIds: ["i-1"], allowedSecurityGroupIds: ["g-1", "g-2", "g-3"] }, true, "ask"],
  [{ allowedInstanceIds: ["i-2"] }, true, "refuse", "policy", /instance i-1: DBSS_MCP_ALLOWED_INSTANCE_IDS does/],
  [{ allowedInstanceIds: [] }, true, "refuse", "policy", /DBSS_MCP_ALLOWED_INSTANCE_IDS/],
  [{ allowedInstanceIds: ["I-1"] }, true, "refuse", "policy", /DBSS_MCP_ALLOWED_INSTANCE_IDS/],
  [{ allowedSecurityGroupIds: ["g-1"] }, true, "refuse", "policy", /group g-2: DBSS_MCP_ALLOWED_SECURITY_GROUP_IDS/],
  [{ allowedSecurityGroupIds: ["g-3"] }, true, "refuse", "policy", /group g-1, g-2: DBSS_MCP_ALLOWED_SECURITY_GR/],
  [{ isReadOnly: true, confirm: "off" }, true, "refuse", "policy", /it is read-only, by DBSS_MCP_READ_ONLY/],
];

for (const [policy, canAsk, verdict, kind, why] of ROWS) {
  Deno.test(`decide() says ${verdict} when the policy has ${JSON.stringify(policy)} and the client can${canAsk ? "" : "not"} ask`, () => {
    const decision = decide({ isReadOnly: false, confirm: "auto", ...policy }, CHANGE_OF_I1, canAsk);
    assert.equal(decision.verdict, verdict);
    if (decision.verdict !== "refuse") return;
    assert.equal(decision.kind, kind);
    assert.match(decision.why, why!);
  });
}

Deno.test("decide() lets nothing but the policy lift a refusal", () => {
  for (const confirm of CONFIRM_MODES) {
    for (const canAsk of [true, false]) {
      for (const policy of [{ isReadOnly: true }, { allowedInstanceIds: [] }, { allowedSecurityGroupIds: [] }]) {
        const decision = decide({ isReadOnly: false, confirm, ...policy }, CHANGE_OF_I1, canAsk);
        assert.deepEqual([decision.verdict, "kind" in decision && decision.kind], ["refuse", "policy"]);
      }
    }
  }
});

const REFUSED: [Partial<Policy>, RegExp][] = [
  [{ isReadOnly: true }, /DBSS_MCP_READ_ONLY/],
  [{ allowedInstanceIds: [instances.orders] }, /DBSS_MCP_ALLOWED_INSTANCE_IDS/],
  [{ allowedSecurityGroupIds: [groups.open] }, /DBSS_MCP_ALLOWED_SECURITY_GROUP_IDS/],
];

for (const [policy, names] of REFUSED) {
  Deno.test(`a change is refused, asks nobody and sends nothing, not even a read, when the policy has ${JSON.stringify(policy)}`, async () => {
    let questions = 0;
    await using joined = await join({ policy: { isReadOnly: false, confirm: "auto", ...policy } }, {
      person() {
        questions += 1;
        return "accept";
      },
    });
    const { content, sentence } = await call(joined, CHANGE, LOCK_DOWN);
    assert.deepEqual([content.outcome, content.error.kind, content.error.retryable], ["refused", "policy", false]);
    assert.match(content.error.message, names);
    assert.match(sentence, /^Refused, no change was sent: .*nobody else can allow it\.$/);
    assert.deepEqual([joined.cloud.requests.length, questions], [0, 0]);
    assert.deepEqual(content.security_group_ids, LOCK_DOWN.security_group_ids);
    assert.equal(joined.audited[0]!.error_kind, "policy");
  });
}

Deno.test("read-only hides the change, and only the change", async () => {
  const names = async (isReadOnly: boolean) => {
    await using joined = await join({ policy: { isReadOnly, confirm: "auto" } });
    return (await joined.client.listTools()).tools.map(({ name }) => name);
  };
  const all = await names(false);
  assert.ok(all.includes(CHANGE));
  assert.deepEqual(await names(true), all.filter((name) => name !== CHANGE));
});

Deno.test("read-only and allow-lists let everything be read", async () => {
  const policy: Policy = {
    isReadOnly: true,
    confirm: "required",
    allowedInstanceIds: [],
    allowedSecurityGroupIds: [],
  };
  await using joined = await join({ policy });
  assert.equal((await call(joined, LIST_INSTANCES)).content.total, 2);
});

Deno.test("allow-lists let through what they list", async () => {
  const policy: Policy = {
    isReadOnly: false,
    confirm: "auto",
    allowedInstanceIds: [instances.billing],
    allowedSecurityGroupIds: [groups.lockedDown],
  };
  await using joined = await join({ policy });
  assert.equal((await call(joined, CHANGE, LOCK_DOWN)).content.outcome, "accepted");
});
