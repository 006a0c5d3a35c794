/** The frameworks themselves, on values and messages that Python writes and reads. */
import "reflect-metadata";
import { pickled as pickledChannel } from "@brine/amqp-adapter";
import { PickledRmqClient, PickledRmqServer } from "@brine/amqp-adapter/nestjs";
import { tuple } from "@brine/codec";
import { django, isRedisAdapterError, pickled } from "@brine/redis-adapter";
import { pickledKeyv } from "@brine/redis-adapter/keyv";
import { PickleSerializer } from "@brine/redis-adapter/moleculer";
import { PickledRedisClient, PickledRedisServer } from "@brine/redis-adapter/nestjs";
import { pickledDriver } from "@brine/redis-adapter/unstorage";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import {
  type ClientProxy,
  type CustomTransportStrategy,
  EventPattern,
  MessagePattern,
  RpcException,
  type Server,
} from "@nestjs/microservices";
import { type ChannelModel, connect } from "amqplib";
import { createCache } from "cache-manager";
import { Redis } from "ioredis";
import moleculer from "moleculer";
import { firstValueFrom, of, toArray } from "rxjs";
import { createStorage } from "unstorage";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Isolation, PythonPeer, ServiceSet } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { closeAfterEach } from "../kept.js";

interface Answer {
  readonly repr: string;
  readonly error: string | null;
}

