/** What opcodes make: against CPython in vectors, and by hand. */
import { describe, expect, test } from "vitest";
import { Range } from "../../python/builtins.js";
import { Deque } from "../../python/containers/collections.js";
import { PyDict } from "../../python/containers/dict.js";
import { ByteArray, Tuple, tuple } from "../../python/containers/sequences.js";
import { FrozenSet, PySet } from "../../python/containers/sets.js";
import { Complex } from "../../python/numbers/numbers.js";
import { pyExceptions } from "../../python/objects/builtin-exceptions.js";
import type { PyException } from "../../python/objects/exception.js";
import { dumps } from "../api-dump.js";
import { loads, Unpickler } from "../api-load.js";
import { VECTORS } from "./unpickler.vectors.js";
import { failure, raw } from "./written-by-hand.js";

function bytes(...values: number[]): Uint8Array {
  return Buffer.from(values);
}

/** What each vector decodes to, by its Python expression. */
const EXPECTED: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["None", null],
  ["True", true],
  ["False", false],
  ["0", 0],
  ["255", 255],
  ["256", 256],
  ["65535", 65535],
  ["65536", 65536],
  ["-1", -1],
  ["2**31-1", 2147483647],
  ["-2**31", -2147483648],
  ["2**31", 2147483648],
  ["2**53-1", 9007199254740991],
  ["2**53", 9007199254740992n],
  ["-2**63", -9223372036854775808n],
  ["2**64", 18446744073709551616n],
  ["10**30", 10n ** 30n],
  ["-10**30", -(10n ** 30n)],
  ["1.5", 1.5],
  ["-0.0", -0],
  ["1e300", 1e300],
  ["float('inf')", Number.POSITIVE_INFINITY],
  ["float('-inf')", Number.NEGATIVE_INFINITY],
  ["float('nan')", Number.NaN],
  ["0.1", 0.1],
  ["''", ""],
  ["'a'", "a"],
  ["'it\\'s \"x\"\\\\ \\n\\r\\t\\0\\x1a'", 'it\'s "x"\\ \n\r\t\0\x1a'],
  ["'h\\xe9llo'", "héllo"],
  ["'\\u65e5\\u672c\\u8a9e'", "日本語"],
  ["'\\U0001f600!'", "😀!"],
  ["'\\ud800x'", "\ud800x"],
  ["'\\ufeffbom'", "\ufeffbom"],
  ["'\\\\u0041'", "\\u0041"],
  ["'x' * 300", "x".repeat(300)],
  ["'\\u20ac' * 2000", "€".repeat(2000)],
  ["b''", bytes()],
  ["b'abc\\x00\\xff'", bytes(97, 98, 99, 0, 255)],
  ["bytearray(b'xyz')", new ByteArray([120, 121, 122])],
  ["bytearray()", new ByteArray(0)],
  ["[]", []],
  ["[1]", [1]],
  ["[1, 2.5, -3, 300, 70000]", [1, 2.5, -3, 300, 70000]],
  ["[1, 2, (3, 4), 5]", [1, 2, tuple(3, 4), 5]],
  ["list(range(2500))", Array.from({ length: 2500 }, (_, i) => i)],
  ["[[], [[]], [1, ['a']]]", [[], [[]], [1, ["a"]]]],
  ["()", tuple()],
  ["(1,)", tuple(1)],
  ["(1, 2)", tuple(1, 2)],
  ["(1, 2, 3)", tuple(1, 2, 3)],
  ["(1, 2, 3, 4)", tuple(1, 2, 3, 4)],
  ["{}", {}],
  ["{'a': 1}", { a: 1 }],
  ["{'a': 1, 'b': [2, {}]}", { a: 1, b: [2, {}] }],
  ["[{}, 5, {}, (1, 2)]", [{}, 5, {}, tuple(1, 2)]],
  ["{1: 'a'}", new PyDict([[1, "a"]])],
  [
    "{1: 'a', 2: 'b'}",
    new PyDict([
      [1, "a"],
      [2, "b"],
    ]),
  ],
  [
    "{'a': 1, 2: 'b', (1, 2): 3}",
    new PyDict<unknown, unknown>([
      ["a", 1],
      [2, "b"],
      [tuple(1, 2), 3],
    ]),
  ],
  ["{True: 'x'}", new PyDict([[true, "x"]])],
  ["{None: 1}", new PyDict([[null, 1]])],
  ["{b'k': 1}", new PyDict([[bytes(107), 1]])],
  [
    "{'__proto__': 1, 'constructor': 2}",
    Object.fromEntries([
      ["__proto__", 1],
      ["constructor", 2],
    ]),
  ],
  ["{str(i): i for i in range(1500)}", Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [String(i), i]))],
  ["{i: i for i in range(1500)}", new PyDict(Array.from({ length: 1500 }, (_, i) => [i, i]))],
  ["set()", new Set()],
  ["{1}", new Set([1])],
  ["{(1, 2)}", new PySet([tuple(1, 2)])],
  ["frozenset()", new FrozenSet()],
  ["frozenset([7])", new FrozenSet([7])],
  ["{frozenset([7]): 1}", new PyDict([[new FrozenSet([7]), 1]])],
  ["1+2j", new Complex(1, 2)],
  ["range(1, 9, 2)", new Range(1, 9, 2)],
  ["['a', 'a', ('b', 'a'), 'b']", ["a", "a", tuple("b", "a"), "b"]],
]);

describe("loads() reads what CPython writes", () => {
  test.each(VECTORS.map((vector) => [vector.python, vector] as const))("%s", (python, vector) => {
    expect(EXPECTED.has(python)).toBe(true);
    for (const pickle of vector.pickles) {
      expect(loads(Buffer.from(pickle, "base64"))).toStrictEqual(EXPECTED.get(python));
    }
  });
});

