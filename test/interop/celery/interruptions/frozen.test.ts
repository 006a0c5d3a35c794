/** A broker that says nothing any more, not even that it is gone, must not keep a worker that is told to stop. */
import { amqp } from "@brine/amqp-adapter";
import { Celery } from "@brine/celery";
import { redis, redisBackend } from "@brine/redis-adapter";
import { expect, test } from "vitest";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { startProxy } from "../../tcp-proxy.js";
import { WAIT } from "../setting.js";

describeEachGeneration("a frozen broker", (set) => {
  test.concurrent.each(["amqp", "redis"] as const)(
    "%s: a shutdown with a time limit comes to its end",
    async (kind) => {
      const isolation = await set.isolate();
      const proxy = await startProxy(kind === "amqp" ? isolation.amqp.url : isolation.redis(0).url);
      const app = new Celery({
        broker:
          kind === "amqp" ? amqp(proxy.url, { closeTimeoutMs: 1000 }) : redis(proxy.url, { closeTimeoutMs: 1000 }),
        taskDefaultQueue: isolation.name("frozen"),
      });
      app.task("hang", { acksLate: true }, () => new Promise(() => {}));
      const worker = app.worker({ mingle: false });
      try {
        await worker.start();
        const warnings: string[] = [];
        worker.on("warning", ({ message }) => warnings.push(message));
        await app.sendTask("hang");
        await eventually(() => expect(worker.active.length).toBe(1));
        proxy.freeze();
        await worker.stop({ timeoutMs: 100 });
        expect(warnings).toContainEqual(expect.stringContaining("Gave up waiting for the broker"));
      } finally {
        await worker.stop({ timeoutMs: 0 });
        await app.close();
        await proxy.close();
      }
    },
  );

  test.concurrent.each(["rpc", "redis"] as const)("redis and %s: an app closes, warm worker and all", async (kind) => {
    const isolation = await set.isolate();
    const proxies = [await startProxy(isolation.redis(0).url), await startProxy(isolation.redis(1).url)] as const;
    const backend = kind === "rpc" ? "rpc://" : redisBackend(proxies[1].url);
    const app = new Celery({ broker: redis(proxies[0].url, { closeTimeoutMs: 1000 }), backend, logger: {} });
    try {
      const queue = isolation.name("frozen-idle");
      app.task("add", (_, x: number, y: number) => x + y);
      await app.worker({ mingle: false, queues: [queue] }).start();
      expect(await (await app.sendTask("add", { args: [1, 2], queue })).get(WAIT)).toBe(3);
      for (const proxy of proxies) proxy.freeze();
      const waiting = app.result("nobody").state();
      waiting.catch(() => {});
    } finally {
      await app.close();
      for (const proxy of proxies) await proxy.close();
    }
  });
});
