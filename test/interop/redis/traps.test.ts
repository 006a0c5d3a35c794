/**
 * What ioredis does to bytes, a row for each trap: `bites` shows that it does so to whoever calls it directly, `holds` that
 * nobody who calls it through this package sees that. In both majors, and with the options that change how replies look.
 * Those of clusters are in redis-topologies.test.ts.
 */
import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { loads } from "@brine/codec";
import { createCache, type Dialect, djangoRedis, type PickledRedis, pickled, plain } from "@brine/redis-adapter";
import { RqQueue } from "@brine/redis-adapter/rq";
import * as ioredis6 from "ioredis";
import * as ioredis5 from "ioredis5";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { services } from "../../services/inject.js";
import { COMMANDS, EVERY_BYTE, WAYS } from "./redis-commands.js";

/** The driver of either major, as the rows use it. */
type Driver = ioredis6.Redis;
interface Options {
  readonly enableAutoPipelining?: boolean;
  readonly stringNumbers?: boolean;
  readonly replyMapping?: "resp3";
  readonly protocol?: 2;
}

const OPTIONS: readonly Options[] = [{}, { enableAutoPipelining: true }, { stringNumbers: true }];
const DRIVERS = [
  ...OPTIONS.map((options) => ({
    name: `ioredis 5 ${JSON.stringify(options)}`,
    options,
    open: (url: string) => new ioredis5.Redis(url, { ...options }) as unknown as Driver,
  })),
  ...[...OPTIONS, { replyMapping: "resp3" } as const, { protocol: 2 } as const].map((options: Options) => ({
    name: `ioredis 6 ${JSON.stringify(options)}`,
    options,
    open: (url: string) => new ioredis6.Redis(url, { ...options } as object) as Driver,
  })),
];

interface Trap {
  readonly fact: string;
  /** Options without which the driver does not do it. */
  readonly only?: (options: Options) => boolean;
  bites(driver: Driver): Promise<unknown>;
  holds(py: PickledRedis<Driver>, driver: Driver): Promise<unknown>;
}

/** What no error may show. */
const SECRET = "payload-of-mine";
const NO_ARGUMENTS: readonly unknown[] = [undefined, null, {}, () => 1, Symbol("s")];

