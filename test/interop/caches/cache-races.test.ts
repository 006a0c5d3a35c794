/** `createCache` where something happens while a value is made: an invalidation, a cut, a server that takes no writes, no end. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createCache, django, pickled } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { READY_MS } from "../../services/patience.js";
import { startRedisNode, type Topology } from "../../services/redis-topologies.js";
import { eventually } from "../eventually.js";
import { within } from "../redis/redis-load.js";
import { startProxy } from "../tcp-proxy.js";

const FLIGHTS = ["process", "redis", "off"] as const;

describe("createCache() while a value is made", () => {
  let topology: Topology | undefined;
  let url: string;
  let client: Redis;
  let other: Redis;

  beforeAll(async () => {
    topology = await startRedisNode();
    if (topology === undefined) return;
    const { host, port } = topology.nodes[0]!;
    url = `redis://${host}:${port}`;
    client = new Redis(url);
    other = new Redis(url);
  });

  afterAll(async () => {
    for (const each of [client, other]) each?.disconnect();
    await topology?.dispose();
  });

  beforeEach(async (context) => {
    if (topology === undefined) return context.skip("no redis-server is installed here");
    // As a test that failed may have left it.
    await client.replicaof("NO", "ONE");
    await client.flushall();
  });

  // A machine that is busy is not a Redis that is away.
  const cacheOf = (defaults = {}, redis = client) =>
    createCache(pickled(redis, { dialect: django() }), { timeout: 30_000, ...defaults });

  /** A loader that waits to be told what it makes. */
  function loader() {
    const finish: ((value: string) => void)[] = [];
    const load = () => new Promise<string>((resolve) => finish.push(resolve));
    return { finish, load };
  }

  describe.each(FLIGHTS)("singleFlight: %s", (singleFlight) => {
    test.each(["the same process", "another"])("what %s invalidates meanwhile is not stored", async (who) => {
      const cache = cacheOf({ singleFlight });
      const { finish, load } = loader();
      const old = cache.getOrSet("k", load, { tags: ["other", "t"] });
      await eventually(() => expect(finish).toHaveLength(1));
      await (who === "another" ? cacheOf({}, other) : cache).invalidateTags("t");
      finish[0]!("old");
      expect(await old).toBe("old");
      expect(await cache.get("k")).toBeUndefined();
      expect(await cache.getOrSet("k", () => "new", { tags: ["t"] })).toBe("new");
      expect(await cache.get("k")).toBe("new");
      // What was invalidated before says nothing of what is made now.
      expect(await cache.invalidateTags("t")).toBe(1);
    });

    test("who asks after an invalidation does not get what was made before", async () => {
      const cache = cacheOf({ singleFlight });
      const { finish, load } = loader();
      const old = cache.getOrSet("k", load, { tags: ["t"] });
      await eventually(() => expect(finish).toHaveLength(1));
      await cache.invalidateTags("t");
      const asked = cache.getOrSet("k", () => "new", { tags: ["t"] });
      // With a lock, the second waits for the first one to end.
      if (singleFlight !== "redis") expect(await asked).toBe("new");
      finish[0]!("old");
      expect([await old, await asked, await cache.get("k")]).toEqual(["old", "new", "new"]);
    });

    test("what is stored is what there is after the last invalidation, whoever comes when", async () => {
      const [cache, invalidating] = [cacheOf({ singleFlight }), cacheOf({}, other)];
      for (let source = 1; source <= 300; source++) {
        let now = source - 1;
        const loading = cache.getOrSet("k", async () => now, { tags: ["t"] });
        // Before the load, in it, while it is stored, and after it, as it happens.
        for (let turn = 0; turn < source % 30; turn++) await new Promise(setImmediate);
        now = source;
        await Promise.all([loading, invalidating.invalidateTags("t")]);
        expect([undefined, source]).toContain(await cache.get("k"));
      }
    });

    test("a stored null is as fresh as it is said to be, however long values are served stale", async () => {
      const cache = cacheOf({ singleFlight, negativeTtl: 30_000, staleTtl: 60_000 });
      await pickled(client, { dialect: django() }).set("theirs", null, { ttl: 30_000 });
      let made = 0;
      const load = () => {
        made++;
        return undefined;
      };
      const asked = ["ours", "ours", "ours", "theirs"].map((key) => () => cache.getOrSet<unknown>(key, load));
      for (const ask of asked) expect(await ask()).toBeNull();
      expect(made).toBe(1);
    });
  });

  test("a lock whose answer is lost is held by who took it", async () => {
    const proxy = await startProxy(url);
    const unsteady = new Redis(proxy.url, { maxRetriesPerRequest: 5, retryStrategy: () => 1 });
    unsteady.on("error", () => {});
    try {
      const cache = cacheOf({ singleFlight: "redis", waitFor: 60_000 }, unsteady);
      await cache.get("none");
      const before = proxy.sent;
      const lock = await cache.lock("L", { ttl: 60_000 });
      const bytes = proxy.sent - before;
      expect(await lock!.release()).toBe(true);
      // Of SET. After its last byte the server has taken the lock, and the driver sends SET again.
      for (const place of [1, Math.trunc(bytes / 2), bytes - 1, bytes]) {
        const cutting = proxy.cutAfter(place);
        const held = await within(cache.lock("L", { ttl: 60_000 }), "a lock");
        await within(cutting, "a cut");
        expect(await held?.release(), `cut after ${place} of ${bytes} bytes`).toBe(true);
      }
    } finally {
      unsteady.disconnect();
      await proxy.close();
    }
  });

  test("what Redis does not take is made anew once a second, and what is stale served meanwhile", async () => {
    const cache = cacheOf({ ttl: 20, staleTtl: 600_000, singleFlight: "redis" });
    const errors = new Set<string>();
    cache.on("error", ({ message }) => errors.add(message.slice(0, 8)));
    let made = 0;
    const ask = () => cache.getOrSet("k", () => ++made, { tags: ["t"] });
    expect(await ask()).toBe(1);
    await eventually(async () => expect(await client.pttl(":1:k")).toBeLessThan(600_000));
    await client.replicaof("127.0.0.1", 1);
    const started = performance.now();
    for (let i = 0; i < 300; i++) expect(await ask()).toBe(1);
    // At once, and after each second.
    expect(made).toBeLessThanOrEqual(3 + (performance.now() - started) / 1000);
    expect([...errors]).toEqual(["READONLY"]);
    await client.replicaof("NO", "ONE");
    await eventually(async () => expect(await ask()).toBe(made));
  });

  test("what cannot be made anew is tried once a second", async () => {
    const cache = cacheOf({ ttl: 20, staleTtl: 600_000 });
    await cache.getOrSet("failing", () => "old");
    await eventually(async () => expect(await client.pttl(":1:failing")).toBeLessThan(600_000));
    let tries = 0;
    const fail = () => {
      tries++;
      throw new Error("down");
    };
    const started = performance.now();
    for (let i = 0; i < 300; i++) expect(await cache.getOrSet<unknown>("failing", fail)).toBe("old");
    expect(tries).toBeLessThanOrEqual(2 + (performance.now() - started) / 1000);
    await eventually(async () => expect(await cache.getOrSet("failing", () => "new")).toBe("new"));
  });

  test("a loader that never settles does not keep its process from ending", async () => {
    const program = `
import { createCache, pickled } from "@brine/redis-adapter";
import { Redis } from "ioredis";
const client = new Redis(process.argv[1]);
const cache = createCache(pickled(client), { singleFlight: "redis", timeout: 30_000 });
await new Promise((resolve) => {
  const never = () => {
    resolve();
    return new Promise(() => {});
  };
  cache.getOrSet("k", never).catch(() => {});
});
client.disconnect();
`;
    const argv = ["--input-type=module", "-e", program, url];
    await promisify(execFile)(process.execPath, argv, { cwd: import.meta.dirname, timeout: READY_MS });
  });
});
