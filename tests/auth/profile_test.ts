import assert from "node:assert/strict";
import { parseProfile, profileKeys, readProfile } from "../../src/auth/profile.ts";
import { signatureAuthenticator } from "../../src/auth/signature.ts";
import { SIMULATION } from "../../src/simulator/state.ts";
import { failure, setUp } from "../support/credentials.ts";

Deno.test("parseProfile() reads the section [basic] and nothing else", () => {
  const text = [
    "\ufeff# a comment",
    "; another",
    "ak = OUTSIDE",
    "[global]",
    "ak = TESTGLOBAL",
    "[basic]",
    "AK=TESTBASIC",
    "  sk :  visible-fake=sk ",
    "security_token = visible-fake-token",
    `project_id = ${"p".repeat(32)}`,
    "domain_id =",
    "something_new = 1",
    "[other]",
    "sk = visible-other-sk",
    "",
  ].join("\r\n");
  assert.deepEqual(parseProfile(text), {
    key: { accessKey: "TESTBASIC", secretKey: "visible-fake=sk", securityToken: "visible-fake-token" },
    projectId: "p".repeat(32),
  });
});

const FAULTS: [string, text: string, fault: RegExp][] = [
  ["it is empty", "", /no ak and sk in its section \[basic\]/],
  ["the section is lacking", "ak = a\nsk = b", /no ak and sk/],
  ["the access key is lacking", "[basic]\nsk = visible-fake-sk", /no ak in/],
  ["the secret key is lacking", "[basic]\nak = TESTAK\nsk =", /no sk in/],
  ["a line is neither heading nor entry", "[basic]\nvisible-fake-sk", /malformed in line 2/],
  ["a key has spaces", "[basic]\nak = TESTAK\nsk = visible fake sk", /a sk that is not visible ASCII/],
  ["the project is no id", "[basic]\nak = TESTAK\nsk = visible-fake-sk\nproject_id = cn-north-4", /a project_id that/],
];
for (const [title, text, wanted] of FAULTS) {
  Deno.test(`parseProfile() says what is wrong, and shows no secret, when ${title}`, () => {
    const profile = parseProfile(text);
    assert.ok("fault" in profile);
    assert.match(profile.fault, wanted);
    assert.doesNotMatch(profile.fault, /fake/);
  });
}

for (
  const [error, wanted] of [
    [new Deno.errors.NotFound(), /does not exist/],
    [new Deno.errors.NotCapable(), /start it with --allow-read=x\.ini/],
    [new Deno.errors.PermissionDenied(), /cannot be read/],
    [new Deno.errors.IsADirectory(), /cannot be read/],
  ] as const
) {
  Deno.test(`readProfile() says what to do when reading throws ${error.name}`, () => {
    const profile = readProfile("x.ini", () => {
      throw error;
    });
    assert.ok("fault" in profile);
    assert.match(profile.fault, wanted);
  });
}

/** A profile file that the test may rewrite. */
function keys(first: string) {
  const shared = setUp();
  const file = { text: first };
  const readTextFile = () => file.text;
  const { clock, onSecret } = shared;
  const source = profileKeys({ path: "x.ini", readTextFile, clock, onSecret });
  return { ...shared, file, source, authenticator: signatureAuthenticator(source, clock) };
}
const write = (key: object) => `[basic]\n${Object.entries(key).map((pair) => pair.join(" = ")).join("\n")}`;
const { key, temporaryKey } = SIMULATION;
const GOOD = write({ ak: key.accessKey, sk: key.secretKey });
const TEMPORARY = write({
  ak: temporaryKey.accessKey,
  sk: temporaryKey.secretKey,
  security_token: temporaryKey.securityToken,
});

Deno.test("profileKeys() signs with the file's key, permanent or temporary", async () => {
  for (const text of [GOOD, TEMPORARY]) {
    const { list, authenticator, call } = keys(text);
    assert.equal((await list(authenticator, call())).status, 200);
  }
});

Deno.test("profileKeys() takes over a new key within a minute", async () => {
  const { source, file, clock, secrets, call } = keys(GOOD);
  await source.get(call());
  file.text = TEMPORARY;
  clock.advance(60_000 - 1);
  assert.equal((await source.get(call())).accessKey, key.accessKey);
  clock.advance(1);
  assert.equal((await source.get(call())).accessKey, temporaryKey.accessKey);
  assert.ok(secrets.includes(temporaryKey.securityToken));
});

Deno.test("profileKeys() reads the file again at once when its key was refused", async () => {
  const { list, authenticator, file, asked, call } = keys(write({ ak: "TESTOLDKEY", sk: "visible-old-sk" }));
  const listed = list(authenticator, call());
  file.text = GOOD;
  assert.equal((await listed).status, 200);
  assert.equal(asked().length, 2);
});

Deno.test("profileKeys() says what is wrong with the file when it has become unusable", async () => {
  const { source, file, clock, call } = keys(GOOD);
  await source.get(call());
  file.text = "[basic]";
  clock.advance(60_000);
  const error = await failure(source.get(call()));
  assert.deepEqual([error.kind, error.verdict], ["authentication", "not_sent"]);
  assert.equal(error.message, "The profile file x.ini has no ak and sk in its section [basic]");
  assert.match(error.hint!, /no restart/);
});