const TRAPS: readonly Trap[] = [
  {
    fact: "replies are text unless Buffers are asked for",
    async bites(driver) {
      await driver.set("k", EVERY_BYTE);
      expect(await driver.get("k")).toContain("\ufffd");
    },
    async holds(py) {
      for (const [way, run] of WAYS) {
        for (const [name, { before, call, result }] of Object.entries(COMMANDS)) {
          await py.client.flushdb();
          await before?.(py);
          expect([way, name, await run(py, call)]).toEqual([way, name, result]);
        }
      }
    },
  },
  {
    fact: "arguments become their text: null nothing, objects [object Object], arrays of bytes their numbers",
    async bites(driver) {
      await driver.set("bytes", new Uint8Array([128, 4]) as never);
      await driver.set("null", null as never);
      await driver.set("object", {} as never);
      expect(await driver.mget("bytes", "null", "object")).toEqual(["128,4", "", "[object Object]"]);
    },
    async holds(py, driver) {
      const view = new Uint8Array(new Uint8Array([9, 1, 2, 9]).buffer, 1, 2);
      const values: [value: unknown, stored: unknown][] = [
        [view, Buffer.from([1, 2])],
        [0n, 0],
      ];
      for (const value of [null, {}, [], "", false]) values.push([value, value]);
      for (const { call, stored } of Object.values(COMMANDS)) {
        if (stored === undefined) continue;
        for (const [value, expected] of values) {
          await driver.flushdb();
          await call(py, value);
          expect(loads((await stored(driver))!)).toEqual(expected);
        }
      }
      await py.set("k", undefined);
      expect(await py.get("k")).toBeNull();
      // Names go through the driver as values do, and one that is missing would be one key for all of them.
      for (const name of [...NO_ARGUMENTS, "\ud800"] as never[]) {
        const calls = [
          () => py.set(name, 1),
          () => py.hset("h", new Map([[name, 1]])),
          () => py.hget("h", name),
          () => py.publish(name, 1),
          () => py.subscribe(name).next(),
          () => Promise.resolve(py.key(name)),
        ];
        for (const call of calls) await expect((async () => call())()).rejects.toMatchObject({ code: "bad-option" });
      }
      // A dialect of the user's own may give any bytes, and nothing else.
      const own = (encode: () => unknown) => py.with({ dialect: { ...plain(), encode } as Dialect });
      await own(() => new Uint8Array(new Uint8Array([0, 65, 255, 0]).buffer, 1, 2)).set("own", 1);
      expect(await driver.getBuffer("own")).toEqual(Buffer.from([65, 255]));
      for (const made of [undefined, null, {}, [1], 7, ""])
        await expect(own(() => made).set("own", 1)).rejects.toMatchObject({ code: "encode" });
    },
  },
  {
    fact: "callBuffer is an unknown command while autopipelining is on",
    only: ({ enableAutoPipelining }) => enableAutoPipelining === true,
    async bites(driver) {
      await expect(driver.callBuffer("GET", "k")).rejects.toThrow(/unknown command/);
    },
    async holds(py) {
      const results = await Promise.all(
        Object.entries(COMMANDS).map(async ([name, { before, call, result }]) => {
          // All at once, each with keys of its own.
          const own = py.with({ dialect: plain({ prefix: `${name}:` }) });
          await before?.(own);
          expect([name, await call(own)]).toEqual([name, result]);
        }),
      );
      expect(results).toHaveLength(Object.keys(COMMANDS).length);
    },
  },
  {
    fact: "names of fields are text, and set properties",
    async bites(driver) {
      await driver.hset("h", Buffer.from([0xff]), "one", Buffer.from([0xfe]), "other");
      expect(Object.keys(await driver.hgetallBuffer("h"))).toEqual(["\ufffd"]);
    },
    async holds(py, driver) {
      const names = ["__proto__", "constructor", "toString", "10", "2", "", "\u{1f952}"];
      await py.hset("h", new Map(names.map((name) => [name, { polluted: name }])));
      const all = await py.hgetall("h");
      expect([...all.keys()].sort()).toEqual([...names].sort());
      for (const name of names)
        expect([await py.hget("h", name), all.get(name)]).toEqual(Array(2).fill({ polluted: name }));
      await py.xadd("x", Object.fromEntries(names.map((name) => [name, 1])));
      expect(Object.keys((await py.xrange("x"))[0]!.fields).sort()).toEqual([...names].sort());
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      // Two fields that are one as text: no value hides another. Where the driver made one of them, nobody can tell.
      await driver.hset("binary", Buffer.from([0xff]), py.encode(1), Buffer.from([0xfe]), py.encode(2));
      if (String(driver.options.replyMapping) === "resp3") expect((await py.hgetall("binary")).size).toBe(1);
      else await expect(py.hgetall("binary")).rejects.toMatchObject({ code: "unsupported", message: /no UTF-8/ });
    },
  },
  {
    fact: "transformers of arguments and replies are those of the whole process",
    async bites(driver) {
      // Whoever sets one sets it for all: so nothing here does.
      expect(await driver.hset("theirs", { a: "text" })).toEqual(expect.toSatisfy((n) => Number(n) === 1));
    },
    async holds(py, driver) {
      await py.hset("mine", { a: 1 });
      await py.pipeline().hgetall("mine").exec();
      await driver.hset("theirs", { a: "text" });
      expect(await driver.hgetall("theirs")).toEqual({ a: "text" });
      expect(Object.keys(driver).filter((name) => /pickle|dialect/i.test(name))).toEqual([]);
    },
  },
  {
    fact: "messages are text unless messageBuffer is listened to",
    async bites(driver) {
      const subscriber = driver.duplicate();
      const heard = new Promise((resolve) => subscriber.on("message", (_channel, message) => resolve(message)));
      const channel = randomUUID();
      await subscriber.subscribe(channel);
      await driver.publish(channel, EVERY_BYTE);
      expect(await heard).toContain("\ufffd");
      subscriber.disconnect();
    },
    async holds(py) {
      // Channels are those of the whole server, whatever the database.
      const own = randomUUID();
      const name = `${own}:gr\u00fc\u00dfe:\u{1f952}`;
      for (const [subscribed, channel, pattern] of [
        [name, name, false],
        [`p:${own}:gr*`, `p:${name}`, true],
      ] as const) {
        const messages = py.subscribe(subscribed, { pattern });
        const heard = messages.next();
        await expect.poll(() => py.publish(channel, { bytes: EVERY_BYTE })).toBe(1);
        expect((await heard).value).toEqual({ channel, value: { bytes: EVERY_BYTE } });
        await messages.return();
      }
    },
  },
  {
    fact: "errors carry the arguments of their command",
    async bites(driver) {
      await driver.set("text", "x");
      const error = await driver.lpush("text", SECRET).catch((reason: unknown) => reason);
      expect(inspect(error, { depth: 9 })).toContain(SECRET);
    },
    async holds(py, driver) {
      const errors: unknown[] = [];
      const keep = (reason: unknown) => void errors.push(reason);
      for (const { call, stored } of Object.values(COMMANDS)) {
        if (stored === undefined) continue;
        // Whatever it is for, the key has another type.
        for (const type of ["string", "stream"] as const) {
          await driver.flushdb();
          for (const key of ["k", "l", "h", "s", "z", "x"])
            await (type === "string" ? driver.set(key, SECRET) : driver.xadd(key, "*", "f", SECRET));
          for (const [, run] of WAYS) await run(py, (each) => call(each, SECRET)).catch(keep);
        }
      }
      const count = errors.length;
      expect(count).toBeGreaterThan(10);
      // One that was on its way when the connection was lost.
      const lost = driver.duplicate({ retryStrategy: () => null, maxRetriesPerRequest: 0 });
      lost.on("error", () => {});
      await lost.ping();
      const sent = [pickled(lost).set("k", SECRET), pickled(lost).pipeline().set("k", SECRET).results()].map((each) =>
        each.catch(keep),
      );
      lost.disconnect();
      await Promise.all(sent);
      for (const error of errors) {
        const shown = inspect(error, { depth: 9, showHidden: true });
        expect(shown).not.toContain(SECRET);
        expect(shown).not.toContain(Buffer.from(SECRET).toString("hex").match(/../g)!.join(" "));
      }
    },
  },
  {
    fact: "numbers of replies are text with stringNumbers",
    only: ({ stringNumbers }) => stringNumbers === true,
    async bites(driver) {
      expect(await driver.incr("n")).toBe("1");
    },
    async holds(py, driver) {
      await driver.flushdb();
      const cache = createCache(pickled(driver, { dialect: djangoRedis() }), {
        onRedisError: "throw",
        timeout: 30_000,
      });
      const lock = (await cache.lock("L", { ttl: 60_000 }))!;
      expect([await lock.extend(60_000), await lock.release(), await lock.release()]).toEqual([true, true, false]);
      for (const key of ["a", "b"]) await cache.getOrSet(key, () => 1, { tags: ["t"], staleTtl: 60_000, beta: 1 });
      expect(await cache.invalidateTags("t")).toBe(2);
      await cache.set("k", 1);
      expect([await cache.touch("k", 60_000), await cache.incr("k", 2), await cache.incrVersion("k")]).toEqual([
        true,
        3,
        true,
      ]);
      expect(await cache.deletePattern("k", 2)).toBe(1);
      expect(await py.exists("none")).toBe(0);
    },
  },
];

