import assert from "node:assert/strict";
import { CallToolRequestSchema, type CallToolResult, Protocol, type Transport } from "../src/sdk.ts";
import { Client, InMemoryTransport, StdioClientTransport } from "../src/sdk_client.ts";

/** If a type of the SDK were lost, it would be `any`, these lines would be no errors, and the check would fail. */
export function sdkTypesAreKnown(result: CallToolResult, transport: Transport): number[] {
  // @ts-expect-error a type that is known cannot be a number
  const protocol: number = Protocol;
  // @ts-expect-error as above
  const schema: number = CallToolRequestSchema;
  // @ts-expect-error as above
  const client: number = Client;
  // @ts-expect-error as above
  const stdio: number = StdioClientTransport;
  // @ts-expect-error as above
  const memory: number = InMemoryTransport;
  // @ts-expect-error as above
  const content: number = result;
  // @ts-expect-error as above
  const way: number = transport;
  return [protocol, schema, client, stdio, memory, content, way];
}

Deno.test("the SDK is there with its types", () => {
  assert.equal(typeof Protocol, "function");
  assert.equal(typeof Client, "function");
});
