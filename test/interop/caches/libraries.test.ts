/** Caches and sessions of Python libraries other than Django's, each used by the real library and here on the same keys. */
import { repr } from "@brine/codec";
import {
  aiocache,
  beaker,
  cachelib,
  createCache,
  type Dialect,
  dogpile,
  flaskSession,
  pickled,
  plain,
} from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Address, PythonPeer, ServiceSet } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";
import { since312, VALUES } from "./values.js";

const pickle = { float: "exact" } as const;
const CACHES: readonly { name: string; kind: string; options: object; dialect: Dialect }[] = [
  { name: "cachelib", kind: "cachelib", options: { key_prefix: "p_" }, dialect: cachelib({ prefix: "p_", pickle }) },
  { name: "dogpile", kind: "dogpile", options: {}, dialect: dogpile({ pickle }) },
  { name: "dogpile, mangled", kind: "dogpile", options: { sha1: true }, dialect: dogpile({ mangle: "sha1", pickle }) },
  { name: "beaker", kind: "beaker", options: { namespace: "n" }, dialect: beaker({ namespace: "n", pickle }) },
  { name: "aiocache", kind: "aiocache", options: { namespace: "a" }, dialect: aiocache({ namespace: "a", pickle }) },
];

describeEachGeneration("caches of Python libraries", (set: ServiceSet) => {
  let python: PythonPeer;
  let at: Address;
  let client: Redis;
  let available: readonly string[];

  beforeAll(async () => {
    python = await set.python.spawn("cache_libraries.py");
    available = await python.request("available");
    at = (await set.isolate()).redis();
    client = new Redis(at.url);
  });

  afterAll(async () => {
    await python.close();
    await client.quit();
  });

  beforeEach(() => client.flushdb());

  async function open(context: { skip(reason: string): unknown }, kind: string, options: object = {}): Promise<void> {
    if (!available.includes(kind)) context.skip(`this Python has no ${kind}`);
    await python.request("open", { name: kind, kind, url: at.pythonUrl, ...options });
  }

  test.for(CACHES)("$name: each side reads what the other wrote", async ({ kind, options, dialect }, context) => {
    await open(context, kind, options);
    const py = pickled(client, { dialect });
    const wrong: unknown[] = [];
    for (const [i, expression] of VALUES.entries()) {
      const key = `v${i}`;
      await python.request("set", { name: kind, key, value: expression });
      const theirs = await python.request<{ repr: string }>("get", { name: kind, key });
      const value = await py.get(key);
      await py.set(`back${i}`, value);
      const back = await python.request<{ repr: string }>("get", { name: kind, key: `back${i}` });
      if (repr(value) !== since312(theirs.repr) || JSON.stringify(back) !== JSON.stringify(theirs))
        wrong.push({ expression, theirs, ours: repr(value), back });
    }
    expect(wrong).toEqual([]);
  });

  test("cachelib: a counter, and a lifetime in whole seconds", async (context) => {
    await open(context, "cachelib");
    const cache = createCache(pickled(client, { dialect: cachelib() }));
    expect(await python.request("incr", { name: "cachelib", key: "n", by: 5 })).toBe(5);
    expect(await cache.incr("n", 2)).toBe(7);
    expect(await cache.incr("new")).toBe(1);
    expect(await python.request("get", { name: "cachelib", key: "n" })).toMatchObject({ repr: "7" });
    await cache.set("t", [1], 1999);
    expect(await client.pttl("t")).toBeLessThanOrEqual(1000);
    await python.request("set", { name: "cachelib", key: "for ever", value: "[1]", timeout: 0 });
    await cache.set("for ever too", [1], 0);
    expect([await client.ttl("for ever"), await client.ttl("for ever too")]).toEqual([-1, -1]);
  });

  test("dogpile: a region's expiration time, for values of either side", async (context) => {
    await open(context, "dogpile", { expiration_time: 60 });
    const py = pickled(client, { dialect: dogpile({ expirationTime: 60_000 }) });
    await py.set("k", [1]);
    const seen = () => python.request<{ repr: string }>("get", { name: "dogpile", key: "k" });
    expect(await seen()).toMatchObject({ repr: "[1]" });
    const raw = (await client.getBuffer("k"))!;
    await client.set("k", Buffer.from(raw.toString("latin1").replace(/"ct": [\d.]+/, '"ct": 1000.5'), "latin1"));
    expect(await seen()).toMatchObject({ repr: "'NO_VALUE'" });
    expect(await py.get("k")).toBeUndefined();
  });

  test("beaker: long keys, and a lifetime within the value", async (context) => {
    await open(context, "beaker", { namespace: "ns", expire: 60 });
    const py = pickled(client, { dialect: beaker({ namespace: "ns" }) });
    const long = "\u00fc".repeat(300);
    for (const key of ["k", "x".repeat(1008), "x".repeat(1009), "k\u00fc\u20ac\u{1f952}", long]) {
      await python.request("set", { name: "beaker", key, value: "'theirs'" });
      expect(await py.get(key)).toBe("theirs");
      await py.set(key, "ours", { ttl: 30_000 });
      expect(await python.request("get", { name: "beaker", key })).toMatchObject({ repr: "'ours'" });
      expect(await py.ttl(key)).toBeLessThanOrEqual(30);
    }
  });

  test.for(["dogpile", "beaker", "redis-py"])("%s: one lock for both sides", async (kind, context) => {
    await open(context, kind, kind === "dogpile" ? { distributed_lock: true, thread_local_lock: false } : {});
    const dialect = { dogpile: dogpile(), beaker: beaker({ namespace: "ns" }), "redis-py": plain() }[kind]!;
    const cache = createCache(pickled(client, { dialect }));
    expect(await python.request("lock", { name: kind, key: "L" })).toBe(true);
    expect(await cache.lock("L", { ttl: 1000 })).toBeUndefined();
    await python.request("unlock", { name: kind, key: "L" });
    const lock = (await cache.lock("L", { ttl: 10_000 }))!;
    expect(await python.request("lock", { name: kind, key: "L" })).toBe(false);
    expect(await lock.release()).toBe(true);
    expect(await python.request("lock", { name: kind, key: "L" })).toBe(true);
    await python.request("unlock", { name: kind, key: "L" });
  });

  test("a value that Python is making is waited for, not made twice", async (context) => {
    await open(context, "redis-py");
    const cache = createCache(pickled(client), { singleFlight: "redis" });
    expect(await python.request("lock", { name: "redis-py", key: "report:lock" })).toBe(true);
    let made = 0;
    const waiting = cache.getOrSet("report", () => ++made);
    await expect.poll(() => client.get("report:lock")).not.toBeNull();
    await client.set("report", Buffer.from(plain().encode("made by Python")));
    expect(await waiting).toBe("made by Python");
    expect(made).toBe(0);
  });

  test("Flask-Session: each side reads the other's sessions", async (context) => {
    await open(context, "flask-session");
    // Before 0.6 it unpickles only; since then it writes msgpack and reads both.
    const format = set.generation === "5.2" ? "pickle" : "msgpack";
    const py = pickled(client, { dialect: flaskSession({ format }) });
    await python.request("set", { name: "flask-session", key: "s1", value: "[1, 'two', {'three': None}, b'4']" });
    const session = await py.get<{ value: unknown[]; _permanent: boolean }>("s1");
    expect(session).toMatchObject({ _permanent: true });
    expect(repr(session!.value)).toBe("[1, 'two', {'three': None}, b'4']");
    await py.set("s2", { _permanent: true, value: ["from", "here", 7, new Uint8Array([1])] });
    expect(await python.request("get", { name: "flask-session", key: "s2" })).toMatchObject({
      repr: "['from', 'here', 7, b'\\x01']",
    });
    expect(await py.ttl("s2")).toBeGreaterThan(30 * 86_400);
  });
});
