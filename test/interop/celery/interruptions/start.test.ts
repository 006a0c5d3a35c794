/** A broker that is away when a worker starts, or goes away meanwhile: the worker starts all the same, and hears everything. */
import { amqp } from "@brine/amqp-adapter";
import { Celery, type CelerySettings } from "@brine/celery";
import { redis } from "@brine/redis-adapter";
import { expect, test } from "vitest";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { closeAfterEach } from "../../kept.js";
import { startProxy } from "../../tcp-proxy.js";
import type { BrokerKind } from "../setting.js";

/** Places in the bytes that a start sends where the connection that sends them is cut. */
const CUTS = 12;
const BACK_OFF = { initialDelayMs: 20, maxDelayMs: 200 };

describeEachGeneration("the start of a worker", (set) => {
  const kept = closeAfterEach();

  function connect(kind: BrokerKind, url: string, settings: Partial<CelerySettings>): Celery {
    const broker = kind === "amqp" ? amqp(url, { backOff: BACK_OFF }) : redis(url);
    return kept(new Celery({ broker, logger: {}, ...settings }));
  }

  test.each(["amqp", "redis"] as const)("%s: its connections are cut in the middle of it", async (kind) => {
    const isolation = await set.isolate();
    const url = kind === "amqp" ? isolation.amqp.url : isolation.redis(0).url;
    const client = connect(kind, url, {});
    const proxy = kept(await startProxy(url));

    /** Resolves to how many bytes the start sent. */
    async function startsAndWorks(name: string): Promise<number> {
      const queue = isolation.name(name);
      const app = connect(kind, proxy.url, { taskDefaultQueue: queue });
      const ran: number[] = [];
      app.task("note", (_, n: number) => void ran.push(n));
      const before = proxy.sent;
      const worker = await app.worker({ mingle: false, name: `${name}@start` }).start();
      const bytes = proxy.sent - before;
      await client.sendTask("note", { args: [1], queue });
      await eventually(async () => {
        expect(ran).toEqual([1]);
        const destination = [worker.hostname];
        expect(await client.control.ping({ destination, limit: 1, timeoutMs: 5000 })).toEqual({
          [worker.hostname]: { ok: "pong" },
        });
      });
      await app.close();
      expect(ran).toEqual([1]);
      return bytes;
    }

    // Once for the broker to have its scripts.
    await startsAndWorks("first");
    const bytes = await startsAndWorks("whole");
    for (let cut = 1; cut <= CUTS; cut++) {
      const cutting = proxy.cutAfter(Math.round((bytes * cut) / (CUTS + 1)));
      await startsAndWorks(`cut-${cut}`);
      await cutting;
    }
  });

  test("redis: a broker that is not there yet is waited for", async () => {
    const isolation = await set.isolate();
    const proxy = await startProxy(isolation.redis(0).url);
    await proxy.close();
    const app = connect("redis", proxy.url, { brokerConnectionMaxRetries: 2 });
    const worker = app.worker({ mingle: false });
    const warnings: string[] = [];
    worker.on("warning", ({ message }) => warnings.push(message));
    await expect(worker.start()).rejects.toMatchObject({ code: "unavailable" });
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain("Cannot connect to redis://");
    const impatient = connect("redis", proxy.url, { brokerConnectionRetryOnStartup: false });
    await expect(impatient.worker().start()).rejects.toMatchObject({ code: "unavailable" });
  });
});
