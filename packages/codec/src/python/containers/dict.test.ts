import v8 from "node:v8";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { SimpleNamespace } from "../library/values.js";
import { Decimal } from "../numbers/decimal.js";
import { Fraction } from "../numbers/fraction.js";
import { Complex, PyFloat } from "../numbers/numbers.js";
import { PyArray } from "./array.js";
import { PyDict } from "./dict.js";
import { ByteArray, Tuple, tuple } from "./sequences.js";
import { FrozenSet, PySet, setOf } from "./sets.js";

describe("PyDict", () => {
  it("takes 1, 1.0, True and 1n for one key, keeps the first and the last value", () => {
    const dict = new PyDict<unknown, string>();
    for (const [key, value] of [
      [true, "a"],
      [1, "b"],
      [1n, "c"],
      [new PyFloat(1), "d"],
      [new Complex(1, 0), "e"],
    ] as const) {
      dict.set(key, value);
    }
    expect([...dict]).toEqual([[true, "e"]]);
    expect(dict.get(1)).toBe("e");
    expect(dict.size).toBe(1);
  });

  it("compares big integers by value, whatever their type", () => {
    const dict = new PyDict<unknown, string>([[2n ** 80n, "big"]]);
    expect(dict.get(2 ** 80)).toBe("big");
    expect(dict.get(2n ** 80n)).toBe("big");
    expect(dict.get(2n ** 80n + 1n)).toBeUndefined();
    // The largest that a number holds, and the next one, which it does not.
    const edge = new PyDict<unknown, number>([
      [2n ** 53n - 1n, 1],
      [2n ** 53n + 1n, 2],
    ]);
    expect([edge.get(2 ** 53 - 1), edge.get(2 ** 53), edge.get(-(2 ** 53 - 1))]).toEqual([1, undefined, undefined]);
  });

  it("compares tuples, frozensets and bytes by content and tells bytes from str", () => {
    const dict = new PyDict<unknown, number>();
    dict.set(tuple(1, tuple("a", new Uint8Array([1]))), 1);
    dict.set(new FrozenSet([1, 2]), 2);
    dict.set(new Uint8Array([97]), 3);
    dict.set("a", 4);
    expect(dict.get(tuple(1n, tuple("a", Buffer.from([1]))))).toBe(1);
    expect(dict.get(new FrozenSet([2, true]))).toBe(2);
    expect(dict.get(Buffer.from("a"))).toBe(3);
    expect(dict.get("a")).toBe(4);
    expect(dict.get(tuple("s", "a"))).toBeUndefined();
    expect(dict.size).toBe(4);
  });

  it("does not confuse strings with the canonical forms of other keys", () => {
    const dict = new PyDict<unknown, number>([
      [tuple(1, 2), 1],
      ["t0,1", 2],
      ["sx", 3],
      ["x", 4],
      [null, 5],
      ["null", 6],
    ]);
    expect(dict.size).toBe(6);
    expect(dict.get("t0,1")).toBe(2);
  });

  it("keeps every NaN and the sign of zero", () => {
    const nan = new PyFloat(Number.NaN);
    const dict = new PyDict<unknown, number>([
      [Number.NaN, 1],
      [Number.NaN, 2],
      [nan, 3],
      [-0, 4],
      [0, 5],
    ]);
    expect(dict.size).toBe(4);
    expect(dict.get(nan)).toBe(3);
    expect(dict.get(0)).toBe(5);
    expect(Object.is(([...dict.keys()][3] as PyFloat).value, -0)).toBe(true);
    // JavaScript's other nothing is None, too.
    const none = new PyDict<unknown, number>([[undefined, 1]]);
    expect([[...none.keys()], none.get(null), none.get(undefined)]).toEqual([[null], 1, 1]);
    const [first] = new PyDict<unknown, number>([[-0, 1]]).keys();
    expect(Object.is((first as PyFloat).value, -0)).toBe(true);
  });

  it.each([[[1]], [{}], [new Map()], [new Set()], [new ByteArray(1)], [tuple(1, [2])]])(
    "refuses the unhashable key %s",
    (key) => {
      expect(() => new PyDict().set(key, 1)).toThrow(TypeError);
    },
  );

  it("deletes and clears keys of every kind", () => {
    const dict = new PyDict<unknown, number>([
      [tuple(1), 1],
      ["a", 2],
      [1, 3],
    ]);
    expect(dict.delete(tuple(1))).toBe(true);
    expect(dict.has(tuple(1))).toBe(false);
    expect(dict.delete("a")).toBe(true);
    expect(dict.delete("a")).toBe(false);
    dict.clear();
    dict.set(1, 1);
    expect([...dict]).toEqual([[1, 1]]);
  });

  it("hashes a chain of shared tuples in linear time and deep ones without recursion", () => {
    let shared: Tuple = tuple(1);
    for (let i = 0; i < 60; i++) shared = tuple(shared, shared);
    const dict = new PyDict<unknown, number>([[shared, 1]]);
    expect(dict.has(shared)).toBe(true);
    let deep: Tuple = tuple(1);
    for (let i = 0; i < 200_000; i++) deep = tuple(deep);
    dict.set(deep, 2);
    expect(dict.get(deep)).toBe(2);
  });

  it("refuses a tuple that contains itself", () => {
    const loop = new Tuple(1);
    loop[0] = loop;
    expect(() => new PyDict().set(loop, 1)).toThrow(TypeError);
  });
});

