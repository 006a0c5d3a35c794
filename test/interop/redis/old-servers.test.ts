/** RQ on a real server from which the commands that came after Redis 6.0 are taken away. */
import { RqQueue, RqWorker } from "@brine/redis-adapter/rq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startRedisNode, type Topology } from "../../services/redis-topologies.js";
import { closeAfterEach } from "../kept.js";

const NEWER = ["LMOVE", "BLMOVE", "GETEX", "GETDEL", "COPY"];
const MISSING = "no redis-server is installed here";

describe("a server as old as Redis 6.0", () => {
  const keep = closeAfterEach();
  let topology: Topology | undefined;
  let client: Redis;

  beforeAll(async () => {
    topology = await startRedisNode(NEWER.flatMap((command) => ["--rename-command", command, ""]));
    const node = topology?.nodes[0];
    if (node !== undefined) client = new Redis(node.port, node.host);
  });

  afterAll(async () => {
    if (topology === undefined) return;
    await client.quit();
    await topology.dispose();
  });

  beforeEach(async (context) => {
    if (topology === undefined) return context.skip(MISSING);
    await client.flushdb();
  });

  const add = { add: ([a, b]: readonly unknown[]) => Number(a) + Number(b) };

  test("a worker in a burst takes all jobs and ends", async () => {
    const queue = new RqQueue("q", { client });
    const jobs = await Promise.all([1, 2, 3].map((n) => queue.enqueue<number>("add", [n, 1])));
    await new RqWorker(["q"], add, { client }).run({ burst: true });
    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual([2, 3, 4]);
    expect(await client.keys("rq:queue:*")).toEqual([]);
  });

  test("a worker that stays is woken for the next job, and knows its address", async () => {
    const queue = new RqQueue("q", { client });
    const worker = keep(new RqWorker(["q"], add, { client, name: "old" }));
    const running = worker.run();
    await expect.poll(() => client.hget("rq:worker:old", "ip_address")).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await (await queue.enqueue<number>("add", [1, 2])).result({ timeoutMs: 60_000 })).toBe(3);
    await worker.close();
    await running;
  });

  test("what a worker took and did not start is in the list where maintenance finds it", async () => {
    const queue = new RqQueue("q", { client });
    const { id } = await queue.enqueue("add", [1, 2]);
    const taken = new Set<string>();
    const look = async () => {
      for (const each of await reading.lrange("rq:queue:q:intermediate", 0, -1)) taken.add(each);
    };
    // Between the move and the start, a worker reads the job.
    const reading = client.duplicate();
    keep({ close: () => reading.disconnect() });
    const pipeline = reading.pipeline.bind(reading);
    reading.pipeline = ((...args: never[]) => {
      void look();
      return pipeline(...args);
    }) as typeof reading.pipeline;
    await new RqWorker(["q"], add, { client: reading }).run({ burst: true });
    expect([...taken]).toEqual([id]);
  });

  test("a burst ends with an error that no retry mends", async () => {
    await client.set("rq:queue:q", "no list");
    const worker = new RqWorker(["q"], add, { client });
    await expect(worker.run({ burst: true })).rejects.toThrow("WRONGTYPE");
    expect(await client.smembers("rq:workers")).toEqual([]);
  });
});
