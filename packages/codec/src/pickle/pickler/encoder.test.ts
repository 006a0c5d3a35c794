/** The bytes that values become: those of CPython. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ClassRegistry } from "../../globals/default-registry.js";
import { Range } from "../../python/builtins.js";
import { Counter, DefaultDict, Deque, OrderedDict } from "../../python/containers/collections.js";
import { PyDict } from "../../python/containers/dict.js";
import { ByteArray, tuple } from "../../python/containers/sequences.js";
import { FrozenSet } from "../../python/containers/sets.js";
import { PyDateTime, PyTime } from "../../python/datetime/datetime.js";
import { Complex, PyFloat } from "../../python/numbers/numbers.js";
import { PyGlobal, PyObject } from "../../python/objects/objects.js";
import { genops } from "../../tools/index.js";
import { dumps, Pickler } from "../api-dump.js";
import { loads } from "../api-load.js";
import type { Protocol } from "../opcodes.js";
import type { PicklerOptions } from "../options.js";

interface Vectors {
  readonly version: string;
  readonly pickles: Record<string, readonly string[]>;
  readonly sha256: Record<string, readonly string[]>;
}

const read = (version: string): Vectors =>
  JSON.parse(readFileSync(new URL(`./vectors/encode-${version}.json`, import.meta.url), "utf8"));
const PROTOCOLS: readonly Protocol[] = [0, 1, 2, 3, 4, 5];

const OUTER = new PyGlobal("app.models", "Outer");
const INNER = new PyGlobal("app.models", "Outer.Inner");

/** An object that is written as `reduce` says. */
class Call {
  inner: unknown;
  readonly #reduce: (self: Call) => readonly unknown[];

  constructor(reduce: (self: Call) => readonly unknown[]) {
    this.#reduce = reduce;
  }

