/** Keys and members that Python cannot hash. */
import { describe, expect, it } from "vitest";
import { ByteArray, tuple } from "../../python/containers/sequences.js";
import { FrozenSet } from "../../python/containers/sets.js";
import { dumps } from "../api-dump.js";
import { loads } from "../api-load.js";

describe("keys and members that Python cannot hash", () => {
  const KEYS: [string, unknown, string][] = [
    ["a list", [1], "use tuple(...)"],
    ["a dict", { a: 1 }, "use a tuple of its items"],
    ["a dict", Object.create(null), "use a tuple of its items"],
    ["a dict", new Map(), "use a tuple of its items"],
    ["a set", new Set(), "use a FrozenSet"],
    ["a bytearray", new ByteArray(1), "use a Uint8Array"],
    ["a list", tuple(1, [2]), "use tuple(...)"],
  ];
  it.each(KEYS)("%s is refused", (kind, key, advice) => {
    const message = (place: string) =>
      `Cannot pickle ${kind} as a key of a dict or a member of a set${place}: Python cannot hash it; ${advice}`;
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      expect(() => dumps({ a: new Map([[key, 1]]) }, { protocol })).toThrow(message(" at .a"));
      expect(() => dumps({ a: new Set([key]) }, { protocol })).toThrow(
        /as a key of a dict or a member of a set at \.a.*: Python cannot hash it/,
      );
    }
  });

  it("a Map that has itself as a key is refused, and a hook may write another in its place", () => {
    const map = new Map<unknown, unknown>();
    map.set(map, 1);
    expect(() => dumps(map)).toThrow("Cannot pickle a dict as a key of a dict");
    const persistentId = (value: unknown) => (Array.isArray(value) ? "list" : null);
    expect(loads(dumps(new Map([[[1], 2]]), { persistentId }), { persistentLoad: (id) => id })).toEqual({ list: 2 });
  });

  it("tuples, frozensets, bytes and dates are keys", () => {
    const keys = [tuple(1, tuple(2)), new FrozenSet([1]), Buffer.from("a"), new Date(0), null];
    expect((loads(dumps(new Map(keys.map((key) => [key, 1])))) as Map<unknown, unknown>).size).toBe(keys.length);
  });
});
