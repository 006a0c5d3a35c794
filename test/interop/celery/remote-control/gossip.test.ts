/** A Node worker among Python's: they hear of each other, and tell what was revoked. */
import { randomUUID } from "node:crypto";
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
      app.task("node.lead", (context) => context.id);
    });

    afterAll(async () => {
      await app?.close();
      await python?.stop();
    });

    /** Revokes a task before a worker of Node starts, and gives that worker the task. */
    async function startAfterRevoking(): Promise<unknown> {
      const taskId = randomUUID();
      await app.control.revoke(taskId);
      await app.control.ping({ destination: [python.nodeName], timeoutMs: 10_000 });
      await node?.stop();
      node = await app.worker({ name: "node", concurrency: 1, heartbeatIntervalMs: 500 }).start();
      return (await app.sendTask("node.lead", { taskId })).get(WAIT).catch((error: unknown) => error);
    }

    test("mingle: what Python knows to be revoked is not run here", async () => {
      let outcome = await startAfterRevoking();
      // A starting worker listens for a second, as Celery's does: on a busy machine Python may answer later than that.
      for (let more = 4; more > 0 && !(outcome instanceof TaskRevokedError); more--)
        outcome = await startAfterRevoking();
      expect(outcome).toBeInstanceOf(TaskRevokedError);
    }, 120_000);

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
