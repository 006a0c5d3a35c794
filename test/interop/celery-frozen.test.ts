/** A broker that says nothing any more, not even that it is gone, must not keep a worker that is told to stop. */
import { amqp } from "@brine/amqp-adapter";
import { Celery } from "@brine/celery";
import { redis } from "@brine/redis-adapter";
import { expect, test } from "vitest";
import { describeEachGeneration } from "../services/inject.js";
import { eventually } from "./eventually.js";
import { startProxy } from "./tcp-proxy.js";

describeEachGeneration("a frozen broker", (set) => {
  test.concurrent.each(["amqp", "redis"] as const)(
    "%s: a shutdown with a time limit comes to its end",
    async (kind) => {
      const isolation = await set.isolate();
      const proxy = await startProxy(kind === "amqp" ? isolation.amqp.url : isolation.redis(0).url);
      try {
        const app = new Celery({
          broker: kind === "amqp" ? amqp(proxy.url, { closeTimeoutMs: 1000 }) : redis(proxy.url),
          taskDefaultQueue: isolation.name("frozen"),
        });
        app.task("hang", { acksLate: true }, () => new Promise(() => {}));
        const worker = await app.worker({ mingle: false }).start();
        const warnings: string[] = [];
        worker.on("warning", ({ message }) => warnings.push(message));
        await app.sendTask("hang");
        await eventually(() => expect(worker.active.length).toBe(1));
        proxy.freeze();
        await worker.stop({ timeoutMs: 100 });
        expect(warnings).toContainEqual(expect.stringContaining("Gave up waiting for the broker"));
        await app.close();
      } finally {
        await proxy.close();
      }
    },
  );
});
