/** `pickled` and `createCache` on a Redis Cluster and under Sentinel, with both majors of ioredis. */
import type { Writable } from "node:stream";
import { createCache, django, pickled, type RedisLike } from "@brine/redis-adapter";
import * as ioredis6 from "ioredis";
import * as ioredis5 from "ioredis5";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type RedisCluster,
  type RedisSentinel,
  startRedisCluster,
  startRedisSentinel,
} from "../../services/redis-topologies.js";

interface Driver extends RedisLike {
  flushall?(): Promise<unknown>;
  nodes(role: "master"): { flushall(): Promise<unknown>; readonly stream: Writable }[];
  on(event: string, listener: (error: Error) => void): unknown;
  disconnect(): void;
}

type ClusterOptions = { enableAutoPipelining: boolean };
const DRIVERS: readonly {
  readonly name: string;
  cluster(nodes: readonly { host: string; port: number }[], options: ClusterOptions): Driver;
  sentinel(options: RedisSentinel["options"]): Driver;
}[] = [
  {
    name: "ioredis 5",
    cluster: (nodes, options) => new ioredis5.Cluster([...nodes], options) as unknown as Driver,
    sentinel: (options) => new ioredis5.Redis({ ...options, maxRetriesPerRequest: null }) as unknown as Driver,
  },
  {
    name: "ioredis 6",
    cluster: (nodes, options) => new ioredis6.Cluster([...nodes], options) as unknown as Driver,
    sentinel: (options) => new ioredis6.Redis({ ...options, maxRetriesPerRequest: null }) as unknown as Driver,
  },
];

describe("Redis Cluster", () => {
  let cluster: RedisCluster | undefined;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });

  afterAll(() => cluster?.dispose());

  test.for(DRIVERS)(
    "$name sends the commands of one turn in one write to each node",
    async ({ cluster: connect }, context) => {
      if (cluster === undefined) return context.skip("no redis-server is installed here");
      const addresses = cluster.nodes.map(({ host, port }) => ({ host, port }));
      const client = connect(addresses, { enableAutoPipelining: false });
      const py = pickled(client);
      const keys = Array.from({ length: 60 }, (_, i) => `one-write:${i}`);
      const setAll = () => Promise.all(keys.map((key) => py.set(key, key)));
      try {
        // Nodes are connected to as they are needed.
        await setAll();
        const replies = setAll();
        const held = client.nodes("master").filter(({ stream }) => stream.writableLength > 0);
        expect(held).toHaveLength(client.nodes("master").length);
        expect(await replies).toEqual(keys.map(() => true));
        expect(held.map(({ stream }) => stream.writableCorked)).toEqual(held.map(() => 0));
        expect(await py.mget(keys)).toEqual(keys);
      } finally {
        client.disconnect();
      }
    },
  );

  const cases = DRIVERS.flatMap((driver) =>
    [false, true].map((enableAutoPipelining) => ({
      ...driver,
      enableAutoPipelining,
      title: `${driver.name}${enableAutoPipelining ? ", autopipelining" : ""}`,
    })),
  );

  test.for(cases)("$title", async ({ cluster: connect, enableAutoPipelining }, context) => {
    if (cluster === undefined) return context.skip("no redis-server is installed here");
    const client = connect(
      cluster.nodes.map(({ host, port }) => ({ host, port })),
      { enableAutoPipelining },
    );
    try {
      const py = pickled(client, { dialect: django() });
      const cache = createCache(py, { timeout: 30_000, onRedisError: "throw" });
      const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
      await py.set("first", 1);
      for (const node of client.nodes("master")) await node.flushall();

      await py.mset(keys.map((key, i) => [key, [i]] as const));
      expect(await py.mget([...keys, "none"])).toEqual([...keys.map((_, i) => [i]), undefined]);
      expect(await Promise.all(keys.map((key) => py.get(key)))).toEqual(keys.map((_, i) => [i]));
      expect(await py.exists(...keys)).toBe(40);
      expect(await py.del("k0", "k1", "none")).toBe(2);
      const seen = new Map<string, unknown>();
      for await (const { key, value } of py.scan({ match: "k*" })) seen.set(key, value);
      expect(seen.size).toBe(38);

      // One slot: what a pipeline needs.
      const results = await py.multi().set("{t}a", "x").get<string>("{t}a").incr("{t}n", 2).results();
      expect(results).toEqual([true, "x", 2]);
      await py.hset("h", { a: [1], __proto__x: null });
      expect(await py.hgetall("h")).toEqual(
        new Map<string, unknown>([
          ["a", [1]],
          ["__proto__x", null],
        ]),
      );

      expect(await cache.incrVersion("k2")).toBe(true);
      expect(await cache.get("k2", { version: 2 })).toEqual([2]);
      for (const key of ["x1", "x2", "x3"])
        await cache.getOrSet(key, () => key, { tags: ["x"], singleFlight: "redis" });
      expect(await cache.invalidateTags("x")).toBe(3);
      expect(await cache.deletePattern("k*")).toBe(37);
      const lock = await cache.lock("L", { ttl: 60_000 });
      expect(await cache.lock("L", { ttl: 60_000 })).toBeUndefined();
      expect(await lock!.release()).toBe(true);
    } finally {
      client.disconnect();
    }
  });

  test.for(DRIVERS)("$name follows a slot that moved", async ({ cluster: connect }, context) => {
    if (cluster === undefined) return context.skip("no redis-server is installed here");
    const client = connect(
      cluster.nodes.map(({ host, port }) => ({ host, port })),
      { enableAutoPipelining: false },
    );
    try {
      const py = pickled(client);
      await py.set("k", 1);
      await py.del("k");
      // CLUSTER KEYSLOT k
      const slot = 7629;
      await cluster.moveSlot(slot, 1, 2);
      await py.set("k", { moved: Buffer.from([0, 255]) });
      expect(await py.get("k")).toEqual({ moved: Buffer.from([0, 255]) });
      await py.del("k");
      await cluster.moveSlot(slot, 2, 1);
    } finally {
      client.disconnect();
    }
  });
});

describe("Sentinel", () => {
  test("values are there after the master was killed, and loaded meanwhile", async (context) => {
    const sentinel = await startRedisSentinel();
    if (sentinel === undefined) return context.skip("no redis-server is installed here");
    context.onTestFinished(() => sentinel.dispose());
    const clients = DRIVERS.map(({ sentinel: connect }) => connect(sentinel.options));
    for (const client of clients) client.on("error", () => {});
    const replica = new ioredis6.Redis(sentinel.nodes[1]!.port, sentinel.nodes[1]!.host);
    try {
      const wrapped = clients.map((client) => pickled(client));
      for (const [i, py] of wrapped.entries()) {
        await py.set(`before${i}`, { value: i });
        // Replication is asynchronous: what a master has not passed on dies with it.
        await expect.poll(() => replica.exists(`before${i}`)).toBe(1);
      }
      await sentinel.nodes[0]!.kill();
      for (const py of wrapped) {
        const cache = createCache(py, { timeout: 100 });
        expect(await cache.getOrSet("meanwhile", () => "loaded")).toBe("loaded");
      }
      for (const [i, py] of wrapped.entries()) {
        expect(await py.get(`before${i}`)).toEqual({ value: i });
        expect(await py.set(`after${i}`, [i])).toBe(true);
        expect(await py.get(`after${i}`)).toEqual([i]);
      }
    } finally {
      for (const client of [...clients, replica]) client.disconnect();
    }
  });
});
