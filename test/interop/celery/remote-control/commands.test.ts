/** The commands `celery inspect`, `control`, `status` and `events`, run as processes, see a Node worker like any other. */
import { randomUUID } from "node:crypto";
import type { Celery, Worker } from "@brine/celery";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeEachGeneration } from "../../../services/inject.js";
import { READY_MS } from "../../../services/patience.js";
import { eventually } from "../../eventually.js";
import { connectApp, pythonEnvironment, WAIT } from "../setting.js";
import { type CommandLine, commandLine } from "./command-line.js";

describeEachGeneration("celery's commands and a Node worker", (set) => {
  describe.each([
    ["amqp", "json"],
    ["redis", "pickle"],
  ] as const)("%s, %s", (broker, serializer) => {
    let app: Celery;
    let worker: Worker;
    let celery: CommandLine["celery"];
    let ask: CommandLine["ask"];

    beforeAll(async () => {
      const isolation = await set.isolate();
      const queue = isolation.name("commands");
      app = connectApp(isolation, [broker, "redis"], {
        taskDefaultQueue: queue,
        taskSerializer: serializer,
        resultSerializer: serializer,
      });
      app.task("node.add", (_, x: number, y: number) => x + y);
      worker = await app.worker({ name: "node", mingle: false, sendTaskEvents: true }).start();
      const env = pythonEnvironment(isolation, [broker, "redis"], queue, { SERIALIZER: serializer });
      ({ celery, ask } = commandLine(set, env, worker.hostname));
    });

    afterAll(async () => {
      await app?.close();
    });

    test("inspect and status", async () => {
      const scheduled = await app.sendTask("node.add", { args: [1, 2], countdown: 600 });
      const destination = [worker.hostname];
      await eventually(async () => {
        const replies = await app.control.inspect("scheduled", {}, { destination, ...WAIT });
        expect(JSON.stringify(replies)).toContain(scheduled.id);
      });
      // It waits for whoever answers in that time, and cannot know of how many.
      const status = eventually(async () => {
        const { text } = await celery("status", "--timeout", "3");
        expect(text).toContain(worker.hostname);
        return text;
      }, READY_MS);
      const [ping, active, registered, stats, queues, query, waiting, report, online] = await Promise.all([
        ask("inspect", "ping"),
        ask("inspect", "active"),
        ask("inspect", "registered"),
        ask("inspect", "stats"),
        ask("inspect", "active_queues"),
        ask("inspect", "query_task", scheduled.id),
        ask("inspect", "scheduled"),
        ask("inspect", "report"),
        status,
      ]);
      expect(ping).toEqual({ ok: "pong" });
      expect(active).toEqual([]);
      expect(registered).toContain("node.add");
      expect(stats).toMatchObject({ pid: process.pid });
      expect(queues).toMatchObject([{ name: app.settings.taskDefaultQueue }]);
      expect(query).toHaveProperty([scheduled.id]);
      expect(waiting).toContainEqual(
        expect.objectContaining({ request: expect.objectContaining({ id: scheduled.id }) }),
      );
      expect(report).toHaveProperty("ok");
      expect(online).toContain("1 node online");
    });

    test("control", async () => {
      const queue = `${app.settings.taskDefaultQueue}-more`;
      expect(await ask("control", "add_consumer", queue)).toHaveProperty("ok");
      const result = await app.sendTask<number>("node.add", { args: [2, 3], queue });
      expect(await result.get(WAIT)).toBe(5);
      expect(await ask("control", "cancel_consumer", queue)).toHaveProperty("ok");
      expect(await ask("control", "rate_limit", "node.add", "100/s")).toHaveProperty("ok");
      expect(await ask("control", "enable_events")).toHaveProperty("ok");
    });

    test("shutdown", async () => {
      const leaving = await app.worker({ name: `leaving-${randomUUID()}`, mingle: false }).start();
      const stopped = new Promise((resolve) => leaving.once("stopped", () => resolve("stopped")));
      // Nobody answers, and a worker that meets it late drops it.
      while (leaving.isRunning) await celery("control", "--destination", leaving.hostname, "shutdown");
      expect(await stopped).toBe("stopped");
      expect(worker.isRunning).toBe(true);
    });
  });
});