  __reduce__(): readonly unknown[] {
    return this.#reduce(this);
  }
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const inItself = <T extends unknown[]>(make: (list: unknown[]) => T): T => {
  const list: unknown[] = [];
  const made = make(list);
  list.push(made);
  return made;
};
const inLists = (value: unknown, levels: number): unknown => (levels === 0 ? value : [inLists(value, levels - 1)]);
const bytes = (count: number): Uint8Array => new Uint8Array(count).fill(0x78);

/** The values of `vectors/encode.py`, by name. */
const VALUES: Record<string, () => unknown> = {
  None: () => null,
  bools: () => [true, false],
  "small ints": () => [0, 255, 256, 65535, 65536, -1, 2147483647, -2147483648],
  "long ints": () => [
    2147483648,
    -2147483649,
    2n ** 39n,
    -(2 ** 39),
    Number.MAX_SAFE_INTEGER,
    2n ** 55n,
    -(2n ** 55n),
    2n ** 63n,
    -(2n ** 63n),
    2n ** 100n,
    -(2n ** 127n),
  ],
  floats: () => [0.5, -0, 1e16, 1e-5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, new PyFloat(123456.789)],
  nan: () => Number.NaN,
  "empty strings": () => ["", ""],
  strings: () => ["abc", "é", "日本", "\u{1f600}", "a\nb\\\0\r\x1a", "\ud800"],
  "equal strings": () => ["key", "key", { key: "key" }],
  "string lengths": () => ["a".repeat(255), "a".repeat(256), "é".repeat(127), "é".repeat(128)],
  bytes: () => [
    new Uint8Array(),
    Buffer.from("a"),
    new Uint8Array([0, 255, 128]).buffer,
    Buffer.alloc(0),
    new Uint8Array([97]),
  ],
  bytearrays: () => [new ByteArray(), ByteArray.from([97, 98])],
  tuples: () => [tuple(), tuple(1), tuple(1, 2), tuple(1, 2, 3), tuple(1, 2, 3, 4)],
  lists: () => [[], [1], [1, 2]],
  dicts: () => [
    {},
    new Map([["a", 1]]),
    { a: 1, b: 2 },
    new PyDict<unknown, unknown>([
      [1, "x"],
      [null, 2.5],
    ]),
  ],
  sets: () => [new Set(), new Set([1]), new FrozenSet(), new FrozenSet([1, 2])],
  complex: () => new Complex(4, 6),
  range: () => new Range(1, 10, 2),
  classes: () => [
    "int",
    new PyGlobal("builtins", "int"),
    new PyGlobal("collections", "OrderedDict"),
    new PyGlobal("builtins", "ValueError"),
  ],
  "nested class": () => [INNER, OUTER],
  "list in itself": () => inItself((list) => list),
  "tuple in itself": () => inItself((list) => tuple(list, 1)),
  "long tuple in itself": () => inItself((list) => tuple(list, 1, 2, 3)),
  call: () => new Call(() => [OUTER, [1, "a"]]),
  "call with state": () => new Call(() => [OUTER, tuple(), { x: 1 }]),
  "call with items": () => new Call(() => [OUTER, [], null, [1], Object.entries({ a: 1, b: 2 })]),
  "call with state setter": () => new Call(() => [OUTER, [], { x: 1 }, null, null, INNER]),
  "new object": () => {
    const cls = new PyGlobal("app.models", "New");
    return new Call(() => [new PyGlobal("copyreg", "__newobj__"), [cls, 1], { x: 1 }]);
  },
  "new object with keywords": () => {
    const cls = new PyGlobal("app.models", "NewEx");
    return new Call(() => [new PyGlobal("copyreg", "__newobj_ex__"), [cls, tuple(1), { k: 2 }]]);
  },
  "call in itself": () => {
    const call = new Call((self) => [OUTER, [self.inner]]);
    call.inner = [call];
    return call;
  },
};

/** The large values, by the first word of their name. */
const LARGE: Record<string, (count: number) => unknown> = {
  list: numbers,
  dict: (count) => new Map(numbers(count).map((i) => [i, i])),
  object: (count) => Object.fromEntries(numbers(count).map((i) => [`k${i}`, i])),
  set: (count) => new Set(numbers(count)),
  bytes: (count) => [1, bytes(count), "end"],
  string: (count) => ["a".repeat(count), "end", "a"],
  bytearray: (count) => ByteArray.from(bytes(count)),
  strings: () => numbers(9000).map((i) => [`s${i}`, i]),
  items: () => new Call(() => [OUTER, [], null, numbers(1001), numbers(2000).map((i) => [i, i])]),
};

const hex = (value: unknown, options?: PicklerOptions): string => Buffer.from(dumps(value, options)).toString("hex");

describe.each(["3.12", "3.13"] as const)("dumps() writes the bytes of CPython %s", (python) => {
  const { pickles, sha256 } = read(python);

  it("for a value of every name in the table", () => {
    expect(Object.keys(VALUES)).toEqual(Object.keys(pickles));
  });

  it.each(Object.entries(pickles))("for %s", (name, expected) => {
    for (const protocol of PROTOCOLS) {
      const bytes = dumps(VALUES[name]!(), { protocol, python });
      expect(Buffer.from(bytes).toString("latin1")).toBe(Buffer.from(expected[protocol]!, "base64").toString("latin1"));
    }
  });

  it.each(Object.entries(pickles))("for %s deep inside lists, where an explicit stack takes over", (name, expected) => {
    const depth = 150;
    for (const protocol of [2, 3] as const) {
      let value = VALUES[name]!();
      const bare = dumps(value, { protocol, python });
      for (let i = 0; i < depth; i++) value = tuple(value);
      const wrapped = dumps(value, { protocol, python });
      // Tuples are remembered after their item, so the item is written as it is on its own.
      expect(Buffer.from(wrapped).subarray(0, bare.length - 1)).toEqual(Buffer.from(bare).subarray(0, -1));
      expect(Buffer.from(bare).toString("base64")).toBe(expected[protocol]);
    }
  });

  it.each(Object.entries(sha256))("for %s", (name, expected) => {
    const value = LARGE[name.split(" ")[0]!]!(Number(name.split(" ").at(-1)));
    const found = PROTOCOLS.map((protocol) =>
      createHash("sha256").update(dumps(value, { protocol, python })).digest("hex"),
    );
    expect(found).toEqual(expected);
  });
});

describe("dumps()", () => {
  it("writes unsafe integral numbers as float, since an int of that size decodes to bigint", () => {
    expect(hex(2 ** 53, { protocol: 2 })).toBe(hex(new PyFloat(2 ** 53), { protocol: 2 }));
  });

  it("writes undefined as None at the top and in arrays, and refuses it elsewhere", () => {
    expect(hex(undefined)).toBe(hex(null));
    expect(hex([undefined])).toBe(hex([null]));
    expect(() => dumps({ a: { b: undefined } })).toThrow(
      expect.objectContaining({ name: "PicklingError", code: "unpicklable", path: ".a.b" }),
    );
    expect(hex({ a: undefined, b: 1 }, { undefined: "omit" })).toBe(hex({ b: 1 }));
    expect(hex(new Map([["a", undefined]]), { undefined: "none" })).toBe(hex({ a: null }));
  });

  it("writes a value the same wherever the buffer has to grow for it", () => {
    const key = `key ${"é".repeat(50)}`;
    const global = new PyGlobal(`app.${"m".repeat(40)}`, "N".repeat(45));
    const middling = ["w".repeat(40), `${"w".repeat(47)}é`, global];
    const texts = ["é".repeat(80), "word ".repeat(30), ...middling, ["a", "bc", "d".repeat(90), "e", "f", "g"]];
    const values = [
      bytes(200),
      ...texts,
      2n ** 100n,
      { [key]: 0.5 },
      [70_000, 2 ** 40, 1.5],
      new PyDateTime(2026, 8, 1),
    ];
    const roomy = new Pickler();
    roomy.dump(bytes(50_000));
    for (let size = 15_500; size < 16_200; size++) {
      roomy.clearMemo();
      const value = [bytes(size), ...values];
      expect(Buffer.compare(new Pickler().dump(value), roomy.dump(value)), `after ${size} bytes`).toBe(0);
    }
  });

  it("writes numbers of every size in a list as it writes them alone", () => {
    const edges = [
      0,
      255,
      256,
      65_535,
      65_536,
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32,
      2 ** 40,
      2 ** 53 - 1,
      2 ** 53,
      0.5,
      Infinity,
    ];
    const list = edges.flatMap((number) => [number, -number]);
    for (const protocol of [1, 2, 3] as const) {
      const alone = list.map((number) => Buffer.from(dumps(number, { protocol })).subarray(protocol >= 2 ? 2 : 0, -1));
      expect(Buffer.from(dumps(list, { protocol })).includes(Buffer.concat(alone))).toBe(true);
    }
  });

  it("writes extension codes at protocol 2 and above", () => {
    const registry = new ClassRegistry().registerExtension("app.models", "Outer", 0x1234);
    expect(hex(OUTER, { registry, protocol: 2 })).toBe("8002833412" + "2e");
    expect(Buffer.from(dumps(OUTER, { registry, protocol: 1 })).toString()).toContain("Outer");
  });

  it("writes a PyObject only when told to", () => {
    const object = new PyObject("reduce", OUTER, [1]);
    PyObject.record(object, { kind: "items", items: [1] });
    PyObject.record(object, { kind: "state", state: { x: 1 } });
    expect(() => dumps(object)).toThrow(expect.objectContaining({ code: "unpicklable" }));
    const same = new Call(() => [OUTER, [1], { x: 1 }, [1]]);
    for (const protocol of PROTOCOLS) expect(hex(object, { opaque: "allow", protocol })).toBe(hex(same, { protocol }));
  });

  it("says which zone of a time cannot be written", () => {
    const value = [new PyTime(), new PyTime(1, 2, 3, 4, new (class Zone {})())];
    expect(() => dumps(value)).toThrow(expect.objectContaining({ code: "unpicklable", path: "[1][1]" }));
  });

  it("writes an instance as the registry says at the time, whatever it said before", () => {
    class Point {}
    const parent = new ClassRegistry().register("app.Old", Point);
    const registry = new ClassRegistry({ extends: parent });
    const options = Object.freeze({ registry });
    expect(Buffer.from(dumps(new Point(), options)).toString()).toContain("Old");
    registry.register("app.New", Point);
    for (const value of [new Point(), [new Point()]]) {
      expect(Buffer.from(dumps(value, options)).toString()).toContain("New");
    }
  });

  it.each([0, 1, 2, 999, 1000, 1001, 2000, 2001])(
    "writes collections of %i alike by recursion and without it",
    (count) => {
      const pairs = numbers(count).map((i): [number, number] => [i, i]);
      const make = (): readonly unknown[] => [
        new Map(pairs),
        new PyDict(pairs),
        new Set(numbers(count)),
        new FrozenSet(numbers(count)),
        new Deque(numbers(count)),
        new OrderedDict(pairs),
        new DefaultDict(null, pairs),
        new Counter(new Map(pairs)),
        Object.assign(new OrderedDict(pairs), { name: 1 }),
      ];
      // Of each class two: how it is written is looked up for the first only.
      for (const [i, first] of make().entries()) {
        const value = tuple(first, make()[i]);
        // As many lists before it, so that references have the same numbers: PROTO, FRAME, then a list with the empty ones.
        const shallow = Buffer.from(dumps([...Array.from({ length: 150 }, () => []), value]));
        const body = shallow.subarray(2 + 9 + 3 + 150 * 2, -2);
        expect(Buffer.from(dumps(inLists(value, 151))).includes(body)).toBe(true);
      }
    },
  );

  it("writes 1,000,000 nested containers of every kind", () => {
    const wraps: readonly ((value: unknown) => unknown)[] = [
      (value) => [value],
      (value) => ({ a: value }),
      (value) => tuple(value),
      (value) => new Map([[1, value]]),
    ];
    for (const wrap of wraps) {
      let value: unknown = null;
      for (let i = 0; i < 1_000_000; i++) value = wrap(value);
      expect(dumps(value).length).toBeGreaterThan(2_000_000);
    }
  });

  it("writes plain values of another realm", async () => {
    const { runInNewContext } = await import("node:vm");
    const source = "({ a: [1, 'x'], m: new Map([[1, 2]]), s: new Set([3]), b: new Uint8Array([1, 2]) })";
    expect(hex(runInNewContext(source))).toBe(
      hex({ a: [1, "x"], m: new Map([[1, 2]]), s: new Set([3]), b: new Uint8Array([1, 2]) }),
    );
  });

  it("keeps its frames whole when what it wrote leaves the buffer", () => {
    // Above 4 MiB, and a frame of it is open whenever that is.
    const texts = Array.from({ length: 9000 }, (_, i) => `${i} ${"x".repeat(1000)}`);
    const pickle = dumps(texts);
    expect(pickle.length).toBeGreaterThan(9_000_000);
    expect(loads(pickle)).toEqual(texts);
  });
});

describe("dumps() of what is deep writes the same opcodes", () => {
  const wrap = (value: unknown): unknown => numbers(5000).reduce((inner) => [inner], value);
  const opcodes = (value: unknown, protocol: Protocol): string[] =>
    Array.from(genops(dumps(value, { protocol })), ({ opcode }) =>
      opcode.name.replace(/^(LONG_)?BINPUT$/, "PUT"),
    ).filter((name) => name !== "FRAME");

  it.each([0, 1, 2, 999, 1000, 1001, 2000, 2001])("for containers of %s items", (count) => {
    const items = numbers(count);
    const makers = {
      list: () => items,
      tuple: () => tuple(...items),
      dict: () => new Map(items.map((item) => [item, item])),
      object: () => Object.fromEntries(items.map((item) => [`k${item}`, item])),
      set: () => new Set(items),
      frozenset: () => new FrozenSet(items),
      deque: () => new Deque(items),
      Counter: () => new Counter(new Map(items.map((item) => [item, 1]))),
    };
    for (const [name, make] of Object.entries(makers)) {
      for (const protocol of [1, 2, 4] as const) {
        const [deep, own] = [opcodes(wrap(make()), protocol), opcodes(make(), protocol)];
        const start = deep.length - own.length - 5000 + (protocol > 1 ? 1 : 0);
        const inner = deep.slice(start, deep.length - 5001);
        expect(inner.join(), `${name}, protocol ${protocol}`).toBe(own.slice(protocol > 1 ? 1 : 0, -1).join());
      }
    }
  });
});

describe("lists of one item in one another, beyond the depth of recursion,", () => {
  const deep = (value: unknown): unknown => inLists(value, 150);

  it("are as deep as lists of two, for maxDepth", () => {
    const inPairs = (value: unknown, levels: number): unknown =>
      levels === 0 ? value : [inPairs(value, levels - 1), 0];
    const limits = { maxDepth: 300 };
    const accepts = (value: unknown): boolean => {
      try {
        dumps(value, { limits });
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: "limit-exceeded", limit: { name: "maxDepth" } });
        return false;
      }
    };
    const levels = [298, 299, 300, 301, 302, 303];
    const accepted = levels.map((count) => accepts(inPairs(1, count)));
    expect(new Set(accepted)).toEqual(new Set([true, false]));
    expect(levels.map((count) => accepts(inLists(1, count)))).toEqual(accepted);
    const mixed = (count: number): unknown => inLists({ a: inLists([inLists(1, 60), 0], 60) }, count - 122);
    expect(levels.map((count) => accepts(mixed(count)))).toEqual(accepted);
    // The first goes to the stack and comes back from it.
    expect(levels.map((count) => accepts([deep(1), inLists(1, count - 1)]))).toEqual(accepted);
  });