const [set] = services();

describe.each(DRIVERS)("$name", ({ open, options }) => {
  let url: string;
  let driver: Driver;
  let py: PickledRedis<Driver>;

  beforeAll(async () => {
    ({ url } = (await set!.isolate()).redis());
    driver = open(url);
    py = pickled(driver);
  });

  afterAll(() => driver.quit());

  beforeEach(() => driver.flushdb());

  test.each(TRAPS.filter(({ only }) => only?.(options) ?? true))("$fact", async ({ bites, holds }) => {
    await bites(driver);
    await driver.flushdb();
    await holds(py, driver);
  });

  test("jobs are queued, watched and read", async () => {
    const queue = new RqQueue("q", { client: driver });
    const job = await queue.enqueue("tasks.add", [1, EVERY_BYTE]);
    expect(await job.info()).toMatchObject({ status: "queued", origin: "q" });
    const waiting = job.result({ timeoutMs: 60_000 });
    await driver.hset(`rq:job:${job.id}`, "status", "finished");
    await driver.xadd(
      `rq:results:${job.id}`,
      "*",
      "type",
      "1",
      "return_value",
      Buffer.from(py.encode({ a: 1 })).toString("base64"),
    );
    expect(await waiting).toEqual({ a: 1 });
    expect([await job.delete(), await job.delete()]).toEqual([true, false]);
  });
});

test("clients of both majors fit, single and cluster, without a cast", () => {
  const clients = [
    pickled(new ioredis5.Redis({ lazyConnect: true })),
    pickled(new ioredis6.Redis({ lazyConnect: true })),
    pickled(new ioredis5.Cluster([], { lazyConnect: true })),
    pickled(new ioredis6.Cluster([], { lazyConnect: true })),
  ];
  expect(clients).toHaveLength(4);
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
