/** Schemas whose validators are asynchronous, on every command that reads. */
import { isRedisAdapterError, pickled } from "@brine/redis-adapter";
import type { Redis } from "ioredis";
import { beforeEach, expect, test } from "vitest";
import type { ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { withClient } from "./redis-client.js";

/** Multiplies by ten: what was validated differs from what was stored. */
const times10 = async (value: unknown) =>
  typeof value === "number" ? { value: value * 10 } : { issues: [{ message: "no number" }] };
const schema = { "~standard": { validate: times10 } };
/** No `Promise`, as of another realm or library. */
const thenable = {
  "~standard": {
    validate: (value: unknown) => {
      const settled = times10(value);
      // biome-ignore lint/suspicious/noThenProperty: it is what is tested
      return { then: settled.then.bind(settled) } as typeof settled;
    },
  },
};

describeEachRedis("a schema that validates asynchronously", (set: ServiceSet) => {
  let client: Redis;
  let py: ReturnType<typeof pickled<Redis>>;

  withClient(set, (redis) => {
    client = redis;
    py = pickled(client);
  });

  beforeEach(async () => {
    await py.set("k", 1);
    await py.hset("h", { a: 1, b: 2 });
    await py.rpush("l", 1, 2, 3, 4);
    await py.sadd("s", 1);
    await py.zadd("z", [
      [1, 0.5],
      [2, 1.5],
    ]);
    await py.xadd("x", { a: 1, b: 2 }, { id: "1-1" });
  });

  test.for([
    ["async", schema],
    ["thenable", thenable],
  ] as const)("gives values, not promises: %s", async ([, schema]) => {
    const options = { schema };
    expect(await py.get("k", options)).toBe(10);
    expect(await py.mget(["k", "none"], options)).toEqual([10, undefined]);
    expect(await py.getex("k", { ...options, persist: true })).toBe(10);
    expect(await py.getset("k", 1, options)).toBe(10);
    expect(await py.hget("h", "a", options)).toBe(10);
    expect(await py.hmget("h", ["a", "none", "b"], options)).toEqual([10, undefined, 20]);
    expect([...(await py.hgetall("h", options))].sort()).toEqual([
      ["a", 10],
      ["b", 20],
    ]);
    expect(await py.lrange("l", 0, -1, options)).toEqual([10, 20, 30, 40]);
    expect(await py.lindex("l", 0, options)).toBe(10);
    expect(await py.blpop("l", 1, options)).toEqual({ key: "l", value: 10 });
    expect(await py.brpop(["none", "l"], 1, options)).toEqual({ key: "l", value: 40 });
    expect(await py.lpop("l", options)).toBe(20);
    expect(await py.rpop("l", options)).toBe(30);
    expect(await py.smembers("s", options)).toEqual([10]);
    expect(await py.spop("s", options)).toBe(10);
    const scored = [
      { member: 10, score: 0.5 },
      { member: 20, score: 1.5 },
    ];
    expect(await py.zrange("z", 0, -1, options)).toEqual(scored);
    expect(await py.zrangebyscore("z", "-inf", "+inf", options)).toEqual(scored);
    expect(await py.zpopmin("z", 1, options)).toEqual([scored[0]]);
    expect(await py.zpopmax("z", 1, options)).toEqual([scored[1]]);
    const entry = { id: "1-1", fields: { a: 10, b: 20 } };
    expect(await py.xrange("x", "-", "+", options)).toEqual([{ stream: "x", ...entry }]);
    expect(await py.xread({ x: "0" }, options)).toEqual([{ stream: "x", ...entry }]);
    for await (const { id, fields } of py.consume({ ...options, stream: "x", group: "g", consumer: "c" })) {
      expect({ id, fields }).toEqual(entry);
      break;
    }
    for await (const { key, value } of py.scan(options)) expect([key, value]).toEqual(["k", 10]);
    expect(await py.pipeline().hmget("h", ["a"], options).hgetall("h", options).results()).toEqual([
      [10],
      new Map([
        ["a", 10],
        ["b", 20],
      ]),
    ]);
  });

  test("refuses what does not match, and leaves no rejection behind", async () => {
    // The last value is no pickle, which is noticed while the schema still looks at the first.
    await py.hset("h", { a: "text" });
    await client.hset("h", "b", "garbage");
    await py.rpush("l", "text");
    await client.rpush("l", "garbage");
    const options = { schema };
    const readings: Promise<unknown>[] = [
      py.hmget("h", ["a", "b"], options),
      py.hgetall("h", options),
      py.lrange("l", 0, -1, options),
      py.hget("h", "a", options),
    ];
    const failed = await Promise.all(readings.map((reading) => reading.catch((error: unknown) => error)));
    for (const error of failed) expect(isRedisAdapterError(error)).toBe(true);
    expect(failed.map((error) => (error as { code: string }).code)).toEqual(["decode", "decode", "decode", "schema"]);
  });
});
