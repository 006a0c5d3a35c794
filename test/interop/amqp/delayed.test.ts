/** Native delayed delivery: declared as Celery 5.6 does, used by clients and workers, nothing lost and nothing early. */
import { readFileSync } from "node:fs";
import {
  type AmqplibModule,
  type AmqpTransport,
  type AmqpTransportOptions,
  amqp,
  type Queue,
} from "@brine/amqp-adapter";
import { Celery } from "@brine/celery";
import amqplib from "amqplib";
import { expect, it } from "vitest";
import { describeEachGeneration } from "../../services/inject.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";

/** What Celery 5.6 sent for the levels and for queue `cap_q` of exchange `cap_topic2`. */
const captured = readFileSync(new URL("../../captures/celery/main/delayed-declarations.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n");

/** amqplib, with what is declared through it written down as in the captures. */
function recording(): { readonly module: AmqplibModule; readonly declarations: unknown[] } {
  const declarations: unknown[] = [];
  const connect: AmqplibModule["connect"] = async (url, socketOptions) => {
    const model = await amqplib.connect(url, socketOptions);
    const createChannel = model.createChannel.bind(model);
    model.createChannel = async () => {
      const channel = await createChannel();
      const methods = channel as unknown as Record<string, (...args: unknown[]) => unknown>;
      for (const name of ["assertExchange", "assertQueue", "bindQueue", "bindExchange"]) {
        const method = methods[name]?.bind(channel);
        methods[name] = (...args) => {
          declarations.push(describeCall(name, args));
          return method?.(...args);
        };
      }
      return channel;
    };
    return model;
  };
  return { module: { connect }, declarations };
}

/** An integer in a table is wrapped with its type for amqplib. */
const plain = (table: unknown) =>
  JSON.parse(
    JSON.stringify(table ?? {}, (_, value) => (typeof value === "bigint" ? Number(value) : value)),
    (_, value) => (value?.["!"] === undefined ? value : value.value),
  );

function describeCall(name: string, args: readonly unknown[]): object | undefined {
  const [first, second, third] = args as [string, unknown, unknown];
  const options = (name === "assertQueue" ? second : third) as Record<string, unknown> | undefined;
  const flags = { durable: options?.durable, auto_delete: options?.autoDelete };
  switch (name) {
    case "assertExchange":
      return {
        method: "exchange.declare",
        exchange: first,
        type: second,
        ...flags,
        arguments: plain(options?.arguments),
      };
    case "assertQueue":
      return {
        method: "queue.declare",
        queue: first,
        ...flags,
        exclusive: options?.exclusive,
        arguments: plain(options?.arguments),
      };
    case "bindQueue":
      return { method: "queue.bind", queue: first, exchange: second, routing_key: third, arguments: {} };
    case "bindExchange":
      return { method: "exchange.bind", destination: first, source: second, routing_key: third, arguments: {} };
    default:
      return undefined;
  }
}

describeEachGeneration("native delayed delivery", (set) => {
  const kept = closeAfterEach();

  function transport(url: string, options: AmqpTransportOptions = {}): AmqpTransport {
    const made = kept(amqp(url, { backOff: { initialDelayMs: 20, maxDelayMs: 200 }, ...options }));
    made.on("warning", () => undefined);
    return made;
  }

  it("declares what Celery declares", async () => {
    const { amqp: address } = await set.isolate();
    const { module, declarations } = recording();
    const client = transport(address.url, { amqplib: module });
    await client.connect();
    const exchange = { name: "cap_topic2", type: "topic" as const };
    const queue = { name: "cap_q", exchange, routingKey: "cap_q", arguments: { "x-queue-type": "quorum" } };
    await client.delayedDelivery.bindQueue(queue);
    await client.delayedDelivery.bindQueue(queue);
    const inOrder = (records: readonly Record<string, unknown>[]) =>
      records
        .map(({ internal: _, ...record }) =>
          JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))),
        )
        .sort();
    const wanted = inOrder(captured.map((line) => JSON.parse(line)));
    expect([...new Set(inOrder(declarations as Record<string, unknown>[]))]).toEqual([...new Set(wanted)]);
    await client.deleteQueue("cap_q");
  });

  it.each(["quorum", "classic"] as const)("holds messages in %s queues, and loses none", async (delayedQueueType) => {
    const { amqp: address, name } = await set.isolate();
    const client = transport(address.url, { delayedQueueType });
    await client.connect();
    const exchange = { name: name("topic"), type: "topic" as const };
    const routingKey = "tasks.due";
    const queue: Queue = { name: name("tasks"), exchange, routingKey, arguments: { "x-queue-type": "quorum" } };
    await client.delayedDelivery.bindQueue(queue);
    const arrived = new Map<string, number>();
    const wasDelayed = new Set<boolean>();
    await client.consume([queue], (delivery) => {
      arrived.set(Buffer.from(delivery.body).toString(), Date.now());
      wasDelayed.add(client.delayedDelivery.isDelayed(delivery.exchange));
      void delivery.ack();
    });
    const due = new Map<string, number>();
    const send = async (index: number): Promise<void> => {
      const seconds = 1 + (index % 4);
      due.set(String(index), Date.now() + seconds * 1000);
      const to = client.delayedDelivery.address(routingKey, seconds);
      const message = { body: Buffer.from(String(index)), contentType: "text/plain", contentEncoding: "utf-8" };
      await client.publish({ ...message, headers: {}, properties: { deliveryMode: 2 } }, { ...to, mandatory: true });
    };
    await Promise.all(Array.from({ length: 200 }, (_, index) => send(index)));
    await eventually(() => expect(arrived.size).toBe(200));
    // 50 ms: the broker counts from the moment it has the message, by a clock of its own.
    const early = [...arrived].filter(([index, at]) => at < (due.get(index) ?? 0) - 50);
    expect(early).toEqual([]);
    expect(wasDelayed).toEqual(new Set([true]));
    await client.deleteQueue(queue.name);
  });

  it("refuses queues with a direct exchange, and delays that do not exist", async () => {
    const { amqp: address } = await set.isolate();
    const { delayedDelivery } = transport(address.url);
    const queue = { name: "q", exchange: { name: "q", type: "direct" as const } };
    await expect(delayedDelivery.bindQueue(queue)).rejects.toMatchObject({ code: "bad-option" });
    expect(() => delayedDelivery.address("q", 0.5)).toThrow(expect.objectContaining({ code: "bad-option" }));
  });

  it("is what an app uses for a countdown when its queues are quorum queues, before any worker ran", async () => {
    const { amqp: address, name } = await set.isolate();
    const settings = {
      acceptContent: ["pickle", "json"],
      taskSerializer: "pickle",
      taskDefaultQueue: name("due"),
      taskDefaultExchange: name("due-topic"),
      taskDefaultExchangeType: "topic",
      taskDefaultQueueType: "quorum",
    } as const;
    const client = kept(new Celery({ ...settings, broker: transport(address.url) }));
    await client.sendTask("due.run", { args: [1], countdown: 15 });
    await client.sendTask("due.run", { args: [2], eta: new Date(Date.now() + 15_000) });
    await client.sendTask("due.run", { args: [3] });
    // Within those fifteen seconds also on a busy machine, where the levels take one or two to declare.
    expect(await client.transport.queueLength(settings.taskDefaultQueue)).toBe(1);
    // No worker holds them: they come to the queue by themselves.
    await eventually(async () => expect(await client.transport.queueLength(settings.taskDefaultQueue)).toBe(3));

    const ran: (readonly [task: number, retries: number])[] = [];
    const app = kept(new Celery({ ...settings, broker: transport(address.url), logger: console }));
    app.task<[number], void>("due.run", {}, (context, task) => {
      ran.push([task, context.retries]);
      if (task === 1 && context.retries === 0) throw context.retry({ countdown: 1 });
    });
    const worker = app.worker({ mingle: false, remoteControl: false });
    kept({ close: () => worker.stop() });
    await worker.start();
    await eventually(() => expect(ran).toHaveLength(4));
    expect(ran.sort()).toEqual([[1, 0], [1, 1], [2, 0], [3, 0]]); // biome-ignore format: a table
  });

  it("leaves the wait to the worker, with a warning, for a direct exchange", async () => {
    const { amqp: address, name } = await set.isolate();
    const warnings: string[] = [];
    const queue = name("direct");
    const app = kept(
      new Celery({
        broker: transport(address.url),
        taskDefaultQueue: queue,
        taskDefaultQueueType: "quorum",
        logger: { warn: (text) => void warnings.push(text) },
      }),
    );
    await app.sendTask("due.run", { countdown: 60 });
    await app.sendTask("due.run", { countdown: 60 });
    expect(await app.transport.queueLength(queue)).toBe(2);
    expect(warnings).toEqual([expect.stringContaining("type direct, not topic")]);
  });
});