describe("sharing and cycles", () => {
  test("a list, a dict, a tuple and a set may contain themselves", () => {
    const list = loads(raw("]\x94h\x00a.")) as unknown[];
    expect(list[0]).toBe(list);
    const dict = loads(raw("}\x94\x8c\x01dh\x00s.")) as { d: unknown };
    expect(dict.d).toBe(dict);
    // t = ([],); t[0].append(t), by CPython at protocol 4
    const inner = loads(raw("\x80\x04](\x94h\x00\x85\x94a0h\x01.".replace("](\x94", "]\x94"))) as [unknown[]];
    expect(inner).toBeInstanceOf(Tuple);
    expect(inner[0][0]).toBe(inner);
  });

  test("an exception's attribute is the dict that holds it, though that became a PyDict later", () => {
    const error = new pyExceptions.ValueError("m");
    const dict = new PyDict<unknown, unknown>([[1, error]]);
    error.attributes.details = dict;
    const read = loads(dumps(dict)) as PyDict<number, PyException & { readonly details: unknown }>;
    expect(read.get(1)!.details).toBe(read);
    expect(read.get(1)!.attributes.details).toBe(read);
  });

  test("a deque's item is the dict that holds it, though that became a PyDict later", () => {
    const dict = new PyDict<unknown, unknown>();
    dict.set(1, new Deque([dict]));
    const read = loads(dumps(dict)) as PyDict<number, Deque>;
    expect(read.get(1)!.at(0)).toBe(read);
  });

  test("a dict that holds itself before its first int key arrives stays one object", () => {
    const dict = loads(raw("}\x94(\x8c\x01ah\x00K\x05h\x00u.")) as PyDict<unknown, unknown>;
    expect(dict).toBeInstanceOf(PyDict);
    expect(dict.get("a")).toBe(dict);
    expect(dict.get(5)).toBe(dict);
    const list = loads(raw("]\x94}\x94(\x8c\x01ah\x01K\x05h\x01uh\x01\x86.")) as unknown as [unknown, PyDict];
    expect(list[1]).toBeInstanceOf(PyDict);
  });

  test("what DUP pushes again is the same object, also when its first int key makes a dict of another class", () => {
    // CPython: `d, e = pickle.loads(b"}2K\x05K\x06s\x86."); d is e`
    const [dict, same] = loads(raw("}2K\x05K\x06s\x86.")) as [PyDict, PyDict];
    expect(dict).toStrictEqual(new PyDict([[5, 6]]));
    expect(same).toBe(dict);
    const [list, also] = loads(raw("]2K\x05a\x86.")) as [unknown, unknown];
    expect(list).toStrictEqual([5]);
    expect(also).toBe(list);
  });

  test("equal references are one object", () => {
    const [a, b] = loads(raw("]\x94h\x00\x86.")) as [unknown, unknown];
    expect(a).toBe(b);
  });
});

describe("Unpickler", () => {
  test("load() reads pickles back to back with one memo", () => {
    const unpickler = new Unpickler(raw("\x80\x04]\x94.\x80\x04h\x00."));
    const first = unpickler.load();
    expect(unpickler.position).toBe(5);
    expect(unpickler.load()).toBe(first);
    expect(unpickler.isAtEnd).toBe(true);
    expect(failure(() => unpickler.load()).code).toBe("truncated");
  });
});

describe("frames", () => {
  test("an argument may start where its frame ends, as in CPython", () => {
    expect(loads(raw("\x80\x04\x95\x01\0\0\0\0\0\0\0K\x01."))).toBe(1);
    expect(loads(raw("\x80\x04\x95\x09\0\0\0\0\0\0\0\x95\x01\0\0\0\0\0\0\0N."))).toBe(null);
  });

  test("a run of numbers may cross frames, and only whole opcodes may", () => {
    const frame = (body: string) => `\x95${String.fromCharCode(body.length)}\0\0\0\0\0\0\0${body}`;
    const good = `\x80\x04${frame("]\x94(K\x01K\x02")}${frame("K\x03e.")}`;
    expect(loads(raw(good))).toStrictEqual([1, 2, 3]);
    const bad = `\x80\x04${frame("]\x94(K\x01J\x02")}${frame("\0\0\0e.")}`;
    expect(failure(() => loads(raw(bad))).code).toBe("bad-frame");
  });
});

describe("wide rows and repeated keys", () => {
  test("rows of thirty columns keep their values, whatever comes between", () => {
    const row = (seed: number) =>
      `}\x94(${Array.from({ length: 30 }, (_, i) => `\x8c\x03c${String(i).padStart(2, "0")}K${String.fromCharCode((seed + i) % 256)}`).join("")}u`;
    const rows = loads(raw(`](${Array.from({ length: 50 }, (_, i) => row(i)).join("")}e.`)) as Record<string, number>[];
    for (const [i, value] of rows.entries()) {
      expect(Object.keys(value)).toHaveLength(30);
      expect(value.c29).toBe((i + 29) % 256);
    }
  });

  test("keys that share a slot of the key table are told apart", () => {
    const keys = Array.from({ length: 5000 }, (_, i) => `k${i}x`);
    const pickle = `}\x94(${keys.map((key, i) => `\x8c${String.fromCharCode(key.length)}${key}M${String.fromCharCode(i % 256, i >> 8)}`).join("")}u.`;
    for (let round = 0; round < 3; round++) {
      expect(loads(raw(pickle))).toStrictEqual(Object.fromEntries(keys.map((key, i) => [key, i])));
    }
  });
});
