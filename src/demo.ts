/**
 * The demo: a real MCP client, the real server as a process of its own, and a simulated cloud on a socket.
 *
 * Tells the story of one change from the question to its undoing, and prints what was asked, what was sent
 * to the cloud and what came back. Checks all of it: ends with exit code 1 when anything is not as it should
 * be. It never reaches beyond loopback and needs no account.
 */
import { fileURLToPath } from "node:url";
import { Client, ElicitRequestSchema, StdioClientTransport } from "./sdk_client.ts";
import { createSimulatedCloud } from "./simulator/cloud.ts";
import { serveOnLoopback } from "./simulator/serve.ts";
import { SIMULATION } from "./simulator/state.ts";

const REGION = "cn-north-4";
const WIDTH = 90;

type Answer = Record<string, unknown> & { outcome?: string };

let failures = 0;

function print(line = ""): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function check(isTrue: boolean, what: string): void {
  print(`   ${isTrue ? "ok" : "NOT OK"}: ${what}`);
  if (!isTrue) failures += 1;
}

function title(text: string): void {
  print();
  print(text);
  print("-".repeat(text.length));
}

/** A label, and text wrapped beside it. */
function show(label: string, text: string): void {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + word.length < WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  lines.forEach((line, index) => print(`   ${(index === 0 ? label : "").padEnd(9)}${line}`));
}

const cloud = createSimulatedCloud({ readingsUntilApplied: 1 });
const socket = await serveOnLoopback(async (request) => {
  const before = cloud.puts.length;
  const response = await cloud.handle(request);
  for (const { method, path, body } of cloud.puts.slice(before)) show("sent", `${method} ${path} ${body}`);
  return response;
});
const host = new URL(socket.origin).host;

const transport = new StdioClientTransport({
  command: Deno.execPath(),
  args: [
    "run",
    "--no-prompt",
    "--allow-env=HW_*,HUAWEICLOUD_SDK_*,DBSS_MCP_*",
    `--allow-net=${host}`,
    fileURLToPath(new URL("./main.ts", import.meta.url)),
  ],
  env: {
    HW_REGION_NAME: REGION,
    HW_PROJECT_ID: SIMULATION.projectId,
    HW_AUTH_TOKEN: SIMULATION.token,
    DBSS_MCP_DBSS_ENDPOINT: socket.origin,
    DBSS_MCP_VPC_ENDPOINT: socket.origin,
    DBSS_MCP_LOG_LEVEL: "error",
  },
  stderr: "ignore",
});
const client = new Client({ name: "demo", version: "1.0.0" }, { capabilities: { elicitation: { form: {} } } });

/** The person of this story: says yes to everything but to what would cut the applications off. */
let questions = 0;
client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
  questions += 1;
  const isAcceptable = !params.message.includes("nothing would reach the instance");
  print("   The server asks a person:");
  for (const line of params.message.split("\n")) print(`     | ${line}`);
  print(`   The person says: ${isAcceptable ? "yes" : "no"}`);
  return { action: isAcceptable ? "accept" : "decline", content: {} };
});

async function call(name: string, args: Record<string, unknown>): Promise<Answer> {
  show("asked", name);
  for (const [argument, value] of Object.entries(args)) show("", `${argument} ${JSON.stringify(value)}`);
  const result = await client.callTool({ name, arguments: args }, undefined, {
    onprogress: ({ message }) => show("progress", message ?? ""),
  });
  const [sentence] = result.content as { text: string }[];
  show("answer", sentence!.text);
  return result.structuredContent as Answer;
}

async function story(): Promise<void> {
  const { billing } = SIMULATION.instances;
  const { open, isolated, lockedDown } = SIMULATION.groups;
  const change = "change_encrypted_instance_security_group";
  const preview = "preview_encrypted_instance_security_group_change";

  await client.connect(transport);
  title("What the server offers");
  const { tools } = await client.listTools();
  for (const { name, annotations } of tools) print(`   ${name}${annotations?.readOnlyHint ? "" : "  (writes)"}`);
  check(tools.some(({ name }) => name === change), "the change is among the tools");

  title('1. "Put the encryption instance of the billing database behind the isolated group"');
  const listed = await call("list_encrypted_instances", { name: "billing" });
  const [found] = listed.instances as { instance_id: string; security_group_ids: string[] }[];
  check(found?.instance_id === billing && found.security_group_ids[0] === open, "one instance, in the group open");
  const groups = await call("list_security_groups", { name: "isolated" });
  const [group] = groups.security_groups as { id: string }[];
  check(group?.id === isolated, "one group of that name");

  const bad = await call(preview, { instance_id: billing, security_group_ids: [isolated] });
  for (const warning of bad.warnings as string[]) show("warning", warning);
  check((bad.warnings as string[]).length === 1, "the preview warns that nothing would reach the instance");
  const declined = await call(change, bad.change_arguments as Record<string, unknown>);
  check(declined.outcome === "refused" && cloud.puts.length === 0, "the person said no, and nothing was sent");

  title('2. "Then behind the locked-down group"');
  const good = await call(preview, { instance_id: billing, security_group_ids: [lockedDown] });
  for (const rule of good.rules_gained as string[]) show("gained", rule);
  for (const rule of good.rules_lost as string[]) show("lost", rule);
  check((good.warnings as string[]).length === 0, "the preview has no warning");
  const changed = await call(change, { ...good.change_arguments as Record<string, unknown>, wait: true });
  check(changed.outcome === "applied" && changed.confirmed_by === "person", "applied, confirmed by a person");
  check(
    cloud.puts.length === 1 && typeof changed.task_id === "string",
    "exactly one change was sent, and it has a task",
  );

  title('3. "No, undo that"');
  const stale = await call(change, good.change_arguments as Record<string, unknown>);
  const error = stale.error as { kind: string };
  check(error.kind === "state_changed" && cloud.puts.length === 1, "the old preview no longer fits: nothing was sent");
  const undone = await call(change, {
    instance_id: billing,
    security_group_ids: changed.previous_security_group_ids,
    wait: true,
  });
  check(undone.outcome === "applied", "the previous group is back");

  title("4. A change that the cloud refuses");
  const failed = await call(change, { instance_id: "f".repeat(32), security_group_ids: [lockedDown] });
  print(JSON.stringify(failed.error, null, 2).replace(/^/gm, "   "));
  const { error_code, details } = failed.error as { error_code?: string; details?: unknown[] };
  check(failed.outcome === "rejected" && error_code === "DBSS.10020021", "rejected, with the cloud's own code");
  check(details?.length === 1, "and with its details");
  check(questions === 4, "a person was asked before every change");
}

try {
  await story();
} catch (error) {
  check(false, `the story ends early: ${error}`);
}
await client.close();
await socket.close();
print();
print(failures === 0 ? "Everything was as it should be." : `${failures} checks failed.`);
Deno.exit(failures === 0 ? 0 : 1);
