/** Values, scripts, groups and messages in both majors of ioredis, with and without autopipelining. */
import { randomUUID } from "node:crypto";
import {
  createCache,
  type DecodeError,
  django,
  djangoRedis,
  isRedisAdapterError,
  pickled,
  type RedisLike,
} from "@brine/redis-adapter";
import * as ioredis6 from "ioredis";
import * as ioredis5 from "ioredis5";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { services } from "../../services/inject.js";

/** What both majors have, as these tests use it. */
interface Driver extends RedisLike {
  flushdb(): Promise<unknown>;
  quit(): Promise<unknown>;
  getBuffer(key: string): Promise<Buffer | null>;
  set(key: string, value: string | Buffer): Promise<unknown>;
  hset(key: string, ...fields: (string | Buffer)[]): Promise<unknown>;
  hgetall(key: string): Promise<Record<string, string>>;
  call(command: string, ...args: string[]): Promise<unknown>;
}

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const options = [{}, { enableAutoPipelining: true }] as const;
const DRIVERS = options.flatMap((option) => [
  { name: `ioredis 5 ${JSON.stringify(option)}`, open: (url: string) => new ioredis5.Redis(url, option) },
  { name: `ioredis 6 ${JSON.stringify(option)}`, open: (url: string) => new ioredis6.Redis(url, option) },
]);
const [set] = services();

describe.each(DRIVERS)("$name", ({ open }) => {
  let client: Driver;

  beforeAll(async () => {
    client = open((await set!.isolate()).redis().url) as unknown as Driver;
  });

  afterAll(() => client.quit());

  beforeEach(() => client.flushdb());

  test("null, undefined and objects are stored as values, never as their text", async () => {
    const py = pickled(client, { dialect: django() });
    for (const [i, value] of [null, {}, [], "", false, 0].entries()) {
      await py.set(`v${i}`, value);
      expect([value, await py.get(`v${i}`)]).toEqual([value, value]);
    }
    await py.set("undefined", undefined);
    expect(await py.get("undefined")).toBeNull();
    await expect(py.set("f", () => 1)).rejects.toThrow(/pickle/i);
    expect(await py.exists("f")).toBe(0);
  });

  test("scripts, groups and messages work with bytes", async (context) => {
    const py = pickled(client, { dialect: djangoRedis() });
    const cache = createCache(py, { timeout: 30_000 });
    const lock = (await cache.lock("L", { ttl: 60_000 }))!;
    expect([await cache.lock("L", { ttl: 1 }), await lock.release()]).toEqual([undefined, true]);
    await py.xadd("x", { f: EVERY_BYTE });
    for await (const { fields, ack } of py.consume({ stream: "x", group: "g", consumer: "c" })) {
      expect(fields.f).toEqual(EVERY_BYTE);
      await ack();
      break;
    }
    // Channels are those of the whole server, whatever the database.
    const channel = randomUUID();
    const controller = new AbortController();
    context.onTestFinished(() => controller.abort());
    const heard: unknown[] = [];
    const listening = (async () => {
      for await (const { value } of py.subscribe(channel, { signal: controller.signal })) {
        heard.push(value);
        controller.abort();
      }
    })();
    await expect.poll(() => py.publish(channel, EVERY_BYTE)).toBe(1);
    await listening;
    expect(heard).toEqual([EVERY_BYTE]);
  });

  test("what cannot be decoded says where and what it is, and keeps the rest to itself", async () => {
    const py = pickled(client, { dialect: django() });
    await client.set(":1:bad", `${"A".repeat(16)}secret`);
    await client.hset(":1:h", "f", "Bsecret");
    const errors = await Promise.all([
      py.get("bad").catch((error: unknown) => error),
      py.mget(["bad"]).catch((error: unknown) => error),
      py.hget("h", "f").catch((error: unknown) => error),
      py.hgetall("h").catch((error: unknown) => error),
    ]);
    for (const error of errors as DecodeError[]) {
      expect(isRedisAdapterError(error)).toBe(true);
      expect(error).toMatchObject({ name: "DecodeError", code: "decode", dialect: "django" });
      expect(error.head).toMatch(/^(41|42)/);
      expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toContain("secret");
    }
    expect((errors as DecodeError[]).map(({ key }) => key)).toEqual(["bad", "bad", "h.f", "h.f"]);
    expect(await py.mget(["bad", "none"], { onDecodeError: "miss" })).toEqual([undefined, undefined]);
    expect(await py.get("bad", { onDecodeError: (_error, { raw }) => raw.length })).toBe(22);
  });
});
