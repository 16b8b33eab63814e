/**
 * Every import from the MCP SDK, once, with its types.
 *
 * The package's wildcard export points at type files that do not exist for `.js` subpaths, so a plain
 * import would silently be `any` (typescript-sdk issue 2701); the hints below name the files that do.
 * Stands beside the way of a call: `server.ts`, `stdio.ts`, `http/`, `demo.ts` and the tests import from here.
 * It never adds behaviour of its own.
 */
// @ts-types="@modelcontextprotocol/sdk/shared/protocol"
export { Protocol } from "@modelcontextprotocol/sdk/shared/protocol.js";
// @ts-types="@modelcontextprotocol/sdk/shared/protocol"
export type { RequestHandlerExtra, RequestOptions } from "@modelcontextprotocol/sdk/shared/protocol.js";
// @ts-types="@modelcontextprotocol/sdk/server/zod-compat"
export type { AnyObjectSchema, SchemaOutput } from "@modelcontextprotocol/sdk/server/zod-compat.js";
// @ts-types="@modelcontextprotocol/sdk/types"
export {
  CallToolRequestSchema,
  CompleteRequestSchema,
  ElicitResultSchema,
  ErrorCode,
  GetPromptRequestSchema,
  InitializeRequestSchema,
  isJSONRPCRequest,
  JSONRPCMessageSchema,
  LATEST_PROTOCOL_VERSION,
  ListPromptsRequestSchema,
  ListToolsRequestSchema,
  McpError,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/sdk/types.js";
// @ts-types="@modelcontextprotocol/sdk/types"
export type {
  CallToolResult,
  ElicitRequestFormParams,
  Implementation,
  JSONRPCMessage,
  ListToolsResult,
  ServerCapabilities,
  ServerNotification,
  ServerRequest,
  ServerResult,
} from "@modelcontextprotocol/sdk/types.js";
// @ts-types="@modelcontextprotocol/sdk/shared/transport"
export type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
