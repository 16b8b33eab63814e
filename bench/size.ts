/**
 * Size: what a client reads with every session, and what a person installs.
 *
 * Run by `main.ts`. The only measurement that does not depend on the machine; it never asks a registry.
 */
import { listing, TOOLS } from "../src/server.ts";
import type { Figure } from "./measure.ts";
import { BUILD } from "./programs.ts";

export function measureSize(): Figure[] {
  const lock = JSON.parse(Deno.readTextFileSync(new URL("../deno.lock", import.meta.url)));
  return [
    {
      what: "answer to tools/list",
      value: new TextEncoder().encode(JSON.stringify(listing(TOOLS).all)).length,
      unit: "bytes",
      target: { atMost: 8_999 },
    },
    { what: "one-file build", value: Deno.statSync(BUILD).size, unit: "bytes" },
    {
      what: "packages in the lock, those of the tests included",
      value: Object.keys(lock.npm).length,
      unit: "packages",
    },
  ];
}
