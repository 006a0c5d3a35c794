/** A Node worker among Python's: they hear of each other, and tell what was revoked. */
import { type Celery, TaskRevokedError, type Worker } from "@brine/celery";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CeleryWorker } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { connectApp } from "../setting.js";

const WAIT = { timeoutMs: 30_000 };

describeEachGeneration("a fleet of both", (set) => {
  describe.each(["amqp", "redis"] as const)("broker %s", (broker) => {
    let app: Celery;
    let python: CeleryWorker;
    let node: Worker;
    let queue = "";

    beforeAll(async () => {
      const isolation = await set.isolate();
      queue = isolation.name("fleet");
      const pythonQueue = isolation.name("python");
      const pickle = { SERIALIZER: "pickle" };
      python = await set.python.celeryWorker({ broker, backend: "redis", isolation, queue: pythonQueue, env: pickle });
      app = connectApp(isolation, [broker, "redis"], { taskDefaultQueue: queue });
      await app.control.revoke("revoked-before");
      await app.control.ping({ destination: [python.nodeName], timeoutMs: 10_000 });
    });

    afterAll(async () => {
      await app?.close();
      await python?.stop();
    });

    test("mingle: what Python knows to be revoked is not run here", async () => {
      app.task("node.lead", (context) => context.id);
      node = await app.worker({ name: "node", concurrency: 1, heartbeatIntervalMs: 500 }).start();
      const result = await app.sendTask("node.lead", { taskId: "revoked-before" });
      await expect(result.get(WAIT)).rejects.toBeInstanceOf(TaskRevokedError);
    });

    test("gossip: each knows that the other is there", async () => {
      if (node.peers.length === 0) await new Promise((resolve) => node.once("nodeJoin", resolve));
      expect(node.peers).toMatchObject([{ hostname: python.nodeName, software: "py-celery" }]);
      await python.waitForLog(/sync with node@/);
    });

    test("celery's commands reach both", async () => {
      const replies = await app.control.ping({ limit: 2, timeoutMs: 10_000 });
      expect(Object.keys(replies).sort()).toEqual([node.hostname, python.nodeName].sort());
      for (const command of ["stats", "conf", "report", "active_queues", "registered", "clock", "memdump"]) {
        const [answer] = Object.values(await app.control.inspect(command, {}, { destination: [node.hostname] }));
        expect(answer, command).toBeTruthy();
      }
    });
  });
});
