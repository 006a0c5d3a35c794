/** What `pickled` and `createCache` do on a real server, with what Python's pickle makes of the bytes. */
import { loads } from "@brine/codec";
import { createCache, DecodeError, django, pickled, plain, signed } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, expectTypeOf, test } from "vitest";
import type { ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { isServerSince } from "../server-version.js";
import { withClient } from "./redis-client.js";
import { countPatterns } from "./redis-clients.js";

describeEachRedis("pickled()", (set: ServiceSet) => {
  let client: Redis;
  let py: ReturnType<typeof pickled<Redis>>;

  withClient(set, (redis) => {
    client = redis;
    py = pickled(client);
  });

  const python = async (code: string, input: Uint8Array): Promise<string> => {
    const { stdout, stderr } = await set.python.run(
      `import pickle, sys; value = pickle.loads(sys.stdin.buffer.read()); ${code}`,
      [],
      { input },
    );
    return stdout.toString().trim() || stderr;
  };

  test("stores pickles that Python reads, and tells None from nothing", async () => {
    await py.set("k", { name: "Ann", tags: new Set(["a"]), seen: new Date(0) });
    expect(await python("print(value)", (await client.getBuffer("k"))!)).toBe(
      "{'name': 'Ann', 'tags': {'a'}, 'seen': datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)}",
    );
    await py.set("none", null);
    expect([await py.get("none"), await py.get("nothing")]).toEqual([null, undefined]);
    expect(py.client).toBe(client);
  });

  test("obeys conditions and lifetimes", async () => {
    expect(await py.set("k", 1, { nx: true, ttl: 60_000 })).toBe(true);
    expect(await py.set("k", 2, { nx: true })).toBe(false);
    expect(await py.set("k", 3, { xx: true, keepTtl: true })).toBe(true);
    expect(await py.pttl("k")).toBeGreaterThan(50_000);
    expect(await py.getset("k", 4)).toBe(3);
    expect(await py.ttl("k")).toBe(-1);
    await expect(py.set("k", 1, { ex: 1, px: 1 })).rejects.toThrow(/two lifetimes/);
    await expect(py.incr("k")).rejects.toThrow(/does not store ints as digits/);
  });

  test("does what servers learned since 6.0, or says which one is needed", async () => {
    const before = async () => {
      await client.flushdb();
      await py.set("k", 1, { px: 60_000 });
      await py.rpush("l", { a: 1 });
      await py.zadd("z", [["m", 2]]);
    };
    const calls: [since: string, call: () => Promise<unknown>, result: unknown][] = [
      ["6.2", () => py.getex("k", { persist: true }), 1],
      ["6.2", () => py.getdel("k"), 1],
      ["6.2", () => py.lmove("l", "l2", "LEFT", "RIGHT"), { a: 1 }],
      ["6.2", () => py.set("k", 3, { get: true, keepTtl: true }), 1],
      ["6.2", () => py.set("k", 3, { pxat: Date.now() + 60_000 }), true],
      ["6.2", () => py.zadd("z", [["m", 1]], { gt: true, ch: true }), 0],
      ["6.2", async () => (await py.pipeline().get("k").getdel("k").results())[1], 1],
      ["6.2", async () => (await py.multi().get("k").getdel("k").results())[1], 1],
      ["7.0", () => py.set("k", 2, { get: true, nx: true }), 1],
    ];
    for (const [since, call, result] of calls) {
      await before();
      if (isServerSince(set, since)) expect(await call()).toEqual(result);
      else {
        const error = await call().catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code: "unsupported", message: expect.stringContaining(`needs Redis ${since}`) });
      }
    }
  });

  test("keeps hashes, lists, sets, sorted sets and streams of values", async () => {
    expect(await py.hset("h", { a: [1], b: null })).toBe(2);
    expect(await py.hgetall("h")).toEqual(
      new Map<string, unknown>([
        ["a", [1]],
        ["b", null],
      ]),
    );
    expect(await py.hmget("h", ["a", "c"])).toEqual([[1], undefined]);
    await client.hset("h", "__proto__", py.encode("x"));
    expect((await py.hgetall("h")).get("__proto__")).toBe("x");
    expect(await py.rpush("l", 1, { a: 1 }, null)).toBe(3);
    expect(await py.lrange("l", 0, -1)).toEqual([1, { a: 1 }, null]);
    expect(await py.blpop("l", 1)).toEqual({ key: "l", value: 1 });
    expect(await py.lpop("l")).toEqual({ a: 1 });
    expect(await py.sadd("s", "two", [3])).toBe(2);
    expect([await py.sismember("s", "two"), await py.sismember("s", "three")]).toEqual([true, false]);
    expect(await py.srem("s", [3])).toBe(1);
    expect(await py.smembers("s")).toEqual(["two"]);
    await py.zadd("z", [
      ["b", Number.POSITIVE_INFINITY],
      ["a", 1.5],
    ]);
    expect(await py.zrange("z", 0, -1)).toEqual([
      { member: "a", score: 1.5 },
      { member: "b", score: Number.POSITIVE_INFINITY },
    ]);
    expect(await py.zscore("z", "a")).toBe(1.5);
    expect(await py.zpopmin("z")).toEqual([{ member: "a", score: 1.5 }]);
    const id = await py.xadd("x", { v: { deep: [1] } });
    expect(await py.xread({ x: "0" })).toEqual([{ stream: "x", id, fields: { v: { deep: [1] } } }]);
  });

  test("hands a stream's entries to a group, again until they are acknowledged", async () => {
    await py.xadd("x", { n: 1 });
    await py.xadd("x", { n: 2 });
    const take = async (count: number, ack: boolean) => {
      const seen: unknown[] = [];
      for await (const entry of py.consume({ stream: "x", group: "g", consumer: "c", count: 1 })) {
        seen.push(entry.fields.n);
        if (ack) await entry.ack();
        if (seen.length === count) break;
      }
      return seen;
    };
    expect(await take(2, false)).toEqual([1, 2]);
    expect(await take(2, true)).toEqual([1, 2]);
    await py.xadd("x", { n: 3 });
    expect(await take(1, true)).toEqual([3]);
  });

  test("gives each result of a pipeline its type and its error its place", async () => {
    await py.set("n", [1]);
    const results = await py.pipeline().get<number[]>("n").exists("n", "m").hgetall("h").results();
    expectTypeOf(results[0]).toEqualTypeOf<number[] | undefined>();
    expectTypeOf(results[1]).toEqualTypeOf<number>();
    expect(results).toEqual([[1], 1, new Map()]);
    await client.set("bad", "garbage");
    const [good, bad, wrong] = await py.multi().get("n").get("bad").lpush("n", 1).exec();
    expect(good).toEqual([null, [1]]);
    expect(bad[0]).toBeInstanceOf(DecodeError);
    expect(wrong[0]?.message).toMatch(/WRONGTYPE/);
    expect(wrong[0]).not.toHaveProperty("command");
  });

  test("names the key of a value that it cannot decode, and shows no more than its head", async () => {
    await client.set("secret", `${"x".repeat(20)}password`);
    const error = (await py.get("secret").catch((reason: unknown) => reason)) as DecodeError;
    expect(error).toMatchObject({ code: "decode", key: "secret", dialect: "plain", head: "78".repeat(16) });
    expect(error.message).not.toContain("password");
    expect(await py.get("secret", { onDecodeError: "miss" })).toBeUndefined();
    expect(await client.exists("secret")).toBe(1);
    await expect(pickled(client, { maxValueBytes: 10 }).get("secret")).rejects.toThrow(/maxValueBytes/);
  });

  test("validates with any schema of the standard", async () => {
    const schema = {
      "~standard": {
        validate: async (value: unknown) =>
          typeof value === "string" ? { value } : { issues: [{ message: "no string" }] },
      },
    };
    await py.set("s", "text");
    await py.set("n", 1);
    expect(await py.get("s", { schema })).toBe("text");
    await expect(py.get("n", { schema })).rejects.toThrow(/no string/);
  });

  test("publishes values to those who iterate over a channel", async (context) => {
    const controller = new AbortController();
    context.onTestFinished(() => controller.abort());
    const received: unknown[] = [];
    const listening = (async () => {
      for await (const { channel, value } of py.subscribe("news.*", { pattern: true, signal: controller.signal })) {
        received.push([channel, value]);
        if (received.length === 2) controller.abort();
      }
    })();
    await expect.poll(() => countPatterns(client)).toBe(1);
    await py.publish("news.a", { n: 1 });
    await py.publish("news.b", null);
    await listening;
    expect(received).toEqual([
      ["news.a", { n: 1 }],
      ["news.b", null],
    ]);
  });

  test("a signed value is good under its own key only", async () => {
    const safe = pickled(client, { dialect: signed(plain(), { keys: ["secret"] }) });
    await safe.set("a", [1]);
    await safe.hset("h", { f: 1, g: 2 });
    await client.set("b", (await client.getBuffer("a"))!);
    expect(await safe.get("a")).toEqual([1]);
    expect(await safe.hget("h", "g")).toBe(2);
    await client.hset("h", "f", (await client.hgetBuffer("h", "g"))!);
    await expect(safe.hget("h", "f")).rejects.toThrow(/signature/);
    await expect(safe.get("b")).rejects.toThrow(/signature does not match/);
  });
});

