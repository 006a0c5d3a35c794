/** What `createCache` adds to values on a real server: tags, versions, values made early, loaders that are told to stop. */
import { createCache, django, isRedisAdapterError, pickled } from "@brine/redis-adapter";
import type { Redis } from "ioredis";
import { expect, test, vi } from "vitest";
import type { ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { eventually } from "../eventually.js";
import { withClient } from "../redis/redis-client.js";

describeEachRedis("createCache()", (set: ServiceSet) => {
  let client: Redis;
  let pythonUrl: string;

  withClient(set, (redis, at) => {
    client = redis;
    pythonUrl = at.pythonUrl;
  });

  // A machine that is busy is not a Redis that is away.
  const cacheOf = (defaults = {}, dialect = django()) =>
    createCache(pickled(client, { dialect }), { timeout: 30_000, ...defaults });

  test("a tag lives as long as what it was put on", async () => {
    const cache = cacheOf();
    const left = () => client.pttl(":1:tag:t");
    await cache.getOrSet("short", () => 1, { ttl: 100_000, tags: ["t"] });
    expect(await left()).toBeLessThanOrEqual(100_000);
    await cache.getOrSet("long", () => 1, { ttl: 500_000, staleTtl: 500_000, tags: ["t"] });
    expect(await left()).toBeGreaterThan(900_000);
    await cache.getOrSet("shorter", () => 1, { ttl: 100_000, tags: ["t"] });
    expect(await left()).toBeGreaterThan(900_000);
    await cache.getOrSet("for ever", () => 1, { ttl: null, tags: ["t"] });
    expect(await left()).toBe(-1);
    await cache.getOrSet("again", () => 1, { ttl: 100_000, tags: ["t"] });
    expect(await left()).toBe(-1);
    expect(await cache.invalidateTags("t")).toBe(5);
    // For an hour, so that loads that are under way know.
    expect(await client.keys("*")).toEqual([":1:invalidated:t"]);
    expect(await client.pttl(":1:invalidated:t")).toBeGreaterThan(3_500_000);
  });

  test("invalidates what has one of several tags, in every version, and nothing else", async () => {
    const cache = cacheOf();
    const store = (key: string, tags: string[], version?: number) =>
      cache.getOrSet(key, () => key, { tags, ...(version === undefined ? {} : { version }) });
    await store("a", ["x", "y"]);
    await store("b", ["y"]);
    await store("b", ["y"], 2);
    await store("c", ["z"]);
    expect(await cache.invalidateTags("x", "y")).toBe(3);
    expect([...(await cache.getMany(["a", "b", "c"]))]).toEqual([["c", "c"]]);
    expect(await cache.get("b", { version: 2 })).toBeUndefined();
    expect(await cache.invalidateTags("x", "y")).toBe(0);
  });

  test("invalidates more than one portion of keys", async () => {
    // A thousand calls at once take long on a busy machine, and what is late is not stored.
    const cache = cacheOf({ timeout: 30_000 });
    const keys = Array.from({ length: 1201 }, (_, i) => `k${i}`);
    await Promise.all(keys.map((key) => cache.getOrSet(key, () => 1, { tags: ["many"] })));
    expect(await cache.invalidateTags("many")).toBe(1201);
    expect(await client.keys("*")).toEqual([":1:invalidated:many"]);
  });

  test("Python can tag and invalidate with Redis' own commands", async () => {
    const cache = cacheOf();
    await cache.getOrSet("from-node", () => [1], { tags: ["t"] });
    const script = `
import sys, redis
r = redis.from_url(sys.argv[1])
keys = r.smembers(":1:tag:t")
assert keys == {b":1:from-node"}, keys
r.delete(*keys, ":1:tag:t")
r.set(":1:from-python", 7)
r.sadd(":1:tag:t", ":1:from-python")
`;
    const { exitCode, stderr } = await set.python.run(script, [pythonUrl]);
    expect(exitCode, stderr).toBe(0);
    expect(await cache.get("from-node")).toBeUndefined();
    expect(await cache.get("from-python")).toBe(7);
    expect(await cache.invalidateTags("t")).toBe(1);
    expect(await cache.get("from-python")).toBeUndefined();
  });

  test("versions of a key are made apart, and moved from where the dialect has them", async () => {
    const cache = cacheOf({ singleFlight: "redis" }, django({ version: 3 }));
    const made = vi.fn(async (version: number) => `version ${version}`);
    const make = (version: number) => cache.getOrSet("k", () => made(version), { version });
    expect(await Promise.all([make(3), make(5), make(3)])).toEqual(["version 3", "version 5", "version 3"]);
    expect(made).toHaveBeenCalledTimes(2);
    expect(await cache.get("k")).toBe("version 3");
    // As Django: from the version of the cache to the next.
    expect(await cache.incrVersion("k")).toBe(true);
    expect((await client.keys("*")).sort()).toEqual([":4:k", ":5:k"]);
    expect(await client.pttl(":4:k")).toBeGreaterThan(0);
    expect(await cache.incrVersion("k", 4, -1)).toBe(true);
    expect(await cache.get("k")).toBe("version 3");
    expect(await cache.incrVersion("none")).toBe(false);
  });

  test("makes a value anew before its end with a beta, and not without one", async () => {
    const cache = cacheOf({ ttl: 60_000 });
    let made = 0;
    const load = () => ++made;
    // So dear that it is always due; how likely it is otherwise is Costs' business.
    const dear = { beta: Number.MAX_VALUE };
    const random = vi.spyOn(Math, "random").mockReturnValue(1 - Number.EPSILON);
    expect(await cache.getOrSet("k", load, dear)).toBe(1);
    expect(await cache.getOrSet("k", load)).toBe(1);
    expect(await cache.getOrSet("k", load, dear)).toBe(2);
    expect(await cache.getOrSet("k", load, { ...dear, singleFlight: "redis" })).toBe(3);
    // Served what there is, made anew behind it.
    expect(await cache.getOrSet("k", load, { ...dear, staleTtl: 60_000 })).toBe(3);
    await eventually(async () => expect(await cache.get("k")).toBe(4));
    random.mockReturnValue(0);
    expect(await cache.getOrSet("k", load, dear)).toBe(4);
    random.mockRestore();
  });

  test("tells a loader to stop when nobody waits for it any more, and does not store what it makes", async () => {
    const cache = cacheOf();
    const callers = [new AbortController(), new AbortController()];
    const signals: AbortSignal[] = [];
    let finish!: (value: string) => void;
    const load = ({ signal }: { readonly signal: AbortSignal }) => {
      signals.push(signal);
      return new Promise<string>((resolve) => {
        finish = resolve;
      });
    };
    const waits = callers.map(({ signal }) => cache.getOrSet("k", load, { signal }));
    await eventually(() => expect(signals).toHaveLength(1));
    callers[0]!.abort(new Error("one is gone"));
    await expect(waits[0]).rejects.toThrow("one is gone");
    expect(signals[0]!.aborted).toBe(false);
    callers[1]!.abort(new Error("both are gone"));
    await expect(waits[1]).rejects.toThrow("both are gone");
    expect(signals[0]!.reason).toEqual(new Error("both are gone"));
    finish("late");
    // A new caller has a new loader, and does not wait for the old one.
    expect(await cache.getOrSet("k", () => "new")).toBe("new");
    expect(await cache.get("k")).toBe("new");
    await expect(cache.getOrSet("k", load, { signal: callers[0]!.signal })).rejects.toThrow("one is gone");
    expect(signals).toHaveLength(1);
  });

  test("ends a loader that takes longer than loadTimeout, and gives its lock back", async () => {
    const cache = cacheOf({ loadTimeout: 50, singleFlight: "redis" });
    let reason: unknown;
    const never = ({ signal }: { readonly signal: AbortSignal }) =>
      new Promise<never>(() => {
        signal.addEventListener("abort", () => {
          reason = signal.reason;
        });
      });
    const error: unknown = await cache.getOrSet("k", never).catch((thrown: unknown) => thrown);
    expect(isRedisAdapterError(error) && error.code).toBe("timeout");
    expect(reason).toBe(error);
    await eventually(async () => expect(await client.keys("*")).toEqual([]));
    expect(await cache.getOrSet("k", () => 1)).toBe(1);
  });
});
