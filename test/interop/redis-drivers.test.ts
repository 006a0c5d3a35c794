/** What ioredis does to bytes if one lets it, in both majors, with and without autopipelining: none of it happens here. */
import {
  createCache,
  type DecodeError,
  django,
  djangoRedis,
  isRedisAdapterError,
  pickled,
  type RedisLike,
} from "@brine/redis-adapter";
import * as ioredis6 from "ioredis";
import * as ioredis5 from "ioredis5";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { services } from "../services/inject.js";

/** What both majors have, as these tests use it. */
interface Driver extends RedisLike {
  flushdb(): Promise<unknown>;
  quit(): Promise<unknown>;
  getBuffer(key: string): Promise<Buffer | null>;
  set(key: string, value: string | Buffer): Promise<unknown>;
  hset(key: string, ...fields: (string | Buffer)[]): Promise<unknown>;
  hgetall(key: string): Promise<Record<string, string>>;
  call(command: string, ...args: string[]): Promise<unknown>;
}

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const options = [{}, { enableAutoPipelining: true }] as const;
const DRIVERS = options.flatMap((option) => [
  { name: `ioredis 5 ${JSON.stringify(option)}`, open: (url: string) => new ioredis5.Redis(url, option) },
  { name: `ioredis 6 ${JSON.stringify(option)}`, open: (url: string) => new ioredis6.Redis(url, option) },
]);
const [set] = services();

