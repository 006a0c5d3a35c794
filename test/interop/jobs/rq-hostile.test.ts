/**
 * Jobs as nobody should write them: our worker fails them or takes them off, runs the next one, and leaves nothing that would
 * be taken again. That keys are what no job has needs no Python: a Redis of the tests' own is enough.
 */
import { randomBytes } from "node:crypto";
import { deflateSync, gzipSync } from "node:zlib";
import { dumps, tuple } from "@brine/codec";
import { RqQueue, RqWorker, type RqWorkerOptions } from "@brine/redis-adapter/rq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ServiceSet } from "../../services/index.js";
import { describeEachGeneration } from "../../services/inject.js";

const CALL = Buffer.from(dumps(tuple("rq_jobs.add", null, tuple(1), {})));

interface Spoiled {
  readonly title: string;
  spoil(client: Redis): Promise<unknown>;
  /** What becomes of the job. */
  readonly becomes: "finished" | "failed" | undefined;
  /** What the worker tells, besides. Default: nothing. */
  readonly told?: RegExp;
}

const data = (title: string, bytes: () => Buffer, becomes: Spoiled["becomes"] = "failed"): Spoiled => ({
  title,
  becomes,
  spoil: (client) => client.hset("rq:job:job", "data", bytes()),
});
const field = (name: string, value: string, becomes: Spoiled["becomes"] = "finished"): Spoiled => ({
  title: `${name} ${JSON.stringify(value)}`,
  becomes,
  spoil: (client) => client.hset("rq:job:job", name, value),
});

const SPOILED: readonly Spoiled[] = [
  data("data that is cut", () => deflateSync(CALL).subarray(0, 12)),
  data("data that is cut in its pickle", () => deflateSync(CALL.subarray(0, 12))),
  data("data of noise", () => randomBytes(200)),
  data("no data", () => Buffer.alloc(0)),
  data("data in gzip", () => gzipSync(CALL)),
  data("data that is not compressed", () => CALL, "finished"),
  data("data that is no call", () => deflateSync(dumps([1, 2]))),
  data("data with a function that is none", () => deflateSync(dumps(tuple(7, null, tuple(), {})))),
  data("data with arguments that are none", () => deflateSync(dumps(tuple("rq_jobs.add", null, 5, {})))),
  data(
    "data with keywords that are none",
    () => deflateSync(dumps(tuple("rq_jobs.add", null, tuple(1), 5))),
    "finished",
  ),
  data("data of an unknown class", () => deflateSync(Buffer.from("cos\nsystem\n(S'true'\ntR.", "latin1"))),
  data("data that grows a thousandfold", () => deflateSync(Buffer.alloc(300 * 1024 * 1024))),
  data(
    "large data",
    () => deflateSync(dumps(tuple("rq_jobs.add", null, tuple("x".repeat(10_000_000)), {}))),
    "finished",
  ),
  { title: "data that is not there", spoil: (client) => client.hdel("rq:job:job", "data"), becomes: "failed" },
  field("meta", "noise"),
  field("timeout", "soon"),
  field("timeout", ""),
  field("timeout", "1e400"),
  field("result_ttl", "long"),
  field("result_ttl", "9e99"),
  field("failure_ttl", "NaN"),
  field("retries_left", "many"),
  field("retry_intervals", "[1, "),
  field("repeats_left", "\0"),
  field("status", "odd"),
  field("created_at", "yesterday"),
  field("success_callback_name", "rq_jobs.nobody", "failed"),
  field("success_callback_timeout", "-"),
  field("failure_callback_name", "\u{10FFFF}"),
  field("ttl", "short"),
  { title: "no status", spoil: (client) => client.hdel("rq:job:job", "status"), becomes: "finished" },
  {
    title: "no field but data",
    spoil: async (client) => {
      await client.del("rq:job:job");
      await client.hset("rq:job:job", "data", deflateSync(CALL));
    },
    becomes: "finished",
  },
  { title: "no hash", spoil: (client) => client.del("rq:job:job"), becomes: undefined },
  {
    title: "a list in place of its hash",
    spoil: async (client) => {
      await client.del("rq:job:job");
      await client.rpush("rq:job:job", "x");
    },
    becomes: undefined,
    told: /Cannot run job job, which is taken off its queue: rq:job:job holds another kind of value/,
  },
  ...["", " ", "a\nb", "x".repeat(10_000), "*", "{a}", "rq:job:job"].map(
    (id): Spoiled => ({
      title: `an id ${JSON.stringify(id.slice(0, 20))} of nobody`,
      spoil: (client) => client.lpush("rq:queue:default", id),
      becomes: "finished",
    }),
  ),
  {
    title: "an id that is no text",
    spoil: (client) => client.lpush("rq:queue:default", Buffer.from([255, 0, 128])),
    becomes: "finished",
  },
];

