/** Shutdowns that meet each other, and a start. */
import { describe, expect, test } from "vitest";
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

describe("a soft shutdown", () => {
  const HOURS = 3600;

  test("lets what runs end, and takes nothing more", async () => {
    const go = gate();
    const { app, worker } = await startWorker(
      { workerSoftShutdownTimeout: HOURS },
      (a) => void a.task("short", { acksLate: true }, () => go.passed.then(() => "done")),
      { concurrency: 1 },
    );
    const running = await app.sendTask("short");
    await until(() => worker.active.length === 1);
    await app.sendTask("short");
    const stopping = worker.stop({ cold: true });
    go.open();
    await stopping;
    expect(await running.get({ timeoutMs: 10_000 })).toBe("done");
    expect(await app.transport.queueLength("celery")).toBe(1);
  });

  test.each([
    ["after its time", 0.01, 1],
    ["at once when it is asked for again", HOURS, 2],
  ])("is a cold one %s", async (_, workerSoftShutdownTimeout, times) => {
    const { app, worker } = await startWorker(
      { workerSoftShutdownTimeout },
      (a) => void a.task("hang", { acksLate: true }, () => new Promise(() => {})),
    );
    await app.sendTask("hang");
    await until(() => worker.active.length === 1);
    await Promise.all(Array.from({ length: times }, () => worker.stop({ cold: true })));
    expect(await app.transport.queueLength("celery")).toBe(1);
  });

  test("follows a warm one that takes too long", async () => {
    const { app, worker } = await startWorker(
      { workerSoftShutdownTimeout: 0.01 },
      (a) => void a.task("hang", { acksLate: true }, () => new Promise(() => {})),
    );
    await app.sendTask("hang");
    await until(() => worker.active.length === 1);
    const warm = worker.stop();
    await worker.stop({ cold: true });
    await warm;
    expect(await app.transport.queueLength("celery")).toBe(1);
  });

  test.each([
    [false, 0],
    [true, 1],
  ])(
    "of an idle worker gives back what waits, and is one only where that is enabled: %s",
    async (workerEnableSoftShutdownOnIdle, soft) => {
      const infos: string[] = [];
      const { app, worker } = await startWorker(
        {
          workerSoftShutdownTimeout: HOURS,
          workerEnableSoftShutdownOnIdle,
          logger: { info: (message) => void infos.push(message) },
        },
        (a) => void a.task("later", () => null),
      );
      await app.sendTask("later", { countdown: HOURS });
      await until(async () => (await app.transport.queueLength("celery")) === 0);
      await worker.stop({ cold: true });
      expect(await app.transport.queueLength("celery")).toBe(1);
      const text = `Soft shutdown of ${worker.hostname}: what runs has ${HOURS} s to end`;
      expect(infos.filter((info) => info === text)).toHaveLength(soft);
    },
  );
});

test.each([[-1], [Number.NaN]])("a soft shutdown of %s seconds is refused", (workerSoftShutdownTimeout) => {
  expect(() => makeApp({ workerSoftShutdownTimeout })).toThrow("workerSoftShutdownTimeout");
});