  it("are each a step of the path to an error", () => {
    const path = `.k${"[0]".repeat(20)}.b[1]${"[0]".repeat(5)}`;
    const value = { k: inLists({ b: [1, inLists(Symbol("x"), 5)] }, 20) };
    expect(() => dumps(deep(value))).toThrow(
      expect.objectContaining({ path: expect.stringMatching(/^(\[0\])+\.\.\./) }),
    );
    expect(() => dumps(deep(value))).toThrow(
      expect.objectContaining({ path: expect.toSatisfy((at) => at.endsWith(path)) }),
    );
  });

  it("are shared and contain themselves as before", () => {
    const shared = inLists([], 3) as unknown[];
    const own: unknown[] = [];
    own.push(inLists(own, 7));
    const value = loads(dumps(deep([deep(shared), deep(shared[0]), deep(own)]))) as unknown[];
    const at = (list: unknown, levels: number): unknown =>
      levels === 0 ? list : at((list as unknown[])[0], levels - 1);
    const [first, second, third] = at(value, 150) as unknown[];
    expect(at(first, 151)).toBe(at(second, 150));
    expect(at(third, 150)).toBe(at(third, 158));
  });

  it("are each asked for a persistent id", () => {
    const list = inLists("x", 150);
    const seen: unknown[] = [];
    dumps(list, { persistentId: (value) => void seen.push(value) });
    expect(seen.length).toBe(151);
  });
});
