import { ClassRegistry } from "@brine/codec";
import { afterEach, expect, test, vi } from "vitest";
import { lifetime } from "./dialect.js";
import { djangoRedis } from "./django-redis.js";
import { dogpile } from "./dogpile.js";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("a herded value is there until its end, then for ever fewer readers, and gone after the herd timeout", () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ["Date"] });
  const dialect = djangoRedis({ herd: true });
  const raw = Buffer.from(dialect.encode({ a: 1 }, "k", 10_000));
  const readAt = (second: number, random: number) => {
    vi.setSystemTime(1_000_000 + second * 1000);
    vi.spyOn(Math, "random").mockReturnValue(random);
    return dialect.decode(raw);
  };
  expect(readAt(10, 0.999)).toEqual({ a: 1 });
  expect([readAt(11, 0), readAt(11, 0.999)]).toEqual([{ a: 1 }, undefined]);
  expect([readAt(40, 0), readAt(40, 0.6)]).toEqual([{ a: 1 }, undefined]);
  expect(readAt(70, 0)).toBeUndefined();
});

test("a herded value that never ends is stored as by the default client", () => {
  const dialect = djangoRedis({ herd: true });
  expect(dialect.encode(5, "k", null)).toBe("5");
  expect(dialect.decode(Buffer.from("5"))).toBe(5);
  expect(dialect.digits).toBe(false);
  expect(() => djangoRedis({ herd: true, serializer: "json" })).toThrow(/pickle/);
});

test("the marker does not take classes away", () => {
  class A {}
  const registry = new ClassRegistry().register("app.A", A);
  const dialect = djangoRedis({ herd: true, pickle: { registry } });
  expect(dialect.decode(Buffer.from(dialect.encode([new A()], "k", 5000)))).toEqual([new A()]);
});

test("a region's expiration time makes older values missing", () => {
  vi.useFakeTimers({ now: 1_000_000, toFake: ["Date"] });
  const raw = Buffer.from(dogpile().encode([1]));
  vi.setSystemTime(1_061_000);
  expect(dogpile().decode(raw)).toEqual([1]);
  expect(dogpile({ expirationTime: 62_000 }).decode(raw)).toEqual([1]);
  expect(dogpile({ expirationTime: 60_000 }).decode(raw)).toBeUndefined();
  expect(() => dogpile({ expirationTime: 1 }).decode(Buffer.from('{"v": 2}|x'))).toThrow(/no time/);
});

test.each([
  [1500, 1000],
  [999, 999],
  [61_999, 61_000],
])("whole seconds of %i ms are %i ms", (ms, px) => {
  expect(lifetime(null, "seconds").ttl(ms)).toEqual({ px });
});
