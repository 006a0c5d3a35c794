/**
 * Values in a Redis that fails: killed, read-only, moved, frozen, slow. No call outlives its deadline, the loader's answer is
 * what comes, and Redis is used again when it is back.
 */
import { createCache, pickled, type RedisLike } from "@brine/redis-adapter";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import { describe, expect, test } from "vitest";
import {
  type RedisNode,
  startRedisCluster,
  startRedisNode,
  startRedisReplica,
  type Topology,
} from "../../services/redis-topologies.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { startProxy } from "../tcp-proxy.js";
import { CacheLoad, within } from "./redis-load.js";

/** Of those calls that are to end at it. */
const TIMEOUT_MS = 500;
/** Of those that are to be answered, however busy the machine is. */
const PATIENT_MS = 15_000;
const MISSING = "no redis-server is installed here";

describe("a cache whose Redis fails", () => {
  const kept = closeAfterEach();

  const keep = <T extends Topology | undefined>(topology: T): T => {
    if (topology !== undefined) kept({ close: () => topology.dispose() });
    return topology;
  };

  const connect = (url: string, options: RedisOptions = {}): Redis => {
    const settings = { maxRetriesPerRequest: 1, retryStrategy: () => 50, ...options, replyMapping: "legacy" } as const;
    const client = new Redis(url, settings);
    client.on("error", () => {});
    kept({ close: () => client.disconnect() });
    return client;
  };

  const urlOf = ({ host, port }: RedisNode) => `redis://${host}:${port}`;

  const start = (client: RedisLike): CacheLoad =>
    kept(new CacheLoad(createCache(pickled(client), { timeout: TIMEOUT_MS, ttl: 60_000 })));

  test("is answered by the loader while Redis is dead, and by Redis when it was started again", async (context) => {
    const topology = keep(await startRedisNode());
    if (topology === undefined) return context.skip(MISSING);
    const node = topology.nodes[0]!;
    const load = start(connect(urlOf(node)));
    for (let kill = 0; kill < 2; kill++) {
      await load.untilServed();
      await node.kill();
      await load.untilMade();
      await node.start();
      await load.untilServed();
    }
    await load.stop();
  });

  test("reads from a replica, and is answered by the loader for what it may not store there", async (context) => {
    const topology = keep(await startRedisReplica());
    if (topology === undefined) return context.skip(MISSING);
    const [master, replica] = topology.nodes.map((node) => connect(urlOf(node))) as [Redis, Redis];
    await pickled(master).set("there", { from: "master" });
    await eventually(async () => expect(await replica.exists("there")).toBe(1));
    // What comes is READONLY's error.
    const cache = createCache(pickled(replica), { timeout: PATIENT_MS });
    const errors: string[] = [];
    cache.on("error", (error, operation, key) => errors.push(`${operation} ${key}: ${error.message.split(" ")[0]}`));
    expect(await within(cache.getOrSet("there", () => "made"))).toEqual({ from: "master" });
    expect(await within(cache.getOrSet("new", () => "made", { tags: ["t"] }))).toBe("made");
    expect(await within(cache.getOrSet("new", () => "made", { singleFlight: "redis" }))).toBe("made");
    expect(await within(cache.add("new", 1))).toBe(false);
    expect(errors).toEqual(["set new: READONLY", "lock new: READONLY", "set new: READONLY", "add new: READONLY"]);
    await expect(within(cache.invalidateTags("t"))).rejects.toThrow("READONLY");
    // What throws carries no value.
    const secret = pickled(replica).set("k", { password: "secret" });
    await expect(secret).rejects.toSatisfy((error: Error) => !JSON.stringify({ ...error }).includes("secret"));
  });

  test("follows a master that was demoted and came back", async (context) => {
    const topology = keep(await startRedisReplica());
    if (topology === undefined) return context.skip(MISSING);
    const [first, second] = topology.nodes as [RedisNode, RedisNode];
    const admin = connect(urlOf(first), { maxRetriesPerRequest: null });
    const load = start(connect(urlOf(first)));
    await load.untilServed();
    await connect(urlOf(second)).call("REPLICAOF", "NO", "ONE");
    await admin.call("REPLICAOF", second.host, second.port);
    await load.untilMade();
    await load.untilFailure("READONLY");
    await admin.call("REPLICAOF", "NO", "ONE");
    await load.untilServed();
    await load.stop();
  });

  test("is answered by the loader over a connection that is frozen, and by Redis over the next one", async (context) => {
    const topology = keep(await startRedisNode());
    if (topology === undefined) return context.skip(MISSING);
    const proxy = kept(await startProxy(urlOf(topology.nodes[0]!)));
    // Only this makes ioredis give a silent connection up.
    const load = start(connect(proxy.url, { socketTimeout: 6 * TIMEOUT_MS }));
    await load.untilServed();
    proxy.freeze();
    await load.untilMade();
    await load.untilFailure("timeout");
    await load.untilServed();
    await load.stop();
    expect(proxy.accepted).toBeGreaterThan(1);
  });

  test("ends what does not go through a cache at the client's commandTimeout", async (context) => {
    const topology = keep(await startRedisNode());
    if (topology === undefined) return context.skip(MISSING);
    const proxy = kept(await startProxy(urlOf(topology.nodes[0]!)));
    const py = pickled(connect(proxy.url, { commandTimeout: TIMEOUT_MS }));
    // The deadline is for this one, too.
    await eventually(() => py.set("k", 1));
    proxy.freeze();
    const calls: Record<string, () => Promise<unknown>> = {
      get: () => py.get("k"),
      set: () => py.set("k", 2, { ttl: 1000 }),
      mget: () => py.mget(["k", "l"]),
      mset: () => py.mset({ k: 1, l: 2 }, { ttl: 1000 }),
      hgetall: () => py.hgetall("h"),
      pipeline: () => py.pipeline().get("k").set("k", 3).results(),
      multi: () => py.multi().get("k").set("k", 3).results(),
      scan: () => py.scan().next(),
    };
    for (const [name, call] of Object.entries(calls)) {
      await expect(within(call(), name), name).rejects.toThrow("Command timed out");
    }
  });

  test("sends nothing after its deadline, and tells of what a slow server carries out late", async (context) => {
    const topology = keep(await startRedisNode());
    if (topology === undefined) return context.skip(MISSING);
    const node = topology.nodes[0]!;
    const client = connect(urlOf(node), { maxRetriesPerRequest: null });
    const cache = createCache(pickled(client), { timeout: TIMEOUT_MS });
    const late: string[] = [];
    cache.on("late", (operation, key) => late.push(`${operation} ${key}`));
    await client.ping();

    // Without a connection nothing is queued, and so nothing is sent when it is back.
    await node.kill();
    await eventually(async () => expect(client.status).not.toBe("ready"));
    await within(cache.set("k", "unsent"));
    expect(await within(cache.getOrSet("made", () => 1, { tags: ["t"] }))).toBe(1);
    expect(await within(cache.add("added", 1))).toBe(false);
    await node.start();
    const admin = connect(urlOf(node));
    await pickled(admin).set("back", 1);
    await eventually(async () => expect(await cache.get("back")).toBe(1));
    expect(await admin.keys("*")).toEqual(["back"]);
    expect(late).toEqual([]);

    // What a frozen server has got cannot be taken back, but steps that were to follow are not sent.
    const freezeAndMake = async () => {
      await node.freeze();
      return 1;
    };
    await within(cache.getOrSet("tagged", freezeAndMake, { tags: ["t"] }));
    await within(cache.set("k", "late"));
    await node.thaw();
    await eventually(() => expect(late).toEqual(["set k"]));
    await eventually(async () => expect((await admin.keys("*")).sort()).toEqual(["back", "k", "tag:t"]));
    expect(await pickled(admin).get("k")).toBe("late");
  });

  test("is answered by the loader while the server is slow or busy", async (context) => {
    const topology = keep(await startRedisNode(["--lua-time-limit", "50"]));
    if (topology === undefined) return context.skip(MISSING);
    const node = topology.nodes[0]!;
    const [admin, blocked] = [0, 1].map(() => connect(urlOf(node))) as [Redis, Redis];
    // A server that runs a script takes no new connections.
    await Promise.all([admin.ping(), blocked.ping()]);
    const load = start(connect(urlOf(node)));
    await load.untilServed();
    await node.freeze();
    await load.untilMade();
    await load.untilFailure("timeout");
    await node.thaw();
    await load.untilServed();
    // A server that answers BUSY to all but those who would end the script.
    const script = blocked.eval("while true do end", 0).catch((error: Error) => error.message);
    await load.untilMade();
    await load.untilFailure("BUSY");
    await admin.call("SCRIPT", "KILL");
    expect(await script).toContain("SCRIPT KILL");
    await load.untilServed();
    await load.stop();
  });

  test("follows slots that move, and is answered by the loader for those of a dead node", async (context) => {
    const cluster = keep(await startRedisCluster());
    if (cluster === undefined) return context.skip(MISSING);
    const client = new Cluster(
      cluster.nodes.map(({ host, port }) => ({ host, port })),
      { clusterRetryStrategy: () => 50, redisOptions: { maxRetriesPerRequest: 1 } },
    );
    client.on("error", () => {});
    kept({ close: () => client.disconnect() });
    const py = pickled(client);
    // CLUSTER KEYSLOT moving; a slot of the third node, which none of the load's keys is in.
    const slot = 14604;
    const value = { moved: Buffer.from([0, 255]) };
    await py.mset({ "{moving}a": value, "{moving}b": value }, { ttl: 60_000 });
    const load = start(client);
    await load.untilServed();
    for (const [from, to] of [
      [2, 1],
      [1, 2],
    ] as const) {
      for (const key of ["{moving}a", "{moving}b"]) {
        await cluster.migrate(slot, key, from, to);
        expect(await within(py.get("{moving}a"))).toEqual(value);
        expect(await within(py.get("{moving}b"))).toEqual(value);
        // New keys of a slot on its way are made where it goes to.
        expect(await within(py.set("{moving}c", value, { ttl: 60_000 }))).toBe(true);
        expect(await within(py.pttl("{moving}a"))).toBeGreaterThan(0);
      }
      await cluster.migrate(slot, "{moving}c", from, to);
      await cluster.moveSlot(slot, from, to);
      expect(await within(py.mget(["{moving}a", "{moving}b", "{moving}c"]))).toEqual([value, value, value]);
    }
    await load.untilServed();
    await cluster.nodes[1]!.kill();
    await load.untilMade();
    await cluster.nodes[1]!.start();
    await load.untilServed();
    await load.stop();
  });
});