describeEachGeneration("frameworks", (set: ServiceSet) => {
  let isolation: Isolation;
  let url: string;
  let client: Redis;
  let python: PythonPeer;
  let kombu: PythonPeer;

  beforeAll(async () => {
    isolation = await set.isolate();
    const at = isolation.redis();
    url = at.url;
    client = new Redis(at.url);
    python = await set.python.spawn("framework_peer.py", [at.pythonUrl]);
    kombu = await set.python.spawn("kombu_amqp.py");
  });

  afterAll(async () => {
    await python.close();
    await kombu.close();
    await client.quit();
  });

  beforeEach(() => client.flushdb());

  const store = () => pickled(client, { dialect: django() });
  const VALUE = { name: "Ada", tags: new Set(["a"]), at: tuple(1, 2n ** 70n), nothing: null };
  const SHOWN = "{'name': 'Ada', 'tags': {'a'}, 'at': (1, 1180591620717411303424), 'nothing': None}";

  describe("Keyv", () => {
    test("stores values as Django does, in both directions", async () => {
      const keyv = pickledKeyv(store());
      expect(await keyv.set("user", VALUE, 60_000)).toBe(true);
      expect(await python.request("get", { key: ":1:user" })).toBe(SHOWN);
      expect(await client.pttl(":1:user")).toBeGreaterThan(20_000);
      await python.request("set", { key: ":1:theirs", value: "{'n': (1, 2)}" });
      await python.request("set", { key: ":1:none", value: "None" });
      expect(await keyv.get("theirs")).toEqual({ n: tuple(1, 2) });
      expect(await keyv.get("none")).toBeNull();
      expect(await keyv.get("nobody")).toBeUndefined();
      expect(await keyv.getMany(["theirs", "nobody"])).toEqual([{ n: tuple(1, 2) }, undefined]);
      expect([await keyv.has("user"), await keyv.delete("user"), await keyv.has("user")]).toEqual([true, true, false]);
      await client.set("other", "stays");
      const found = new Map<string, unknown>();
      for await (const [key, value] of keyv.iterator!({})) found.set(key, value);
      expect(found).toEqual(
        new Map<string, unknown>([
          ["theirs", { n: tuple(1, 2) }],
          ["none", null],
        ]),
      );
      await keyv.clear();
      expect(await client.keys("*")).toEqual(["other"]);
    });

    test("refuses to empty a database that has no prefix", async () => {
      const keyv = pickledKeyv(pickled(client), { throwOnErrors: true });
      const errors: unknown[] = [];
      keyv.on("error", (error) => errors.push(error));
      await expect(keyv.clear()).rejects.toSatisfy(isRedisAdapterError);
      expect(errors).toHaveLength(1);
    });

    test("is a store of cache-manager", async () => {
      const cache = createCache({ stores: [pickledKeyv(store())], ttl: 60_000 });
      let made = 0;
      const make = async () => ({ total: ++made, tags: new Set([1]) });
      expect((await cache.wrap("report", make)).total).toBe(1);
      expect((await cache.wrap("report", make)).total).toBe(1);
      expect(await python.request("get", { key: ":1:report" })).toBe("{'total': 1, 'tags': {1}}");
      await python.request("set", { key: ":1:report", value: "{'total': 9}" });
      expect(await cache.get("report")).toEqual({ total: 9 });
      await cache.mset([
        { key: "a", value: 1 },
        { key: "b", value: 2 },
      ]);
      expect(await client.get(":1:a")).toBe("1");
      expect(await cache.mget(["a", "b"])).toEqual([1, 2]);
      expect(await cache.del("report")).toBe(true);
    });
  });

  test("cache-manager knows how long values of either side live, and renews them before their end", async () => {
    const cache = createCache({ stores: [pickledKeyv(store())], ttl: 600_000, refreshThreshold: 300_000 });
    await cache.set("fresh", "old", 450_000);
    await cache.set("due", "old", 100_000);
    await client.set(":1:for ever", store().encode("old"));
    const left = async (key: string) => ((await cache.ttl(key)) ?? Number.POSITIVE_INFINITY) - Date.now();
    expect(await left("fresh")).toBeLessThanOrEqual(450_000);
    expect(await left("due")).toBeLessThanOrEqual(100_000);
    expect(await left("for ever")).toBe(Number.POSITIVE_INFINITY);
    expect(await cache.ttl("missing")).toBeUndefined();
    for (const key of ["fresh", "due", "for ever"]) expect(await cache.wrap(key, async () => "new")).toBe("old");
    await expect.poll(() => cache.get("due")).toBe("new");
    expect([await cache.get("fresh"), await cache.get("for ever")]).toEqual(["old", "old"]);
    expect(await client.pttl(":1:due")).toBeGreaterThan(300_000);
    let made = 0;
    const none = async () => {
      made++;
      return null;
    };
    expect([await cache.wrap("none", none), await cache.wrap("none", none), made]).toEqual([null, null, 1]);
    await expect(cache.wrap("bad", () => Promise.reject(new Error("not like that")))).rejects.toThrow("not like that");
    expect(await cache.mset([{ key: "short", value: null, ttl: 50_000 }])).toBeDefined();
    expect(await client.pttl(":1:short")).toBeLessThanOrEqual(50_000);
    expect(await cache.mget(["short", "missing"])).toEqual([null, undefined]);
    await client.set("other", "stays");
    await cache.clear();
    expect(await client.keys("*")).toEqual(["other"]);
    await cache.disconnect();
    expect(await client.ping()).toBe("PONG");
  });

  test("unstorage stores values as Django does, in both directions", async () => {
    const storage = createStorage({ driver: pickledDriver(store()) });
    await storage.setItemRaw("users/7", VALUE, { ttl: 60 });
    expect(await python.request("get", { key: ":1:users:7" })).toBe(SHOWN);
    expect(await client.pttl(":1:users:7")).toBeGreaterThan(20_000);
    await python.request("set", { key: ":1:users:8", value: "{'n': (1, 2)}" });
    expect(await storage.getItemRaw("users/8")).toEqual({ n: tuple(1, 2) });
    expect(await storage.getItem("users:8")).toEqual({ n: tuple(1, 2) });
    await storage.setItem("json", { a: [1] });
    expect(await storage.getItem("json")).toEqual({ a: [1] });
    expect(await python.request("get", { key: ":1:json" })).toMatch(/^'\{"a": ?\[1\]\}'$/);
    expect((await storage.getKeys("users")).sort()).toEqual(["users:7", "users:8"]);
    expect(await storage.hasItem("users:7")).toBe(true);
    expect(await storage.getItem("nobody")).toBeNull();
    await client.set("other", "stays");
    await storage.removeItem("json");
    expect(await storage.hasItem("json")).toBe(false);
    await storage.clear();
    expect(await client.keys("*")).toEqual(["other"]);
  });

  test("unstorage's other operations", async () => {
    const storage = createStorage();
    storage.mount("app", pickledDriver(store()));
    for (const value of [null, true, 0, 1.5, "", "text", [1, { a: null }]]) {
      await storage.setItem("app:value", value);
      expect(await storage.getItem("app:value")).toEqual(value);
    }
    await storage.setItemRaw("app:bytes", new Uint8Array([0, 255]));
    expect(new Uint8Array((await storage.getItemRaw("app:bytes")) as Buffer)).toEqual(new Uint8Array([0, 255]));
    expect(await python.request("get", { key: ":1:bytes" })).toBe("b'\\x00\\xff'");
    // What is undefined is removed, as unstorage does it.
    await storage.setItemRaw("app:bytes", undefined);
    expect(await storage.hasItem("app:bytes")).toBe(false);
    await storage.setItems<string | object>([
      { key: "app:t:1", value: "v" },
      { key: "app:t:2", value: { a: 1 }, options: { ttl: 50 } },
    ]);
    expect(await client.ttl(":1:t:2")).toBeGreaterThan(20);
    expect(await client.ttl(":1:t:1")).toBe(-1);
    const items = await storage.getItems(["app:t:1", { key: "app:t:2" }, "app:t:none"]);
    expect(items.map(({ value }) => value)).toEqual(["v", { a: 1 }, null]);
    await storage.setMeta("app:t:1", { size: 1 });
    expect(await storage.getMeta("app:t:1")).toMatchObject({ size: 1 });
    // A name is no pattern.
    await storage.setItem("app:a*b:1", 1);
    await storage.setItem("app:aXb:1", 1);
    expect(await storage.getKeys("app:a*b")).toEqual(["app:a*b:1"]);
    expect((await storage.getKeys("app:t")).sort()).toEqual(["app:t:1", "app:t:2"]);
    await client.set("other", "stays");
    await storage.clear("app");
    expect(await client.keys("*")).toEqual(["other"]);
    await storage.dispose();
    expect(await client.ping()).toBe("PONG");
  });

  test("Moleculer's nodes exchange what JSON cannot, and Python reads its cache", async () => {
    const calls: unknown[] = [];
    const broker = (nodeID: string) =>
      new moleculer.ServiceBroker({
        nodeID,
        namespace: isolation.name("moleculer"),
        logger: false,
        transporter: url,
        serializer: new PickleSerializer(),
        cacher: { type: "Redis", options: { redis: url, prefix: "MOL", serializer: new PickleSerializer() } },
      });
    const [server, caller] = [broker("server"), broker("caller")];
    server.createService({
      name: "maths",
      actions: {
        echo: {
          cache: { keys: ["key"] },
          handler: (context) => {
            calls.push(context.params);
            return context.params;
          },
        },
        fail: () => {
          throw new moleculer.Errors.MoleculerClientError("not like that", 422, "WRONG", { tags: new Set(["a"]) });
        },
      },
    });
    await Promise.all([server.start(), caller.start()]);
    try {
      await caller.waitForServices("maths");
      const params = { key: "k", tags: new Set(["a"]), big: 2n ** 70n, when: new Date(0) };
      const answer = await caller.call<Record<string, unknown>, typeof params>("maths.echo", params);
      expect(answer.tags).toEqual(new Set(["a"]));
      expect(answer.big).toBe(2n ** 70n);
      expect(calls).toHaveLength(1);
      const failing = caller.call("maths.fail");
      await expect(failing).rejects.toMatchObject({ name: "MoleculerClientError", code: 422, type: "WRONG" });
      await expect.poll(() => client.keys("MOL*")).toHaveLength(1);
      const [key] = await client.keys("MOL*");
      expect(await python.request("get", { key })).toMatch(
        /^\{'key': 'k', 'tags': \{'a'\}, 'big': 1180591620717411303424, /,
      );
      await caller.call("maths.echo", params);
      expect(calls).toHaveLength(1);
    } finally {
      await Promise.all([server.stop(), caller.stop()]);
    }
  });

  describe("NestJS", () => {
    const events: unknown[] = [];
    const keep = closeAfterEach();
    let connection: ChannelModel;

    beforeAll(async () => {
      connection = await connect(isolation.amqp.url);
    });

    afterAll(() => connection.close());

    afterEach(() => {
      events.length = 0;
    });

    class Maths {
      sum(data: number[]) {
        return data.reduce((a, b) => a + b, 0);
      }

      async echo(data: unknown) {
        return data;
      }

      count(data: number) {
        return of(...Array.from({ length: data }, (_, i) => i));
      }

      fail() {
        throw new RpcException("not like that");
      }

      happened(data: unknown) {
        events.push(data);
      }
    }

    async function serve(strategy: Server & CustomTransportStrategy): Promise<void> {
      const app = await NestFactory.createMicroservice(App, { strategy, logger: false });
      await app.listen();
      keep(app);
    }

    // Decorators, called as the compiler of a Nest application calls them.
    const decorate = (name: keyof Maths, decorator: MethodDecorator) =>
      decorator(Maths.prototype, name, Object.getOwnPropertyDescriptor(Maths.prototype, name)!);
    decorate("sum", MessagePattern("sum"));
    decorate("echo", MessagePattern("echo"));
    decorate("count", MessagePattern({ cmd: "count" }));
    decorate("fail", MessagePattern("fail"));
    decorate("happened", EventPattern("happened"));
    Controller()(Maths);
    class App {}
    Module({ controllers: [Maths] })(App);

    async function exercise(proxy: ClientProxy): Promise<void> {
      keep(proxy);
      expect(await firstValueFrom(proxy.send("sum", [1, 2, 3]))).toBe(6);
      expect(await firstValueFrom(proxy.send("echo", VALUE))).toEqual(VALUE);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => firstValueFrom(proxy.send("sum", [i, 1]))),
      );
      expect(answers).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
      await expect(firstValueFrom(proxy.send("fail", 0))).rejects.toMatchObject({
        message: expect.stringContaining("not like that"),
      });
      await firstValueFrom(proxy.emit("happened", VALUE), { defaultValue: undefined });
      await expect.poll(() => events).toEqual([VALUE]);
    }

    test("over RabbitMQ, for clients in Node and kombu", async () => {
      const channel = pickledChannel(await connection.createConfirmChannel());
      const queue = isolation.name("nest");
      await serve(new PickledRmqServer({ channel, queue, prefetch: 10 }));
      const own = pickledChannel(await connection.createConfirmChannel());
      const proxy = new PickledRmqClient({ channel: own, queue, timeoutMs: 60_000 });
      await exercise(proxy);
      expect(await firstValueFrom(proxy.send({ cmd: "count" }, 3))).toBe(2);
      await expect(firstValueFrom(proxy.send("nobody", 1))).rejects.toThrow(/no handler/);
      const call = (body: string) =>
        kombu.request<Answer[]>("call", { url: isolation.amqp.pythonUrl, queue, body, count: 1 });
      expect((await call("{'pattern': 'sum', 'data': [i, 2, 3]}"))[0]).toMatchObject({ repr: "5", error: null });
      expect((await call("{'pattern': 'echo', 'data': {'t': (1, {2})}}"))[0]).toMatchObject({
        repr: "{'t': (1, {2})}",
      });
      expect((await call("{'pattern': 'fail', 'data': None}"))[0]?.error).toMatch(/Error/);
      expect((await call("['no packet']"))[0]?.repr).toMatch(/no pattern/);
    });

    test("over Redis, for clients in Node and Python", async () => {
      await serve(new PickledRedisServer({ client }));
      const proxy = new PickledRedisClient({ client });
      await exercise(proxy);
      expect(await firstValueFrom(proxy.send({ cmd: "count" }, 3).pipe(toArray()))).toEqual([0, 1, 2]);
      expect(await python.request("ask", { pattern: "sum", data: "[1, 2]" })).toMatch(/'response': 3/);
      expect(await python.request("ask", { pattern: "echo", data: "(1, {2})" })).toMatch(/'response': \(1, \{2\}\)/);
      expect(await python.request("ask", { pattern: "fail", data: "None" })).toMatch(/'err': /);
      await python.request("publish", { channel: "happened", value: "{'pattern': 'happened', 'data': (1, 2)}" });
      await expect.poll(() => events).toEqual([VALUE, tuple(1, 2)]);
      // What is no pickle does not stop the server.
      await client.publish("sum", "rubbish");
      expect(await firstValueFrom(proxy.send("sum", [4, 4]))).toBe(8);
    });

    test("a caller hears of answers and requests that cannot be decoded, over Redis", async () => {
      await serve(new PickledRedisServer({ client }));
      const proxy = new PickledRedisClient({ client });
      keep(proxy);
      const answers = [
        'pickle.dumps({"id": id, "response": Namespace(a=1), "isDisposed": True})',
        'pickle.dumps({"id": id, "response": Namespace(a=1), "isDisposed": True}, 0)',
        'b"no pickle " + id.encode()',
      ];
      for (const answer of answers) {
        const answering = python.request("answer_once", { pattern: "python.odd", answer });
        await expect.poll(() => client.pubsub("NUMSUB", "python.odd")).toEqual(["python.odd", 1]);
        const others = firstValueFrom(proxy.send("sum", [1, 2]));
        await expect(firstValueFrom(proxy.send("python.odd", 1))).rejects.toMatchObject({ code: "decode" });
        await answering;
        expect(await others).toBe(3);
      }
      expect(await python.request("ask", { pattern: "echo", data: "Namespace(a=1)" })).toMatch(
        /'err': 'The request cannot be decoded: .*Namespace/,
      );
    });

    test("a caller hears of answers and requests that cannot be decoded, over RabbitMQ", async () => {
      const channel = pickledChannel(await connection.createConfirmChannel());
      const unknown: Error[] = [];
      channel.on("decodeError", (error) => unknown.push(error));
      const queue = isolation.name("nest");
      await serve(new PickledRmqServer({ channel, queue }));
      const body = "{'pattern': 'echo', 'data': __import__('argparse').Namespace(a=1)}";
      const [answer] = await kombu.request<Answer[]>("call", { url: isolation.amqp.pythonUrl, queue, body, count: 1 });
      expect(answer?.error).toMatch(/Error/);
      expect(answer?.repr).toMatch(/Namespace/);
      expect(unknown).toHaveLength(1);

      const theirs = isolation.name("python");
      const namespace = "lambda body: __import__('argparse').Namespace(a=1)";
      const served = { url: isolation.amqp.pythonUrl, queue: theirs, function: namespace, count: 1 };
      await kombu.request("serve_calls", served);
      const proxy = new PickledRmqClient({ channel, queue: theirs });
      keep(proxy);
      await expect(firstValueFrom(proxy.send("sum", [1]))).rejects.toThrow(/Namespace/);
    });

    test("calls Python over Redis", async () => {
      const answering = python.request("answer", { pattern: "python.sum", count: 2 });
      const proxy = new PickledRedisClient({ client });
      keep(proxy);
      await expect.poll(() => client.pubsub("NUMSUB", "python.sum")).toEqual(["python.sum", 1]);
      expect(await firstValueFrom(proxy.send("python.sum", [1, 2]))).toBe(3);
      await expect(firstValueFrom(proxy.send("python.sum", ["x"]))).rejects.toMatchObject({
        pythonClass: "builtins.TypeError",
      });
      await answering;
    });
  });
});
