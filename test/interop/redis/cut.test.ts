/**
 * Values written while the connection breaks, at one byte of the command after another: afterwards each is the old one or the
 * new one and has its lifetime, and what belongs together is of one kind.
 */
import { createCache, django, type PickledRedis, pickled } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRedisNode, type Topology } from "../../services/redis-topologies.js";
import { startProxy, type TcpProxy } from "../tcp-proxy.js";
import { within } from "./redis-load.js";

const TTL_MS = 600_000;
/** Places where a write is cut. */
const CUTS = 16;
const KEYS = ["a", "b", "c"];

/** Several packets of values. */
const value = (name: string, key: string) => ({ name, key, text: `${name} ${key} `.repeat(2000) });
const values = (name: string) => Object.fromEntries(KEYS.map((key) => [key, value(name, key)]));

interface Write {
  readonly title: string;
  /** The keys it writes. */
  readonly keys: readonly string[];
  /** All of them or none. */
  readonly isAtomic?: boolean;
  run(py: PickledRedis): Promise<unknown>;
}

const cacheOf = (py: PickledRedis) => createCache(py, { ttl: TTL_MS, timeout: 15_000, onRedisError: "throw" });

const WRITES: readonly Write[] = [
  { title: "set", keys: ["a"], run: (py) => py.set("a", value("new", "a"), { ttl: TTL_MS }) },
  { title: "set, autopipelined", keys: KEYS, run: (py) => all(KEYS.map((key) => py.set(key, value("new", key)))) },
  { title: "mset", keys: KEYS, isAtomic: true, run: (py) => py.mset(values("new"), { ttl: TTL_MS }) },
  { title: "a cache's setMany", keys: KEYS, isAtomic: true, run: (py) => cacheOf(py).setMany(values("new")) },
  {
    title: "a transaction",
    keys: KEYS,
    isAtomic: true,
    run: (py) =>
      py.multi().set("a", value("new", "a")).set("b", value("new", "b")).set("c", value("new", "c")).results(),
  },
  {
    title: "a pipeline",
    keys: KEYS,
    run: (py) =>
      py.pipeline().set("a", value("new", "a")).set("b", value("new", "b")).set("c", value("new", "c")).results(),
  },
  {
    title: "a cache's getOrSet with tags",
    keys: ["a"],
    run: async (py) => {
      await py.del("a");
      await cacheOf(py).getOrSet("a", () => value("new", "a"), { tags: ["t", "u"], onRedisError: "load" });
    },
  },
];

/** Settles when all have. */
async function all(calls: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(calls)).find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

describe("a value written over a connection that breaks", () => {
  let topology: Topology | undefined;
  let proxy: TcpProxy;
  let direct: Redis;
  let seen: PickledRedis;

  beforeAll(async () => {
    topology = await startRedisNode();
    if (topology === undefined) return;
    const { host, port } = topology.nodes[0]!;
    proxy = await startProxy(`redis://${host}:${port}`);
    direct = new Redis(port, host);
    seen = pickled(direct, { dialect: django() });
  });

  afterAll(async () => {
    direct?.disconnect();
    await proxy?.close();
    await topology?.dispose();
  });

  /** Through the proxy; ready, so that what it sends next is the write. */
  const connect = async (options: { readonly autoResendUnfulfilledCommands: boolean }) => {
    const client = new Redis(proxy.url, {
      ...options,
      enableAutoPipelining: true,
      // Not 1: with that, a command whose connection is back at the first attempt is neither sent again nor rejected.
      maxRetriesPerRequest: options.autoResendUnfulfilledCommands ? 1 : 0,
      retryStrategy: () => 1,
    });
    client.on("error", () => {});
    const py = pickled(client, { dialect: django({ defaultTtl: TTL_MS }) });
    await py.get("none");
    return { client, py };
  };

  const prepare = async () => {
    await direct.flushall();
    await seen.mset(values("old"), { ttl: TTL_MS });
  };

  /** Whether what belongs to `write` is whole; which of its values are new. */
  const look = async ({ keys, isAtomic }: Write, where: string): Promise<boolean[]> => {
    const isNew: boolean[] = [];
    for (const key of keys) {
      const [found, left] = await seen.pipeline().get<{ name: string; text: string }>(key).pttl(key).results();
      // Deleted before: a cache's tagged value.
      if (found === undefined) {
        isNew.push(false);
        continue;
      }
      expect(found.name, where).toMatch(/^(old|new)$/);
      expect(found.text === value(found.name, key).text, where).toBe(true);
      expect(left, where).toBeGreaterThan(0);
      isNew.push(found.name === "new");
    }
    if (isAtomic) expect(new Set(isNew).size, where).toBe(1);
    return isNew;
  };

  const cases = WRITES.flatMap((write) =>
    [true, false].map((isResent) => ({
      ...write,
      isResent,
      name: `${write.title}${isResent ? "" : ", not sent again"}`,
    })),
  );

  test.for(cases)("is whole after $name", async (write, context) => {
    if (topology === undefined) return context.skip("no redis-server is installed here");
    const options = { autoResendUnfulfilledCommands: write.isResent };
    await prepare();
    const whole = await connect(options);
    // Once for the server to have its scripts.
    await write.run(whole.py);
    await prepare();
    const before = proxy.sent;
    await write.run(whole.py);
    const bytes = proxy.sent - before;
    whole.client.disconnect();
    expect(await look(write, "uncut")).not.toContain(false);

    for (let cut = 1; cut <= CUTS; cut++) {
      await prepare();
      const { client, py } = await connect(options);
      // The last one is after the last byte: written, and the answer is lost.
      const place = Math.round((bytes * cut) / CUTS);
      const cutting = proxy.cutAfter(place);
      await within(
        write.run(py).catch(() => {}),
        "a write",
      );
      await within(cutting, "a cut");
      client.disconnect();
      const where = `cut after ${place} of ${bytes} bytes`;
      const isNew = await look(write, where);
      if (write.title.includes("tags") && isNew[0]) {
        expect(await direct.smembers(":1:tag:t"), where).toEqual([":1:a"]);
        expect(await direct.smembers(":1:tag:u"), where).toEqual([":1:a"]);
      }
    }
  });

  test.for([true, false])("is in one version only after a move, sent again: %s", async (isResent, context) => {
    if (topology === undefined) return context.skip("no redis-server is installed here");
    for (let cut = 1; cut <= CUTS; cut++) {
      await prepare();
      const { client, py } = await connect({ autoResendUnfulfilledCommands: isResent });
      const cutting = proxy.cutAfter(cut);
      await within(
        cacheOf(py)
          .incrVersion("a")
          .catch(() => {}),
        "a move",
      );
      await within(cutting, "a cut");
      client.disconnect();
      const keys = await direct.keys(":*:a");
      expect(keys, `cut after ${cut} bytes`).toHaveLength(1);
      const version = Number(keys[0]!.split(":")[1]);
      expect(await seen.get("a", { version })).toMatchObject({ name: "old" });
      expect(await direct.pttl(keys[0]!)).toBeGreaterThan(0);
    }
  });
});
