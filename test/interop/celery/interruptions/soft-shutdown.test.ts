/** A soft shutdown over real brokers: what is short ends, what is long goes to another worker, here one of Python. */
import { expect, test } from "vitest";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { connectApp, WAIT } from "../setting.js";

/** In which a busy machine stores the result of what has ended. */
const SHUTDOWN_SECONDS = 8;

describeEachGeneration("a soft shutdown", (set) => {
  test.concurrent.each(["amqp", "redis"] as const)(
    "%s: nothing is lost, and nobody waits for what is long",
    async (broker) => {
      const isolation = await set.isolate();
      const queue = isolation.name("soft");
      const app = connectApp(isolation, [broker, "redis"], {
        taskDefaultQueue: queue,
        workerSoftShutdownTimeout: SHUTDOWN_SECONDS,
      });
      const worker = app.worker({ mingle: false, concurrency: 2 });
      try {
        let end = (_: string) => {};
        app.task("node.short", { acksLate: true }, () => new Promise<string>((resolve) => (end = resolve)));
        // Python's ends at once.
        app.task("sleep", { acksLate: true }, () => new Promise(() => {}));
        app.task("add", () => "never begun here");
        await worker.start();
        const short = await app.sendTask("node.short");
        const long = await app.sendTask("sleep", { args: [0, "ran in Python"] });
        await eventually(() => expect(worker.active.length).toBe(2));
        const later = await app.sendTask("add", { args: [1, 2] });
        const stopping = worker.stop({ cold: true });
        end("ran to its end");
        await stopping;
        expect(await short.get(WAIT)).toBe("ran to its end");
        const python = await set.python.celeryWorker({ broker, backend: "redis", isolation, queue });
        try {
          expect(await long.get(WAIT)).toBe("ran in Python");
          expect(await later.get(WAIT)).toBe(3);
        } finally {
          await python.kill();
        }
      } finally {
        // One of its tasks would never end.
        await worker.stop({ timeoutMs: 0 });
        await app.close();
      }
    },
  );
});
