/** Commands of one turn share a write: which of them wait for it, and that nothing changes but the time. */
import { pickled } from "@brine/redis-adapter";
import * as ioredis6 from "ioredis";
import * as ioredis5 from "ioredis5";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { services } from "../../services/inject.js";

const [set] = services();
const DRIVERS = [
  { name: "ioredis 5", open: (url: string) => new ioredis5.Redis(url) as unknown as ioredis6.Redis },
  { name: "ioredis 6", open: (url: string) => new ioredis6.Redis(url) },
];

describe.each(DRIVERS)("$name", ({ open }) => {
  let client: ioredis6.Redis;
  let other: ioredis6.Redis;

  beforeEach(async () => {
    const { url } = (await set!.isolate()).redis();
    client = open(url);
    other = open(url);
    await Promise.all([client.ping(), other.ping()]);
  });

  afterEach(async () => {
    client.disconnect();
    await other.quit();
  });

  const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

  test("a command alone leaves at once, those behind it at the end of the turn", async () => {
    const py = pickled(client);
    const replies: Promise<unknown>[] = [py.set("a", 1)];
    expect(client.stream.writableLength).toBe(0);
    replies.push(py.set("b", 2), py.get("a"));
    expect(client.stream.writableLength).toBeGreaterThan(0);
    await nextTurn();
    expect([client.stream.writableLength, client.stream.writableCorked]).toEqual([0, 0]);
    expect(await Promise.all(replies)).toEqual([true, true, 1]);
  });

  test("many bytes do not wait for the end of the turn", async () => {
    const py = pickled(client);
    const large = Buffer.alloc(9000, "x");
    const replies = [py.set("a", 1)];
    let held = 0;
    for (let i = 0; i < 8; i++) {
      replies.push(py.set(`large ${i}`, large));
      held = Math.max(held, client.stream.writableLength);
    }
    expect(held).toBeGreaterThan(large.length);
    expect(held).toBeLessThan(large.length * 4);
    expect(await Promise.all(replies)).toEqual(Array(9).fill(true));
    expect(await py.get("large 7")).toEqual(large);
  });

  test("commands of the client itself keep their place among them", async () => {
    const py = pickled(client);
    const replies = [py.set("n", 1), py.set("n", 2), client.getBuffer("n"), py.set("n", 3), client.set("n", "raw")];
    const [, , second] = await Promise.all(replies);
    expect(py.decode(second as Buffer)).toBe(2);
    expect(await client.get("n")).toBe("raw");
  });

  test("they leave before a connection that is closed in the same turn", async () => {
    const py = pickled(client);
    const replies = [1, 2, 3].map((n) => py.set(`k${n}`, n).catch(() => undefined));
    client.disconnect();
    await Promise.all(replies);
    await expect.poll(() => other.exists("k1", "k2", "k3")).toBe(3);
  });

  test("a connection that is cut in the same turn answers them when it is back", async () => {
    const py = pickled(client);
    const replies = [1, 2, 3].map((n) => py.set(`k${n}`, n));
    client.stream.destroy();
    expect(await Promise.all(replies)).toEqual([true, true, true]);
    expect(await py.mget(["k1", "k2", "k3"])).toEqual([1, 2, 3]);
    expect(client.stream.writableCorked).toBe(0);
  });
});
