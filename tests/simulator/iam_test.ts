import assert from "node:assert/strict";
import { createSimulatedIam } from "../../src/simulator/iam.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { FakeClock } from "../support/fake_clock.ts";

const { user, projectId, region } = SIMULATION;

function body(options: { password?: string; project?: object } = {}) {
  const { password = user.userPassword, project = { id: projectId } } = options;
  const identity = { password: { user: { name: user.userName, password, domain: { name: user.domainName } } } };
  return JSON.stringify({ auth: { identity, scope: { project } } });
}

const tokenOf = ({ headers }: { headers?: Record<string, string> }) => headers?.["x-subject-token"] ?? "";

Deno.test("grant() gives a token that is good until it expires", () => {
  const clock = new FakeClock();
  const iam = createSimulatedIam(clock);
  for (const project of [{ id: projectId }, { name: region }]) {
    const granted = iam.grant(body({ project }));
    assert.equal(granted.status, 201);
    assert.equal(iam.isGood(tokenOf(granted)), true);
    clock.advance(iam.tokenLifetimeMs - 1);
    assert.equal(iam.isGood(tokenOf(granted)), true);
    clock.advance(1);
    assert.equal(iam.isGood(tokenOf(granted)), false);
  }
  assert.equal(iam.isGood("visible-made-up-token"), false);
});

Deno.test("revokeAll() makes the tokens invalid that were granted before", () => {
  const iam = createSimulatedIam(new FakeClock());
  const granted = iam.grant(body());
  iam.revokeAll();
  assert.equal(iam.isGood(tokenOf(granted)), false);
  assert.equal(iam.isGood(tokenOf(iam.grant(body()))), true);
});

for (
  const [title, request, status] of [
    ["the password is wrong", body({ password: "visible-wrong" }), 401],
    ["the project is unknown", body({ project: { id: "9".repeat(32) } }), 400],
    ["the body is empty", "{}", 401],
    ["the body is no JSON", "{", 401],
  ] as const
) {
  Deno.test(`grant() answers ${status} in IAM's own shape when ${title}`, () => {
    const refused = createSimulatedIam(new FakeClock()).grant(request);
    const { error } = refused.body as { error: { code: number; message: string; title: string } };
    assert.deepEqual([refused.status, error.code, refused.headers], [status, status, undefined]);
    assert.ok(error.message && error.title);
  });
}

Deno.test("listProjects() filters by name only when one is given", () => {
  const iam = createSimulatedIam(new FakeClock());
  iam.projects.push({ id: "2".repeat(32), name: "cn-north-4" });
  const names = (query: string) => {
    const { projects } = iam.listProjects(new URLSearchParams(query)).body as { projects: { name: string }[] };
    return projects.map(({ name }) => name);
  };
  assert.deepEqual(names(""), [region, "cn-north-4"]);
  assert.deepEqual(names("name=cn-north-4"), ["cn-north-4"]);
  assert.deepEqual(names("name=x"), []);
});
