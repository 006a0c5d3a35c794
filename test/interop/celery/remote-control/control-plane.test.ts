/** Remote control in the cluster's serializer, and events, seen by celery's own commands: what they change, and what they tell. */
import type { Celery, Worker } from "@brine/celery";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { connectApp, pythonEnvironment, WAIT } from "../setting.js";
import { type CommandLine, commandLine } from "./command-line.js";

describeEachGeneration("the control plane of a Node worker", (set) => {
  describe.each([
    ["amqp", "pickle"],
    ["redis", "json"],
  ] as const)("%s, %s", (broker, serializer) => {
    let app: Celery;
    let worker: Worker;
    let env: Record<string, string>;
    let celery: CommandLine["celery"];
    let ask: CommandLine["ask"];

    beforeAll(async () => {
      const isolation = await set.isolate();
      const queue = isolation.name("plane");
      app = connectApp(isolation, [broker, "redis"], {
        taskDefaultQueue: queue,
        taskSerializer: serializer,
        resultSerializer: serializer,
        // Nothing but the cluster's serializer is let in, for commands too.
        acceptContent: [serializer],
      });
      app.task("node.add", (_, x: number, y: number) => x + y);
      app.task("node.wait", (context) => {
        return new Promise((_, reject) =>
          context.signal.addEventListener("abort", () => reject(context.signal.reason)),
        );
      });
      worker = await app.worker({ name: "node", mingle: false, concurrency: 2 }).start();
      env = pythonEnvironment(isolation, [broker, "redis"], queue, { SERIALIZER: serializer, ACCEPT: serializer });
      ({ celery, ask } = commandLine(set, env, worker.hostname));
    });

    afterAll(async () => {
      // A task that waits to be revoked does so for ever where its test has failed.
      await worker?.stop({ timeoutMs: 0 });
      await app?.close();
    });

    test("inspect", async () => {
      const [conf, clock, reserved, memory, unknown] = await Promise.all([
        ask("inspect", "conf"),
        ask("inspect", "clock"),
        ask("inspect", "reserved"),
        ask("inspect", "memsample"),
        celery("inspect", "--timeout", "1", "--destination", "nobody@nowhere", "ping"),
      ]);
      expect(conf).toMatchObject({ task_default_queue: app.settings.taskDefaultQueue, task_serializer: serializer });
      expect(clock).toMatchObject({ clock: expect.any(Number) });
      expect(reserved).toEqual([]);
      expect(String(memory)).toContain("MB");
      expect(unknown.exitCode).not.toBe(0);
      expect(unknown.stderr + unknown.text).toContain("No nodes replied");
    });

    test("control changes what runs and how", async () => {
      const later = await app.sendTask("node.add", { args: [1, 2], countdown: 600 });
      const running = await app.sendTask("node.wait");
      await eventually(() => expect(worker.active.map(({ id }) => id)).toContain(running.id));
      const { pool } = (await ask("inspect", "stats")) as { pool: { "max-concurrency": number } };
      const before = pool["max-concurrency"];
      // Another try may have enabled them.
      await app.control.disableEvents({ destination: [worker.hostname], ...WAIT });
      const [revoked, terminated, rate, limits, grown, on] = await Promise.all([
        ask("control", "revoke", later.id),
        ask("control", "terminate", "SIGKILL", running.id),
        ask("control", "rate_limit", "node.add", "1000/m"),
        ask("control", "time_limit", "node.add", "20", "30"),
        ask("control", "pool_grow", "3"),
        ask("control", "enable_events"),
      ]);
      expect(revoked).toHaveProperty("ok", expect.stringContaining(later.id));
      expect(terminated).toHaveProperty("ok", `terminate: ${running.id}`);
      expect(rate).toEqual({ ok: "new rate limit set successfully" });
      expect(limits).toEqual({ ok: "time limits set successfully" });
      expect(grown).toEqual({ ok: "pool will grow" });
      expect(on).toEqual({ ok: "task events enabled" });
      await expect(later.get(WAIT)).rejects.toThrow("revoked");
      await expect(running.get(WAIT)).rejects.toThrow("terminated");
      const [listed, stats, registered] = await Promise.all([
        ask("inspect", "revoked"),
        ask("inspect", "stats"),
        ask("inspect", "registered", "rate_limit"),
      ]);
      expect(listed).toEqual(expect.arrayContaining([later.id, running.id]));
      expect(stats).toMatchObject({ pool: { "max-concurrency": before + 3 } });
      expect(registered).toEqual(expect.arrayContaining([expect.stringContaining("node.add")]));
    });

    test("events --dump shows what a Node worker does", async () => {
      await app.control.enableEvents();
      const dump = await set.python.start(["-m", "celery", "-A", "celery_app", "events", "--dump"], { env });
      try {
        await dump.waitForLog(/evdump: starting capture/i, WAIT.timeoutMs);
        // It says so before it listens; heartbeats tell that it does.
        await dump.waitForLog(/heartbeat/, WAIT.timeoutMs);
        const sent = await app.sendTask("node.add", { args: [2, 3] });
        expect(await sent.get(WAIT)).toBe(5);
        for (const what of ["received", "started", "succeeded"]) {
          await dump.waitForLog(new RegExp(`task ${what}: node\\.add\\(${sent.id}\\)`), WAIT.timeoutMs);
        }
        expect(dump.log()).toContain(worker.hostname);
      } finally {
        await dump.kill();
      }
    });
  });
});
