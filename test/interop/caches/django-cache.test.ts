/** Real Django and Flask caches and ours on the same keys. */
import { randomUUID } from "node:crypto";
import {
  Complex,
  Counter,
  Decimal,
  FrozenSet,
  OrderedDict,
  PyDateTime,
  PyDict,
  PyFloat,
  repr,
  tuple,
  UUID,
} from "@brine/codec";
import {
  type Dialect,
  django,
  djangoRedis,
  djangoSession,
  flaskCaching,
  pickled,
  plain,
  sharded,
  signed,
} from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Address, PythonPeer, ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { patientCache } from "./library.js";
import { since312, VALUES } from "./values.js";

/** As long as Django's own, and one that no test has stored before: it refuses to create a session twice. */
const sessionId = () => randomUUID().replaceAll("-", "");

/** Caches, by what Python calls them and what they are here. `exact`: floats keep being floats on the way back. */
const pickle = { float: "exact" } as const;
const CACHES: readonly {
  readonly kind: string;
  readonly options: object;
  readonly dialect: Dialect;
  readonly name: string;
}[] = [
  { name: "django", kind: "django", options: {}, dialect: django({ pickle }) },
  {
    name: "django with a prefix",
    kind: "django",
    options: { prefix: "app[1]:x" },
    dialect: django({ prefix: "app[1]:x", pickle }),
  },
  { name: "django-redis", kind: "django-redis", options: {}, dialect: djangoRedis({ pickle }) },
  ...(["zlib", "lzma", "lz4", "zstd", "gzip"] as const).map((name) => ({
    name: `django-redis with ${name}`,
    kind: "django-redis",
    options: { COMPRESSOR: `django_redis.compressors.${name}.${name[0]!.toUpperCase()}${name.slice(1)}Compressor` },
    dialect: djangoRedis({ compressor: name, pickle }),
  })),
  {
    name: "django-redis, HerdClient",
    kind: "django-redis",
    options: { CLIENT_CLASS: "django_redis.client.HerdClient" },
    dialect: djangoRedis({ herd: true, pickle }),
  },
  { name: "flask-caching", kind: "flask-caching", options: {}, dialect: flaskCaching({ pickle }) },
  {
    name: "flask-caching, ints pickled",
    kind: "flask-caching",
    options: {},
    dialect: flaskCaching({ ints: "pickle", pickle }),
  },
];

