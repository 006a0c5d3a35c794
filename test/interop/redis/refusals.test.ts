/**
 * A Redis that is there and refuses: what a value, a cache and a queue of RQ make of it. Each call ends with what Redis says, no
 * value is half written, the loader's answer comes, and the next call is fine when Redis is.
 */
import { createCache, pickled } from "@brine/redis-adapter";
import { RqQueue, RqWorker } from "@brine/redis-adapter/rq";
import { Redis, type RedisOptions } from "ioredis";
import { describe, expect, test } from "vitest";
import { type RedisNode, startRedisNode } from "../../services/redis-topologies.js";
import { eventually } from "../eventually.js";
import { closeAfterEach } from "../kept.js";
import { within } from "./redis-load.js";

const TIMEOUT_MS = 15_000;
const TEXT = "x".repeat(1100);
const MISSING = "no redis-server is installed here";

interface Refusal {
  readonly title: string;
  /** The server's arguments. */
  readonly argv?: readonly string[];
  /** How those come who may do anything. */
  readonly admin?: RedisOptions;
  /** How the client comes. */
  readonly client?: RedisOptions;
  begin?(admin: Redis): Promise<unknown>;
  end(admin: Redis): Promise<unknown>;
  /** Whether values can still be read. */
  readonly reads: boolean;
  readonly says: string;
  /** To those who write, where that is another thing. */
  readonly saysToWriters?: string;
}

const REFUSALS: readonly Refusal[] = [
  {
    title: "out of memory, and evicts nothing",
    begin: async (admin) => {
      await admin.config("SET", "maxmemory-policy", "noeviction");
      await admin.config("SET", "maxmemory", "1");
    },
    end: (admin) => admin.config("SET", "maxmemory", "0"),
    reads: true,
    says: "OOM",
  },
  {
    title: "short of replicas",
    begin: (admin) => admin.config("SET", "min-replicas-to-write", "1"),
    end: (admin) => admin.config("SET", "min-replicas-to-write", "0"),
    reads: true,
    says: "NOREPLICAS",
  },
  {
    title: "a replica",
    begin: (admin) => admin.call("REPLICAOF", "127.0.0.1", "1"),
    end: (admin) => admin.call("REPLICAOF", "NO", "ONE"),
    reads: true,
    says: "READONLY",
  },
  {
    title: "a replica without its master",
    begin: async (admin) => {
      await admin.config("SET", "replica-serve-stale-data", "no");
      await admin.call("REPLICAOF", "127.0.0.1", "1");
    },
    end: (admin) => admin.call("REPLICAOF", "NO", "ONE"),
    reads: false,
    says: "MASTERDOWN",
    saysToWriters: "READONLY",
  },
  {
    title: "open for reading only to this user",
    client: { username: "reader", password: "pw" },
    begin: (admin) =>
      admin.call(
        "ACL",
        "SETUSER",
        "reader",
        "on",
        ">pw",
        "~*",
        "&*",
        "+@read",
        "+@connection",
        "+info",
        "+multi",
        "+exec",
      ),
    end: (admin) => admin.call("ACL", "SETUSER", "reader", "+@all"),
    reads: true,
    says: "NOPERM",
  },
  {
    title: "open only to those who give a password",
    argv: ["--requirepass", "pw"],
    admin: { password: "pw" },
    end: (admin) => admin.config("SET", "requirepass", ""),
    reads: false,
    says: "NOAUTH",
  },
];

