/** `createCache` among loaders that fail, locks that are lost, clocks that jump, values that are too long and keys that change. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { createCache, django, djangoRedis, pickled, plain, signed } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { afterEach, expect, test, vi } from "vitest";
import type { ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { withClient } from "../redis/redis-client.js";

describeEachRedis("createCache() under hostile use", (set: ServiceSet) => {
  const keep = closeAfterEach();
  let client: Redis;
  let url: string;

  withClient(set, (redis, at) => {
    client = redis;
    url = at.pythonUrl;
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  // A machine that is busy is not a Redis that is away.
  const cacheOf = (defaults = {}, dialect = django()) =>
    createCache(pickled(client, { dialect }), { timeout: 30_000, ...defaults });

  test.each(["process", "redis", "off"] as const)(
    "a loader that fails fails all who asked, stores nothing, and is asked again (%s)",
    async (singleFlight) => {
      const cache = cacheOf({ singleFlight });
      const callers = 20;
      let [missed, calls] = [0, 0];
      cache.on("miss", () => missed++);
      // A loader that fails before all have asked is asked again by those who ask after it.
      const allAsked = () => eventually(() => expect(missed).toBe(callers));
      const failures: (readonly [isShared: boolean, load: () => Promise<never>])[] = [
        [
          false,
          () => {
            throw new Error("at once");
          },
        ],
        [
          true,
          async () => {
            await allAsked();
            throw new Error("later");
          },
        ],
        // Not even an error.
        [true, () => allAsked().then(() => Promise.reject(undefined))],
      ];
      for (const [isShared, load] of failures) {
        [missed, calls] = [0, 0];
        const counted = () => {
          calls++;
          return load();
        };
        const outcomes = await Promise.allSettled(Array.from({ length: callers }, () => cache.getOrSet("k", counted)));
        expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
        if (isShared) expect(calls).toBe(singleFlight === "off" ? callers : 1);
        // No lock stays behind.
        await eventually(async () => expect(await client.keys("*")).toEqual([]));
      }
      expect(await cache.getOrSet("k", () => "good")).toBe("good");
    },
  );

  test("a loader that fails leaves what is stale, for all who ask", async () => {
    const cache = cacheOf({ ttl: 50, staleTtl: 60_000, singleFlight: "redis" });
    const errors: string[] = [];
    cache.on("error", (error, operation) => errors.push(`${operation} ${error.message}`));
    await cache.getOrSet("k", () => "old");
    await eventually(async () => expect(await client.pttl(":1:k")).toBeLessThanOrEqual(60_000));
    const fail = () => {
      throw new Error("down");
    };
    expect(await Promise.all(Array.from({ length: 10 }, () => cache.getOrSet("k", fail)))).toEqual(
      Array(10).fill("old"),
    );
    await eventually(() => expect(errors).toContain("refresh down"));
    expect(await cache.get("k")).toBe("old");
    await eventually(async () => expect(await client.keys("*:lock")).toEqual([]));
  });

  test("a lock that is lost in the middle is not another's to lose", async () => {
    const cache = cacheOf({ singleFlight: "redis", lockTtl: 60_000 });
    const key = ":1:k:lock";
    const value = await cache.getOrSet("k", async () => {
      // It ended, and somebody else has it now.
      await client.set(key, "theirs", "PX", 60_000);
      return "made";
    });
    expect(value).toBe("made");
    expect([await cache.get("k"), await client.get(key)]).toEqual(["made", "theirs"]);
    const lock = (await cacheOf({}, djangoRedis()).lock("L", { ttl: 60_000 }))!;
    await client.del(":1:L");
    expect([await lock.extend(1000), await lock.release()]).toEqual([false, false]);
  });

  test("a loader that outlives its lock keeps it", async () => {
    const lockTtl = 10_000;
    const cache = cacheOf({ singleFlight: "redis", lockTtl });
    const other = cacheOf({ singleFlight: "redis", lockTtl, waitFor: 60_000 });
    let finish = (_value: string) => {};
    let made = 0;
    const load = () => {
      made++;
      return new Promise<string>((resolve) => {
        finish = resolve;
      });
    };
    const first = cache.getOrSet("k", load);
    await eventually(() => expect(made).toBe(1));
    const second = other.getOrSet("k", load);
    // Longer than the lock lasts by itself.
    const token = await client.get(":1:k:lock");
    await new Promise((resolve) => setTimeout(resolve, lockTtl + 1000));
    expect([made, await client.get(":1:k:lock")]).toEqual([1, token]);
    finish("made");
    expect(await Promise.all([first, second])).toEqual(["made", "made"]);
    expect(made).toBe(1);
  });

  test("a clock that jumps neither ends waiting nor prolongs it", async () => {
    const now = Date.now();
    const hour = 3_600_000;
    // Another try's may still be taken.
    const key = `k-${randomUUID()}`;
    const lock = (await cacheOf().lock(`${key}:lock`, { ttl: 60_000 }))!;
    const jump = vi.spyOn(Date, "now").mockReturnValue(now + hour);
    const cache = cacheOf({ singleFlight: "redis", waitFor: 60_000 });
    const waiting = cache.getOrSet(key, () => "made here");
    const taking = cache.lock(`${key}:lock`, { ttl: 60_000, wait: 60_000, retryInterval: 10 });
    jump.mockReturnValue(now - hour);
    const once = cache.lock(`${key}:lock`, { ttl: 1000, wait: 30, retryInterval: 10 });
    jump.mockReturnValue(now - 2 * hour);
    expect(await once).toBeUndefined();
    jump.mockReturnValue(now + 2 * hour);
    await pickled(client, { dialect: django() }).set(key, "made elsewhere");
    expect(await waiting).toBe("made elsewhere");
    await lock.release();
    expect(await (await taking)!.release()).toBe(true);
  });

  test("after an outage Redis is asked again, whatever the clock says", async () => {
    const away = new Redis(1, "127.0.0.1", { maxRetriesPerRequest: 0, retryStrategy: () => null, lazyConnect: true });
    away.on("error", () => {});
    keep({ close: () => away.disconnect() });
    const cache = createCache(pickled(away, { dialect: django() }), { timeout: 50 });
    const reasons: string[] = [];
    cache.on("error", ({ message }) => reasons.push(message));
    for (let i = 0; i < 3; i++) await cache.get("k");
    const jump = vi.spyOn(Date, "now").mockReturnValue(Date.now() - 3_600_000);
    await eventually(async () => {
      reasons.length = 0;
      await cache.get("k");
      expect(reasons).toEqual([expect.not.stringContaining("left alone")]);
    });
    jump.mockRestore();
  });

  test("a value that is too long is given, and not stored", async () => {
    const cache = createCache(pickled(client, { dialect: django(), maxValueBytes: 1000 }), { timeout: 30_000 });
    const errors: unknown[] = [];
    cache.on("error", (error, operation, key) => errors.push([(error as { code?: string }).code, operation, key]));
    const long = "x".repeat(2000);
    expect(await cache.getOrSet("k", () => long, { tags: ["t"] })).toBe(long);
    expect(errors).toEqual([["too-large", "set", "k"]]);
    expect(await client.exists(":1:k")).toBe(0);
    await expect(cache.set("k", long)).rejects.toMatchObject({ code: "too-large" });
    // One that somebody else stored is no value for us.
    await client.set(":1:k", pickled(client).encode(long));
    expect(await cache.get("k")).toBeUndefined();
    expect(await cache.getOrSet("k", () => "short")).toBe("short");
  });

  /** What the guide gives Python for it, and a program around that. */
  const guide = readFileSync(new URL("../../../docs/guide/redis.md", import.meta.url), "utf8");
  const PYTHON = `${/^import hashlib[\s\S]*?(?=^raw = )/m.exec(guide)![0]}
import sys

url, action, key, *secrets = sys.argv[1:]
r, key, secrets = redis.from_url(url), key.encode(), [each.encode() for each in secrets]
if action == "write":
    r.set(key, dumps({"from": "python"}, key, secrets))
else:
    print(loads(r.get(key), key, secrets))
`;

  test("secrets are changed one after another, on either side", async () => {
    const python = async (action: string, key: string, ...secrets: string[]) => {
      const { exitCode, stdout, stderr } = await set.python.run(PYTHON, [url, action, key, ...secrets]);
      return exitCode === 0 ? stdout.toString().trim() : (/(bad signature)\s*$/.exec(stderr)?.[1] ?? stderr);
    };
    const here = (...keys: string[]) => pickled(client, { dialect: signed(plain(), { keys }) });
    // All know the old secret; then all know both, and write with the old one; then with the new one; then the old one goes.
    const steps: readonly (readonly [writes: readonly string[], reads: readonly string[], isGood: boolean])[] = [
      [["old"], ["old"], true],
      [["old"], ["old", "new"], true],
      [["new", "old"], ["old", "new"], true],
      [["new", "old"], ["new"], true],
      [["new"], ["new"], true],
      [["old"], ["new"], false],
      [["new"], ["old"], false],
    ];
    for (const [i, [writes, reads, isGood]] of steps.entries()) {
      await here(...writes).set(`node${i}`, { from: "node" });
      await python("write", `python${i}`, ...writes);
      expect([i, await python("read", `node${i}`, ...reads)]).toEqual([
        i,
        isGood ? "{'from': 'node'}" : "bad signature",
      ]);
      const read = await here(...reads)
        .get(`python${i}`)
        .catch((error: Error) => error.message);
      expect(read).toEqual(isGood ? { from: "python" } : expect.stringContaining("signature"));
    }
    // To a cache, what has a bad signature is missing, and made anew.
    const cache = createCache(here("new"));
    await here("old").set("k", "forged");
    expect(await cache.getOrSet("k", () => "made")).toBe("made");
  });
});
