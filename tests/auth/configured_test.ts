import assert from "node:assert/strict";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { SETTINGS } from "../../src/config/settings.ts";

type Values = Record<string, string>;

const REGION = { HW_REGION_NAME: "cn-north-4" };
const KEY = { HW_ACCESS_KEY: "TESTACCESSKEY", HW_SECRET_KEY: "visible-fake-sk" };
const FILE = "/home/someone/.huaweicloud/credentials";
const PROFILE = `[basic]\nak = TESTPROFILEKEY\nsk = visible-profile-sk\nproject_id = ${"p".repeat(32)}\n`;

function parse(env: Values, files: Values = {}, args: string[] = []) {
  return parseConfig(args, (name) => env[name], (path) => {
    if (files[path] === undefined) throw new Deno.errors.NotFound();
    return files[path];
  });
}

function config(env: Values, files?: Values, args?: string[]): Config {
  const parsed = parse({ ...REGION, ...env }, files, args);
  assert.ok(parsed.kind === "config", JSON.stringify(parsed));
  return parsed.config;
}

function faults(env: Values, files?: Values, args?: string[]): string[] {
  const parsed = parse({ ...REGION, ...env }, files, args);
  assert.ok(parsed.kind === "faults", JSON.stringify(parsed));
  return parsed.faults;
}

Deno.test("parseConfig() finds each kind of credentials in the environment", () => {
  const user = { HW_DOMAIN_NAME: "account", HW_USER_NAME: "user", HW_USER_PASSWORD: "visible-fake password" };
  for (
    const [env, kind] of [
      [KEY, "access_key"],
      [{ HUAWEICLOUD_SDK_AK: "TESTACCESSKEY", HUAWEICLOUD_SDK_SK: "visible-fake-sk" }, "access_key"],
      [user, "iam_user"],
      [{ HW_AUTH_TOKEN: "visible-fake-token" }, "token"],
      [{ DBSS_MCP_ECS_METADATA: "true" }, "ecs_metadata"],
    ] as const
  ) {
    const found = config(env);
    assert.equal(found.credentials?.kind, kind);
    assert.equal(found.missing, undefined);
  }
  const temporary = config({ ...KEY, HW_SECURITY_TOKEN: "visible-fake-token" });
  assert.deepEqual(temporary.secrets, ["TESTACCESSKEY", "visible-fake-sk", "visible-fake-token"]);
});

Deno.test("parseConfig() takes the names that are no secrets as flags, too", () => {
  const password = { HW_USER_PASSWORD: "visible-fake-password" };
  const { credentials } = config(password, {}, ["--domain-name", "account", "--user-name", "user"]);
  assert.ok(credentials?.kind === "iam_user");
  assert.deepEqual([credentials.user.domainName, credentials.user.userName], ["account", "user"]);
  assert.equal(config({}, {}, ["--ecs-metadata", "true"]).credentials?.kind, "ecs_metadata");
  assert.equal(config({}, { x: PROFILE }, ["--credentials-file", "x"]).credentials?.kind, "profile");
  assert.equal(config(KEY, {}, ["--iam-endpoint", "https://iam.example"]).origins.iam, "https://iam.example");
});

const WRONG: Values = {
  HW_ACCESS_KEY: "two words",
  HW_SECRET_KEY: "line\nbreak",
  HW_SECURITY_TOKEN: "\u00fc",
  HW_DOMAIN_NAME: "x".repeat(65),
  HW_USER_NAME: "tab\there",
  HW_USER_PASSWORD: "x".repeat(129),
  DBSS_MCP_ECS_METADATA: "yes",
  DBSS_MCP_IAM_ENDPOINT: "http://iam.example",
};
for (const [name, value] of Object.entries(WRONG)) {
  Deno.test(`parseConfig() gives one fault that names ${name} when it is wrong, and no secret`, () => {
    const [fault, ...others] = faults({ [name]: value });
    assert.deepEqual(others, []);
    assert.ok(fault!.startsWith(`${name} `), fault);
    const isSecret = Object.values(SETTINGS).some(({ env, ...setting }) => env === name && "isSecret" in setting);
    if (isSecret) assert.ok(!fault!.includes(value.slice(0, 4)), fault);
  });
}

Deno.test("parseConfig() names both halves of a half set credential, and the permission that may be lacking", () => {
  assert.deepEqual(faults({ HW_ACCESS_KEY: "TESTACCESSKEY" }), [
    "HW_ACCESS_KEY is set and HW_SECRET_KEY is not, wanted all of them or none",
  ]);
  assert.deepEqual(faults({ HW_SECURITY_TOKEN: "visible-fake-token" }), [
    "HW_SECURITY_TOKEN is set and HW_ACCESS_KEY and HW_SECRET_KEY are not, wanted all of them or none",
  ]);
  const parsed = parseConfig([], (name) => {
    if (name === "HW_SECRET_KEY") throw new Deno.errors.NotCapable();
    return ({ ...REGION, HW_ACCESS_KEY: "TESTACCESSKEY" } as Values)[name];
  });
  assert.ok(parsed.kind === "faults");
  assert.match(parsed.faults[0]!, /--allow-env=HW_SECRET_KEY/);
});

