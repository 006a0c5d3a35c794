/** redis-py's locks and ours are the same. */
import { createCache, pickled, plain } from "@brine/redis-adapter";
import { expect, test } from "vitest";
import type { ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { Libraries } from "./library.js";

describeEachRedis("redis-py's locks", (set: ServiceSet) => {
  const libraries = new Libraries(set);
  const request = (op: string, key: string) => libraries.python.request(op, { name: "redis-py", key });

  test("exclude ours, and are excluded", async (context) => {
    await libraries.open(context, "redis-py");
    const cache = createCache(pickled(libraries.client, { dialect: plain() }));
    expect(await request("lock", "L")).toBe(true);
    expect(await cache.lock("L", { ttl: 1000 })).toBeUndefined();
    await request("unlock", "L");
    const lock = (await cache.lock("L", { ttl: 10_000 }))!;
    expect(await request("lock", "L")).toBe(false);
    expect(await lock.release()).toBe(true);
    expect(await request("lock", "L")).toBe(true);
    await request("unlock", "L");
  });

  test("a value that Python is making is waited for, not made twice", async (context) => {
    await libraries.open(context, "redis-py");
    const { client } = libraries;
    const cache = createCache(pickled(client), { singleFlight: "redis" });
    expect(await request("lock", "report:lock")).toBe(true);
    let made = 0;
    const waiting = cache.getOrSet("report", () => ++made);
    await expect.poll(() => client.get("report:lock")).not.toBeNull();
    await client.set("report", Buffer.from(plain().encode("made by Python")));
    expect(await waiting).toBe("made by Python");
    expect(made).toBe(0);
  });
});
