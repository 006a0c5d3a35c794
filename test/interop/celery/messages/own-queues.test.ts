/** Queues that belong to one worker each: for one of them by name, and for all of them. */
import { broadcast, type Celery, workerDirect } from "@brine/celery";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CeleryWorker, PythonPeer } from "../../../services/index.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { Tally } from "../../tally.js";
import { connectApp, pythonEnvironment, WAIT } from "../setting.js";

describeEachGeneration("queues of single workers", (set) => {
  describe.each(["amqp", "redis"] as const)("%s", (kind) => {
    let app: Celery;
    let client: PythonPeer;
    let python: CeleryWorker;
    let redis: Redis;
    let news: string;
    /** How often each number ran in Node; Python counts in `marks`. */
    const ran = new Tally();
    /** For one try of one test. */
    let number = 0;

    beforeAll(async () => {
      const isolation = await set.isolate();
      const queue = isolation.name("own");
      news = isolation.name("news");
      redis = new Redis(isolation.redis(1).url);
      app = connectApp(isolation, [kind, "redis"], {
        taskDefaultQueue: queue,
        taskQueues: [{ name: queue }, broadcast(news)],
        workerDirect: true,
      });
      app.task("mark", (_, n: number) => ran.add(n));
      app.task("came_from", (context) => context.deliveryInfo.routingKey);
      const environment = pythonEnvironment(isolation, [kind, "redis"], queue);
      [client, python] = await Promise.all([
        set.python.spawn("celery_client.py", [], { env: environment }),
        set.python.celeryWorker({
          broker: kind,
          backend: "redis",
          isolation,
          queue: `${queue},${news}`,
          config: { worker_direct: true },
          env: { QUEUE: queue, BROADCAST: news, MARKS: `${isolation.redis(1).pythonUrl} marks` },
        }),
      ]);
      await app.worker({ mingle: false, name: "own@node" }).start();
      // Python is ready a moment before it hears what is sent to all.
      await (await app.sendTask("noop", { queue: workerDirect(python.nodeName) })).get(WAIT);
    });

    afterAll(async () => {
      await client?.close();
      await python?.kill();
      await app?.close();
      redis?.disconnect();
    });

    test("Node sends to one worker", async () => {
      const sum = await app.sendTask("add", { args: [1, 2], queue: workerDirect(python.nodeName) });
      expect(await sum.get(WAIT)).toBe(3);
      const here = await app.sendTask("came_from", { queue: workerDirect("own@node") });
      expect(await here.get(WAIT)).toBe("own@node.dq2");
      const signature = app.signature("add", { args: [2, 2], options: { queue: workerDirect(python.nodeName) } });
      expect(await (await signature.applyAsync()).get(WAIT)).toBe(4);
    });

    test("Python sends to one worker", async () => {
      for (let n = 0; n < 4; n++) {
        const options = "{'queue': worker_direct('own@node')}";
        const id = await client.request("send", { task: "came_from", options });
        expect(await client.request("get", { id })).toMatchObject({ repr: "'own@node.dq2'" });
      }
    });

    /** Once on each side. */
    const ranOnBoth = (n: number): Promise<void> =>
      eventually(async () => {
        expect([ran.counts.get(n), await redis.hget("marks", String(n))]).toEqual([1, "1"]);
      });

    test("Node sends to all", async () => {
      const n = ++number;
      await app.sendTask("mark", { args: [n], queue: news, ignoreResult: true });
      await ranOnBoth(n);
    });

    test("Python sends to all", async () => {
      const exchange = `kombu.Exchange('${news}', 'fanout')`;
      const options = `{'queue': kombu.common.Broadcast('${news}'), 'declare': [${exchange}], 'ignore_result': True}`;
      const n = ++number;
      await client.request("send", { task: "mark", args: `(${n},)`, options });
      await ranOnBoth(n);
    });
  });
});