describeEachRedis("createCache()", (set: ServiceSet) => {
  let client: Redis;
  let other: Redis;

  beforeAll(async () => {
    const { url } = (await set.isolate()).redis();
    client = new Redis(url);
    other = new Redis(url);
  });

  afterAll(async () => {
    await client.quit();
    await other.quit();
  });

  beforeEach(() => client.flushdb());

  // A machine that is busy is not a Redis that is away.
  const cacheOver = (redis: Redis, defaults = {}) =>
    createCache(pickled(redis, { dialect: django() }), { timeout: 30_000, ...defaults });

  test("makes a value once for all who ask, in this process and in others", async () => {
    let made = 0;
    const load = async () => {
      made++;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return { made };
    };
    const [one, two] = [cacheOver(client, { singleFlight: "redis" }), cacheOver(other, { singleFlight: "redis" })];
    const values = await Promise.all([one, one, two, two].map((cache) => cache.getOrSet("k", load)));
    expect(values).toEqual(Array(4).fill({ made: 1 }));
    expect(loads((await client.getBuffer(":1:k"))!)).toEqual({ made: 1 });
    expect(await client.keys("*")).toEqual([":1:k"]);
  });

  test("serves what is stale while one caller makes it anew", async () => {
    const cache = cacheOver(client, { ttl: 50, staleTtl: 60_000 });
    const stale: string[] = [];
    cache.on("stale", (key) => stale.push(key));
    expect(await cache.getOrSet("k", () => 1)).toBe(1);
    await expect.poll(async () => Number(await client.pttl(":1:k"))).toBeLessThan(60_000);
    expect(await cache.getOrSet("k", () => 2)).toBe(1);
    expect(stale).toEqual(["k"]);
    await expect.poll(() => cache.get("k")).toBe(2);
  });

  test("keeps nothing it is told not to, and None for its own time", async () => {
    const cache = cacheOver(client, { ttl: 60_000, negativeTtl: 5000, jitter: 0.1 });
    expect(await cache.getOrSet("none", () => undefined)).toBeNull();
    expect(await client.pttl(":1:none")).toBeLessThan(5600);
    const skipping = ({ skip }: { skip(): void }) => {
      skip();
      return 1;
    };
    expect(await cache.getOrSet("skipped", skipping)).toBe(1);
    expect(await cache.get("skipped")).toBeUndefined();
    await cache.getOrSet("short", ({ setTtl }) => {
      setTtl(1000);
      return 1;
    });
    expect(await client.pttl(":1:short")).toBeLessThan(1200);
    const square = cache.wrap((n: number) => n * n, { key: (n) => `square:${n}`, tags: ["squares"] });
    expect([await square(3), await square(3), await cache.get("square:3")]).toEqual([9, 9, 9]);
    expect(await cache.invalidateTags("squares", "none such")).toBe(1);
    expect(await cache.get("square:3")).toBeUndefined();
  });

  test("counts a value that cannot be decoded as missing, and leaves it", async () => {
    const cache = cacheOver(client);
    const errors: string[] = [];
    cache.on("decodeError", (error) => errors.push(error.message));
    await client.set(":1:k", "garbage");
    expect(await cache.get("k")).toBeUndefined();
    expect(await client.get(":1:k")).toBe("garbage");
    expect(errors).toEqual([expect.stringContaining('"k"')]);
  });

  test("goes on without Redis, and says so", async () => {
    const down = new Redis(1, "127.0.0.1", { maxRetriesPerRequest: null, retryStrategy: () => 1000 });
    down.on("error", () => {});
    const cache = cacheOver(down, { timeout: 50 });
    const failed: string[] = [];
    cache.on("error", ({ message }) => failed.push(/did not answer|left alone/.exec(message)?.[0] ?? message));
    for (let i = 0; i < 20; i++) expect(await cache.getOrSet("k", () => i)).toBe(i);
    // Three deadlines, and after them Redis is left alone for a while.
    expect(failed.length).toBe(40);
    expect(failed.slice(0, 3)).toEqual(Array(3).fill("did not answer"));
    expect(failed).toContain("left alone");
    await expect(cache.getOrSet("k", () => 1, { onRedisError: "throw" })).rejects.toThrow(/left alone|not answer/);
    down.disconnect();
  });
});
