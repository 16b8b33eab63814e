/**
 * From a region to hosts, and from values to a safe path.
 *
 * Used by `config.ts` to check what was configured and by `client.ts` to build each URL. It never lets a
 * value change the structure of a path, and never accepts plain http beyond loopback.
 */

/** The documented regions of DBSS; others are accepted when well formed, since this list ages. */
export const KNOWN_REGIONS = [
  "af-north-1",
  "af-south-1",
  "ap-southeast-1",
  "ap-southeast-2",
  "ap-southeast-3",
  "ap-southeast-4",
  "ap-southeast-5",
  "cn-east-2",
  "cn-east-3",
  "cn-east-4",
  "cn-east-5",
  "cn-north-1",
  "cn-north-2",
  "cn-north-4",
  "cn-north-9",
  "cn-north-11",
  "cn-north-12",
  "cn-south-1",
  "cn-south-2",
  "cn-south-4",
  "cn-southwest-2",
  "cn-southwest-3",
  "la-north-2",
  "la-south-2",
  "me-east-1",
  "my-kualalumpur-1",
  "ru-moscow-1",
  "ru-northwest-2",
  "sa-brazil-1",
  "tr-west-1",
] as const;

/** Known regions without an IAM host of their own in the SDKs' catalogue. */
const REGIONS_WITHOUT_IAM: readonly string[] = [
  "af-north-1",
  "ap-southeast-5",
  "cn-north-11",
  "cn-south-4",
  "cn-southwest-3",
  "ru-northwest-2",
];

export const DEFAULT_CLOUD = "myhuaweicloud.com";
const EUROPEAN_CLOUD = "myhuaweicloud.eu";

const REGION = /^[a-z]{2}(-[a-z0-9]+){1,3}$/;
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether it can be a project's id: the length is that of the API reference, table 1. */
export function isProjectId(value: string): boolean {
  return /^[A-Za-z0-9_-]{32,64}$/.test(value);
}

export const PROJECT_ID_FORM = '32 to 64 letters, digits, "-" or "_"';

/** Whether it is well formed, such as `cn-north-4`; it need not be among {@link KNOWN_REGIONS}. */
export function isRegion(value: string): boolean {
  return value.length <= 32 && REGION.test(value);
}

/**
 * The origin of a service in a region, such as `https://dbss.cn-north-4.myhuaweicloud.com`. Regions that
 * begin with `eu-west-1` live under `myhuaweicloud.eu` (Terraform provider, provider.go) unless another
 * cloud domain was configured.
 */
export function serviceOrigin(service: "dbss" | "vpc" | "iam", region: string, cloud = DEFAULT_CLOUD): string {
  const domain = isEuropean(region, cloud) ? EUROPEAN_CLOUD : cloud;
  return `https://${service}.${region}.${domain}`;
}

/**
 * The origin of IAM for a region: its own host where one is documented, else the global one, which serves
 * every region of its cloud.
 */
export function iamOrigin(region: string, cloud = DEFAULT_CLOUD): string {
  const isListed = (KNOWN_REGIONS as readonly string[]).includes(region) && !REGIONS_WITHOUT_IAM.includes(region);
  const isRegional = isEuropean(region, cloud) || (cloud === DEFAULT_CLOUD && isListed);
  return isRegional ? serviceOrigin("iam", region, cloud) : `https://iam.${cloud}`;
}

function isEuropean(region: string, cloud: string): boolean {
  return cloud === DEFAULT_CLOUD && region.startsWith("eu-west-1");
}

/** The origin of an endpoint override, or undefined when it is not one (see {@link ENDPOINT_FORM}). */
export function readEndpoint(value: string): string | undefined {
  if (!URL.canParse(value)) return undefined;
  const url = new URL(value);
  const bare = url.username === "" && url.password === "" && url.pathname === "/" && url.search === "" &&
    url.hash === "";
  const safe = url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.has(url.hostname));
  return bare && safe ? url.origin : undefined;
}

export const ENDPOINT_FORM = "an https origin without a path (plain http only for localhost, 127.0.0.1 or [::1])";

/**
 * Builds a path from literals and values: each value is percent-encoded whole.
 *
 * @throws TypeError for an empty value, "." or "..", which a URL parser would take as structure.
 */
export function path(literals: TemplateStringsArray, ...values: string[]): string {
  return literals.reduce((built, literal, index) => {
    const value = values[index - 1]!;
    if (value === "" || value === "." || value === "..") {
      throw new TypeError(`Cannot build a path from "${value}"`);
    }
    return built + encodeURIComponent(value) + literal;
  });
}
