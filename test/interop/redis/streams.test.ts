/** Entries and messages that come faster than they are taken, or cannot be decoded at all. */
import { randomUUID } from "node:crypto";
import { DecodeError, pickled, type UndecodableEntry } from "@brine/redis-adapter";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import type { ServiceSet } from "../../services/index.js";
import { describeEachRedis } from "../../services/inject.js";
import { startProxy } from "../tcp-proxy.js";
import { withClient } from "./redis-client.js";

describeEachRedis("streams and channels", (set: ServiceSet) => {
  let client: Redis;
  let py: ReturnType<typeof pickled<Redis>>;

  withClient(set, (redis) => {
    client = redis;
    py = pickled(client);
  });

  const group = { stream: "x", group: "g", consumer: "c" };
  const pending = async () => ((await client.xpending("x", "g")) as unknown[])[0];

  /** A good entry, one that is no pickle, and a good one. */
  const fill = async () => {
    await py.xadd("x", { n: 1 }, { id: "1-1" });
    await client.xadd("x", "1-2", "n", "garbage-secret");
    await py.xadd("x", { n: 2 }, { id: "1-3" });
  };
  const take = async (count: number, options: object = {}) => {
    const seen: unknown[] = [];
    for await (const { fields, ack } of py.consume({ ...group, ...options })) {
      seen.push(fields.n);
      await ack();
      if (seen.length === count) break;
    }
    return seen;
  };

  test("an entry that cannot be decoded is passed over, and stays pending", async () => {
    await fill();
    expect(await take(2)).toEqual([1, 2]);
    expect(await pending()).toBe(1);
    await py.xadd("x", { n: 3 });
    expect(await take(1)).toEqual([3]);
    expect([await pending(), await client.xlen("x")]).toEqual([1, 4]);
  });

  test("it ends the iteration, goes to another stream, or to a function, as is asked", async () => {
    await fill();
    const error = (await take(2, { onDecodeError: "throw" }).catch((reason: unknown) => reason)) as DecodeError;
    expect(error).toBeInstanceOf(DecodeError);
    expect(error).toMatchObject({ key: "x 1-2.n", entryId: "1-2", head: expect.stringMatching(/^67617262/) });
    expect(error.message).not.toContain("secret");

    const entries: UndecodableEntry[] = [];
    expect(await take(1, { onDecodeError: (_: unknown, entry: UndecodableEntry) => entries.push(entry) })).toEqual([2]);
    expect(entries.map(({ id, fields }) => [id, fields.map(String)])).toEqual([["1-2", ["n,garbage-secret"]]]);
    expect(await pending()).toBe(1);

    await py.xadd("x", { n: 3 });
    expect(await take(1, { onDecodeError: { deadLetter: "dead" } })).toEqual([3]);
    expect(await pending()).toBe(0);
    const [[, fields]] = (await client.xrange("dead", "-", "+")) as [[string, string[]]];
    expect(fields.slice(0, 5)).toEqual(["n", "garbage-secret", "x-brine-id", "1-2", "x-brine-error"]);
  });

  test("entries of a reply that was lost with the connection come before those after them, and none comes twice", async (context) => {
    const proxy = await startProxy(set.redis.url);
    const cut = new Redis(proxy.url, { db: client.options.db ?? 0 });
    cut.on("error", () => {});
    context.onTestFinished(async () => {
      cut.disconnect();
      await proxy.close();
    });
    const entries = pickled(cut).consume(group);
    const next = async () => {
      const { value } = await entries.next();
      return value?.fields.n;
    };
    for (const n of [1, 2]) await py.xadd("x", { n });
    // Neither is acknowledged.
    expect([await next(), await next()]).toEqual([1, 2]);
    proxy.hold("xreadgroup");
    const third = next();
    await py.xadd("x", { n: 3 });
    await expect.poll(pending).toBe(3);
    proxy.cut();
    await py.xadd("x", { n: 4 });
    expect([await third, await next()]).toEqual([3, 4]);
    await entries.return();
  });

  test("messages that nobody takes are bounded: the subscription ends, or the oldest are dropped", async () => {
    // Channels are those of the whole server, whatever the database.
    const channel = randomUUID();
    const open = async (options: object) => {
      const messages = py.subscribe<number>(channel, { maxWaiting: 3, ...options });
      const first = messages.next();
      await expect.poll(() => py.publish(channel, 0)).toBe(1);
      expect((await first).value).toEqual({ channel, value: 0 });
      return messages;
    };
    const ending = await open({});
    for (let i = 1; i <= 5; i++) await py.publish(channel, i);
    await expect.poll(() => client.pubsub("NUMSUB", channel)).toEqual([channel, 0]);
    const seen: number[] = [];
    const all = async () => {
      for await (const { value } of ending) seen.push(value);
    };
    await expect(all()).rejects.toMatchObject({ code: "overflow" });
    expect(seen).toEqual([1, 2, 3]);

    let dropped = 0;
    const dropping = await open({ onOverflow: (count: number) => (dropped = count) });
    for (let i = 1; i <= 5; i++) await py.publish(channel, i);
    await expect.poll(() => dropped).toBe(2);
    expect((await dropping.next()).value).toEqual({ channel, value: 3 });
    await dropping.return();
  });

  test("return() ends what waits, and may be called again", async () => {
    await py.xadd("x", { n: 1 });
    const entries = py.consume(group);
    await entries.next();
    const channel = randomUUID();
    for (const waiting of [py.subscribe(channel), entries]) {
      const next = waiting.next();
      await Promise.all([waiting.return(), waiting.return()]);
      expect(await next).toEqual({ done: true, value: undefined });
      await waiting.return();
    }
    await expect.poll(() => client.pubsub("NUMSUB", channel)).toEqual([channel, 0]);
  });
});
