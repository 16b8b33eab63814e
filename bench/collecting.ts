/**
 * The server, but it collects its garbage when it is told to: so that what stays is what is really held.
 *
 * Started by `programs.ts` with V8's gc() exposed. It changes nothing about the server itself.
 */
declare const gc: () => void;

Deno.addSignalListener("SIGUSR2", () => gc());
await import("../src/main.ts");
