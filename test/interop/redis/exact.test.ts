/** What is exact to Redis stays exact: keys of any bytes, counters beyond 2**53, errors without what they were about. */
import { createCache, django, isRedisAdapterError, pickled } from "@brine/redis-adapter";
import { pickledKeyv } from "@brine/redis-adapter/keyv";
import type { Redis } from "ioredis";
import { expect, expectTypeOf, test } from "vitest";
import type { ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { withClient } from "./redis-client.js";

describeEachRedis("pickled() is exact", (set: ServiceSet) => {
  let client: Redis;
  let py: ReturnType<typeof pickled<Redis>>;
  let cache: ReturnType<typeof pickled<Redis>>;

  withClient(set, (redis) => {
    client = redis;
    py = pickled(client);
    cache = pickled(client, { dialect: django() });
  });

  /** A key that is no UTF-8, and the key that it becomes when it is taken for text. */
  const binary = Buffer.concat([Buffer.from(":1:session"), Buffer.from([0xff, 0xfe])]);
  const asText = binary.toString();

  test("scans keys that are no text, each with its own value", async () => {
    await client.set(binary, py.encode("binary"));
    await client.set(asText, py.encode("text"));
    const found = new Map<unknown, string>();
    for await (const { value, redisKey } of cache.scan({ ttl: true })) found.set(value, redisKey.toString("hex"));
    expect(found).toEqual(
      new Map([
        ["binary", binary.toString("hex")],
        ["text", Buffer.from(asText).toString("hex")],
      ]),
    );
  });

  test("deletes keys that are no text, and no others", async () => {
    const others = [Buffer.from("theirs"), Buffer.from(asText.replace(":1:", ":2:"))];
    for (const key of others) await client.set(key, "x");
    await client.set(asText, "x");
    const ways: [name: string, remove: () => Promise<unknown>][] = [
      ["deletePattern", async () => expect(await createCache(cache).deletePattern("session*")).toBe(2)],
      ["clear", () => pickledKeyv(cache).clear()],
    ];
    for (const [name, remove] of ways) {
      await client.set(binary, "x");
      await client.set(asText, "x");
      await remove();
      expect([name, (await client.keysBuffer("*")).map(String).sort()]).toEqual([name, others.map(String).sort()]);
    }
    // Where only one of the two is meant, the other stays.
    await client.set(binary, "x");
    await client.set(asText, "x");
    expect(await createCache(cache).deletePattern("session\ufffd\ufffd")).toBe(1);
    expect(await client.exists(binary)).toBe(1);
  });

  test("counts with bigints beyond 2**53, and refuses numbers that would lose digits", async () => {
    const limit = 2n ** 53n;
    const digits = pickled(client, { dialect: django() });
    const counting = createCache(digits);
    await digits.set("n", limit - 1n);
    expect(await digits.incr("n", 2n)).toBe(limit + 1n);
    expect(await digits.incr("n", -1n)).toBe(limit);
    expect(await counting.incr("n", 3n)).toBe(limit + 3n);
    expect(await digits.pipeline().incr("n", 2n).get("n").results()).toEqual([limit + 5n, limit + 5n]);
    expect(await digits.multi().incr("n", 2n).results()).toEqual([limit + 7n]);
    expect(await digits.incr("small", 2n)).toBe(2n);
    expect(await digits.incr("small")).toBe(3);
    expect(await counting.incr("missing", 2n)).toBeUndefined();
    const typed = () => [digits.incr("n", 2n), digits.incr("n"), digits.pipeline().incr("n", 2n).results()] as const;
    expectTypeOf(typed).returns.toEqualTypeOf<readonly [Promise<bigint>, Promise<number>, Promise<[bigint]>]>();

    // It was counted: what fails is to say it in a number.
    for (const [i, counted] of [() => digits.incr("n"), () => counting.incr("n")].entries()) {
      const error = await counted().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "too-large", message: expect.stringMatching(/2\*\*53.*bigint/) });
      expect(await digits.get("n")).toBe(limit + 8n + BigInt(i));
    }
    for (const by of [1.5, 2 ** 53, Number.NaN]) {
      for (const counted of [() => digits.incr("small", by), () => counting.incr("small", by)])
        await expect(counted()).rejects.toMatchObject({ code: "bad-option" });
    }
    expect(await digits.get("small")).toBe(3);
  });

  test("counts exactly with a client that gives numbers as text", async () => {
    const text = client.duplicate({ stringNumbers: true });
    try {
      const digits = pickled(text, { dialect: django() });
      await digits.set("n", 2n ** 53n);
      expect(await digits.incr("n", 1n)).toBe(2n ** 53n + 1n);
      expect(await digits.incr("m")).toBe(1);
      await expect(digits.incr("n")).rejects.toMatchObject({ code: "too-large" });
    } finally {
      text.disconnect();
    }
  });

  test("tells why a transaction was discarded, without what was in it", async () => {
    const error = (await py
      .multi()
      .set("k", "payload-of-mine")
      .raw("hset", "h", "payload-of-mine")
      .exec()
      .catch((reason: unknown) => reason)) as Error;
    // And not EXECABORT, which says only that there is a reason.
    expect(error.message).toMatch(/wrong number of arguments/);
    expect(JSON.stringify(Object.getOwnPropertyDescriptors(error))).not.toContain("payload");
    expect(await client.keys("*")).toEqual([]);
  });

  test("refuses NaN as a score, or as the end of a range", async () => {
    const refused: (() => Promise<unknown>)[] = [
      () => py.zadd("z", [["a", 1] as const, ["b", Number.NaN] as const]),
      () => py.zrangebyscore("z", Number.NaN, 1),
    ];
    for (const call of refused) {
      const error = await Promise.resolve()
        .then(call)
        .catch((reason: unknown) => reason);
      expect(isRedisAdapterError(error)).toBe(true);
      expect(error).toMatchObject({ code: "bad-option", message: expect.stringMatching(/NaN/) });
    }
    expect(await py.exists("z")).toBe(0);
  });
});