describe.each(DRIVERS)("$name", ({ open }) => {
  let client: Driver;

  beforeAll(async () => {
    // No cast: the types of either major fit.
    pickled(new ioredis5.Redis({ lazyConnect: true }));
    pickled(new ioredis6.Cluster([], { lazyConnect: true }));
    client = open((await set!.isolate()).redis().url) as unknown as Driver;
  });

  afterAll(() => client.quit());

  beforeEach(() => client.flushdb());

  test("bytes come back as bytes, wherever they are", async () => {
    const py = pickled(client);
    const value = { bytes: EVERY_BYTE, text: "\ufffd\u0000\u{1f952}" };
    await py.set("k", value);
    await py.set("view", new Uint8Array(new Uint8Array([9, 1, 2, 9]).buffer, 1, 2));
    expect(await py.get("k")).toEqual(value);
    expect([...(await py.get<Uint8Array>("view"))!]).toEqual([1, 2]);
    expect(await Promise.all([py.get("k"), py.mget(["k", "none"]), py.get("none")])).toEqual([
      value,
      [value, undefined],
      undefined,
    ]);
    await py.rpush("l", value, null, EVERY_BYTE);
    expect(await py.lrange("l", 0, -1)).toEqual([value, null, EVERY_BYTE]);
    await py.hset("h", { f: value });
    expect((await py.hgetall("h")).get("f")).toEqual(value);
    await py.xadd("x", { f: value });
    expect((await py.xrange("x"))[0]!.fields).toEqual({ f: value });
    const [piped, members] = await py
      .pipeline()
      .getset("k", 1)
      .sadd("s", EVERY_BYTE)
      .smembers("s")
      .results()
      .then(([a, , c]) => [a, c]);
    expect([piped, members]).toEqual([value, [EVERY_BYTE]]);
  });

  test("null, undefined and objects are stored as values, never as their text", async () => {
    const py = pickled(client, { dialect: django() });
    for (const [i, value] of [null, {}, [], "", false, 0].entries()) {
      await py.set(`v${i}`, value);
      expect([value, await py.get(`v${i}`)]).toEqual([value, value]);
    }
    await py.set("undefined", undefined);
    expect(await py.get("undefined")).toBeNull();
    await expect(py.set("f", () => 1)).rejects.toThrow(/pickle/i);
    expect(await py.exists("f")).toBe(0);
  });

  test("a field's name is a name, and touches no prototype", async () => {
    const py = pickled(client);
    await py.hset(
      "h",
      new Map([
        ["__proto__", { polluted: true }],
        ["constructor", 1],
        ["\u{1f952}", 2],
      ] as [string, unknown][]),
    );
    expect([...(await py.hgetall("h")).keys()].sort()).toEqual(["__proto__", "constructor", "\u{1f952}"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    await py.xadd("x", Object.fromEntries([["__proto__", 1]]));
    expect(Object.keys((await py.xrange("x"))[0]!.fields)).toEqual(["__proto__"]);
  });

  test("other users of the driver see no difference", async () => {
    await pickled(client).hset("mine", { a: 1 });
    await client.hset("theirs", "a", "text");
    expect(await client.hgetall("theirs")).toEqual({ a: "text" });
    expect(Object.keys(client).filter((name) => /pickle|dialect/i.test(name))).toEqual([]);
  });

  test("an error shows the command's name, and not the value", async () => {
    const py = pickled(client);
    await client.set("text", "x");
    const errors = await Promise.all([
      py.lpush("text", "payload-of-mine").catch((reason: unknown) => reason as Error),
      py
        .pipeline()
        .lpush("text", "payload-of-mine")
        .results()
        .catch((reason: unknown) => reason as Error),
    ]);
    for (const error of errors as Error[]) {
      expect(error.message).toMatch(/WRONGTYPE/);
      const properties = Object.getOwnPropertyNames(error).map(
        (name) => (error as unknown as Record<string, unknown>)[name],
      );
      expect(JSON.stringify(properties)).not.toContain("payload");
    }
  });

  test("scripts, groups and messages work with bytes", async () => {
    const py = pickled(client, { dialect: djangoRedis() });
    const cache = createCache(py);
    const lock = (await cache.lock("L", { ttl: 5000 }))!;
    expect([await cache.lock("L", { ttl: 1 }), await lock.release()]).toEqual([undefined, true]);
    await py.xadd("x", { f: EVERY_BYTE });
    for await (const { fields, ack } of py.consume({ stream: "x", group: "g", consumer: "c" })) {
      expect(fields.f).toEqual(EVERY_BYTE);
      await ack();
      break;
    }
    const controller = new AbortController();
    const heard: unknown[] = [];
    const listening = (async () => {
      for await (const { value } of py.subscribe("c", { signal: controller.signal })) {
        heard.push(value);
        controller.abort();
      }
    })();
    await expect.poll(() => py.publish("c", EVERY_BYTE)).toBe(1);
    await listening;
    expect(heard).toEqual([EVERY_BYTE]);
  });

  test("what cannot be decoded says where and what it is, and keeps the rest to itself", async () => {
    const py = pickled(client, { dialect: django() });
    await client.set(":1:bad", `${"A".repeat(16)}secret`);
    await client.hset(":1:h", "f", "Bsecret");
    const errors = await Promise.all([
      py.get("bad").catch((error: unknown) => error),
      py.mget(["bad"]).catch((error: unknown) => error),
      py.hget("h", "f").catch((error: unknown) => error),
      py.hgetall("h").catch((error: unknown) => error),
    ]);
    for (const error of errors as DecodeError[]) {
      expect(isRedisAdapterError(error)).toBe(true);
      expect(error).toMatchObject({ name: "DecodeError", code: "decode", dialect: "django" });
      expect(error.head).toMatch(/^(41|42)/);
      expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain("secret");
    }
    expect((errors as DecodeError[]).map(({ key }) => key)).toEqual(["bad", "bad", "h.f", "h.f"]);
    expect(await py.mget(["bad", "none"], { onDecodeError: "miss" })).toEqual([undefined, undefined]);
    expect(await py.get("bad", { onDecodeError: (_error, { raw }) => raw.length })).toBe(22);
  });
});

test("a prefix of the client's own is refused: ioredis leaves it out of patterns, replies and some commands", () => {
  for (const client of [
    new ioredis5.Redis({ lazyConnect: true, keyPrefix: "own:" }),
    new ioredis6.Redis({ lazyConnect: true, keyPrefix: "own:" }),
    new ioredis6.Cluster([], { lazyConnect: true, redisOptions: { keyPrefix: "own:" } }),
    new ioredis5.Cluster([], { lazyConnect: true, keyPrefix: "own:" }),
  ]) {
    expect(() => pickled(client)).toThrow(/use the prefix of the dialect/);
  }
});
