/** A fault that holds its request until it is let go, and then answers well. */
import type { Fault } from "../../src/simulator/faults.ts";

export function held(on: Fault["on"] = "PUT", answer: Record<string, unknown> = { code: 0 }) {
  const arrived = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  const fault: Fault = {
    on,
    async respond() {
      arrived.resolve();
      await letGo.promise;
      return Response.json(answer);
    },
  };
  return { fault, arrived: arrived.promise, letGo: letGo.resolve };
}