describeEachGeneration("RQ, hostile jobs", (set: ServiceSet) => {
  let client: Redis;
  let queue: RqQueue;

  beforeAll(async () => {
    client = new Redis((await set.isolate()).redis().url);
    queue = new RqQueue("default", { client });
  });

  afterAll(() => client.quit());

  beforeEach(() => client.flushdb());

  const told: Error[] = [];
  const work = async (handlers: ConstructorParameters<typeof RqWorker>[1], options: Partial<RqWorkerOptions> = {}) => {
    told.length = 0;
    const onError = (error: Error) => told.push(error);
    await new RqWorker(["default"], handlers, { client, format: 2, onError, ...options }).run({ burst: true });
  };
  const HANDLERS = { "rq_jobs.add": () => 1, "rq_jobs.next": () => 2 };

  /** Nothing waits, nothing is between queue and worker, nothing counts as running. */
  const expectNothingLeft = async () => {
    expect(await client.lrange("rq:queue:default", 0, -1)).toEqual([]);
    expect(await client.lrange("rq:queue:default:intermediate", 0, -1)).toEqual([]);
    expect(await client.zrange("rq:wip:default", "0", "-1")).toEqual([]);
    expect(await client.keys("rq:execution*")).toEqual([]);
  };

  test.for(SPOILED)("with $title", async ({ spoil, becomes, told: expected }) => {
    const job = await queue.enqueue("rq_jobs.add", [1], {}, { id: "job" });
    const next = await queue.enqueue("rq_jobs.next", [], {}, { id: "next" });
    await spoil(client);
    await work(HANDLERS);
    expect(await next.status()).toBe("finished");
    await expectNothingLeft();
    expect(told.map(String).join("\n")).toMatch(expected ?? /^$/);
    if (expected !== undefined) return;
    expect(await job.status()).toBe(becomes);
    if (becomes === "failed")
      await expect(job.result()).rejects.toMatchObject({ name: "RqJobError", status: "failed" });
    if (becomes === "finished") expect(await job.result()).toBe(1);
  });

  test.each(["ends", "fails", "is to be tried again"])("that was deleted while it ran, and %s", async (how) => {
    const retry = how === "is to be tried again" ? { retry: { max: 3 } } : {};
    const job = await queue.enqueue("rq_jobs.add", [1], {}, { id: "job", group: "g", ...retry });
    let runs = 0;
    await work({
      "rq_jobs.add": async () => {
        runs++;
        await job.delete();
        if (how !== "ends") throw new Error("no");
      },
    });
    expect([runs, told]).toEqual([1, []]);
    await expectNothingLeft();
    expect((await client.keys("*")).filter((key) => key.includes("job"))).toEqual([]);
    for (const registry of ["finished", "failed", "scheduled"] as const)
      expect(await queue.registry(registry)).toEqual([]);
  });

  test("with an id that only rq 1 allows is run, and found when its worker is gone", async () => {
    for (const id of ["a:b", "ü x", `a:${"0f".repeat(16)}`]) {
      await queue.enqueue("rq_jobs.add", [1], {}, { id: "job" });
      await client.rename("rq:job:job", `rq:job:${id}`);
      await client.del("rq:queue:default");
      await client.rpush("rq:queue:default", id);
      await work(HANDLERS, { format: 1 });
      expect(await queue.job(id).status()).toBe("finished");
      await client.hset(`rq:job:${id}`, "status", "started");
      await client.zadd("rq:wip:default", 1, id);
      expect((await queue.cleanRegistries()).abandoned).toEqual([id]);
      expect(await queue.job(id).status()).toBe("failed");
      await expectNothingLeft();
    }
  });

  test("in the registry of started jobs, where there is no job", async () => {
    await client.rpush("rq:job:list", "x");
    await client.zadd("rq:wip:default", 1, "list", 1, "nobody", 1, `nobody:${"0f".repeat(16)}`, 1, ":", 1, "");
    const { abandoned, errors } = await queue.cleanRegistries();
    expect([abandoned, errors.length]).toEqual([[], 1]);
    await expectNothingLeft();
  });

  test("with results that cannot be read", async () => {
    const job = await queue.enqueue("rq_jobs.add", [1], {}, { id: "job" });
    await client.hset("rq:job:job", "status", "finished");
    const results: readonly [fields: Record<string, string>, outcome: object][] = [
      [
        { type: "1", return_value: "$$$" },
        { name: "DecodeError", code: "decode" },
      ],
      [{ type: "1", return_value: CALL.subarray(0, 9).toString("base64") }, { name: "DecodeError" }],
      [{ type: "2", exc_string: "no base64, no zlib" }, { name: "RqJobError" }],
      [{ type: "2" }, { name: "RqJobError" }],
      [{ type: "99" }, { name: "RqJobError" }],
      [{ odd: "" }, { name: "RqJobError" }],
    ];
    for (const [fields, outcome] of results) {
      await client.del("rq:results:job");
      await client.xadd("rq:results:job", "*", ...Object.entries(fields).flat());
      await expect(job.result({ timeoutMs: 60_000 }), JSON.stringify(fields)).rejects.toMatchObject(outcome);
    }
  });
});
