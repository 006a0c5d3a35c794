/** Ordinary values of growing size, for `--scaling`. */
import { dumps, FrozenSet, loads, PyDateTime, PyDict, tuple } from "@brine/codec";
import type { Direction } from "../workloads.js";
import type { Family } from "./family.js";

const range = (size: number): number[] => Array.from({ length: size }, (_, i) => i);

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = null;
  for (let i = 0; i < depth; i++) value = wrap(value);
  return value;
}

const VALUES: readonly (readonly [name: string, from: number, make: (size: number) => unknown])[] = [
  ["list of ints", 4000, (size) => range(size)],
  ["list of floats", 4000, (size) => range(size).map((i) => i / 7)],
  ["list of bigints", 2000, (size) => range(size).map((i) => 2n ** 64n + BigInt(i))],
  ["list of short strings", 2000, (size) => range(size).map((i) => `item ${i}`)],
  ["list of one string, shared", 2000, (size) => range(size).map(() => "the same for all")],
  ["list of tuples", 1000, (size) => range(size).map((i) => tuple(i, "pair"))],
  [
    "list of records",
    200,
    (size) => range(size).map((id) => ({ id, name: `user ${id}`, tags: ["a", "b"], score: id / 3 })),
  ],
  ["list of datetimes", 200, (size) => range(size).map((i) => new PyDateTime(2026, 1, 1 + (i % 28), 10, 11, 12, i))],
  ["dict with str keys", 1000, (size) => Object.fromEntries(range(size).map((i) => [`key ${i}`, i]))],
  ["dict with int keys", 1000, (size) => new PyDict(range(size).map((i) => [i, "value"]))],
  ["dict with tuple keys", 500, (size) => new PyDict(range(size).map((i) => [tuple(i, i), null]))],
  ["set of ints", 1000, (size) => new Set(range(size))],
  ["frozenset of strings", 1000, (size) => new FrozenSet(range(size).map((i) => `member ${i}`))],
  ["one ASCII string", 16_000, (size) => "text ".repeat(size / 5)],
  ["one CJK string", 8000, (size) => "日本語のテ".repeat(size / 5)],
  ["one emoji string", 4000, (size) => "😀🚀".repeat(size / 2)],
  ["bytes", 64_000, (size) => new Uint8Array(size).fill(200)],
  ["one int", 2000, (size) => 2n ** BigInt(size * 8 - 2)],
  ["nested lists", 1000, (size) => nested(size, (inner) => [inner])],
  ["nested dicts", 500, (size) => nested(size, (inner) => ({ inner }))],
  ["nested tuples", 500, (size) => nested(size, (inner) => tuple(inner))],
];

function family(direction: Direction, name: string, from: number, make: (size: number) => unknown): Family {
  return {
    name,
    direction,
    from,
    prepare(size) {
      const value = make(size);
      if (direction === "encode") return () => dumps(value);
      const pickle = dumps(value);
      return () => loads(pickle);
    },
  };
}

export const SCALING: readonly Family[] = (["decode", "encode"] as const).flatMap((direction) =>
  VALUES.map(([name, from, make]) => family(direction, name, from, make)),
);