describe("sets", () => {
  it("PySet and FrozenSet compare members as Python does", () => {
    expect(new PySet([1, true, 1n, tuple(1), tuple(1)]).size).toBe(2);
    expect(() => new FrozenSet([1]).add(2)).toThrow(TypeError);
    expect(() => new FrozenSet([1]).delete(1)).toThrow(TypeError);
    expect(() => new FrozenSet([1]).clear()).toThrow(TypeError);
    expect(() => new PySet([[]])).toThrow(TypeError);
  });

  it("setOf() gives a plain Set where that compares alike", () => {
    expect(setOf([1, "a"])).not.toBeInstanceOf(PySet);
    expect(setOf([1, true])).toBeInstanceOf(PySet);
    for (const [one, same] of [
      [1, true],
      [true, 1],
      [0, false],
      [false, 0],
    ]) {
      expect([...setOf([one, same])]).toEqual([one]);
    }
    expect(setOf([false, 1])).not.toBeInstanceOf(PySet);
  });
});

describe("equal structures", () => {
  const equal: readonly (readonly [unknown, unknown])[] = [
    [tuple(), tuple()],
    [tuple(1, true, "a", null), tuple(1n, 1, "a", null)],
    [tuple(tuple(1, 2), 3), tuple(tuple(1.0, 2n), 3)],
    [tuple(new FrozenSet([1, "a"]), -1), tuple(new FrozenSet(["a", true]), -1n)],
    [tuple(...Array(20).fill(tuple("x"))), tuple(...Array(20).fill(tuple("x")))],
    [tuple(0.5, 2 ** 30, -0), tuple(new PyFloat(0.5), 2n ** 30n, 0)],
  ];
  const different: readonly unknown[] = [
    tuple(1, 2, 3),
    tuple(tuple(1, 2), 3),
    tuple(1, tuple(2, 3)),
    tuple(1, 2),
    tuple(2, 1),
    tuple(1, "2"),
    tuple("1", "2"),
    tuple("12"),
    tuple(),
    tuple(tuple()),
    new FrozenSet([1, 2]),
    new FrozenSet([tuple(1, 2)]),
    tuple(new Uint8Array([50])),
    tuple(0, 1, 2, 3, 4, 5, 6, 7),
    tuple(0, 1, 2, 3, 4, 5, 6, 7, 8),
  ];

  it.each(equal.map(([a, b], i) => [i, a, b]))("are one key, %i", (_, a, b) => {
    expect(new PyDict([[a, 1]]).get(b)).toBe(1);
  });

  it("are no others", () => {
    const dict = new PyDict(different.map((key, i) => [key, i]));
    expect(dict.size).toBe(different.length);
    for (const [i, key] of different.entries()) expect(dict.get(key)).toBe(i);
  });

  it("holds a tuple with NaN under the tuple itself only", () => {
    const key = tuple(Number.NaN, 1);
    const dict = new PyDict([[key, 1]]);
    expect(dict.get(key)).toBe(1);
    expect(dict.has(tuple(Number.NaN, 1))).toBe(false);
  });
});

it("takes ints beyond 64 bits and floats of that value for one key", () => {
  const keys = [2n ** 64n, -(2n ** 64n), 2n ** 70n, -(2n ** 70n), 2n ** 70n + 1n, 2n ** 64n - 1n, 0n];
  const dict = new PyDict<unknown, number>(keys.map((key, i) => [key, i]));
  expect(dict.size).toBe(keys.length);
  expect(keys.map((key) => dict.get(key))).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(
    [2 ** 64, -(2 ** 70), new Decimal(2n ** 70n), new Fraction(2n ** 71n, 2n)].map((key) => dict.get(key)),
  ).toEqual([0, 3, 2, 2]);
  expect([2 ** 71, `x${(2n ** 70n).toString(16)}`].map((key) => dict.get(key))).toEqual([undefined, undefined]);
  expect(dict.delete(2 ** 70)).toBe(true);
  expect(dict.has(2n ** 70n)).toBe(false);
  // What a program puts there itself is not bounded.
  expect(new PyDict(Array.from({ length: 5000 }, (_, i) => [BigInt(i + 1) << 64n, i])).size).toBe(5000);
});

describe("nothing is kept of tuples that are gone", () => {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  const heapAfter = (run: () => void) => {
    run();
    collect();
    return process.memoryUsage().heapUsed;
  };
  const MEGABYTE = 1e6;

  it.each([
    ["a dict", new PyDict<unknown, number>(), (dict: PyDict, key: unknown) => dict.set(key, 1)],
    ["a set", new PySet(), (set: PySet, key: unknown) => set.add(key)],
  ] as const)("of %s", (_what, container, add) => {
    const kept = tuple("kept", 1);
    add(container as never, kept);
    const before = heapAfter(() => {});
    const after = heapAfter(() => {
      for (let i = 0; i < 200_000; i++) {
        add(container as never, tuple(`key ${i}`, i));
        container.delete(tuple(`key ${i}`, i));
      }
    });
    expect(after - before).toBeLessThan(10 * MEGABYTE);
    expect([container.size, container.has(tuple("kept", 1)), container.has(tuple("key 1", 1))]).toEqual([
      1,
      true,
      false,
    ]);
  });
});

it.each([
  ["array.array", new PyArray("i", Int32Array.of(1))],
  ["array.array", Float64Array.of(1)],
  ["types.SimpleNamespace", new SimpleNamespace({ a: 1 })],
])("is refused as key, as in CPython: %s", (type, key) => {
  expect(() => new PyDict([[key, 1]])).toThrow(`unhashable type: '${type}'`);
  expect(() => new PySet([tuple(key)])).toThrow(`unhashable type: '${type}'`);
});
