import assert from "node:assert/strict";
import { help } from "../../src/config/command_line.ts";
import { type Config, parseConfig } from "../../src/config/config.ts";
import { KNOWN_REGIONS } from "../../src/huaweicloud/endpoint.ts";
import { tidy } from "../../src/redaction.ts";
import type { Setting } from "../../src/config/setting.ts";
import { SETTINGS } from "../../src/config/settings.ts";

type Values = Record<string, string>;

const ALL = Object.entries(SETTINGS as Record<string, Setting<unknown>>);
const READY = { HW_REGION_NAME: "cn-north-4", HW_AUTH_TOKEN: "visible-fake-token" };

const parse = (args: string[], env: Values = {}) => parseConfig(args, (name) => env[name]);

function config(args: string[], env: Values = {}): Config {
  const parsed = parse(args, env);
  assert.ok(parsed.kind === "config", JSON.stringify(parsed));
  return parsed.config;
}

function faults(args: string[], env: Values = {}): string[] {
  const parsed = parse(args, env);
  assert.ok(parsed.kind === "faults", JSON.stringify(parsed));
  return parsed.faults;
}

/** For each setting, a valid text, the value it stands for, and texts that are wrong. */
const SAMPLES: Record<string, { text: string; value: unknown; wrong: string[] }> = {
  region: { text: "cn-north-4", value: "cn-north-4", wrong: ["cn/north", "CN-NORTH-4", "cn-north-4 ", ".."] },
  projectId: {
    text: "p".repeat(32),
    value: "p".repeat(32),
    wrong: ["p".repeat(31), "p".repeat(65), `${"p".repeat(32)}/`],
  },
  authToken: { text: "visible-fake-token", value: "visible-fake-token", wrong: ["two words", "line\nbreak", "\u00fc"] },
  cloud: {
    text: "cloud.example",
    value: "cloud.example",
    wrong: ["cloud", "https://cloud.example", "a..b", "cloud.example/"],
  },
  dbssEndpoint: {
    text: "http://127.0.0.1:8080/",
    value: "http://127.0.0.1:8080",
    wrong: ["http://dbss.example", "dbss.example", "https://dbss.example/path"],
  },
  vpcEndpoint: { text: "https://vpc.example", value: "https://vpc.example", wrong: ["http://vpc.example", "vpc"] },
  isReadOnly: { text: "true", value: true, wrong: ["yes", "1", "TRUE"] },
  confirm: { text: "required", value: "required", wrong: ["always", "Auto", "true"] },
  allowedInstanceIds: { text: "i-1, i-2,", value: ["i-1", "i-2"], wrong: ["a b", ",", "a/b", "x".repeat(65)] },
  allowedSecurityGroupIds: { text: "g-1,g-2", value: ["g-1", "g-2"], wrong: ["a b", ","] },
  auditFile: { text: "audit.jsonl", value: "audit.jsonl", wrong: ["logs/", " "] },
  timeoutMs: { text: "1234", value: 1234, wrong: ["-5", "99", "600001", "1e3", "1.5", "0x200", " 500", "soon", "NaN"] },
  attemptTimeoutMs: { text: "1234", value: 1234, wrong: ["-5", "99", "600001", "1e3", " "] },
  logLevel: { text: "debug", value: "debug", wrong: ["DEBUG", "verbose", "0"] },
};

