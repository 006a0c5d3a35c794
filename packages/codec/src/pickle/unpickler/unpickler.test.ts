import { Readable } from "node:stream";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { PickleError, UnpicklingError } from "../../errors.js";
import { ClassRegistry } from "../../globals/default-registry.js";
import { registerNumpy } from "../../numpy/index.js";
import { Range } from "../../python/builtins.js";
import { PickleBuffer } from "../../python/containers/buffers.js";
import { PyDict } from "../../python/containers/dict.js";
import { ByteArray, Tuple, tuple } from "../../python/containers/sequences.js";
import { FrozenSet, PySet } from "../../python/containers/sets.js";
import type { Subscript } from "../../python/library/values.js";
import { Complex, PyFloat } from "../../python/numbers/numbers.js";
import { PyGlobal, PyObject } from "../../python/objects/objects.js";
import { dumps } from "../api-dump.js";
import { load, loads, Unpickler } from "../api-load.js";
import { VECTORS } from "./unpickler.vectors.js";

function bytes(...values: number[]): Uint8Array {
  return Buffer.from(values);
}

/** A pickle written as latin-1 text. */
function raw(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

function failure(run: () => unknown): UnpicklingError {
  try {
    run();
  } catch (error) {
    if (error instanceof UnpicklingError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
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

// CPython 3.13 refuses every one of these too, except the frames, which it refuses since 3.13.15.
const MALFORMED: readonly (readonly [pickle: string, code: string, offset: number])[] = [
  [".", "stack-underflow", 0],
  ["0", "stack-underflow", 0],
  ["1", "missing-mark", 0],
  ["2", "stack-underflow", 0],
  ["(2", "stack-underflow", 1],
  ["R", "stack-underflow", 0],
  [")R", "stack-underflow", 1],
  ["a", "stack-underflow", 0],
  ["Na", "stack-underflow", 1],
  ["(Na", "stack-underflow", 2],
  ["b", "stack-underflow", 0],
  ["Nb", "stack-underflow", 1],
  ["(Nb", "stack-underflow", 2],
  ["c\n.", "bad-argument", 0],
  ["d", "missing-mark", 0],
  ["Nd", "missing-mark", 1],
  ["(Nd.", "stack-underflow", 2],
  ["e", "missing-mark", 0],
  ["(e", "stack-underflow", 1],
  ["ib\nc\n", "missing-mark", 0],
  ["l", "missing-mark", 0],
  ["o", "missing-mark", 0],
  ["(o", "stack-underflow", 1],
  ["p1\n", "stack-underflow", 0],
  ["q\x00", "stack-underflow", 0],
  ["r\x00\x00\x00\x00", "stack-underflow", 0],
  ["s", "stack-underflow", 0],
  ["Ns", "stack-underflow", 1],
  ["NNs", "stack-underflow", 2],
  ["(NNs", "stack-underflow", 3],
  ["t", "missing-mark", 0],
  ["u", "missing-mark", 0],
  ["(u", "stack-underflow", 1],
  ["}(Nu", "stack-underflow", 3],
  ["\x81", "stack-underflow", 0],
  [")\x81", "stack-underflow", 1],
  ["\x85", "stack-underflow", 0],
  ["\x86", "stack-underflow", 0],
  ["N\x86", "stack-underflow", 1],
  ["\x87", "stack-underflow", 0],
  ["N\x87", "stack-underflow", 1],
  ["NN\x87", "stack-underflow", 2],
  ["\x90", "missing-mark", 0],
  ["(\x90", "stack-underflow", 1],
  ["\x91", "missing-mark", 0],
  ["\x92", "stack-underflow", 0],
  [")}\x92", "stack-underflow", 2],
  ["\x93", "stack-underflow", 0],
  ["Vlist\n\x93", "stack-underflow", 6],
  ["\x94", "stack-underflow", 0],
  ["\x98", "stack-underflow", 0],
  ["Q", "stack-underflow", 0],
  ["((NN1s", "stack-underflow", 5],
  ["N(.", "stack-underflow", 2],
  ["N(2", "stack-underflow", 2],
  ["N(a.", "stack-underflow", 2],
  ["N(Na.", "stack-underflow", 3],
  ["N(b", "stack-underflow", 2],
  ["N(Nb", "stack-underflow", 3],
  ["N(p0\n", "stack-underflow", 2],
  ["N(q\x00", "stack-underflow", 2],
  ["N(r\x00\x00\x00\x00", "stack-underflow", 2],
  ["N(R", "stack-underflow", 2],
  ["]N(Rs", "stack-underflow", 3],
  ["(]Na(.", "stack-underflow", 5],
  ["}NN(s", "stack-underflow", 4],
  ["N(\x85", "stack-underflow", 2],
  ["NN(\x86", "stack-underflow", 3],
  ["NNN(\x87", "stack-underflow", 4],
  ["N(\x94", "stack-underflow", 2],
  ["N(Q", "stack-underflow", 2],
  ["N(\x93", "stack-underflow", 2],
  ["(1.", "stack-underflow", 2],
  ["(10", "stack-underflow", 2],
  ["N(\x98", "stack-underflow", 2],
  ["", "truncated", 0],
  ["N", "truncated", 1],
  ["B", "truncated", 0],
  ["B\x03\x00\x00", "truncated", 0],
  ["B\x03\x00\x00\x00", "truncated", 0],
  ["B\x03\x00\x00\x00ab", "truncated", 0],
  ["C", "truncated", 0],
  ["C\x03", "truncated", 0],
  ["C\x03ab", "truncated", 0],
  ["F", "truncated", 0],
  ["F0.0", "truncated", 0],
  ["F0.00", "truncated", 0],
  ["G", "truncated", 0],
  ["G\x00\x00\x00\x00\x00\x00\x00", "truncated", 0],
  ["I", "truncated", 0],
  ["I0", "truncated", 0],
  ["J", "truncated", 0],
  ["J\x00\x00\x00", "truncated", 0],
  ["K", "truncated", 0],
  ["L", "truncated", 0],
  ["L0", "truncated", 0],
  ["L10", "truncated", 0],
  ["L0L", "truncated", 0],
  ["M", "truncated", 0],
  ["M\x00", "truncated", 0],
  ["S", "truncated", 0],
  ["S'abc'", "truncated", 0],
  ["T", "truncated", 0],
  ["T\x03\x00\x00", "truncated", 0],
  ["T\x03\x00\x00\x00ab", "truncated", 0],
  ["U", "truncated", 0],
  ["U\x03ab", "truncated", 0],
  ["V", "truncated", 0],
  ["Vabc", "truncated", 0],
  ["X", "truncated", 0],
  ["X\x03\x00\x00\x00ab", "truncated", 0],
  ["(c", "truncated", 1],
  ["(cbuiltins", "truncated", 1],
  ["(cbuiltins\n", "truncated", 1],
  ["(cbuiltins\nlist", "truncated", 1],
  ["Ng", "truncated", 1],
  ["Ng0", "truncated", 1],
  ["(i", "truncated", 1],
  ["(ibuiltins\nlist", "truncated", 1],
  ["Nh", "truncated", 1],
  ["Nj", "truncated", 1],
  ["Nj\x00\x00\x00", "truncated", 1],
  ["Np", "truncated", 1],
  ["Np0", "truncated", 1],
  ["Nq", "truncated", 1],
  ["Nr\x00\x00\x00", "truncated", 1],
  ["\x80", "truncated", 0],
  ["\x82", "truncated", 0],
  ["\x83\x01", "truncated", 0],
  ["\x84\x01\x00\x00", "truncated", 0],
  ["\x8a", "truncated", 0],
  ["\x8b\x00\x00\x00", "truncated", 0],
  ["\x8a\x03ab", "truncated", 0],
  ["\x8b\x03\x00\x00\x00ab", "truncated", 0],
  ["\x8c", "truncated", 0],
  ["\x8c\x03ab", "truncated", 0],
  ["\x8d\x03\x00\x00\x00\x00\x00\x00", "truncated", 0],
  ["\x8d\x03\x00\x00\x00\x00\x00\x00\x00ab", "truncated", 0],
  ["\x8e\x03\x00\x00\x00\x00\x00\x00\x00ab", "truncated", 0],
  ["\x96\x03\x00\x00\x00\x00\x00\x00\x00ab", "truncated", 0],
  ["\x95\x02\x00\x00\x00\x00\x00\x00", "truncated", 0],
  ["\x95\x02\x00\x00\x00\x00\x00\x00\x00N", "truncated", 0],
  ["\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", "truncated", 0],
  ["B\xfb\xff\xff\xff.", "truncated", 0],
  ["P", "truncated", 0],
  ["S''x\n.", "bad-argument", 0],
  ["S'\n.", "bad-argument", 0],
  ['S"\n.', "bad-argument", 0],
  ["S' \n.", "bad-argument", 0],
  ["S'a\"\n.", "bad-argument", 0],
  ["Sa\n.", "bad-argument", 0],
  ["S\n.", "bad-argument", 0],
  ["S''  \n.", "bad-argument", 0],
  ["S'\\'\n.", "bad-argument", 0],
  ["S'\\x1'\n.", "bad-argument", 0],
  ["S'\xe9'\n.", "bad-argument", 0],
  ["\xff.", "unknown-opcode", 0],
  ["\x80\x06N.", "unsupported-protocol", 0],
  ["\x80\xffN.", "unsupported-protocol", 0],
  ["I1x\n.", "bad-argument", 0],
  ["I\n.", "bad-argument", 0],
  ["L010L\n.", "bad-argument", 0],
  ["L1LL\n.", "bad-argument", 0],
  ["F1 \n.", "bad-argument", 0],
  ["F1e400\n.", "bad-argument", 0],
  ["F1_0\n.", "bad-argument", 0],
  ["Np-1\n.", "bad-memo", 1],
  ["Npx\n.", "bad-argument", 1],
  ["g0\n.", "bad-memo", 0],
  ["h\x00.", "bad-memo", 0],
  ["j\xff\xff\xff\xff.", "bad-memo", 0],
  ["T\xff\xff\xff\xff.", "bad-argument", 0],
  ["\x8b\xff\xff\xff\xff.", "bad-argument", 0],
  ["X\x01\x00\x00\x00\xff.", "bad-argument", 0],
  ["X\x02\x00\x00\x00\xc1\x81.", "bad-argument", 0],
  ["X\x04\x00\x00\x00\xf4\x90\x80\x80.", "bad-argument", 0],
  ["V\\u12\n.", "bad-argument", 0],
  ["V\\U00110000\n.", "bad-argument", 0],
  ["N(I1\ne.", "bad-operand", 5],
  ["N(I1\nI2\nu.", "bad-operand", 8],
  ["NK\x01a.", "bad-operand", 3],
  ["NK\x01K\x02s.", "bad-operand", 5],
  ["]K\x05K\x06s.", "bad-operand", 5],
  ["}(K\x01K\x02K\x03u.", "stack-underflow", 8],
  ["(K\x01d.", "stack-underflow", 3],
  ["}]K\x01s.", "unhashable", 4],
  ["}}K\x01s.", "unhashable", 4],
  ["\x8f(]\x90.", "unhashable", 3],
  ["(]\x91.", "unhashable", 2],
  ["](\x8fK\x01s.", "stack-underflow", 5],
  ["N(K\x01\x90.", "bad-operand", 4],
  ["N)R.", "bad-operand", 2],
  ["cbuiltins\nset\nNR.", "bad-operand", 15],
  ["N)\x81.", "bad-operand", 2],
  ["cbuiltins\nset\nN\x81.", "bad-operand", 15],
  ["NN\x93.", "bad-operand", 2],
  ["\x82\x00.", "bad-argument", 0],
  ["\x82\x01.", "unregistered-extension", 0],
  ["\x84\xff\xff\xff\xff.", "bad-argument", 0],
  ["P1\n.", "persistent-id", 0],
  ["P\xe9\n.", "bad-argument", 0],
  ["NQ.", "persistent-id", 1],
  ["\x80\x05\x97.", "missing-buffer", 2],
  ["N\x98.", "bad-operand", 1],
  ["\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00J\x01\x00\x00\x00.", "bad-frame", 11],
  ["\x80\x04\x95\n\x00\x00\x00\x00\x00\x00\x00\x95\x01\x00\x00\x00\x00\x00\x00\x00N.", "bad-frame", 11],
  ["\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00I1\n.", "bad-frame", 11],
  ["cos\nsystem\n.", "unregistered-global", 0],
  ["\x8c\x02os\x8c\x06system\x93.", "unregistered-global", 12],
  ["N}b.", "bad-operand", 2],
  ["]}b.", "bad-operand", 2],
  ["cbuiltins\nset\n}b.", "bad-operand", 15],
  ["\x94.", "stack-underflow", 0],
];

describe("loads() refuses malformed input and says where", () => {
  test.each(MALFORMED)("%j: %s at %i", (pickle, code, offset) => {
    const error = failure(() => loads(raw(pickle)));
    expect([error.code, error.offset]).toEqual([code, offset]);
  });
});

describe("Python 2 pickles", () => {
  // python2.7 -c "import pickle; pickle.dumps({'k': 'caf\\xe9', u'u': 1L})" and the like
  test("a str is ASCII unless told otherwise", () => {
    const pickle = raw("U\x04caf\xe9.");
    expect(failure(() => loads(pickle)).code).toBe("bad-argument");
    expect(loads(pickle, { encoding: "latin1" })).toBe("café");
    expect(loads(pickle, { encoding: "bytes" })).toStrictEqual(raw("caf\xe9"));
    expect(loads(pickle, { errors: "replace" })).toBe("caf\ufffd");
    expect(loads(pickle, { errors: "ignore" })).toBe("caf");
    expect(loads(pickle, { errors: "surrogateescape" })).toBe("caf\udce9");
    expect(loads(pickle, { errors: "backslashreplace" })).toBe("caf\\xe9");
    expect(loads(raw("U\x05caf\xc3\xa9."), { encoding: "utf-8" })).toBe("café");
  });

  test("STRING resolves escapes", () => {
    expect(loads(raw("S'a\\x41\\n\\101\\'\\q'\n."))).toBe("aA\nA'\\q");
    expect(loads(raw('S"it\'s"\n.'))).toBe("it's");
  });

  test("with bytes for str, the keys of a dict are bytes", () => {
    const dict = loads(raw("}U\x01kK\x01s."), { encoding: "bytes" });
    expect(dict).toStrictEqual(new PyDict([[raw("k"), 1]]));
  });

  test("numbers follow CPython's C reader", () => {
    const cases: [string, unknown][] = [
      ["I010", 8],
      ["I0x10", 16],
      ["I1_000", 1000],
      ["I00", false],
      ["I01", true],
      ["I-0", false],
      ["I000", 0],
      ["L0x1fL", 31],
      ["L5", 5],
      ["I99999999999999999999", 99999999999999999999n],
      ["Finf", Number.POSITIVE_INFINITY],
    ];
    for (const [text, value] of cases) expect(loads(raw(`${text}\n.`))).toBe(value);
  });

  test("names are mapped to Python 3's below protocol 3 only", () => {
    expect(loads(raw("c__builtin__\nset\n(]K\x01atR."))).toStrictEqual(new Set([1]));
    expect(failure(() => loads(raw("c__builtin__\nset\n."), { fixImports: false })).code).toBe("unregistered-global");
    expect(failure(() => loads(raw("\x80\x03c__builtin__\nset\n."))).code).toBe("unregistered-global");
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

  test("a dict that holds itself before its first int key arrives stays one object", () => {
    const dict = loads(raw("}\x94(\x8c\x01ah\x00K\x05h\x00u.")) as PyDict<unknown, unknown>;
    expect(dict).toBeInstanceOf(PyDict);
    expect(dict.get("a")).toBe(dict);
    expect(dict.get(5)).toBe(dict);
    const list = loads(raw("]\x94}\x94(\x8c\x01ah\x01K\x05h\x01uh\x01\x86.")) as unknown as [unknown, PyDict];
    expect(list[1]).toBeInstanceOf(PyDict);
  });

  test("equal references are one object", () => {
    const [a, b] = loads(raw("]\x94h\x00\x86.")) as [unknown, unknown];
    expect(a).toBe(b);
  });
});

describe("the value model's options", () => {
  test("int, float, tuple, dict", () => {
    expect(loads(raw("K\x05."), { int: "bigint" })).toBe(5n);
    expect(loads(raw("](K\x05K\x06e."), { int: "bigint" })).toStrictEqual([5n, 6n]);
    expect(loads(raw("F2.0\n."), { float: "exact" })).toStrictEqual(new PyFloat(2));
    expect(loads(raw("K\x01K\x02\x86\x85."), { tuple: "array" })).toStrictEqual([[1, 2]]);
    expect(loads(raw("}\x8c\x01aK\x01s."), { dict: "map" })).toStrictEqual(new PyDict([["a", 1]]));
    expect(failure(() => loads(raw("}K\x01K\x02s."), { dict: "object" })).code).toBe("bad-operand");
  });

  test("a tuple used as a key is one also where tuples are arrays", () => {
    const dict = loads(raw("}K\x01\x85K\x02\x85s."), { tuple: "array" }) as PyDict;
    expect([...dict.entries()]).toStrictEqual([[tuple(1), [2]]]);
  });

  test("bytes are a copy, or a view", () => {
    const input = raw("C\x03abc.");
    const copy = loads(input) as Uint8Array;
    const view = loads(input, { bytes: "view" }) as Uint8Array;
    input[2] = 0x7a;
    expect(Buffer.from(copy).toString()).toBe("abc");
    expect(Buffer.from(view).toString()).toBe("zbc");
  });

  test("an option that does not exist is refused", () => {
    expect(() => loads(raw("N."), { dict: "x" as never })).toThrow(
      /option dict x: must be "auto" or "map" or "object"/,
    );
  });
});

describe("out-of-band buffers", () => {
  test("come in order and are not copied", () => {
    const first = bytes(1, 2);
    const second = new ArrayBuffer(3);
    const [a, b] = loads(raw("\x80\x05\x97\x97\x98\x86."), { buffers: [first, second] }) as [Uint8Array, Uint8Array];
    expect(a).toBe(first);
    expect(b.buffer).toBe(second);
    expect(failure(() => loads(raw("\x80\x05\x97."), { buffers: [] })).code).toBe("missing-buffer");
  });

  test("READONLY_BUFFER of a bytearray is bytes on its memory, and the memo keeps the bytearray", () => {
    const memory = new PickleBuffer(bytes(1, 2));
    for (const [pickle, options] of [
      ["\x80\x05\x97\x94\x98h\x00\x86.", { buffers: [memory] }],
      ["\x80\x05\x96\x02\0\0\0\0\0\0\0\x01\x02\x94\x98h\x00\x86.", {}],
    ] as const) {
      const [view, own] = loads(raw(pickle), options) as [Uint8Array, Uint8Array];
      expect(view).not.toBeInstanceOf(ByteArray);
      expect(own).toBeInstanceOf(ByteArray);
      expect([...view]).toEqual([1, 2]);
      expect(view.buffer).toBe(own.buffer);
    }
  });
});

describe("globals and objects", () => {
  class A {
    x: unknown;
  }
  const registry = new ClassRegistry().register("app.A", A).registerExtension("app", "A", 5);

  test("an instance is made without its constructor at every protocol", () => {
    // class A in module app, a = A(); a.x = 1
    const pickles = [
      "ccopy_reg\n_reconstructor\np0\n(capp\nA\np1\nc__builtin__\nobject\np2\nNtp3\nRp4\n(dp5\nVx\np6\nI1\nsb.",
      "\x80\x02capp\nA\nq\x00)\x81q\x01}q\x02X\x01\x00\x00\x00xq\x03K\x01sb.",
      "\x80\x04\x8c\x03app\x94\x8c\x01A\x94\x93\x94)\x81\x94}\x94\x8c\x01x\x94K\x01sb.",
      "\x80\x04\x82\x05)\x81}\x8c\x01xK\x01sb.",
      "(iapp\nA\nN}\x8c\x01xK\x01s\x86b.",
      "(capp\nA\no}\x8c\x01xK\x01sb.",
    ];
    for (const pickle of pickles) {
      const a = loads(raw(pickle), { registry }) as A;
      expect(a).toBeInstanceOf(A);
      expect(a.x).toBe(1);
    }
  });

  test("the global itself is a PyGlobal, one for equal names", () => {
    const [a, b] = loads(raw("capp\nA\ncapp\nA\n\x86."), { registry }) as [PyGlobal, PyGlobal];
    expect(a).toBeInstanceOf(PyGlobal);
    expect(a).toBe(b);
    expect(String(a)).toBe("app.A");
  });

  test("bytes of protocol 2 are bytes", () => {
    const pickle = "\x80\x02c_codecs\nencode\nq\x00X\x02\x00\x00\x00a\xc3\xbfX\x06\x00\x00\x00latin1\x86R.";
    expect(loads(raw(pickle.replace("\x02\x00\x00\x00a", "\x03\x00\x00\x00a")))).toStrictEqual(bytes(0x61, 0xff));
  });

  test("many bytes of protocol 2 are bytes", () => {
    const content = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 7) & 0xff));
    const text = Buffer.from(content.toString("latin1"));
    const size = String.fromCharCode(text.length & 0xff, text.length >> 8, 0, 0);
    const pickle = (codec: string) =>
      raw(
        `\x80\x02c_codecs\nencode\nX${size}${text.toString("latin1")}U${String.fromCharCode(codec.length)}${codec}\x86R.`,
      );
    expect(loads(pickle("latin1"))).toStrictEqual(content);
    expect(loads(pickle("utf-8"))).toEqual(new Uint8Array(text));
    expect(failure(() => loads(pickle("ascii"))).code).toBe("bad-operand");
    const wide = Buffer.from(`${"x".repeat(300)}\u0100`);
    const tooWide = `\x80\x02c_codecs\nencode\nX\x2e\x01\x00\x00${wide.toString("latin1")}U\x06latin1\x86R.`;
    expect(failure(() => loads(raw(tooWide))).message).toContain("U+0100");
  });

  test("an unregistered class says the line that registers it", () => {
    expect(failure(() => loads(raw("capp.models\nA\n."))).message).toBe(
      'Cannot decode GLOBAL: app.models.A is not registered; register it with registry.register("app.models.A", A), or pass unregistered: "opaque"',
    );
    expect(failure(() => loads(raw("capp\n<lambda>\n."))).message).toContain('register("app.<lambda>", YourClass)');
  });

  test.each([
    ["app", "A"],
    ["app.models", "Outer.Inner"],
    ["app.tasks", "send_mail"],
    ["app.errors", "PaymentError"],
    ["app.models", "User.DoesNotExist"],
  ])("the line that registers %s.%s does so", (module, name) => {
    const pickle = dumps(new PyGlobal(module, name));
    const line = /register it with registry\.(\w+)\((.*)\), or pass/.exec(failure(() => loads(pickle)).message)!;
    const registry = new ClassRegistry();
    const names = ["A", "Inner", "DoesNotExist"];
    new Function("registry", ...names, `registry.${line[1]}(${line[2]})`)(registry, ...names.map(() => class {}));
    expect(String(loads(pickle, { registry }))).toBe(`${module}.${name}`);
  });

  test("a class that is registered as what it is not says what else there is", () => {
    const registry = new ClassRegistry();
    registry.register("app.Status", class Status {});
    registry.register("app.Point", class Point {});
    registry.register("app.Frozen", class Frozen {});
    const reason = (pickle: string) => failure(() => loads(raw(pickle), { registry })).message;
    expect(reason("capp\nStatus\n(S'new'\ntR.")).toContain("an Enum is for registerEnum");
    expect(reason("capp\nPoint\n(K\x01K\x02t\x81.")).toContain("a namedtuple is for registerNamedTuple");
    expect(reason("capp\nFrozen\n)\x81(K\x01lb.")).toContain(
      "the state is no dict but a sequence; give the class __setstate__ and __getstate__",
    );
  });

  // As CPython 3.11.2 writes an instance of `Outer.Inner` and the class, `Perm.R | Perm.X` and `Box[int]`, at protocols 0 and 2.
  const OF_UNKNOWN = [
    "(lp0\nccopy_reg\n_reconstructor\np1\n(c__builtin__\ngetattr\np2\n(capp\nOuter\np3\nVInner\np4\ntp5\nRp6\nc__builtin__\nobject\np7\nNtp8\nRp9\n(dp10\nVa\np11\nI1\nsbag6\na.",
    "\x80\x02]q\x00(c__builtin__\ngetattr\nq\x01capp\nOuter\nq\x02X\x05\x00\x00\x00Innerq\x03\x86q\x04Rq\x05)\x81q\x06}q\x07X\x01\x00\x00\x00aq\x08K\x01sbh\x05e.",
    "c_operator\nor_\np0\n(c__builtin__\ngetattr\np1\n(capp\nPerm\np2\nVR\np3\ntp4\nRp5\ng1\n(g2\nVX\np6\ntp7\nRp8\ntp9\nRp10\n.",
    "\x80\x02c_operator\nor_\nq\x00c__builtin__\ngetattr\nq\x01capp\nPerm\nq\x02X\x01\x00\x00\x00Rq\x03\x86q\x04Rq\x05h\x01h\x02X\x01\x00\x00\x00Xq\x06\x86q\x07Rq\x08\x86q\tRq\n.",
    "c_operator\ngetitem\np0\n(capp\nBox\np1\nc__builtin__\nlong\np2\ntp3\nRp4\n.",
    "\x80\x02c_operator\ngetitem\nq\x00capp\nBox\nq\x01c__builtin__\nlong\nq\x02\x86q\x03Rq\x04.",
  ];
  test.each(OF_UNKNOWN)("what is made of an unregistered class is kept, and written as it was: %#", (text) => {
    const pickle = raw(text);
    expect(failure(() => loads(pickle)).code).toBe("unregistered-global");
    const value = loads(pickle, { unregistered: "opaque" });
    const protocol = text.startsWith("\x80") ? 2 : 0;
    expect(Buffer.from(dumps(value, { protocol, opaque: "allow" })).toString("latin1")).toBe(text);
    if (Array.isArray(value)) expect(value[0]).toMatchObject({ callable: expect.anything(), state: { a: 1 } });
  });

  test("a generic class that is registered has parameters; the type of None is called", () => {
    class Box {}
    const registry = new ClassRegistry();
    registry.register("app.Box", Box);
    const generic = loads(raw(OF_UNKNOWN[5]!), { registry }) as Subscript;
    expect([String(generic.origin), String(generic.parameters)]).toEqual(["app.Box", "builtins.int"]);
    expect(loads(raw("\x80\x02c__builtin__\ntype\nq\x00N\x85q\x01Rq\x02)Rq\x03."))).toBeNull();
    expect(failure(() => loads(raw("c__builtin__\ntype\n(NtR(NtR."))).code).toBe("bad-operand");
    registry.register("app.Perm", class Perm {});
    expect(failure(() => loads(raw(OF_UNKNOWN[2]!), { registry })).message).toContain("an Enum is for registerEnum");
  });

  test("an unregistered class is an error, or an opaque object that says all", () => {
    const pickle = raw("\x80\x02cm\nC\nq\x00(K\x01tq\x01\x81q\x02}q\x03X\x01\x00\x00\x00xK\x02sb.");
    const error = failure(() => loads(pickle));
    expect([error.code, error.offset, error.opcode]).toEqual(["unregistered-global", 2, "GLOBAL"]);
    const object = loads(pickle, { unregistered: "opaque" }) as PyObject;
    expect(object).toBeInstanceOf(PyObject);
    expect(object.kind).toBe("newobj");
    expect(String(object.callable)).toBe("m.C");
    expect(object.args).toStrictEqual(tuple(1));
    expect(object.state).toStrictEqual({ x: 2 });
  });

  test("no dotted name, prototype or constructor is reached", () => {
    for (const name of ["A.constructor", "__proto__", "constructor", "hasOwnProperty", "A.prototype"]) {
      expect(failure(() => loads(raw(`capp\n${name}\n.`), { registry })).code).toBe("unregistered-global");
    }
    expect(failure(() => loads(raw("cbuiltins\ngetattr\n(capp\nA\n\x8c\x0bconstructortR."), { registry })).code).toBe(
      "bad-operand",
    );
    expect(failure(() => loads(raw("capp\nA\n}\x8c\x01xK\x01sb."), { registry })).code).toBe("bad-operand");
  });

  test("what a class throws is the cause of construct-failed", () => {
    const reason = new RangeError("no");
    class B {
      __setstate__(): void {
        throw reason;
      }
    }
    const error = failure(() =>
      loads(raw("\x80\x02capp\nB\n)\x81K\x01b."), { registry: new ClassRegistry().register("app.B", B) }),
    );
    expect([error.code, error.offset, error.cause]).toEqual(["construct-failed", 13, reason]);
  });

  test("a state of slots is set as attributes", () => {
    const a = loads(raw("\x80\x02capp\nA\n)\x81N}X\x01\x00\x00\x00xK\x07s\x86b."), { registry }) as A;
    expect(a.x).toBe(7);
  });

  test("NEWOBJ_EX of protocols 2 and 3 is a partial of __new__", () => {
    class K {
      given: unknown;
      static __new__(...args: unknown[]): K {
        const k = Object.create(K.prototype) as K;
        k.given = args;
        return k;
      }
    }
    // class K: __getnewargs_ex__ = lambda self: ((1,), {'b': 2}), by CPython 3.11 at protocol 2, without memo
    const pickle =
      "\x80\x02cfunctools\npartial\nc__builtin__\ngetattr\ncapp\nK\nX\x07\x00\x00\x00__new__\x86R\x85R" +
      "(c__builtin__\ngetattr\ncapp\nK\nX\x07\x00\x00\x00__new__\x86Rcapp\nK\nK\x01\x86}X\x01\x00\x00\x00bK\x02sNtb)R.";
    const k = loads(raw(pickle), { registry: new ClassRegistry().register("app.K", K) }) as K;
    expect(k.given).toStrictEqual([1, { b: 2 }]);
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

  test("findClass, persistentLoad and getExtension may be overridden", () => {
    class A {}
    class Mine extends Unpickler {
      override findClass(module: string, name: string): PyGlobal | typeof A {
        if (name === "Other") return A;
        if (name === "Bad") throw new TypeError("forbidden");
        return super.findClass(module, name) as PyGlobal;
      }
      override persistentLoad(id: unknown): unknown {
        return ["loaded", id];
      }
      override getExtension(): typeof A {
        return A;
      }
    }
    const registry = new ClassRegistry().register("app.A", A);
    const load = (text: string) => new Mine(raw(text), { registry }).load();
    expect(String(load("cx\nOther\n."))).toBe("app.A");
    expect(String(load("\x82\x09."))).toBe("app.A");
    expect(load("P7\n.")).toStrictEqual(["loaded", "7"]);
    expect(load("K\x07Q.")).toStrictEqual(["loaded", 7]);
    const error = failure(() => load("Ncx\nBad\n."));
    expect([error.code, error.offset]).toEqual(["hook-failed", 1]);
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test("persistentLoad may give a registered class, of which the pickle then makes instances", () => {
    class A {
      __reduce__() {
        return [A, []];
      }
    }
    const registry = new ClassRegistry().register("app.A", A);
    const load = (text: string, found: unknown) => loads(raw(text), { registry, persistentLoad: () => found });
    for (const opcodes of ["K\x07Q)R.", "K\x07Q)\x81.", "K\x07Q)}\x92.", "(P7\no."]) {
      expect(load(opcodes, A)).toBeInstanceOf(A);
      expect(failure(() => load(opcodes, class B {})).code).toBe("bad-operand");
    }
    expect(load("K\x07Q.", A)).toBe(A);
  });

  test("buffers may be what bufferCallback got, or any view of bytes", () => {
    const given = [new PickleBuffer(Float64Array.of(1)), new PickleBuffer(Buffer.from("b"), { readonly: true })];
    const kept: PickleBuffer[] = [];
    const pickle = dumps(given, { protocol: 5, bufferCallback: (buffer) => void kept.push(buffer) });
    const [first, second] = loads(pickle, { buffers: kept }) as [ByteArray, Uint8Array];
    expect([first.buffer, first.length]).toEqual([given[0]!.bytes.buffer, 8]);
    expect(first).toBeInstanceOf(ByteArray);
    expect(second).toBe(given[1]!.bytes);
    expect(loads(pickle, { buffers: [new DataView(new ArrayBuffer(2)), new ArrayBuffer(1)] })).toEqual([
      new Uint8Array(2),
      new Uint8Array(1),
    ]);
    expect(failure(() => loads(pickle, { buffers: ["ab"] as never })).code).toBe("missing-buffer");
    expect(() => new PickleBuffer("ab" as never)).toThrow(TypeError);
  });

  test.each<[unknown, string]>([
    ["gASVBgAAAAAAAAB9lCiMAWGUSwFzLg==", 'a str: must be bytes; text in base64 is Buffer.from(text, "base64")'],
    ["\x80\x04N.", 'a str: must be bytes; text of one character a byte is Buffer.from(text, "latin1")'],
    [
      Buffer.from("\x80\x04N.", "latin1").toString(),
      "a str: must be bytes; read it as a Buffer: as text it has lost some",
    ],
    ["data/model.pkl", "a str: must be bytes; a file is await load(path)"],
    ["file:///model.pkl", "a str: must be bytes; a file is await load(path)"],
    ["(lp0\n.", 'a str: must be bytes; text of one character a byte is Buffer.from(text, "latin1")'],
    [null, "None: must be bytes; there is no value of that key"],
    [undefined, "nothing: must be bytes; there is no value of that key"],
    [[128, 4, 78, 46], "a list: must be bytes; Buffer.from(numbers)"],
    [Buffer.from("N.").toJSON(), "a dict: must be bytes; a Buffer that was JSON is Buffer.from(it.data)"],
    [Promise.resolve(1), "an instance of Promise: must be bytes; await it first"],
    [new Blob([]), "an instance of Blob: must be bytes; await it.arrayBuffer()"],
    [
      new DataView(new ArrayBuffer(1)),
      "an instance of DataView: must be bytes; new Uint8Array(it.buffer, it.byteOffset, it.byteLength)",
    ],
    [
      new Int8Array(1),
      "an instance of Int8Array: must be bytes; new Uint8Array(it.buffer, it.byteOffset, it.byteLength)",
    ],
    [Readable.from([]), "an instance of Readable: must be bytes; await load(it)"],
    [new ReadableStream(), "an instance of ReadableStream: must be bytes; await load(it)"],
    [7, "an int: must be bytes"],
  ])("an input that is no bytes is refused, with what makes bytes of it: %#", (input, message) => {
    expect(() => loads(input as never)).toThrow(new PickleError(`Cannot unpickle ${message}`, { code: "bad-option" }));
  });

  test("numpy's names say which entry knows them", () => {
    const error = failure(() => loads(raw("cnumpy.core.multiarray\n_reconstruct\n.")));
    expect(error.message).toContain("register it with registerNumpy(registry), of @brine/codec/numpy, or pass");
    const registry = registerNumpy(new ClassRegistry());
    const other = failure(() => loads(raw("cnumpy\nmean\n."), { registry }));
    expect(other.message).toContain('register it with registry.registerFunction("numpy.mean"), or pass');
  });

  test("names of libraries that build on numpy say how to read their arrays", () => {
    const frame = raw("cpandas.core.frame\nDataFrame\n.");
    expect(failure(() => loads(frame)).message).toBe(
      'Cannot decode GLOBAL: pandas.core.frame.DataFrame is not registered; pass unregistered: "opaque" to read its arrays, with registerNumpy(registry), of @brine/codec/numpy, or have Python send plain data',
    );
    const registry = registerNumpy(new ClassRegistry());
    expect(failure(() => loads(frame, { registry })).message).toBe(
      'Cannot decode GLOBAL: pandas.core.frame.DataFrame is not registered; pass unregistered: "opaque" to read its arrays, or have Python send plain data',
    );
    for (const module of ["scipy.sparse._csr", "sklearn.linear_model._base"])
      expect(failure(() => loads(raw(`c${module}\nA\n.`))).message).toContain("have Python send plain data");
    expect(failure(() => loads(raw("cpandas_app\nA\n."))).message).toContain("register it with registry.register(");
  });

  const pickled = Buffer.from(dumps({ a: 1 }));
  test.each<[string | Uint8Array, string]>([
    ['{"a": 1}', "byte 0x7b is no opcode; this looks like JSON"],
    ["true", "there is no mark; this looks like JSON"],
    [gzipSync(pickled), "byte 0x1f is no opcode; this looks like gzip, to be decompressed first"],
    [deflateSync(pickled, { level: 1 }), "byte 0x78 is no opcode; this looks like zlib, to be decompressed first"],
    [deflateSync(pickled), "byte 0x78 is no opcode; this looks like zlib, to be decompressed first"],
    [deflateSync(pickled, { level: 9 }), "byte 0x78 is no opcode; this looks like zlib, to be decompressed first"],
    ["\x28\xb5\x2f\xfd\x04\0", "byte 0xb5 is no opcode; this looks like zstd, to be decompressed first"],
    ["\xfd7zXZ\0\0", "byte 0xfd is no opcode; this looks like xz, to be decompressed first"],
    ["BZh91AY&SY", "needs 825845850 bytes, 5 remain; this looks like bzip2, to be decompressed first"],
    ["\x04\x22\x4d\x18", "byte 0x04 is no opcode; this looks like LZ4, to be decompressed first"],
    ["!\x80\x04N.", "byte 0x21 is no opcode; this looks like a value of cachelib or Flask-Caching"],
    ["42", "byte 0x34 is no opcode; this looks like digits"],
    ["1", "there is no mark; this looks like digits"],
    ["-7", "byte 0x2d is no opcode; this looks like digits"],
    [pickled.toString("base64"), "the line has no end; this looks like a pickle in base64"],
    [
      Buffer.from(dumps({ a: 1 }, { protocol: 2 })).toString("base64"),
      "the line has no end; this looks like a pickle in base64",
    ],
    [
      Buffer.from(dumps({ a: 1 }, { protocol: 0 })).toString("base64"),
      "too few items on the stack; this looks like a pickle in base64",
    ],
    [pickled.toString("hex"), "byte 0x38 is no opcode; this looks like a pickle in hexadecimal"],
    [`\\x${pickled.toString("hex")}`, "byte 0x5c is no opcode; this looks like bytea of PostgreSQL as text"],
    ["b'\\x80\\x04N.'", "too few items on the stack; this looks like what Python's str\\(\\) or repr\\(\\) shows"],
    [Buffer.from(pickled.toString("utf8")), "byte 0xef is no opcode; this looks like bytes that were decoded as text"],
    [
      Buffer.from(pickled.toString("latin1")),
      "byte 0xc2 is no opcode; this looks like a pickle that was written as text",
    ],
    // As Django 3.2 stores a session, and keeps it in a cookie; the signature is none.
    ["gAWVCgAAAAAAAAB9lIwBYZRLAXMu:1xY1bp:CMoP", "the line has no end; this looks like a signed session of Django: "],
    [".eJxrYJ06lwECaqdo9LAkJxaVTImd:1xY1bp:LqE6", "too few items on the stack; this looks like a signed session"],
    ["PK\x03\x04aa", "the line has no end; this looks like a zip file, as of torch.save"],
    ["\x93NUMPY\x01\0", "too few items on the stack; this looks like an array of numpy.save"],
    ["\x89HDF\r\n\x1a\n", "byte 0x48 is no opcode; this looks like HDF5"],
    ["SQLite format 3\0", "the line has no end; this looks like a database of SQLite"],
    ["N{", "byte 0x7b is no opcode$"],
    ["2024-05-06", "too few items on the stack$"],
  ])("what is no pickle is called what it looks like: %j", (input, message) => {
    const bytes = typeof input === "string" ? raw(input) : input;
    expect(failure(() => loads(bytes)).message).toMatch(new RegExp(`^Cannot (?:unpickle|decode [A-Z_]+): ${message}`));
  });

  test("a pickle that is cut is called nothing else, whatever its protocol", () => {
    const value = { "b'": ["{", 'x"', 8002, "gAS", true, null, [1]], h: new Set(["PK"]), n: 2 ** 40 };
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      const bytes = dumps(value, { protocol });
      for (let length = 0; length < bytes.length; length++) {
        expect(failure(() => loads(bytes.subarray(0, length))).message).not.toContain("looks like");
      }
    }
  });

  test("what a file looks like is said of files, too", async () => {
    const sources = [[gzipSync(pickled)], [raw('{"a"'), raw(": 1}")]];
    const reasons = sources.map((chunks) => load(chunks).catch((error: Error) => error.message));
    expect(await Promise.all(reasons)).toEqual([
      "Cannot unpickle: byte 0x1f is no opcode; this looks like gzip, to be decompressed first",
      "Cannot unpickle: byte 0x7b is no opcode; this looks like JSON",
    ]);
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

describe("hostile input costs no more than its size", () => {
  const repeat = (text: string, count: number) => text.repeat(count);

  test("a million nested lists", () => {
    let value = loads(raw(`${repeat("]", 1_000_000)}${repeat("a", 999_999)}.`));
    let depth = 0;
    while (Array.isArray(value)) {
      depth++;
      value = value[0];
    }
    expect(depth).toBe(1_000_000);
  });

  test("lengths that are not there are not allocated", () => {
    for (const opcode of ["\x8d", "\x8e", "\x96"]) {
      expect(failure(() => loads(raw(`${opcode}\0\0\0\0\0\0\0\x40.`))).code).toBe("truncated");
    }
  });

  test("a memo index of four billion is one entry", () => {
    expect(loads(raw("Nr\xff\xff\xff\xffK\x05q\x07j\xff\xff\xff\xffh\x07\x86."))).toStrictEqual(tuple(null, 5));
    expect(loads(raw("Nr\xff\xff\xff\xff0K\x05\x940h\x01."))).toBe(5);
  });

  test("200,000 items in one APPENDS", () => {
    expect((loads(raw(`](${repeat("N", 200_000)}e.`)) as unknown[]).length).toBe(200_000);
  });

  test("a pair of pairs of pairs as a key is hashed once for each pair", () => {
    const dag = `K\x01${repeat("2\x86", 60)}`;
    const dict = loads(raw(`}${dag}K\x05s.`)) as PyDict;
    expect(dict.size).toBe(1);
  });

  test("ten lists of ten lists of ten lists stay references", () => {
    let pickle = "]\x94";
    for (let level = 0; level < 50; level++) {
      const get = `h${String.fromCharCode(level)}`;
      pickle += `0](${repeat(get, 10)}e\x94`;
    }
    expect(loads(raw(`${pickle}.`))).toHaveLength(10);
  });

  test("an INT line of spaces, a FLOAT of digits, a STRING of backslashes", () => {
    const n = 300_000;
    failure(() => loads(raw(`I1${repeat(" ", n)}x\n.`)));
    failure(() => loads(raw(`F${repeat("1", n)}x\n.`)));
    expect(loads(raw(`V${repeat("\\", n)}x\n.`))).toHaveLength(n + 1);
    expect(failure(() => loads(raw(`I${repeat("9", 5000)}\n.`))).limit).toEqual({ name: "maxIntDigits", max: 4300 });
  });

  test("a limit is the most that is let through", () => {
    const load = (pickle: string, limits: object) => loads(raw(pickle), { limits });
    expect(load("N.", { maxBytes: 2 })).toBe(null);
    expect(load("NN0.", { maxDepth: 2 })).toBe(null);
    expect(load("N\x94\x94.", { maxMemo: 2 })).toBe(null);
    expect(load("](NNe.", { maxItems: 2 })).toEqual([null, null]);
    expect(load("\x8b\x04\0\0\0\x01\x01\x01\x01.", { maxIntBytes: 4 })).toBe(0x01010101);
  });

  test("entries that fill a gap of the memo count, and MEMOIZE goes by how many there are", () => {
    expect(loads(raw("K\x01q\x02K\x07q\x00K\x09\x94h\x02."))).toBe(9);
    const load = (pickle: string) => failure(() => loads(raw(pickle), { limits: { maxMemo: 2 } })).limit?.name;
    expect(load("Nq\x05q\x00q\x01.")).toBe("maxMemo");
    expect(load("Nq\x05q\x00\x94.")).toBe("maxMemo");
  });

  test("every limit is enforced", () => {
    const limit = (pickle: string, limits: object) => failure(() => loads(raw(pickle), { limits })).limit?.name;
    expect(limit("N.", { maxBytes: 1 })).toBe("maxBytes");
    expect(limit("NNNN.", { maxDepth: 2 })).toBe("maxDepth");
    expect(limit("N\x94\x94\x94.", { maxMemo: 2 })).toBe("maxMemo");
    expect(limit("Nq\x00q\x01q\x02.", { maxMemo: 2 })).toBe("maxMemo");
    expect(limit("](NNNe.", { maxItems: 2 })).toBe("maxItems");
    expect(limit("](K\x01K\x02K\x03e.", { maxItems: 2 })).toBe("maxItems");
    expect(limit("(NNNt.", { maxItems: 2 })).toBe("maxItems");
    const pairs = "X\x01\0\0\0aNX\x01\0\0\0bNX\x01\0\0\0cN";
    expect(limit(`}\x94(${pairs}u.`, { maxItems: 2 })).toBe("maxItems");
    expect(limit("}(K\x01NK\x02Nu(K\x03Nu.", { maxItems: 2 })).toBe("maxItems");
    expect(limit("\x8f(K\x01K\x02K\x03\x90.", { maxItems: 2 })).toBe("maxItems");
    expect(limit("(K\x01K\x02K\x03\x91.", { maxItems: 2 })).toBe("maxItems");
    expect(limit("(K\x01K\x02K\x03l.", { maxItems: 2 })).toBe("maxItems");
    expect(limit("\x8b\x05\0\0\0\x01\x01\x01\x01\x01.", { maxIntBytes: 4 })).toBe("maxIntBytes");
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
