import assert from "node:assert/strict";
import {
  iamOrigin,
  isRegion,
  KNOWN_REGIONS,
  path,
  readEndpoint,
  serviceOrigin,
} from "../../src/huaweicloud/endpoint.ts";

Deno.test("path() encodes every value whole", () => {
  assert.equal(path`/v1/${"a/b"}/x/${"c?d#e"}`, "/v1/a%2Fb/x/c%3Fd%23e");
  assert.equal(path`/v1/${"%2e%2e"}`, "/v1/%252e%252e");
  assert.equal(path`/v1/${"a b\n\\"}`, "/v1/a%20b%0A%5C");
  assert.equal(path`/v1`, "/v1");
});

for (const value of ["", ".", ".."]) {
  Deno.test(`path() throws when a value is "${value}"`, () => {
    assert.throws(() => path`/v1/${value}/x`, TypeError);
  });
}

Deno.test("isRegion() accepts every documented region and well-formed unknown ones", () => {
  for (const region of [...KNOWN_REGIONS, "eu-west-101", "cn-north-99"]) assert.equal(isRegion(region), true, region);
  assert.equal(new Set(KNOWN_REGIONS).size, 30);
});

for (
  const value of [
    "",
    "cn",
    "cn-",
    "CN-NORTH-4",
    "cn-north-4/",
    "cn-north-4.evil.example",
    "cn north 4",
    "cn-north-4@x",
    "cn-north-4\n",
    "../cn-north-4",
    "cn-a-b-c-d",
    `cn-${"a".repeat(30)}`,
  ]
) {
  Deno.test(`isRegion() refuses ${JSON.stringify(value)}`, () => assert.equal(isRegion(value), false));
}

Deno.test("serviceOrigin() puts the European regions under their own domain", () => {
  assert.equal(serviceOrigin("dbss", "cn-north-4"), "https://dbss.cn-north-4.myhuaweicloud.com");
  assert.equal(serviceOrigin("dbss", "eu-west-101"), "https://dbss.eu-west-101.myhuaweicloud.eu");
});

for (
  const [region, cloud, origin] of [
    ["cn-north-4", undefined, "https://iam.cn-north-4.myhuaweicloud.com"],
    ["cn-north-11", undefined, "https://iam.myhuaweicloud.com"],
    ["cn-north-99", undefined, "https://iam.myhuaweicloud.com"],
    ["eu-west-101", undefined, "https://iam.eu-west-101.myhuaweicloud.eu"],
    ["cn-north-4", "cloud.example", "https://iam.cloud.example"],
    ["eu-west-101", "cloud.example", "https://iam.cloud.example"],
  ] as const
) {
  Deno.test(`iamOrigin() gives ${origin} for ${region} in ${cloud ?? "the default cloud"}`, () => {
    assert.equal(iamOrigin(region, cloud), origin);
  });
}

Deno.test("serviceOrigin() uses the configured cloud everywhere", () => {
  assert.equal(serviceOrigin("dbss", "cn-north-4", "cloud.example"), "https://dbss.cn-north-4.cloud.example");
  assert.equal(serviceOrigin("dbss", "eu-west-101", "cloud.example"), "https://dbss.eu-west-101.cloud.example");
});

for (
  const [value, origin] of [
    ["https://dbss.example", "https://dbss.example"],
    ["https://DBSS.example:8443/", "https://dbss.example:8443"],
    ["https://dbss.example:443", "https://dbss.example"],
    ["http://localhost:8080", "http://localhost:8080"],
    ["http://127.0.0.1:1", "http://127.0.0.1:1"],
    ["http://[::1]:80", "http://[::1]"],
  ] as const
) {
  Deno.test(`readEndpoint() reads ${value}`, () => assert.equal(readEndpoint(value), origin));
}

for (
  const value of [
    "",
    "dbss.example",
    "http://dbss.example",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://0.0.0.0",
    "http://127.0.0.2",
    "ftp://localhost",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://user@dbss.example",
    "https://:password@dbss.example",
    "https://dbss.example/v1",
    "https://dbss.example/?a",
    "https://dbss.example/#a",
    "https://",
  ]
) {
  Deno.test(`readEndpoint() refuses "${value}"`, () => assert.equal(readEndpoint(value), undefined));
}