describe("a Redis that refuses", () => {
  const keep = closeAfterEach();

  const start = async (argv: readonly string[] = []): Promise<RedisNode | undefined> => {
    const topology = await startRedisNode(argv);
    if (topology === undefined) return undefined;
    keep({ close: () => topology.dispose() });
    return topology.nodes[0];
  };

  const connect = ({ host, port }: RedisNode, options: RedisOptions = {}) => {
    const settings = { host, port, retryStrategy: () => 50, ...options, replyMapping: "legacy" } as const;
    const client = new Redis(settings);
    client.on("error", () => {});
    keep({ close: () => client.disconnect() });
    return client;
  };

  test.for(REFUSALS)(
    "since it is $title",
    async ({ argv, admin: as, client: by, begin, end, reads, says, saysToWriters = says }, context) => {
      const node = await start(argv);
      if (node === undefined) return context.skip(MISSING);
      const admin = connect(node, as);
      await pickled(admin).set("there", { is: "there" });
      await begin?.(admin);
      const client = connect(node, by);
      const py = pickled(client);
      const refused = { message: expect.stringMatching(new RegExp(`^${says} .*\\w`)) };
      // RQ's script reads first.
      const refusedScript = { message: expect.stringMatching(new RegExp(`^(${says}|${saysToWriters}) .*\\w`)) };

      // Values: what Redis says, with nothing of the value.
      const secret = { password: "sesame" };
      const writes: Record<string, () => Promise<unknown>> = {
        set: () => py.set("k", secret, { ttl: 60_000 }),
        mset: () => py.mset({ k: secret, l: secret }, { ttl: 60_000 }),
        hset: () => py.hset("h", { f: secret }),
        multi: () => py.multi().set("k", secret).set("l", secret).results(),
      };
      for (const [name, write] of Object.entries(writes)) {
        const error: Error = await within(write(), name).then(
          () => expect.fail(`${name} was not refused`),
          (reason) => reason,
        );
        expect([name, `${error.message} ${JSON.stringify(error)}`]).toEqual([
          name,
          expect.stringContaining(saysToWriters),
        ]);
        expect(JSON.stringify({ ...error })).not.toContain("sesame");
      }
      if (reads) expect(await within(py.get("there"))).toEqual({ is: "there" });
      else await expect(within(py.get("there"))).rejects.toMatchObject(refused);

      // A cache: the loader's answer, and what went wrong.
      const cache = createCache(py, { timeout: TIMEOUT_MS });
      const errors: string[] = [];
      cache.on("error", (error) => errors.push(error.message.split(" ")[0]!));
      expect(await within(cache.getOrSet("k", () => "made", { tags: ["t"] }))).toBe("made");
      expect(await within(cache.getOrSet("there", () => "made"))).toEqual(reads ? { is: "there" } : "made");
      for (const error of errors) expect([says, saysToWriters]).toContain(error);
      expect(errors).not.toEqual([]);

      // RQ: nothing is enqueued, and a worker that is to end says why.
      const queue = new RqQueue("default", { client });
      await expect(within(queue.enqueue("add", [1], {}, { id: "job", meta: secret }))).rejects.toMatchObject(refused);
      if (!reads)
        await expect(within(queue.job("job").result({ timeoutMs: TIMEOUT_MS }))).rejects.toMatchObject(refused);
      const worker = keep(new RqWorker(["default"], {}, { client, format: 2 }));
      await expect(within(worker.run({ burst: true }), "a worker")).rejects.toMatchObject(refusedScript);

      await end(admin);
      await eventually(async () => expect(await admin.keys("*")).toEqual(["there"]));
      await eventually(async () => expect(await within(py.set("k", secret))).toBe(true));
      await queue.enqueue("add", [1], {}, { id: "job" });
      const ran = new RqWorker(["default"], { add: ([a]) => a }, { client, format: 2 });
      await ran.run({ burst: true });
      expect(await queue.job("job").result({ timeoutMs: TIMEOUT_MS })).toBe(1);
    },
  );

  test("since it is loading: calls end in time, and are answered when it has loaded", async (context) => {
    // It would take a minute, and listens after every value, also to who tells it to be quick.
    const slowly = ["--key-load-delay", "60000", "--loading-process-events-interval-bytes", "1024"];
    const node = await start([...slowly, "--rdbcompression", "no"]);
    if (node === undefined) return context.skip(MISSING);
    const admin = connect(node, { maxRetriesPerRequest: null });
    const count = 1000;
    await pickled(admin).mset(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, [TEXT]])));
    await admin.save();
    await node.kill();
    const starting = node.start();
    const probe = connect(node, { enableReadyCheck: false, maxRetriesPerRequest: 0 });
    await eventually(async () => await expect(probe.get("k1")).rejects.toThrow(/^LOADING /));
    const client = connect(node, { commandTimeout: 200, maxRetriesPerRequest: null });
    await expect(within(pickled(client).get("k1"))).rejects.toThrow("Command timed out");
    const cache = createCache(pickled(client), { timeout: 200 });
    expect(await within(cache.getOrSet("k1", () => "made"))).toBe("made");
    await expect(within(new RqQueue("default", { client }).enqueue("add"))).rejects.toThrow("Command timed out");
    await probe.config("SET", "key-load-delay", "0");
    await starting;
    await eventually(async () => expect(await cache.get("k1")).toEqual([TEXT]));
    expect((await admin.keys("*")).length).toBe(count);
  });

  test("since it is frozen: calls end in time, and are answered when it is thawed", async (context) => {
    const node = await start();
    if (node === undefined) return context.skip(MISSING);
    const [client, patient] = [connect(node, { commandTimeout: 300 }), connect(node)];
    const py = pickled(client);
    const cache = createCache(py, { timeout: 200 });
    const queue = new RqQueue("default", { client });
    const seen = new RqQueue("default", { client: patient });
    await pickled(patient).set("k", 1);
    await seen.enqueue("add", [], {}, { id: "first" });
    await eventually(() => client.ping());
    await node.freeze();
    try {
      await expect(within(py.get("k"))).rejects.toThrow("Command timed out");
      expect(await within(cache.getOrSet("k", () => "made"))).toBe("made");
      await expect(within(queue.enqueue("add", [], {}, { id: "job" }))).rejects.toThrow("Command timed out");
      await expect(within(queue.job("job").result({ timeoutMs: 100 }))).rejects.toThrow();
      const worker = keep(new RqWorker(["default"], {}, { client, format: 2 }));
      await expect(within(worker.run({ burst: true }), "a worker")).rejects.toThrow("Command timed out");
    } finally {
      await node.thaw();
    }
    // What the server had got it did, once, and whole.
    await eventually(async () => expect(["made", 1]).toContain(await cache.get("k")));
    await eventually(async () => expect(await seen.jobIds()).toEqual(["first", "job"]));
    expect((await seen.job("job").info())?.status).toBe("queued");
  });
});
