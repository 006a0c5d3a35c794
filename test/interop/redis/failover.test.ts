/** Redis behind Sentinel, with its master killed, and Redis over TLS. */
import { setTimeout as sleep } from "node:timers/promises";
import { redis, redisBackend } from "@brine/redis-adapter";
import { expect, test, vi } from "vitest";
import { describeEachGeneration } from "../../services/inject.js";
import { startSentinelGroup, startTlsRedis } from "../../services/redis-servers.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { numberedMessage } from "../numbered-message.js";
import { soakCount } from "../soak.js";

const message = (index: number) => ({ ...numberedMessage(index), headers: { task: "t", id: String(index) } });

describeEachGeneration("Redis elsewhere", (set) => {
  const keep = closeAfterEach();

  test("behind Sentinel loses nothing when the master is killed, and comes back with all it does", async (context) => {
    const group = await startSentinelGroup();
    if (group === undefined) return context.skip("redis-server is not installed here");
    keep({ close: () => group.dispose() });
    const { masterName } = group;
    const options = { masterName, visibilityTimeoutSeconds: 10 };
    // Sent counts only once a replica has it: what the new master knows nothing of was never reported as sent.
    const replicated = keep(redis(group.url, { ...options, waitForReplicas: { count: 1, timeoutMs: 20_000 } }));
    const publisher = keep(redis(group.url, options));
    const consumer = keep(redis(group.url, options));
    const results = keep(redisBackend(group.url, { masterName }));
    const published = vi.fn();
    await results.subscribe("result", published);
    const queue = { name: "failover" };
    await publisher.declareQueue(queue);
    const seen = new Map<string, number>();
    await consumer.consume(
      [queue],
      (delivery) => {
        const text = Buffer.from(delivery.body).toString();
        seen.set(text, (seen.get(text) ?? 0) + 1);
        void delivery.ack();
      },
      { prefetch: 50 },
    );

    const total = soakCount(2000);
    let failures = 0;
    let isKilled = false;
    const send = async (index: number): Promise<void> => {
      for (;;) {
        // Afterwards there is no replica to wait for.
        const by = isKilled ? publisher : replicated;
        try {
          return await by.publish(message(index), { exchange: "", routingKey: queue.name });
        } catch (error) {
          expect(error).toMatchObject({ code: "unavailable" });
          failures++;
          await sleep(50);
        }
      }
    };
    for (let index = 0; index < total; index += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, offset) => send(index + offset)));
      if (index !== Math.floor(total / 40) * 20) continue;
      isKilled = true;
      await group.master.kill();
    }
    await eventually(() => expect(seen.size).toBe(total), { timeout: 90_000, interval: 50 });
    expect(failures).toBeGreaterThan(0);
    const twice = [...seen.values()].filter((count) => count > 1).length;
    // At most what was under way when the master died: 20 being published, 50 delivered and not settled.
    expect(twice).toBeLessThanOrEqual(70);

    await results.set("result", Buffer.from("stored after"), 60);
    expect(Buffer.from((await results.get("result")) ?? []).toString()).toBe("stored after");
    await eventually(() => expect(published).toHaveBeenCalled());
  });

  test("behind Sentinel is found by kombu, too, after its master was killed", async (context) => {
    if (set.mode !== "local") return context.skip("Python runs elsewhere, from where these servers are out of reach");
    const group = await startSentinelGroup();
    if (group === undefined) return context.skip("redis-server is not installed here");
    keep({ close: () => group.dispose() });
    const { masterName } = group;
    const consumer = keep(redis(group.url, { masterName }));
    const queue = { name: "failover" };
    const bodies: string[] = [];
    await consumer.consume([queue], (delivery) => {
      bodies.push(Buffer.from(delivery.body).toString());
      void delivery.ack();
    });
    await group.master.kill();
    await eventually(() => consumer.publish(message(1), { exchange: "", routingKey: queue.name }), { timeout: 60_000 });
    const script = `
import sys
from kombu import Connection
with Connection(sys.argv[1], transport_options={"master_name": sys.argv[2]}) as connection:
    queue = connection.SimpleQueue("failover")
    queue.put("from kombu", serializer="json")
    queue.close()
`;
    const put = await set.python.run(script, [group.url, masterName]);
    expect(put.exitCode, put.stderr).toBe(0);
    await eventually(() => expect(bodies).toEqual(expect.arrayContaining(["1", '"from kombu"'])));
  });

  test("over TLS, to a certificate that is trusted only", async (context) => {
    const server = await startTlsRedis();
    if (server === undefined) return context.skip("redis-server or openssl is not installed here");
    keep({ close: () => server.dispose() });
    const connection = { tls: { ca: [server.cert] } };
    const transport = keep(redis(server.url, { connection }));
    const queue = { name: "tls" };
    await transport.declareQueue(queue);
    const bodies: string[] = [];
    await transport.consume([queue], (delivery) => {
      bodies.push(Buffer.from(delivery.body).toString());
      void delivery.ack();
    });
    await transport.publish(message(1), { exchange: "", routingKey: "tls" });
    await eventually(() => expect(bodies).toEqual(["1"]));
    const results = keep(redisBackend(server.url, { connection }));
    await results.set("key", Buffer.from("value"), undefined);
    expect(Buffer.from((await results.get("key")) ?? []).toString()).toBe("value");
    // Celery's way to trust anybody, and what happens without either.
    const trusting = keep(redis(`${server.url}?ssl_cert_reqs=CERT_NONE`));
    await trusting.connect();
    const untrusting = keep(redis(server.url, { connectTimeoutMs: 20_000 }));
    await expect(untrusting.connect()).rejects.toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("self-signed"),
    });
  });
});
