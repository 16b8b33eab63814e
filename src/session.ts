/**
 * The server's side of an MCP session on the SDK's protocol engine: the greeting, and one kind of question.
 *
 * Made by `server.ts`, which adds its handlers. Stands in for the SDK's Server class, which loads and builds a
 * validator of JSON schemas with every start (docs/performance.md has what that costs) and checks every result of
 * a tool against a schema once more: neither is of use here. It never asks a client for what that did not offer.
 */
import * as z from "zod";
import { tidy } from "./redaction.ts";
import {
  type AnyObjectSchema,
  type ElicitRequestFormParams,
  ElicitResultSchema,
  ErrorCode,
  type Implementation,
  InitializeRequestSchema,
  LATEST_PROTOCOL_VERSION,
  McpError,
  Protocol,
  type RequestHandlerExtra,
  type RequestOptions,
  type SchemaOutput,
  type ServerCapabilities,
  type ServerNotification,
  type ServerRequest,
  type ServerResult,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "./sdk.ts";

/** Longest list of faults that is answered, in characters. */
const MAX_FAULTS = 500;

export interface Greeting {
  serverInfo: Implementation;
  capabilities: ServerCapabilities;
  instructions: string;
}

/** Speaks every protocol version that the SDK does; greets with the newest where the client's is not among them. */
export class Session extends Protocol<ServerRequest, ServerNotification, ServerResult> {
  /** What the client said of itself; undefined before it did, and over HTTP without sessions. */
  client?: Implementation;
  #elicitation?: { form?: object; url?: object };

  constructor(readonly greeting: Greeting) {
    super();
    this.setRequestHandler(InitializeRequestSchema, ({ params }) => {
      this.client = params.clientInfo;
      this.#elicitation = params.capabilities.elicitation;
      const isSpoken = SUPPORTED_PROTOCOL_VERSIONS.includes(params.protocolVersion);
      return { protocolVersion: isSpoken ? params.protocolVersion : LATEST_PROTOCOL_VERSION, ...this.greeting };
    });
  }

  /** As the engine has it, but what does not fit the schema is answered -32602 and not as a defect. */
  override setRequestHandler<Schema extends AnyObjectSchema>(
    schema: Schema,
    handler: (
      request: SchemaOutput<Schema>,
      extra: RequestHandlerExtra<ServerRequest, ServerNotification>,
    ) => ServerResult | Promise<ServerResult>,
  ): void {
    super.setRequestHandler(envelopeOf(schema), (request, extra) => {
      const parsed = (schema as z.ZodType).safeParse(request);
      if (parsed.success) return handler(parsed.data as SchemaOutput<Schema>, extra);
      const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
      throw new McpError(
        ErrorCode.InvalidParams,
        `Cannot read the request ${request.method}: ${tidy(faults, MAX_FAULTS)}`,
      );
    });
  }

  /** Whether a person can be asked. Clients of the protocol before modes declare an empty object for forms. */
  get canAsk(): boolean {
    return this.#elicitation !== undefined &&
      (this.#elicitation.form !== undefined || this.#elicitation.url === undefined);
  }

  /** Puts a question to the person behind the client; gives what they did with it. */
  async ask(form: ElicitRequestFormParams, options: RequestOptions): Promise<"accept" | "decline" | "cancel"> {
    const { action } = await this.request({ method: "elicitation/create", params: form }, ElicitResultSchema, options);
    return action;
  }

  // The engine asks whether a message fits what both sides declared. Every message here is written by
  // `server.ts`, which looks at `canAsk` itself.
  protected override assertCapabilityForMethod(): void {}
  protected override assertNotificationCapability(): void {}
  protected override assertRequestHandlerCapability(): void {}
  protected override assertTaskCapability(): void {}
  protected override assertTaskHandlerCapability(): void {}
}

type WithMethod = z.ZodObject<{ method: z.ZodLiteral<string> }>;

const envelopes = new WeakMap<AnyObjectSchema, WithMethod>();

/** The request's method and whatever else it holds; made once for each schema. */
function envelopeOf(schema: AnyObjectSchema): WithMethod {
  let envelope = envelopes.get(schema);
  if (envelope === undefined) {
    envelope = z.looseObject({ method: (schema as WithMethod).shape.method });
    envelopes.set(schema, envelope);
  }
  return envelope;
}
