/** The commands `celery inspect`, `control`, `status` and `events`, run as processes, see a Node worker like any other. */
import type { Celery, Worker } from "@brine/celery";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeEachGeneration } from "../services/inject.js";
import { connectApp, pythonEnvironment } from "./celery-setting.js";

describeEachGeneration("celery's commands and a Node worker", (set) => {
  describe.each([
    ["amqp", "json"],
    ["redis", "pickle"],
  ] as const)("%s, %s", (broker, serializer) => {
    let app: Celery;
    let worker: Worker;
    let env: Record<string, string>;

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
      env = pythonEnvironment(isolation, [broker, "redis"], queue, { SERIALIZER: serializer });
    });

    afterAll(async () => {
      await app?.close();
    });

    /** The command's output; each takes Python's start and the second that it waits for replies. */
    const celery = async (...args: string[]) => {
      const program = "import sys; from celery.__main__ import main; sys.argv[0] = 'celery'; main()";
      const result = await set.python.run(program, ["-A", "celery_app", ...args], { env });
      return { text: result.stdout.toString(), exitCode: result.exitCode, stderr: result.stderr };
    };
    const ask = async (command: string, method: string, ...args: string[]) => {
      const { text, stderr } = await celery(command, "--json", "--destination", worker.hostname, method, ...args);
      const line = text.split("\n").find((each) => /^[{[]/.test(each));
      expect(line, stderr).toBeDefined();
      // `inspect` prints replies by node, `control` a list of them.
      const replies = JSON.parse(line!) as Record<string, unknown> | Record<string, unknown>[];
      return (Array.isArray(replies) ? replies[0] : replies)?.[worker.hostname];
    };

    test("inspect and status", async () => {
      const scheduled = await app.sendTask("node.add", { args: [1, 2], countdown: 600 });
      const [ping, active, registered, stats, queues, query, waiting, report, status] = await Promise.all([
        ask("inspect", "ping"),
        ask("inspect", "active"),
        ask("inspect", "registered"),
        ask("inspect", "stats"),
        ask("inspect", "active_queues"),
        ask("inspect", "query_task", scheduled.id),
        ask("inspect", "scheduled"),
        ask("inspect", "report"),
        celery("status"),
      ]);
      expect(ping).toEqual({ ok: "pong" });
      expect(active).toEqual([]);
      expect(registered).toContain("node.add");
      expect(stats).toMatchObject({ pid: process.pid });
      expect(queues).toMatchObject([{ name: app.settings.taskDefaultQueue }]);
      expect(query).toHaveProperty([scheduled.id]);
      expect(waiting).toMatchObject([{ request: { id: scheduled.id } }]);
      expect(report).toHaveProperty("ok");
      expect(status.text).toContain(worker.hostname);
      expect(status.text).toContain("1 node online");
    });

    test("control", async () => {
      const queue = `${app.settings.taskDefaultQueue}-more`;
      expect(await ask("control", "add_consumer", queue)).toHaveProperty("ok");
      const result = await app.sendTask<number>("node.add", { args: [2, 3], queue });
      expect(await result.get({ timeoutMs: 10_000 })).toBe(5);
      expect(await ask("control", "cancel_consumer", queue)).toHaveProperty("ok");
      expect(await ask("control", "rate_limit", "node.add", "100/s")).toHaveProperty("ok");
      expect(await ask("control", "enable_events")).toHaveProperty("ok");
    });

    test("shutdown", async () => {
      const stopped = new Promise((resolve) => worker.once("stopped", () => resolve("stopped")));
      await celery("control", "--destination", worker.hostname, "shutdown");
      expect(await stopped).toBe("stopped");
    });
  });
});