Deno.test("parseConfig() refuses a key that is put together from two tools' variables", () => {
  const [fault, ...others] = faults({ ...KEY, HUAWEICLOUD_SDK_SECURITY_TOKEN: "visible-fake-token" });
  assert.deepEqual(others, []);
  assert.match(
    fault!,
    /HW_ACCESS_KEY, HW_SECRET_KEY and HUAWEICLOUD_SDK_SECURITY_TOKEN are set, wanted all of one kind/,
  );
});

Deno.test("parseConfig() names what is set and not used", () => {
  assert.deepEqual(config({ ...KEY, HW_AUTH_TOKEN: "visible-fake-token" }).ignoredCredentials, ["HW_AUTH_TOKEN"]);
  assert.deepEqual(config(KEY).ignoredCredentials, []);
});

Deno.test("parseConfig() recommends the access key when no credentials are there", () => {
  const { missing } = config({});
  assert.match(missing!, /set HW_ACCESS_KEY and HW_SECRET_KEY; instead of .* IAM user, a token, a profile file or ECS/);
});

Deno.test("parseConfig() reads the profile file that is named, with its project", () => {
  const { credentials, projectId, secrets } = config({ HUAWEICLOUD_SDK_CREDENTIALS_FILE: "x.ini" }, {
    "x.ini": PROFILE,
  });
  assert.deepEqual(credentials, { kind: "profile", path: "x.ini" });
  assert.equal(projectId, "p".repeat(32));
  assert.deepEqual(secrets, ["TESTPROFILEKEY", "visible-profile-sk"]);
});

Deno.test("parseConfig() lets the configured project win over the profile file's", () => {
  const env = { HUAWEICLOUD_SDK_CREDENTIALS_FILE: "x.ini", HW_PROJECT_ID: "q".repeat(32) };
  assert.equal(config(env, { "x.ini": PROFILE }).projectId, "q".repeat(32));
});

Deno.test("parseConfig() falls back to the profile file in the home directory", () => {
  for (const home of ["HOME", "USERPROFILE"]) {
    assert.deepEqual(config({ [home]: "/home/someone" }, { [FILE]: PROFILE }).credentials, {
      kind: "profile",
      path: FILE,
    });
  }
  const both = config({ HOME: "/home/someone", DBSS_MCP_ECS_METADATA: "true" }, { [FILE]: PROFILE });
  assert.equal(both.credentials?.kind, "profile");
  assert.deepEqual(both.ignoredCredentials, ["DBSS_MCP_ECS_METADATA"]);
});

Deno.test("parseConfig() does not look for the profile file when other credentials are there", () => {
  let looks = 0;
  const env: Values = { ...REGION, ...KEY, HOME: "/home/someone" };
  const parsed = parseConfig([], (name) => env[name], () => String(looks++));
  assert.ok(parsed.kind === "config");
  assert.equal(looks, 0);
});

Deno.test("parseConfig() goes without the profile file in the home directory when it is not there", () => {
  assert.match(config({ HOME: "/home/someone" }).missing!, /HW_ACCESS_KEY/);
  assert.equal(config({ HOME: "/home/someone", DBSS_MCP_ECS_METADATA: "true" }).credentials?.kind, "ecs_metadata");
});

Deno.test("parseConfig() says what is wrong with a profile file that is named or there", () => {
  assert.deepEqual(faults({ HUAWEICLOUD_SDK_CREDENTIALS_FILE: "x.ini" }), ["The profile file x.ini does not exist"]);
  const broken = { [FILE]: "[basic]\nak = TESTPROFILEKEY\n" };
  assert.deepEqual(faults({ HOME: "/home/someone" }, broken), [
    `The profile file ${FILE} has no sk in its section [basic]`,
  ]);
});

Deno.test("parseConfig() does not care about credentials when the cloud is simulated", () => {
  const env = { HW_ACCESS_KEY: "TESTACCESSKEY", HUAWEICLOUD_SDK_CREDENTIALS_FILE: "x.ini" };
  assert.equal(config(env, {}, ["--simulate"]).credentials, undefined);
});

Deno.test("parseConfig() reaches IAM at the region's host, the global one, or the one that is set", () => {
  const iam = (env: Values) => config({ ...KEY, ...env }).origins.iam;
  assert.equal(iam({}), "https://iam.cn-north-4.myhuaweicloud.com");
  assert.equal(iam({ HW_REGION_NAME: "cn-north-99" }), "https://iam.myhuaweicloud.com");
  assert.equal(iam({ DBSS_MCP_IAM_ENDPOINT: "https://iam.example" }), "https://iam.example");
  assert.equal(iam({ HUAWEICLOUD_SDK_IAM_ENDPOINT: "https://iam.example" }), "https://iam.example");
});
