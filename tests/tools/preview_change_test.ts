import assert from "node:assert/strict";
import { answer, on } from "../../src/simulator/faults.ts";
import { type SimulatedRule, SIMULATION } from "../../src/simulator/state.ts";
import { call, CHANGE, LOCK_DOWN, PREVIEW } from "../support/calls.ts";
import { join, type Joined } from "../support/in_memory.ts";

const { instances, groups, projectId } = SIMULATION;
const ISOLATE = { ...LOCK_DOWN, security_group_ids: [groups.isolated] };

Deno.test("preview shows the instance, both sets of groups, the rules, and sends no change", async () => {
  await using joined = await join();
  const { content, sentence } = await call(joined, PREVIEW, LOCK_DOWN);
  const { instance, ...rest } = content;
  assert.deepEqual([instance.name, instance.security_group_ids], ["billing-encrypt", [groups.open]]);
  assert.deepEqual(rest, {
    region: "simulated",
    project_id: projectId,
    current_security_groups: [{ id: groups.open, name: "open" }],
    requested_security_groups: [{ id: groups.lockedDown, name: "locked-down" }],
    changes: true,
    rules_gained: ["inbound allow tcp 5432 from 10.20.0.0/16"],
    rules_lost: ["inbound allow tcp 5432 from 0.0.0.0/0", "inbound allow tcp 8443 from 0.0.0.0/0"],
    warnings: [],
    not_checked: [],
    change_arguments: {
      ...LOCK_DOWN,
      project_id: projectId,
      expected_current_security_group_ids: [groups.open],
    },
  });
  assert.match(sentence, /^Preview, nothing was changed\. Present and requested groups differ: 1 rule gained, 2 rules/);
  assert.equal(joined.cloud.puts.length, 0);
  assert.deepEqual(joined.audited, []);
});

Deno.test("preview gives arguments that the change takes as they are", async () => {
  await using joined = await join();
  const { content } = await call(joined, PREVIEW, LOCK_DOWN);
  assert.equal((await call(joined, CHANGE, content.change_arguments)).content.outcome, "accepted");
  assert.equal((await call(joined, CHANGE, content.change_arguments)).content.error.kind, "state_changed");
  assert.equal(joined.cloud.puts.length, 1);
});

interface Case {
  what: string;
  warning: RegExp;
  args?: Record<string, unknown>;
  prepare: (joined: Joined) => void;
}

const locked = ({ cloud }: Joined) => cloud.groups.find(({ id }) => id === groups.lockedDown)!;
const admit = (rule: Partial<SimulatedRule>) => (joined: Joined) =>
  locked(joined).rules.push({ direction: "ingress", protocol: "tcp", multiport: "22", ...rule });
const node = (index: number, fields: Record<string, string>) => ({ cloud }: Joined) =>
  Object.assign(cloud.instances[0]!.nodes[index]!, fields);

const WARNED: Case[] = [
  {
    what: "a group does not exist",
    warning: /^Security group gone was not found in this project$/,
    args: { ...LOCK_DOWN, security_group_ids: ["gone", groups.lockedDown] },
    prepare: () => {},
  },
  {
    what: "a group is open to the IPv4 internet",
    warning: /^Open to the whole internet: inbound allow tcp 22 from 0\.0\.0\.0\/0$/,
    prepare: admit({ remote_ip_prefix: "0.0.0.0/0" }),
  },
  {
    what: "a group is open to the IPv6 internet",
    warning: /^Open to the whole internet: inbound allow tcp 22 from ::\/0$/,
    prepare: admit({ remote_ip_prefix: "::/0", ethertype: "IPv6" }),
  },
  {
    what: "no inbound rule would be left",
    warning: /nothing would reach the instance$/,
    prepare: (joined) => locked(joined).rules = [],
  },
  {
    what: "the only inbound rule is switched off",
    warning: /nothing would reach the instance$/,
    prepare: (joined) => locked(joined).rules.forEach((rule) => rule.enabled = false),
  },
  {
    what: "more than one group is requested",
    warning: /^More than one security group is requested/,
    args: { ...LOCK_DOWN, security_group_ids: [groups.isolated, groups.lockedDown] },
    prepare: () => {},
  },
  {
    what: "one node is busy",
    warning: /^The instance is busy with a task \(task_status powering-on\)$/,
    prepare: node(1, { taskStatus: "powering-on" }),
  },
  { what: "one node is frozen", warning: /^The instance is frozen$/, prepare: node(0, { status: "FROZEN" }) },
  {
    what: "one node is not active",
    warning: /^The instance may not take changes now \(status ACTIVE, BUILD\)$/,
    prepare: node(1, { status: "BUILD" }),
  },
  {
    what: "the nodes differ",
    warning: /^The nodes of the instance have different security groups$/,
    prepare: node(1, { securityGroupId: groups.isolated }),
  },
  {
    what: "nothing would change",
    warning: /^Nothing would change/,
    args: { ...LOCK_DOWN, instance_id: instances.orders },
    prepare: () => {},
  },
];

