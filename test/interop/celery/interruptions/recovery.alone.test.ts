/** What happens to tasks and results when a broker goes away and comes back, and when a worker dies. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Celery, Worker } from "@brine/celery";
import { expect, test } from "vitest";
import type { Isolation } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { closeAfterEach } from "../../kept.js";
import { type BrokerKind, connectApp } from "../setting.js";

/** RabbitMQ takes 5 to 15 s to come back, and longer on a busy machine. */
const WAIT = { timeoutMs: 90_000 };
const TEST_TIMEOUT_MS = 240_000;

describeEachGeneration("recovery", (set) => {
  const kept = closeAfterEach();

  async function start(broker: BrokerKind): Promise<{ app: Celery; worker: Worker; isolation: Isolation }> {
    const isolation = await set.isolate();
    const app = connectApp(isolation, [broker, "redis"], { taskDefaultQueue: isolation.name("recovery") });
    kept(app);
    app.task("add", (_, x: number, y: number) => x + y);
    const worker = await app.worker({ mingle: false, concurrency: 2 }).start();
    return { app, worker, isolation };
  }

  test.for(["amqp", "redis"] as const)(
    "a worker on %s goes on after a restart of the broker",
    { timeout: TEST_TIMEOUT_MS },
    async (kind, context) => {
      if (!set[kind].isOurs) context.skip("the broker was given by URL and is not ours to restart");
      const { app, worker } = await start(kind);
      expect(await (await app.sendTask("add", { args: [1, 1] })).get(WAIT)).toBe(2);
      await set[kind].restart();
      expect(await (await app.sendTask("add", { args: [2, 2], retryPolicy: { maxRetries: 50 } })).get(WAIT)).toBe(4);
      // A command that is sent before the worker listens for them again is lost.
      await eventually(async () => {
        const replies = await app.control.ping({ destination: [worker.hostname], timeoutMs: 3000 });
        expect(replies).toEqual({ [worker.hostname]: { ok: "pong" } });
      });
    },
  );

  test("a late task of a worker that is killed runs again elsewhere", async () => {
    const isolation = await set.isolate();
    const queue = isolation.name("killed");
    const app = connectApp(isolation, ["amqp", "redis"], { taskDefaultQueue: queue });
    kept(app);
    const script = fileURLToPath(new URL("./hanging-worker.mjs", import.meta.url));
    const child = spawn(process.execPath, [script, isolation.amqp.url, queue], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    kept({ close: () => child.kill("SIGKILL") });
    await once(child.stdout!, "data");
    const begun = once(child.stdout!, "data");
    const result = await app.sendTask("hang", { args: ["survived"] });
    await begun;
    child.kill("SIGKILL");
    app.task("hang", { acksLate: true }, (context, text: string) => [text, context.deliveryInfo.redelivered]);
    await app.worker({ mingle: false }).start();
    expect(await result.get(WAIT)).toEqual(["survived", true]);
  });
});
