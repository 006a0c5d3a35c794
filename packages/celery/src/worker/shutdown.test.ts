/** Shutdowns that meet each other, and a start. */
import { expect, test } from "vitest";
import { MemoryTransport } from "../memory/transport.js";
import { gate, makeApp, startWorker, until } from "./worker.fixture.js";

test("a warm shutdown becomes a cold one when a later stop() limits its time", async () => {
  const { app, worker } = await startWorker({}, (a) => {
    a.task("hang", { acksLate: true }, () => new Promise(() => {}));
  });
  await app.sendTask("hang");
  await until(() => worker.active.length === 1);
  // As when remote control says "shutdown", and SIGTERM comes after it.
  const warm = worker.stop();
  await worker.stop({ timeoutMs: 10 });
  await warm;
  expect(await app.transport.queueLength("celery")).toBe(1);
});

test("a worker that is stopped while it starts takes nothing", async () => {
  const asked = gate();
  const go = gate();
  class SlowTransport extends MemoryTransport {
    override async connect(): Promise<void> {
      asked.open();
      await go.passed;
    }
  }
  const app = makeApp({ broker: new SlowTransport() });
  app.task("add", () => 1);
  const worker = app.worker({ mingle: false });
  const starting = worker.start();
  await asked.passed;
  const stopping = worker.stop();
  go.open();
  await expect(starting).rejects.toThrow("stopped");
  await stopping;
  expect(worker.isRunning).toBe(false);
  await app.sendTask("add");
  expect(await app.transport.queueLength("celery")).toBe(1);
});
