/**
 * A simulated cloud that fails at random, and the book of what it was sent and what it did.
 *
 * For the soak. Every change asks for a security group of its own, so that each PUT can be put down to the
 * call that it came from. The faults come from a seed; what a fault does to a change is decided here alone,
 * and never looked up in an answer of the server.
 */
import { createSimulatedCloud } from "../src/simulator/cloud.ts";
import {
  afterwards,
  answer,
  errorBodies,
  type Fault,
  htmlPage,
  on,
  redirect,
  reset,
  resetInBody,
  silence,
  silentBody,
} from "../src/simulator/faults.ts";

const throttled = answer(429, errorBodies.gateway("APIGW.0308", "Throttled"), { "retry-after": "0" });
const backend = answer(503, errorBodies.gateway("APIGW.0613", "The backend is unavailable"), { "retry-after": "0" });

/** For changes: those that say no, those that are lost before it is done, and those that are lost after. */
const CHANGE_FAULTS: Fault[] = [
  answer(400, errorBodies.dbss("DBSS.10000001", "Malformed request message")),
  answer(403, errorBodies.olderDbss("DBSS.10020102", "Not permitted")),
  answer(409, errorBodies.dbss("DBSS.10020019", "Busy")),
  answer(200, { code: 7, description: "No" }),
  throttled,
  backend,
  ...[reset(), resetInBody(), silence(), silentBody(), htmlPage(502), answer(500), answer(504), answer(200, "nonsense")]
    .flatMap((fault) => [fault, afterwards(fault)]),
];

const READ_FAULTS: Fault[] = [
  answer(403, errorBodies.dbss("DBSS.10020102", "Not permitted")),
  answer(200, "nonsense"),
  throttled,
  htmlPage(502),
  reset(),
  resetInBody(),
  redirect("http://127.0.0.1:9/elsewhere"),
];

export class Ledger {
  readonly cloud = createSimulatedCloud();
  /** Which part of the requests meets a fault, from 0 to 1. */
  faultShare = 0.3;

  constructor(private readonly random: () => number) {}

  /** Answers a request, or fails to. */
  readonly handle = (request: Request): Promise<Response> => {
    if (this.random() < this.faultShare) {
      const method = request.method as "PUT" | "POST" | "GET";
      const choices = method === "PUT" ? CHANGE_FAULTS : READ_FAULTS;
      const fault = choices[Math.floor(this.random() * choices.length)]!;
      this.cloud.faults.push(method === "PUT" ? fault : on(method, fault));
    }
    return this.cloud.handle(request);
  };

  /** Makes a group that no other call asks for. */
  openGroup(): string {
    const id = crypto.randomUUID();
    this.cloud.groups.push({ id, name: "soak", rules: [] });
    return id;
  }

  /** How often the change to this group was sent and how often it was carried out; forgets both, and the group. */
  closeGroup(id: string): { sent: number; applied: number } {
    const { cloud } = this;
    const mine = cloud.puts.filter(({ body }) => body.includes(id));
    cloud.requests = cloud.requests.filter((request) => request.method === "PUT" && !mine.includes(request));
    cloud.groups = cloud.groups.filter((group) => group.id !== id);
    return { sent: mine.length, applied: mine.filter(({ isApplied }) => isApplied).length };
  }
}