for (const { what, warning, args = LOCK_DOWN, prepare } of WARNED) {
  Deno.test(`preview warns when ${what}, and not otherwise`, async () => {
    await using joined = await join();
    const before = await call(joined, PREVIEW, LOCK_DOWN);
    prepare(joined);
    const after = await call(joined, PREVIEW, args);
    const warned = ({ content }: typeof after) => content.warnings.filter((text: string) => warning.test(text)).length;
    assert.deepEqual([warned(before), warned(after)], [0, 1]);
    assert.equal(joined.cloud.puts.length, 0);
  });
}

Deno.test("preview warns of a frozen instance when a node has a reason for it and a harmless status", async () => {
  await using joined = await join();
  const server = [{ security_group_id: groups.open, status: "ACTIVE", scene: "ARREAR" }];
  const clusters = [{ instance_id: instances.billing, detail: { server } }];
  joined.cloud.faults.push(on("POST", answer(200, { clusters })));
  assert.deepEqual((await call(joined, PREVIEW, LOCK_DOWN)).content.warnings, ["The instance is frozen"]);
});

Deno.test("preview concludes nothing about rules when a present group is not to be seen", async () => {
  await using joined = await join();
  joined.cloud.groups = joined.cloud.groups.filter(({ id }) => id !== groups.open);
  const { content } = await call(joined, PREVIEW, LOCK_DOWN);
  assert.deepEqual([content.rules_gained, content.rules_lost], [undefined, undefined]);
  assert.deepEqual(content.not_checked, [
    `rules of the present security group ${groups.open}: it was not found in this project`,
  ]);
});

Deno.test("preview concludes nothing about rules when the list shows no present group", async () => {
  await using joined = await join();
  joined.cloud.faults.push(on("POST", answer(200, { clusters: [{ instance_id: instances.billing, detail: {} }] })));
  const { content } = await call(joined, PREVIEW, LOCK_DOWN);
  assert.deepEqual([content.rules_gained, content.rules_lost], [undefined, undefined]);
  assert.deepEqual(content.not_checked, ["the present security groups: the list shows none"]);
});

Deno.test("preview says nothing of rules when every requested group is missing", async () => {
  await using joined = await join();
  const { content } = await call(joined, PREVIEW, { ...LOCK_DOWN, security_group_ids: ["gone"] });
  assert.deepEqual(content.warnings, ["Security group gone was not found in this project"]);
  assert.deepEqual(content.requested_security_groups, [{ id: "gone" }]);
});

Deno.test("preview says what the policy would say to the change", async () => {
  const policies = [
    [{ isReadOnly: true }, /refused: .*DBSS_MCP_READ_ONLY/],
    [{ allowedInstanceIds: [instances.orders] }, /refused: .*DBSS_MCP_ALLOWED_INSTANCE_IDS/],
    [{ confirm: "required" }, /refused: .*DBSS_MCP_CONFIRM is required and the client cannot ask/],
    [{ allowedSecurityGroupIds: [groups.open] }, /refused: .*DBSS_MCP_ALLOWED_SECURITY_GROUP_IDS/],
    [{ allowedInstanceIds: [instances.billing], allowedSecurityGroupIds: [groups.lockedDown] }, undefined],
  ] as const;
  for (const [policy, expected] of policies) {
    await using joined = await join({ policy: { isReadOnly: false, confirm: "auto", ...policy } });
    const { warnings } = (await call(joined, PREVIEW, LOCK_DOWN)).content;
    if (expected === undefined) assert.deepEqual(warnings, []);
    else assert.match(warnings[0], expected);
  }
});