for (const [key, definition] of ALL) {
  const sample = SAMPLES[key];
  // Settings of the parts that have tests of their own are sampled there.
  if (sample === undefined) continue;
  const read = (args: string[], env: Values) => config(args, env)[key as keyof Config];

  Deno.test(`parseConfig() reads ${definition.env}`, () => {
    assert.notEqual(sample.value, definition.default);
    assert.deepEqual(read([], {}), definition.default);
    assert.deepEqual(read([], { [definition.env]: "" }), definition.default);
    assert.deepEqual(read([], { [definition.env]: sample.text }), sample.value);
  });

  if (definition.fallbackEnv !== undefined) {
    const fallback = definition.fallbackEnv;
    Deno.test(`parseConfig() reads ${fallback} when ${definition.env} is not set`, () => {
      assert.deepEqual(read([], { [fallback]: sample.text }), sample.value);
      assert.deepEqual(read([], { [definition.env]: sample.text, [fallback]: sample.wrong[0]! }), sample.value);
    });
  }

  if (definition.flag !== undefined) {
    const flag = `--${definition.flag}`;
    Deno.test(`parseConfig() lets ${flag} win over the environment`, () => {
      const env = { [definition.env]: sample.wrong[0]! };
      assert.deepEqual(read([flag, sample.text], env), sample.value);
      assert.deepEqual(read([`${flag}=${sample.text}`], env), sample.value);
    });

    Deno.test(`parseConfig() gives a fault that names ${flag} when it is wrong`, () => {
      for (const wrong of [...sample.wrong, ""]) {
        const [fault, ...others] = faults([flag, wrong]);
        assert.equal(others.length, 0);
        assert.ok(fault!.startsWith(`${flag} is "`), fault);
        assert.ok(fault!.endsWith(`wanted ${definition.wanted}`), fault);
      }
    });
  }

  Deno.test(`parseConfig() gives one fault that names ${definition.env} when it is wrong`, () => {
    for (const wrong of sample.wrong) {
      const [fault, ...others] = faults([], { [definition.env]: wrong });
      assert.equal(others.length, 0);
      assert.ok(fault!.startsWith(`${definition.env} `), fault);
      assert.ok(fault!.endsWith(`wanted ${definition.wanted}`), fault);
      assert.equal(fault!.includes(`"${tidy(wrong, 80)}" (${wrong.length} characters)`), !definition.isSecret, fault);
    }
  });
}

Deno.test("settings have names of their own, and secrets have no flag", () => {
  const names = ALL.flatMap(([, { env, fallbackEnv, flag }]) => [env, fallbackEnv, flag].filter(Boolean));
  assert.equal(new Set(names).size, names.length);
  for (const [key, { isSecret, flag }] of ALL) assert.ok(!isSecret || flag === undefined, key);
});

Deno.test("parseConfig() gives every fault at once", () => {
  const found = faults(["--regoin", "--timeout-ms", "-5", "--simulate=yes"], {
    HW_REGION_NAME: "cn/north",
    HW_AUTH_TOKEN: "two words",
    DBSS_MCP_DBSS_ENDPOINT: "http://dbss.example",
  }).join("\n");
  for (
    const part of [
      "--regoin is not a flag",
      '--timeout-ms is "-5" (2 characters), wanted a whole number',
      "--simulate takes no value",
      'HW_REGION_NAME is "cn/north"',
      "HW_AUTH_TOKEN has a value that cannot be used",
      'DBSS_MCP_DBSS_ENDPOINT is "http://dbss.example"',
    ]
  ) assert.ok(found.includes(part), `${part} in\n${found}`);
});

Deno.test("parseConfig() gives a fault when a flag lacks its value or is not known", () => {
  assert.deepEqual(faults(["--region"]), ["--region takes a value"]);
  assert.match(faults(["--region", "--simulate"])[0]!, /--region is "--simulate"/);
  assert.match(faults(["-x"])[0]!, /^-x is not a flag/);
  assert.match(faults(["--constructor"])[0]!, /^--constructor is not a flag/);
});

Deno.test("parseConfig() gives a fault when the command is not known or has a second word", () => {
  assert.deepEqual(faults(["serve"]), ['The command is "serve", wanted one of stdio, http, doctor']);
  assert.deepEqual(faults(["http", "now"]), ['The command is "http now", wanted one of stdio, http, doctor']);
});

Deno.test("parseConfig() does not show what stands behind a flag that is not known", () => {
  for (const value of ["fake-value", "-fake-value"]) {
    const found = faults(["--auth-token", value]);
    assert.equal(found[0], "--auth-token is not a flag of this server; --help lists the flags");
    assert.ok(!found.join("\n").includes("fake-value"), found.join("\n"));
  }
});

Deno.test("parseConfig() shows no secret that came as a flag, a wrong value or part of an endpoint", () => {
  const found = faults(["--auth-token=fake-value", "--dbss-endpoint", "https://user:fake-value@dbss.example"], {
    HW_AUTH_TOKEN: "fake-value\n",
    DBSS_MCP_VPC_ENDPOINT: "https://user:fake-value/fake-value@vpc.example",
  }).join("\n");
  assert.ok(!found.includes("fake-value"), found);
});

Deno.test("parseConfig() shows the beginning of a long value without its control characters", () => {
  const [fault] = faults([], { HW_REGION_NAME: `a\u001b[2J${"x".repeat(1_000)}` });
  assert.ok(fault!.length < 250 && !fault!.includes("\u001b"), fault);
});

