/** Redis itself killed or restarted in the middle of work: every message and every job, counted. */
import { setTimeout as delay } from "node:timers/promises";
import { redis } from "@brine/redis-adapter";
import { RqQueue, RqWorker } from "@brine/redis-adapter/rq";
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { describeEachGeneration, describeEachRedis } from "../../services/inject.js";
import { TEST_MS } from "../../services/patience.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { numberedMessage, untold } from "../numbered-message.js";
import { soakCount, soakTimeoutMs } from "../soak.js";
import { Tally } from "../tally.js";

type Delivery = Parameters<Parameters<ReturnType<typeof redis>["consume"]>[1]>[0];

const TOTAL = soakCount(1000);
const NOT_OURS = "the Redis was given by URL and is not ours to end";

describeEachGeneration("after a kill", (set) => {
  const keep = closeAfterEach();

  it.for(["kill", "restart"] as const)(
    "or restart of Redis (%s) nothing is missing",
    { timeout: soakTimeoutMs(TEST_MS) },
    async (how, context) => {
      if (!set.redis.isOurs) context.skip(NOT_OURS);
      const isolation = await set.isolate();
      // One that is killed as it restores leaves its lock behind, by default for 300 s.
      const options = { visibilityTimeoutSeconds: 8, unackedMutexExpireSeconds: 2 };
      const publisher = keep(redis(isolation.redis().url, options));
      const consumer = keep(redis(isolation.redis().url, options));
      const queue = { name: isolation.name(how) };
      const arrived = new Tally();
      await consumer.consume(
        [queue],
        (delivery) => {
          arrived.add(Number(Buffer.from(delivery.body).toString()));
          delivery.ack().catch(untold);
        },
        { prefetch: 50 },
      );
      const send = async (index: number): Promise<void> => {
        for (;;) {
          try {
            return await publisher.publish(numberedMessage(index), { exchange: "", routingKey: queue.name });
          } catch (error) {
            expect(error).toMatchObject({ code: "unavailable" });
            await delay(20);
          }
        }
      };
      let disturbed: Promise<void> | undefined;
      for (let start = 0; start < TOTAL; start += 20) {
        if (start === Math.floor(TOTAL / 40) * 20) {
          disturbed = how === "restart" ? set.redis.restart() : set.redis.kill().then(() => set.redis.start());
        }
        await Promise.all(Array.from({ length: 20 }, (_, index) => send(start + index)));
      }
      await disturbed;
      await eventually(() => expect(arrived.counts.size).toBe(TOTAL), { timeout: soakTimeoutMs(60_000) });
      // Sent again without a reply, or delivered and not yet acknowledged when it went away.
      expect(arrived.twice).toBeLessThanOrEqual(20 + 50);
      await eventually(async () => expect(await publisher.queueLength(queue.name)).toBe(0));
    },
  );
});

describeEachRedis("the Redis transport", (set) => {
  const keep = closeAfterEach();

  it("survives a restart of Redis with what it holds, and consumes again", async (context) => {
    if (!set.redis.isOurs) context.skip(NOT_OURS);
    const at = (await set.isolate()).redis();
    const admin = new Redis(at.url);
    keep({ close: () => admin.disconnect() });
    // It is lost while Redis restarts, and connects again.
    admin.on("error", () => {});
    const transport = keep(redis(at.url, { visibilityTimeoutSeconds: 3600 }));
    const events: string[] = [];
    transport.on("disconnect", () => events.push("disconnect"));
    transport.on("reconnect", () => events.push("reconnect"));
    const deliveries: Delivery[] = [];
    await transport.consume([{ name: "restarted" }], (delivery) => void deliveries.push(delivery));
    await transport.publish(numberedMessage(1), { exchange: "", routingKey: "restarted" });
    await eventually(() => expect(deliveries).toHaveLength(1));
    await set.redis.restart();
    await expect.poll(() => events).toEqual(["disconnect", "reconnect"]);
    await deliveries[0]!.ack();
    await expect.poll(() => admin.exists("unacked")).toBe(0);
    await transport.publish(numberedMessage(2), { exchange: "", routingKey: "restarted" });
    await eventually(() => expect(deliveries).toHaveLength(2));
  });
});

describeEachRedis("RQ", (set) => {
  const keep = closeAfterEach();

  it("a Redis that is killed gets each job once, and those who wait still get their results", async (context) => {
    if (!set.redis.isOurs) context.skip(NOT_OURS);
    const client = new Redis((await set.isolate()).redis().url, { maxRetriesPerRequest: null });
    keep({ close: () => client.disconnect() });
    // It is lost while Redis is killed, and connects again, however long that takes.
    client.on("error", () => {});
    const queue = new RqQueue("default", { client });
    const waitedFor = new RqQueue("waited", { client });
    const total = 600;
    const enqueuing = Array.from({ length: total }, async (_, index) => {
      await delay(index);
      await queue.enqueue("rq_jobs.add", [index], {}, { id: `job-${index}` });
    });
    const waited = await Promise.all([1, 2, 3].map((n) => waitedFor.enqueue("rq_jobs.add", [n])));
    const results = Promise.allSettled(waited.map((job) => job.result({ timeoutMs: 150_000 })));
    await delay(total / 3);
    await set.redis.kill();
    await set.redis.start();
    await Promise.all(enqueuing);
    const errors: Error[] = [];
    const onError = (error: Error) => errors.push(error);
    const format = set.generation === "5.2" ? 1 : 2;
    const worker = keep(new RqWorker(["waited"], { "rq_jobs.add": ([n]) => n }, { client, onError, format }));
    await worker.run({ burst: true });
    expect(errors).toEqual([]);
    expect(await results).toEqual([1, 2, 3].map((value) => ({ status: "fulfilled", value })));
    const ids = await queue.jobIds();
    expect(ids.length).toBe(total);
    expect(new Set(ids).size).toBe(total);
  });
});
