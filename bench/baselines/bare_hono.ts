/** How fast it could be at all: Hono that reads JSON and sends it back. */
import { Hono } from "hono";

const app = new Hono();
app.post("/mcp", async (c) => c.json(await c.req.json()));

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => Deno.stderr.writeSync(new TextEncoder().encode(`{"url":"http://127.0.0.1:${port}"}\n`)),
}, app.fetch);
