/** The baseline on stdio: the same four tools on the SDK's McpServer, as its documentation shows it. */
// @ts-types="@modelcontextprotocol/sdk/server/stdio"
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { plainServer } from "./plain_server.ts";

await plainServer().connect(new StdioServerTransport());
