/**
 * The server, but it collects its garbage when it is told to, and says on stderr what it still holds.
 *
 * Started by `programs.ts` with V8's gc() exposed. It changes nothing about the server itself.
 */
declare const gc: () => void;

Deno.addSignalListener("SIGUSR2", () => {
  gc();
  Deno.stderr.writeSync(new TextEncoder().encode(`{"heap_bytes":${Deno.memoryUsage().heapUsed}}\n`));
});
await import("../src/main.ts");
