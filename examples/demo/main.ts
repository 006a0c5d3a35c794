/**
 * The main job, seen: real Python and Node exchange pickled tasks over RabbitMQ and Redis, and share a cached value through
 * Django's cache. Exits non-zero when any step fails.
 *
 * Where no services can be had, CPython from npm (compiled to WebAssembly) and an in-process broker stand in, and the demo
 * says what that leaves out.
 */
import { startServices } from "../../test/services/index.js";
import { note, step, summary, title } from "./output.js";
import { withServices } from "./with-services.js";
import { withoutServices } from "./without-services.js";

title("Brine: Python and Node, one system");
console.log(`
   Python (Celery, Django)                      Node (Brine)
   ┌──────────────┐   ┌──────────────────┐   ┌──────────────┐
   │ producer     │──▶│ RabbitMQ / Redis │──▶│ worker       │   1, 2
   │ worker       │◀──│                  │◀──│ client       │   3, 4, 5
   │ Django cache │◀─▶│ Redis            │◀─▶│ redis-adapter│   6
   └──────────────┘   └──────────────────┘   └──────────────┘
`);

let services: Awaited<ReturnType<typeof startServices>> | undefined;
try {
  // One generation is enough to see; the interop tests run both.
  services = await startServices({ generations: ["5.5"], log: note });
} catch (error) {
  note(error instanceof Error ? error.message : String(error));
}
if (services === undefined) {
  await withoutServices();
} else {
  try {
    for (const set of services.sets) await withServices(set);
  } finally {
    await step("Stop the services", () => services.stop());
  }
}
summary();
// A connection that some step left open must not keep the demo alive.
process.exit();