Deno.test("preview of what is so already says that nothing would change", async () => {
  await using joined = await join();
  const args = { ...LOCK_DOWN, instance_id: instances.orders };
  const { content, sentence } = await call(joined, PREVIEW, args);
  assert.deepEqual([content.changes, content.rules_gained, content.rules_lost], [false, [], []]);
  assert.match(sentence, /Every node has the requested groups already/);
});

Deno.test("preview works without VPC, and says what could not be looked at and why", async () => {
  await using joined = await join();
  joined.cloud.faults.push(on("GET", answer(403, { error_code: "VPC.0010", error_msg: "denied" })));
  const { content, sentence } = await call(joined, PREVIEW, ISOLATE);
  assert.deepEqual(content.not_checked, [
    "names, existence and rules of the security groups: Huawei Cloud denied the permission (HTTP 403, VPC.0010)",
  ]);
  assert.deepEqual(content.cloud_errors, [{ error_code: "VPC.0010", error_msg: "denied" }]);
  assert.deepEqual([content.rules_gained, content.rules_lost, content.warnings], [undefined, undefined, []]);
  assert.deepEqual(content.current_security_groups, [{ id: groups.open }]);
  assert.equal(content.changes, true);
  assert.deepEqual(content.change_arguments.expected_current_security_group_ids, [groups.open]);
  assert.match(sentence, /: 0 warnings, 1 thing could not be checked\.$/);
});

Deno.test("preview has no words of the cloud's where the cloud had none", async () => {
  await using joined = await join();
  joined.cloud.faults.push(on("GET", answer(403)));
  const { content } = await call(joined, PREVIEW, ISOLATE);
  assert.deepEqual([content.not_checked.length, content.cloud_errors], [1, undefined]);
});

Deno.test("preview keeps the names when only the rules may not be read, and concludes nothing from their lack", async () => {
  await using joined = await join({}, {
    fetch: (url, init) =>
      url.pathname.endsWith("/security-group-rules")
        ? Promise.resolve(new Response("{}", { status: 403 }))
        : joined.cloud.handle(new Request(url, init)),
  });
  const { content } = await call(joined, PREVIEW, { ...ISOLATE, security_group_ids: [groups.isolated, "gone"] });
  assert.equal(content.requested_security_groups[0].name, "isolated");
  assert.deepEqual(content.not_checked, [
    "rules of the security groups: Huawei Cloud denied the permission (HTTP 403)",
  ]);
  assert.deepEqual(content.cloud_errors, [{ error_msg: "{}" }]);
  assert.deepEqual([content.rules_gained, content.rules_lost], [undefined, undefined]);
  assert.equal(content.warnings.filter((text: string) => text.includes("nothing would reach")).length, 0);
  assert.equal(content.warnings.filter((text: string) => text.includes("gone was not found")).length, 1);
});

Deno.test("preview fails when the instance is unknown or cannot be read", async () => {
  await using joined = await join();
  const unknown = await call(joined, PREVIEW, { ...LOCK_DOWN, instance_id: "f".repeat(32) });
  assert.equal(unknown.content.error.kind, "not_found");
  joined.cloud.faults.push(on("POST", answer(403, { error_msg: "no" })));
  const { content } = await call(joined, PREVIEW, LOCK_DOWN);
  assert.deepEqual([content.error.kind, content.error.error_msg], ["permission", "no"]);
  assert.equal(content.change_arguments, undefined);
});

Deno.test("preview takes the same input as the change, without what only the change needs", async () => {
  await using joined = await join();
  const { content } = await call(joined, PREVIEW, { ...LOCK_DOWN, wait: true });
  assert.match(content.error.message, /wait is not an argument of this tool/);
});
