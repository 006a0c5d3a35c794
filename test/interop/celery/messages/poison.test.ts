/** Messages of every kind that nobody should send, on real brokers: the worker and its queue outlive them. */
import type { BadMessage } from "@brine/celery";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { MESSAGES, message } from "../../../captures/celery/pitfall-messages.js";
import { describeEachGeneration } from "../../../services/inject.js";
import { eventually } from "../../eventually.js";
import { closeAfterEach } from "../../kept.js";
import { type BrokerKind, connectApp, WAIT } from "../setting.js";

/** What only Redis lets through: its messages are whatever text somebody pushed. */
const NO_ENVELOPES = [
  "",
  "no JSON",
  "null",
  "[1]",
  "{}",
  '{"body": "W10="}',
  '{"body": 1, "headers": [], "properties": {"delivery_tag": {}, "delivery_info": null}}',
  '{"body": "not base64!", "headers": {"task": "lab.add", "id": "x"}, "properties": {"delivery_tag": "t", "delivery_info": {}, "body_encoding": "base64"}}',
  '{"body": "W10=", "headers": {}, "properties": {"delivery_tag": "t", "body_encoding": "rot13", "delivery_info": {}}}',
];

describeEachGeneration("poison", (set) => {
  const kept = closeAfterEach();

  test.each(["amqp", "redis"] as const)("a worker on %s outlives every one of them", async (kind: BrokerKind) => {
    const isolation = await set.isolate();
    const name = isolation.name("poison");
    const dead = isolation.name("dead");
    const app = connectApp(isolation, [kind, "redis"], {
      taskDefaultQueue: name,
      taskQueues: [
        {
          name,
          arguments: kind === "amqp" ? { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead } : undefined,
        },
      ],
    });
    kept(app);
    app.task("lab.add", { parameters: ["x", "y"] }, (_, x: number, y: number) => x + y);
    app.task("lab.mul", { parameters: ["x", "y"] }, (_, x: number, y: number) => x * y);
    const bad: BadMessage[] = [];
    const worker = app.worker({ mingle: false, onDecodeError: (one) => bad.push(one) });
    await app.connect();
    await app.transport.declareQueue({ name: dead });
    await worker.start();

    const cases = Object.keys(MESSAGES);
    for (const [i, each] of cases.entries()) {
      await app.transport.publish(message(MESSAGES[each]!, `poison-${i}`), { exchange: "", routingKey: name });
    }
    if (kind === "redis") {
      const client = new Redis(isolation.redis(0).url);
      for (const text of NO_ENVELOPES) await client.lpush(name, text);
      await client.quit();
    }
    const next = await app.sendTask<number>("lab.add", { args: [20, 22] });
    expect(await next.get(WAIT)).toBe(42);
    expect(worker.isRunning).toBe(true);
    // Others run beside the last one; then all of them have ended.
    await worker.stop();
    const stateOf = (each: string) => app.result(`poison-${cases.indexOf(each)}`).state();
    expect(await stateOf("minimal v2 (task,id,lang)")).toBe("SUCCESS");
    expect(await stateOf("pickle body")).toBe("SUCCESS");
    expect(await stateOf("unknown task")).toBe("FAILURE");
    expect(await stateOf("expires past")).toBe("REVOKED");
    expect(await stateOf("truncated pickle")).toBe("FAILURE");
    // Nothing waits, and nothing was given back: what was rejected is where it can be looked at.
    expect(await app.transport.queueLength(name)).toBe(0);
    const kinds = new Set(bad.map((one) => one.kind));
    expect([...kinds].sort()).toEqual(["rejected", "undecodable", "unknown-task"]);
    if (kind === "amqp") {
      const rejected = bad.filter((one) => one.kind !== "undecodable").length;
      await eventually(async () => expect(await app.transport.queueLength(dead)).toBe(rejected));
    }
  });

  test("what a killed Python worker held is done by the next one, all of it", async () => {
    const isolation = await set.isolate();
    const queue = isolation.name("killed");
    const app = connectApp(isolation, ["amqp", "redis"], { taskDefaultQueue: queue });
    kept(app);
    const options = { broker: "amqp", backend: "redis", isolation, queue, config: { task_acks_late: true } } as const;
    const first = await set.python.celeryWorker(options);
    kept({ close: () => first.kill() });
    // Most of it is left at the kill, however late that comes on a busy machine.
    const sent = await Promise.all(
      Array.from({ length: 60 }, (_, i) => app.sendTask<number>("sleep", { args: [0.4, i] })),
    );
    await sent[5]!.get(WAIT);
    await first.kill();
    const done = await Promise.all(sent.map((result) => result.state()));
    expect(done.filter((state) => state !== "SUCCESS").length).toBeGreaterThan(0);
    const second = await set.python.celeryWorker({ ...options, concurrency: 20, pool: "threads" });
    try {
      const values = await Promise.all(sent.map((result) => result.get(WAIT)));
      expect(values).toEqual(sent.map((_, i) => i));
    } finally {
      await second.stop();
    }
  });
});
