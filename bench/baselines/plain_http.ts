/** The baseline over HTTP: McpServer, stateless, a new server and transport for each request, as the SDK shows it. */
// @ts-types="@modelcontextprotocol/sdk/server/webStandardStreamableHttp"
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { Hono } from "hono";
import { plainServer } from "./plain_server.ts";

const app = new Hono();
app.post("/mcp", async (c) => {
  const server = plainServer(Deno.args[0]);
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport);
  return await transport.handleRequest(c.req.raw);
});

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => Deno.stderr.writeSync(new TextEncoder().encode(`{"url":"http://127.0.0.1:${port}"}\n`)),
}, app.fetch);