for (const [args, kind] of [[["--help"], "help"], [["-h"], "help"], [["--version"], "version"]] as const) {
  Deno.test(`parseConfig() answers ${args} even when nothing else is right`, () => {
    assert.deepEqual(parse([...args, "--region", "cn/north"], { HW_AUTH_TOKEN: "two words" }), { kind });
  });
}

Deno.test("parseConfig() takes stdio as the command, also unnamed", () => {
  assert.equal(config([]).command, "stdio");
  assert.equal(config(["stdio"]).command, "stdio");
  assert.match(faults(["serve"])[0]!, /"serve", wanted one of .*stdio/);
});

Deno.test("parseConfig() freezes what it gives", () => {
  assert.equal(Object.isFrozen(config([], READY)), true);
});

Deno.test("parseConfig() hands out every secret for the redactor", () => {
  assert.deepEqual(config([], READY).secrets, ["visible-fake-token"]);
  assert.deepEqual(config([]).secrets, []);
});

Deno.test("parseConfig() names what is missing, and nothing when all is there or simulated", () => {
  assert.equal(config([], READY).missing, undefined);
  assert.equal(config(["--simulate"]).missing, undefined);
  assert.match(config([]).missing!, /HW_REGION_NAME/);
  assert.match(config([], { HW_AUTH_TOKEN: READY.HW_AUTH_TOKEN }).missing!, /HW_REGION_NAME/);
  const { missing } = config([], { HW_REGION_NAME: "cn-north-4" });
  assert.doesNotMatch(missing!, /HW_REGION_NAME/);
  assert.match(missing!, /HW_/);
});

Deno.test("parseConfig() names the permission when the environment may not be read", () => {
  const parsed = parseConfig([], () => {
    throw new Deno.errors.NotCapable("Requires env access");
  });
  assert.ok(parsed.kind === "config");
  assert.match(parsed.config.missing!, /set HW_REGION_NAME.*--allow-env=HW_REGION_NAME/);
});

const GUARDS = [
  "DBSS_MCP_READ_ONLY",
  "DBSS_MCP_CONFIRM",
  "DBSS_MCP_ALLOWED_INSTANCE_IDS",
  "DBSS_MCP_ALLOWED_SECURITY_GROUP_IDS",
  "DBSS_MCP_AUDIT_FILE",
];
for (const guard of GUARDS) {
  Deno.test(`parseConfig() lets no call pass while ${guard} may not be read`, () => {
    const env = (name: string) => {
      if (name === guard) throw new Deno.errors.NotCapable("Requires env access");
      return (READY as Record<string, string>)[name];
    };
    const parsed = parseConfig([], env);
    assert.ok(parsed.kind === "config");
    assert.match(parsed.config.missing!, /restricted.*--allow-env=DBSS_MCP_\*/);
    assert.equal(parseConfig(["--simulate"], env).kind, "config");
  });
}

Deno.test("parseConfig() makes the origins from region and cloud, unless an endpoint is set", () => {
  assert.deepEqual(config([]).origins, { dbss: undefined, vpc: undefined, iam: undefined });
  assert.equal(config([], READY).origins.dbss, "https://dbss.cn-north-4.myhuaweicloud.com");
  assert.equal(config(["--cloud", "cloud.example"], READY).origins.dbss, "https://dbss.cn-north-4.cloud.example");
  assert.deepEqual(config(["--dbss-endpoint", "https://x.example"], READY).origins, {
    dbss: "https://x.example",
    vpc: "https://vpc.cn-north-4.myhuaweicloud.com",
    iam: "https://iam.cn-north-4.myhuaweicloud.com",
  });
  assert.equal(config(["--vpc-endpoint", "https://x.example"], READY).origins.vpc, "https://x.example");
});

Deno.test("parseConfig() knows whether the cloud is simulated", () => {
  assert.equal(config([], READY).isSimulated, false);
  assert.equal(config(["--simulate"]).isSimulated, true);
});

Deno.test("help() names every setting, its default and the version, and no value", () => {
  const text = help("9.8.7");
  assert.match(text, /9\.8\.7/);
  for (const [, { env, fallbackEnv, flag, about, default: preset }] of ALL) {
    for (const part of [env, fallbackEnv, flag && `--${flag}`, about, preset !== undefined && `(default ${preset})`]) {
      assert.ok(!part || text.includes(part), part || "");
    }
  }
  for (const region of KNOWN_REGIONS) assert.ok(text.includes(region), region);
});
