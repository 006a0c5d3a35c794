/** kombu's Redis transport and ours on the same queues: real Python, real Redis. */
import { setTimeout as delay } from "node:timers/promises";
import { redis, redisBackend } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Address, PythonPeer, ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { untold } from "../numbered-message.js";
import { startProxy } from "../tcp-proxy.js";
import { countPatterns, killClients } from "./redis-clients.js";

type Transport = ReturnType<typeof redis>;
type Delivery = Parameters<Parameters<Transport["consume"]>[1]>[0];

interface KombuMessage {
  readonly body: string;
  readonly headers: string;
  readonly content_type: string;
  readonly priority: number;
  readonly redelivered: boolean;
}

/** Collects deliveries and lets a test wait for the n-th. */
function inbox(settle: (delivery: Delivery) => void = (delivery) => void delivery.ack().catch(untold)) {
  const deliveries: Delivery[] = [];
  const waiting: (() => void)[] = [];
  return {
    deliveries,
    onMessage(delivery: Delivery) {
      deliveries.push(delivery);
      settle(delivery);
      for (const wake of waiting.splice(0)) wake();
    },
    async have(count: number): Promise<Delivery[]> {
      while (deliveries.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
      return deliveries;
    },
  };
}

const text = (body: string, priority?: number) => ({
  body: Buffer.from(body),
  contentType: "text/plain",
  contentEncoding: "utf-8",
  headers: { task: "t", id: body },
  properties: { correlationId: body, replyTo: "", deliveryMode: 2 as const, priority },
});

describeEachRedis("the Redis transport", (set: ServiceSet) => {
  let python: PythonPeer;
  let at: Address;
  let admin: Redis;
  let transport: Transport;
  /** Of this try's transport: one that is closed may still tell of what it cannot do any more. */
  let warnings: string[];
  let tries = 0;
  /** A name that no other test has, nor another try of this one: kombu's connections go on waiting for messages of those before. */
  const own = (label: string) => `${label}-${tries}`;

  beforeAll(async () => {
    python = await set.python.spawn("kombu_redis.py");
    at = (await set.isolate()).redis();
    admin = new Redis(at.url);
  });

  afterAll(async () => {
    await python.close();
    await admin.quit();
  });

  beforeEach(async (context) => {
    await admin.flushdb();
    tries++;
    const ofThisTry: string[] = [];
    warnings = ofThisTry;
    const ours = redis(at.url, { visibilityTimeoutSeconds: 3600 });
    transport = ours;
    ours.on("warning", (error) => ofThisTry.push(error.message));
    context.onTestFinished(() => ours.close());
  });

  test("refuses a database that the server does not have, where the driver goes on in database 0", async (context) => {
    const url = new URL(at.url);
    url.pathname = "/999999";
    const beyond = redis(url.href);
    const store = redisBackend(url.href);
    context.onTestFinished(() => Promise.all([beyond.close(), store.close()]).then(() => {}));
    const error = { code: "unavailable", message: expect.stringMatching(/\/999999: ERR DB index is out of range/) };
    await expect(beyond.connect()).rejects.toMatchObject(error);
    await expect(store.get("k")).rejects.toMatchObject(error);
  });

  test("takes what kombu publishes: body, headers, properties, priority order", async () => {
    for (const priority of [9, 4, 0]) {
      await python.request("publish", {
        url: at.pythonUrl,
        body: `{"n": ${priority}}`,
        routing_key: own("order"),
        serializer: "json",
        priority,
        headers: { id: `p${priority}`, big: 4611686018427387905n.toString(), n: 300 },
        correlation_id: `c${priority}`,
      });
    }
    const { onMessage, have } = inbox();
    await transport.consume([{ name: own("order") }], onMessage);
    const [first, second, third] = await have(3);
    expect([first!, second!, third!].map(({ properties }) => properties.priority)).toEqual([0, 4, 9]);
    expect(Buffer.from(first!.body).toString()).toBe('{"n": 0}');
    expect(first).toMatchObject({
      contentType: "application/json",
      contentEncoding: "utf-8",
      exchange: "",
      routingKey: own("order"),
      queue: own("order"),
      redelivered: false,
      headers: { id: "p0", n: 300 },
      properties: { correlationId: "c0", deliveryMode: 2 },
    });
    await expect.poll(() => admin.exists("unacked", "unacked_index")).toBe(0);
  });

  test("publishes what kombu takes, through the anonymous, a direct and a topic exchange", async () => {
    await python.request("declare", { url: at.pythonUrl, queue: own("d"), exchange: own("ex"), routing_key: "key" });
    await python.request("declare", {
      url: at.pythonUrl,
      queue: own("t"),
      exchange: own("top"),
      type: "topic",
      routing_key: "a.#",
    });
    await transport.declareExchange({ name: own("ex"), type: "direct" });
    await transport.declareExchange({ name: own("top"), type: "topic" });
    await transport.publish(text("anonymous", 3), { exchange: "", routingKey: own("d") });
    await transport.publish(text("direct"), { exchange: own("ex"), routingKey: "key" });
    await transport.publish(text("topic"), { exchange: own("top"), routingKey: "a.b.c" });
    await expect(
      transport.publish(text("lost"), { exchange: own("ex"), routingKey: "no", mandatory: true }),
    ).rejects.toThrow(/no queue/);
    const direct = await python.request<KombuMessage[]>("receive", { url: at.pythonUrl, queue: own("d"), count: 2 });
    const topic = await python.request<KombuMessage[]>("receive", { url: at.pythonUrl, queue: own("t") });
    // Priority 0 first.
    expect([...direct, ...topic].map(({ body }) => body)).toEqual(["'direct'", "'anonymous'", "'topic'"]);
    expect(direct[1]).toMatchObject({
      headers: "{'task': 't', 'id': 'anonymous'}",
      content_type: "text/plain",
      priority: 3,
      redelivered: false,
    });
  });

  test("makes bindings that kombu routes by", async () => {
    const exchange = { name: own("top"), type: "topic" as const };
    await transport.declareQueue({ name: own("mine"), exchange, routingKey: "x.*" });
    const { onMessage, have } = inbox();
    await transport.consume([{ name: own("mine") }], onMessage);
    await python.request("publish", {
      url: at.pythonUrl,
      body: "'hit'",
      routing_key: "x.y",
      exchange: own("top"),
      type: "topic",
      serializer: "json",
    });
    expect(Buffer.from((await have(1))[0]!.body).toString()).toBe('"hit"');
    expect(await admin.smembers(`_kombu.binding.${own("top")}`)).toEqual([
      `x.*\x06\x16^x\\..*?[^\\.]$\x06\x16${own("mine")}`,
    ]);
  });

  test("takes part in fanouts, both ways", async () => {
    const fanout = { name: own("all"), type: "fanout" as const };
    const { onMessage, have } = inbox();
    await transport.consume([{ name: "", exchange: fanout, routingKey: "#" }], onMessage);
    await python.request("publish", {
      url: at.pythonUrl,
      body: "[1]",
      routing_key: "k.1",
      exchange: own("all"),
      type: "fanout",
      serializer: "json",
    });
    expect((await have(1))[0]).toMatchObject({ exchange: own("all"), routingKey: "k.1" });
    const received = python.request<KombuMessage[]>("receive", {
      url: at.pythonUrl,
      queue: own("fan"),
      exchange: own("all"),
      type: "fanout",
      routing_key: "",
    });
    await expect.poll(() => countPatterns(admin)).toBeGreaterThan(1);
    await transport.publish(text("to all"), { exchange: own("all"), routingKey: "" });
    expect(await received).toMatchObject([{ body: "'to all'" }]);
  });

  test("shares a queue with a Python consumer: each message goes to one of them", async () => {
    const all: string[] = [];
    const { onMessage, deliveries } = inbox();
    let isSharing = true;
    const share = python.request<KombuMessage[]>("receive", { url: at.pythonUrl, queue: own("shared"), count: 60 });
    share.finally(() => (isSharing = false)).catch(() => {});
    await transport.consume([{ name: own("shared") }], onMessage, { prefetch: 4 });
    // Until Python has had its share, however late it begins.
    while (isSharing || all.length < 200) {
      const body = `m${all.length}`;
      all.push(body);
      await transport.publish(text(body), { exchange: "", routingKey: own("shared") });
      if (all.length > 200) await delay(5);
    }
    const theirs = (await share).map(({ body }) => body.slice(1, -1));
    await expect.poll(() => deliveries.length + theirs.length).toBe(all.length);
    const ours = deliveries.map(({ body }) => Buffer.from(body).toString());
    expect([...ours, ...theirs].sort()).toEqual(all.sort());
  });

  test("marks what it holds so that kombu can restore it, to the queue it came from, in the order it had", async () => {
    // Two queues behind one key: kombu's own marks would bring a message back to both.
    for (const queue of [own("one"), own("two")]) {
      await python.request("declare", { url: at.pythonUrl, queue, exchange: own("ex"), routing_key: "key" });
    }
    await transport.publish(text("a", 6), { exchange: own("ex"), routingKey: "key" });
    await transport.publish(text("b", 6), { exchange: own("ex"), routingKey: "key" });
    const { onMessage, have } = inbox(() => {});
    const before = Date.now() / 1000;
    await transport.consume([{ name: own("one") }], onMessage, { prefetch: 2 });
    await have(2);
    expect(await transport.queueLength(own("one"))).toBe(0);
    const index = await admin.zrange("unacked_index", "0", "-1", "WITHSCORES");
    expect(index).toHaveLength(4);
    expect(Number(index[1])).toBeGreaterThan(before - 2);
    expect(Number(index[1])).toBeLessThan(Date.now() / 1000 + 2);
    // As if this process had died an hour ago.
    for (const [i, tag] of (await admin.zrange("unacked_index", "0", "-1")).entries())
      await admin.zadd("unacked_index", i + 1, tag);
    await python.request("restore", { url: at.pythonUrl, visibility_timeout: 60 });
    expect(await admin.exists("unacked", "unacked_index")).toBe(0);
    const again = await python.request<KombuMessage[]>("receive", { url: at.pythonUrl, queue: own("one"), count: 2 });
    expect(again.map(({ body, redelivered }) => [body, redelivered])).toEqual([
      ["'a'", true],
      ["'b'", true],
    ]);
    expect(await transport.queueLength(own("two"))).toBe(2);
  });

  test("restores what a Python worker held when it died", async () => {
    await python.request("publish", {
      url: at.pythonUrl,
      body: "'orphan'",
      routing_key: own("orphan"),
      priority: 5,
      headers: { huge: "x" },
    });
    await python.request("receive", { url: at.pythonUrl, queue: own("orphan"), settle: "hold" });
    await python.request("abandon", { url: at.pythonUrl });
    expect(await admin.hlen("unacked")).toBe(1);
    const quick = redis(at.url, { visibilityTimeoutSeconds: 1, restoreIntervalSeconds: 0.2 });
    try {
      const { onMessage, have } = inbox();
      await quick.consume([{ name: own("orphan") }], onMessage);
      const [delivery] = await have(1);
      expect(delivery).toMatchObject({ redelivered: true, queue: own("orphan"), properties: { priority: 5 } });
      await expect.poll(() => admin.exists("unacked", "unacked_index")).toBe(0);
    } finally {
      await quick.close();
    }
  });

  test.each(["ack", "reject"] as const)(
    "closes once Redis knows of an %s, although the connection was just lost",
    async (how) => {
      const proxy = await startProxy(at.url);
      const cut = redis(proxy.url, { visibilityTimeoutSeconds: 3600 });
      try {
        await transport.publish(text("settled"), { exchange: "", routingKey: own("settled") });
        const { onMessage, have } = inbox(() => {});
        const consumer = await cut.consume([{ name: own("settled") }], onMessage);
        const [delivery] = await have(1);
        await consumer.cancel();
        proxy.cut();
        await new Promise((resolve) => cut.on("disconnect", resolve));
        const settling = how === "ack" ? delivery!.ack() : delivery!.reject({ requeue: true });
        await cut.close();
        await settling;
        expect(await admin.exists("unacked", "unacked_index")).toBe(0);
        expect(await transport.queueLength(own("settled"))).toBe(how === "ack" ? 0 : 1);
      } finally {
        await cut.close();
        await proxy.close();
      }
    },
  );

  test("restores what it can, past what it cannot, and loses none of either", async () => {
    const envelope = async (body: string) => {
      await transport.publish(text(body), { exchange: "", routingKey: own("due") });
      return (await admin.rpop(own("due"))) as string;
    };
    const held = await envelope("held");
    const fill = admin.pipeline();
    const mark = (tag: string, score: number, exchange: string, routingKey: string) =>
      fill
        .hset("unacked", tag, `[${held}, ${JSON.stringify(exchange)}, ${JSON.stringify(routingKey)}]`)
        .zadd("unacked_index", score, tag);
    // More than one look takes, and older: to an exchange that no queue is bound to any more, and to a key that is no list.
    const UNROUTABLE = 600;
    for (let i = 0; i < UNROUTABLE; i++) mark(`unroutable-${i}`, i + 1, own("unbound"), "key");
    mark("mistyped", 1, "", own("mistyped"));
    mark("routable", UNROUTABLE + 1, "", own("due"));
    fill.set(own("mistyped"), "text");
    await fill.exec();
    const quick = redis(at.url, { visibilityTimeoutSeconds: 60, restoreIntervalSeconds: 0.2 });
    const told: string[] = [];
    quick.on("warning", ({ message }) => void told.push(message));
    try {
      const { onMessage, have } = inbox();
      await quick.consume([{ name: own("due") }], onMessage);
      const [delivery] = await have(1);
      expect(delivery).toMatchObject({ redelivered: true, queue: own("due") });
      await expect.poll(() => admin.hlen("unacked")).toBe(UNROUTABLE + 1);
      await expect
        .poll(() => new Set(told))
        .toEqual(
          new Set([
            `Cannot restore a message: no queue is bound to "${own("unbound")}"`,
            `Cannot restore a message: where "${own("mistyped")}" should be, there is a key of another type`,
          ]),
        );
      await admin.del(own("mistyped"));
      await expect.poll(() => admin.llen(own("mistyped"))).toBe(1);
      expect(await admin.hlen("unacked")).toBe(UNROUTABLE);
      expect(await admin.zcard("unacked_index")).toBe(UNROUTABLE);
    } finally {
      await quick.close();
    }
  });

  test("renews what it works on, so that nobody takes it away", async () => {
    const seconds = 8;
    const quick = redis(at.url, { visibilityTimeoutSeconds: seconds });
    try {
      const { onMessage, have } = inbox(() => {});
      await quick.consume([{ name: own("long") }], onMessage);
      await quick.publish(text("long"), { exchange: "", routingKey: own("long") });
      const [delivery] = await have(1);
      const marked = async () => Number((await admin.zrange("unacked_index", "0", "-1", "WITHSCORES"))[1]);
      const first = await marked();
      // Until it would have been anybody's.
      await expect.poll(marked).toBeGreaterThan(first + seconds);
      await python.request("restore", { url: at.pythonUrl, visibility_timeout: seconds });
      expect(await quick.queueLength(own("long"))).toBe(0);
      expect(delivery!.alive).toBe(true);
      await delivery!.ack();
      expect(await admin.exists("unacked", "unacked_index")).toBe(0);
    } finally {
      await quick.close();
    }
  });

  test("rejects to the back of the queue, closes to the front, and keeps the priority", async () => {
    await transport.publish(text("first", 3), { exchange: "", routingKey: own("ends") });
    await transport.publish(text("second", 3), { exchange: "", routingKey: own("ends") });
    await transport.publish(text("third", 3), { exchange: "", routingKey: own("ends") });
    const { onMessage, have } = inbox(() => {});
    await transport.consume([{ name: own("ends") }], onMessage, { prefetch: 2 });
    const [first] = await have(2);
    await first!.reject({ requeue: true });
    await first!.reject({ requeue: true });
    await have(3);
    await transport.close();
    const received = await python.request<KombuMessage[]>("receive", {
      url: at.pythonUrl,
      queue: own("ends"),
      count: 3,
    });
    expect(received.map(({ body, priority, redelivered }) => [body, priority, redelivered])).toEqual([
      ["'second'", 3, true],
      ["'third'", 3, true],
      ["'first'", 3, true],
    ]);
  });

  test("reports and drops what is no envelope, and goes on", async () => {
    const { onMessage, have } = inbox();
    await admin.lpush(
      own("garbage"),
      "garbage",
      "{}",
      '{"body": 1}',
      '{"properties": {"delivery_info": {}, "body_encoding": "rot13"}, "body": ""}',
    );
    await transport.publish(text("good"), { exchange: "", routingKey: own("garbage") });
    await transport.consume([{ name: own("garbage") }], onMessage);
    expect(Buffer.from((await have(1))[0]!.body).toString()).toBe("good");
    expect(warnings).toHaveLength(4);
    expect(warnings.every((warning) => warning.startsWith(`Dropped a message of "${own("garbage")}"`))).toBe(true);
    await expect.poll(() => admin.exists("unacked", "unacked_index", own("garbage"))).toBe(0);
  });

  test("puts a prefix before every key, as kombu's global_keyprefix", async () => {
    const options = { global_keyprefix: "{app}:" };
    const prefixed = redis(at.url, { globalKeyprefix: "{app}:" });
    try {
      await python.request("publish", {
        url: at.pythonUrl,
        body: "1",
        routing_key: own("prefixed"),
        serializer: "json",
        options,
      });
      const { onMessage, have } = inbox(() => {});
      await prefixed.consume([{ name: own("prefixed") }], onMessage);
      await have(1);
      expect(await admin.keys("*")).toEqual(expect.arrayContaining(["{app}:unacked", "{app}:unacked_index"]));
      expect((await admin.keys("*")).every((key) => key.startsWith("{app}:"))).toBe(true);
      await prefixed.publish(text("back"), { exchange: "", routingKey: own("p") });
      expect(await python.request("receive", { url: at.pythonUrl, queue: own("p"), options })).toMatchObject([
        { body: "'back'" },
      ]);
    } finally {
      await prefixed.close();
    }
  });

  test("goes on after the server has dropped its connections, without losing what it holds", async () => {
    const events: string[] = [];
    transport.on("disconnect", () => events.push("disconnect"));
    transport.on("reconnect", () => events.push("reconnect"));
    const { onMessage, have } = inbox(() => {});
    await transport.consume([{ name: own("dropped") }], onMessage);
    await transport.publish(text("held"), { exchange: "", routingKey: own("dropped") });
    const [held] = await have(1);
    await killClients(admin, "normal", "pubsub");
    await expect.poll(() => events).toEqual(["disconnect", "reconnect"]);
    await held!.ack();
    expect(await admin.exists("unacked")).toBe(0);
    await transport.publish(text("after"), { exchange: "", routingKey: own("dropped") });
    await have(2);
  });

  test("closed while its connections are being made anew, tells what was settled and gives back the rest", async () => {
    const { onMessage, have } = inbox(() => {});
    const disconnected = new Promise((resolve) => transport.on("disconnect", resolve));
    await transport.consume([{ name: own("closed") }], onMessage);
    for (const body of ["settled", "held"])
      await transport.publish(text(body), { exchange: "", routingKey: own("closed") });
    const [settled] = await have(2);
    await killClients(admin, "normal");
    await disconnected;
    // All of them have noticed, and none is back.
    await delay(20);
    const acknowledged = settled!.ack();
    await transport.close();
    await acknowledged;
    expect(await admin.exists("unacked")).toBe(0);
    expect(await admin.llen(own("closed"))).toBe(1);
  });
});