describeEachRedis("caches of Python applications", (set: ServiceSet) => {
  let python: PythonPeer;
  let at: Address;
  let client: Redis;
  let available: readonly string[];

  beforeAll(async () => {
    python = await set.python.spawn("django_cache.py");
    at = (await set.isolate()).redis();
    client = new Redis(at.url);
    available = await python.request("available");
  });

  afterAll(async () => {
    await python.close();
    await client.quit();
  });

  /** Skips what this Python does not have; a compressor's library is missing where its first use says so. */
  async function openCache(
    context: { skip(reason: string): unknown },
    name: string,
    kind: string,
    options: object,
  ): Promise<void> {
    if (!available.includes(kind)) context.skip(`this Python has no ${kind}`);
    await python.request("open", { name, kind, url: at.pythonUrl, ...options });
    try {
      await python.request("set", { name, key: "probe", value: "'x' * 200" });
    } catch (error) {
      context.skip(`this Python cannot use it: ${(error as Error).message}`);
    }
  }

  test.for(CACHES)("$name: each side reads what the other wrote", async ({ name, kind, options, dialect }, context) => {
    await openCache(context, name, kind, options);
    const py = pickled(client, { dialect });
    const wrong: unknown[] = [];
    for (const [i, expression] of VALUES.entries()) {
      const key = `v${i} ${name}`;
      await python.request("set", { name, key, value: expression });
      const theirs = await python.request<{ repr: string }>("get", { name, key });
      const value = await py.get(key);
      await py.set(`back ${key}`, value);
      const back = await python.request<{ repr: string }>("get", { name, key: `back ${key}` });
      // A set of strings has an order of its own in every Python process.
      if (repr(value) !== since312(theirs.repr) || JSON.stringify(back) !== JSON.stringify(theirs)) {
        wrong.push({ expression, theirs, ours: repr(value), back });
      }
    }
    expect(wrong).toEqual([]);
  });

  test.for(["django", "django-redis"])(
    "%s: values made here are what Python would have made",
    async (kind, context) => {
      await openCache(context, kind, kind, {});
      const py = pickled(client, { dialect: django() });
      const values: readonly (readonly [unknown, string])[] = [
        [null, "None"],
        [true, "True"],
        [7, "7"],
        [2n ** 70n, String(2n ** 70n)],
        [1.5, "1.5"],
        [new PyFloat(2), "2.0"],
        ["grüße", "'grüße'"],
        [Buffer.from([0, 255]), "b'\\x00\\xff'"],
        [[1, "a", null], "[1, 'a', None]"],
        [tuple(1, "a"), "(1, 'a')"],
        [{ a: 1, b: [true] }, "{'a': 1, 'b': [True]}"],
        [new Map<unknown, unknown>([[1, "one"]]), "{1: 'one'}"],
        [PyDict.fromEntries([[tuple(1, 2), null]]), "{(1, 2): None}"],
        [new Set([1]), "{1}"],
        [new FrozenSet(["a"]), "frozenset({'a'})"],
        [new Date(0), "datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)"],
        [PyDateTime.from("2024-02-29T12:30:45.123456"), "datetime.datetime(2024, 2, 29, 12, 30, 45, 123456)"],
        [new Decimal("1.10"), "Decimal('1.10')"],
        [UUID.from("12345678-1234-5678-1234-567812345678"), "UUID('12345678-1234-5678-1234-567812345678')"],
        [new Complex(4, 6), "(4+6j)"],
        [new Counter([["a", 2]]), "Counter({'a': 2})"],
        [new OrderedDict([["z", 1]]), "OrderedDict({'z': 1})"],
      ];
      for (const [i, [value, expected]] of values.entries()) {
        await py.set(`made ${i}`, value);
        const { repr: seen } = await python.request<{ repr: string }>("get", { name: kind, key: `made ${i}` });
        expect(since312(seen)).toBe(expected);
      }
    },
  );

  test.for(["django", "django-redis"])("%s: keys, digits, lifetimes and versions", async (kind, context) => {
    await openCache(context, kind, kind, {});
    const name = kind;
    const py = pickled(client, { dialect: django() });
    const cache = patientCache(py);
    await py.set("n", 5);
    expect(await client.get(":1:n")).toBe("5");
    expect(await python.request("incr", { name, key: "n", by: 4 })).toBe(9);
    expect(await py.incr("n")).toBe(10);
    expect(await python.request("get", { name, key: "n" })).toMatchObject({ repr: "10" });
    expect(await py.ttl("n")).toBeGreaterThan(200);
    await python.request("set", { name, key: "forever", value: "1", timeout: null });
    expect(await py.ttl("forever")).toBe(-1);
    await py.set("forever too", 1, { ttl: null });
    expect(await py.ttl("forever too")).toBe(-1);
    await py.mset({ a: 1, b: [2] });
    expect(await python.request("get_many", { name, keys: ["a", "b", "c"] })).toEqual({ a: "1", b: "[2]" });
    await python.request("set", { name, key: "v", value: "'two'", version: 2 });
    expect(await py.get("v")).toBeUndefined();
    expect(await py.get("v", { version: 2 })).toBe("two");
    await py.set("w", "one");
    await python.request("incr_version", { name, key: "w" });
    expect(await py.get("w", { version: 2 })).toBe("one");
    await cache.incrVersion("w", 2);
    expect(await python.request("get", { name, key: "w", version: 3 })).toMatchObject({ repr: "'one'" });
    const keys: string[] = [];
    for await (const { key } of py.scan({ match: "for*" })) keys.push(key);
    expect(keys.sort()).toEqual(["forever", "forever too"]);
  });

  test("django-redis: locks exclude each other across languages", async (context) => {
    await openCache(context, "locks", "django-redis", {});
    const cache = patientCache(pickled(client, { dialect: djangoRedis() }));
    // Of this try: whoever failed before may hold his.
    const key = `L-${randomUUID()}`;
    expect(await python.request("lock", { name: "locks", key, timeout: 60 })).toBe(true);
    expect(await cache.lock(key, { ttl: 1000 })).toBeUndefined();
    await python.request("unlock", { name: "locks", key });
    const lock = await cache.lock(key, { ttl: 60_000, wait: 60_000 });
    expect(lock).toBeDefined();
    expect(await python.request("lock", { name: "locks", key, timeout: 60 })).toBe(false);
    expect(await lock!.extend(60_000)).toBe(true);
    expect(await lock!.release()).toBe(true);
    expect(await lock!.release()).toBe(false);
    expect(await python.request("lock", { name: "locks", key, timeout: 1 })).toBe(true);
  });

  test("django-redis: herded values, to their end and a minute further", async (context) => {
    await openCache(context, "herd", "django-redis", { CLIENT_CLASS: "django_redis.client.HerdClient" });
    const cache = patientCache(pickled(client, { dialect: djangoRedis({ herd: true }) }));
    await python.request("set", { name: "herd", key: "h", value: "[1]", timeout: 100 });
    await cache.set("ours", [1], 100_000);
    for (const key of ["h", "ours"]) {
      expect(await client.ttl(`:1:${key}`)).toBeGreaterThan(120);
      expect(await cache.touch(key, 500_000)).toBe(true);
      expect(await client.ttl(`:1:${key}`)).toBeGreaterThan(520);
      expect(await python.request("get", { name: "herd", key })).toMatchObject({ repr: "[1]" });
    }
    await expect(cache.incr("h")).rejects.toThrow(/does not store ints as digits/);
  });

  test("django-redis: keys are on the server that its ShardClient has them on", async (context) => {
    const { redis } = await set.isolate();
    const servers = [redis(0), redis(1), redis(2)];
    const clients = servers.map(({ url }) => new Redis(url));
    try {
      const shards = sharded(Object.fromEntries(servers.map(({ pythonUrl }, i) => [pythonUrl, clients[i]!])), {
        dialect: djangoRedis(),
      });
      await openCache(context, "shards", "django-redis", {
        url: servers.map(({ pythonUrl }) => pythonUrl),
        CLIENT_CLASS: "django_redis.client.ShardClient",
      });
      const keys = [...Array.from({ length: 30 }, (_, i) => `k${i}`), "{t}a", "{t}b"];
      for (const [i, key] of keys.entries()) await python.request("set", { name: "shards", key, value: `[${i}]` });
      expect(await shards.mget(keys)).toEqual(keys.map((_, i) => [i]));
      for (const key of keys) await shards.of(key).set(key, key);
      for (const key of keys) {
        expect(await python.request("get", { name: "shards", key })).toMatchObject({ repr: `'${key}'` });
      }
      expect(await shards.del(...keys)).toBe(keys.length);
    } finally {
      for (const each of clients) each.disconnect();
    }
  });

  test.for(["django", "django-redis"])("%s: sessions in the cache", async (kind, context) => {
    await openCache(context, kind, kind, {});
    const [theirs, ours] = [sessionId(), sessionId()];
    const cache = kind === "django" ? django() : djangoRedis();
    const py = pickled(client, { dialect: djangoSession({ cache }) });
    await python.request("save_session", { name: kind, key: theirs, value: "{'user_id': 7, 'cart': [1, 2]}" });
    expect(await py.get(theirs)).toEqual({ user_id: 7, cart: [1, 2] });
    await py.set(ours, { _auth_user_id: "7" });
    expect(await python.request("load_session", { name: kind, key: ours })).toBe("{'_auth_user_id': '7'}");
    expect(await py.ttl(ours)).toBeGreaterThan(13 * 86_400);
  });

  test.for(["cache", "cached_db"] as const)(
    "sessions of the engine %s, with a lifetime of their own",
    async (engine, context) => {
      await openCache(context, "sessions", "django-redis", {});
      const dialect = djangoSession({ cache: djangoRedis(), engine });
      const py = pickled(client, { dialect });
      const [theirs, ours] = [sessionId(), sessionId()];
      // A set has no form in the JSON of SESSION_SERIALIZER, which the database needs and the cache does not.
      const value = engine === "cache" ? "{'tags': {1}, 'when': datetime.date(2024, 1, 1)}" : "{'user': 7}";
      await python.request("save_session", { name: "sessions", key: theirs, value, engine, expiry: 100 });
      const session = (await py.get<Record<string, unknown>>(theirs))!;
      expect(repr(session)).toBe(value.replace(/\}$/, ", '_session_expiry': 100}"));
      expect(await client.ttl(dialect.key(theirs))).toBeLessThanOrEqual(100);
      await py.set(ours, session, { ttl: 100_000 });
      expect(await client.ttl(dialect.key(ours))).toBeLessThanOrEqual(100);
      const loaded = await python.request("load_session", { name: "sessions", key: ours, engine });
      expect(loaded).toBe(await python.request("load_session", { name: "sessions", key: theirs, engine }));
      if (engine === "cache") expect(await python.request("session_age", { name: "sessions", key: ours })).toBe(100);
      const keys: string[] = [];
      for await (const { key } of py.scan()) keys.push(key);
      expect(keys.filter((key) => [ours, theirs].includes(key)).sort()).toEqual([ours, theirs].sort());
    },
  );

  test("values signed as django.core.signing does it", async () => {
    const py = pickled(client, { dialect: signed(plain(), { keys: ["secret"], format: "django" }) });
    await client.set("signed", await python.request<string>("sign", { value: "{'a': (1, None)}", secret: "secret" }));
    expect(repr(await py.get("signed"))).toBe("{'a': (1, None)}");
    await py.set("signed here", [1, "\u00fc"]);
    const raw = (await client.getBuffer("signed here"))!.toString("base64");
    expect(await python.request("unsign", { raw, secret: "secret" })).toBe("[1, '\u00fc']");
    await expect(python.request("unsign", { raw, secret: "another" })).rejects.toThrow(/does not match/);
    await client.set("signed", await python.request<string>("sign", { value: "1", secret: "another" }));
    await expect(py.get("signed")).rejects.toMatchObject({ code: "decode", cause: { code: "bad-signature" } });
  });

  test("the bytes written here are those that Django writes", async (context) => {
    await openCache(context, "bytes", available.includes("django") ? "django" : "django-redis", {});
    const protocol = available.includes("django") ? 5 : 4;
    const py = pickled(client, { dialect: django({ pickle: { protocol, float: "exact" } }) });
    for (const [i, expression] of VALUES.entries()) {
      await python.request("set", { name: "bytes", key: `b${i}`, value: expression });
      const theirs = await client.getBuffer(`:1:b${i}`);
      expect([expression, Buffer.from(py.encode(await py.get(`b${i}`))).toString("latin1")]).toEqual([
        expression,
        theirs!.toString("latin1"),
      ]);
    }
  });
});
