import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ClassRegistry } from "../../globals/default-registry.js";
import type { Reduction } from "../../globals/registry.js";
import { Range } from "../../python/builtins.js";
import { PickleBuffer } from "../../python/containers/buffers.js";
import { Counter, DefaultDict, Deque, OrderedDict } from "../../python/containers/collections.js";
import { PyDict } from "../../python/containers/dict.js";
import { ByteArray, Tuple, tuple } from "../../python/containers/sequences.js";
import { FrozenSet } from "../../python/containers/sets.js";
import { PyDate, PyDateTime, PyTime, TimeDelta, TimeZone } from "../../python/datetime/datetime.js";
import { UUID } from "../../python/library/uuid.js";
import { Decimal } from "../../python/numbers/decimal.js";
import { Complex, PyFloat } from "../../python/numbers/numbers.js";
import { PyGlobal, PyObject } from "../../python/objects/objects.js";
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

  it.each([
    ["all", 1, 1],
    ["keys", 1, 2],
    ["none", 2, 2],
  ] as const)("shares equal strings as memoizeStrings %s says", (memoizeStrings, keys, values) => {
    const value = [{ someKey: "some value" }, { someKey: "some value" }];
    const pickle = Buffer.from(dumps(value, { memoizeStrings })).toString("latin1");
    expect(pickle.split("someKey").length - 1).toBe(keys);
    expect(pickle.split("some value").length - 1).toBe(values);
  });

  it.each(["x", "é", "字"])("finds a string of any length again, however either is written: %s", (character) => {
    const texts = numbers(100).map((length) => `<${length}${character.repeat(length)}>`);
    const value = [texts, ...texts.map((text) => ({ text })), ...texts.map((text) => ({ [text]: 0 }))];
    for (const protocol of [2, 4] as const) {
      const pickle = dumps(value, { protocol });
      expect(loads(pickle)).toStrictEqual(value);
      const written = Buffer.from(pickle).toString("utf8");
      for (const text of texts) expect(written.split(text).length - 1, text).toBe(1);
    }
  });

  it("shares strings across chunks of a large output", () => {
    const filler = numbers(12).map((i) => bytes(400_000).fill(i));
    const mixed = filler.flatMap((chunk) => [chunk, numbers(70_000), "a shared string"]);
    const pickle = Buffer.from(dumps(mixed));
    expect(pickle.indexOf("a shared string")).toBe(pickle.lastIndexOf("a shared string"));
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

  it("refers to what was written before, however much that is", () => {
    const makers = [
      () => [0],
      () => ({ a: 0 }),
      () => Tuple.of(0),
      () => new Map([[0, 0]]),
      () => new PyDateTime(2026, 8, 1),
    ];
    const objects = numbers(300).map((i) => makers[i % makers.length]!());
    for (const protocol of PROTOCOLS) {
      const [first, again] = loads(dumps([objects, objects.toReversed()], { protocol })) as unknown[][];
      again!.reverse();
      expect(new Set([...first!, ...again!]).size).toBe(objects.length);
      expect(first!.every((object, i) => object === again![i])).toBe(true);
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

  it("finds a string again that stood in a frame too small for a header", () => {
    // CPython 3.11: pickle.dumps(("", bytes(70000), ""), 4)
    const bytes = dumps(Tuple.of<unknown>("", new Uint8Array(70_000), ""), { protocol: 4 });
    expect(bytes.length).toBe(70_025);
    expect([...bytes.subarray(-6)]).toEqual([0x94, 0x68, 0x00, 0x87, 0x94, 0x2e]);
  });

  it("hands PickleBuffers to bufferCallback", () => {
    const buffers: PickleBuffer[] = [];
    const buffer = new PickleBuffer(bytes(10), { readonly: true });
    const pickle = dumps(buffer, { protocol: 5, bufferCallback: (b) => void buffers.push(b) });
    expect(buffers).toEqual([buffer]);
    expect(Buffer.from(pickle).toString("hex")).toBe("80059798" + "2e");
    expect(hex(buffer, { protocol: 5 })).toBe(hex(bytes(10), { protocol: 5 }));
    expect(() => dumps(buffer)).toThrow(expect.objectContaining({ code: "protocol-too-low" }));
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

  it("asks reducerOverride and dispatchTable before the registry", () => {
    class Point {}
    const reduction: Reduction = { kind: "reduce", callable: OUTER, args: [] };
    const expected = hex(new Call(() => [OUTER, []]));
    expect(hex(new Point(), { reducerOverride: (value) => (value instanceof Point ? reduction : undefined) })).toBe(
      expected,
    );
    expect(hex(new Point(), { dispatchTable: new Map([[Point, () => [OUTER, []]]]) })).toBe(expected);
  });

  it.each(PROTOCOLS)("writes the same at protocol %i when hooks have nothing to say", (protocol) => {
    const zone = new TimeZone(new TimeDelta(0, 3600));
    const make = (): readonly unknown[] => [
      new PyDateTime(2026, 8, 1, 10, 11, 12, 345678),
      new PyDateTime(1, 1, 1, 0, 0, 0, 0, zone, 1),
      new PyDateTime(9999, 12, 31, 23, 59, 59, 999_999, TimeZone.utc),
      new PyDate(2026, 8, 1),
      new PyTime(23, 59, 59, 999_999, zone, 1),
      new PyTime(),
      new TimeDelta(1, 2, 3),
      new Decimal("1.50"),
      new UUID(1n << 127n),
      new UUID((1n << 127n) - 1n),
      new Counter([["a", 2]]),
      new Set([1, "a"]),
      new FrozenSet([1, "a"]),
      new Deque([1, 2], 5),
      new Complex(1, 2),
      new Range(1, 3),
      new Date(0),
    ];
    // Of each class two, since how the first is written is remembered.
    const values = [...make(), ...make()];
    const expected = hex(values, { protocol, reducerOverride: () => undefined });
    expect(hex(values, { protocol })).toBe(expected);
    expect(hex(values, { protocol })).toBe(expected);
    expect(hex(values, { protocol, persistentId: () => undefined })).toBe(expected);
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
});

describe("dumps()", () => {
  it("refers to the 256 first entries of the memo by a byte, at every protocol that has it", () => {
    const items = Array.from({ length: 257 }, () => [] as unknown[]);
    // The outer list has the first entry.
    const written = (protocol: Protocol, index: number) =>
      Buffer.from(dumps([...items, items[index - 1]], { protocol })).toString("latin1");
    for (const protocol of [1, 2, 3, 4] as const) {
      expect(written(protocol, 255).endsWith("h\xffe.")).toBe(true);
      expect(written(protocol, 256).endsWith("j\0\x01\0\0e.")).toBe(true);
    }
  });

  it("keeps its frames whole when what it wrote leaves the buffer", () => {
    // Above 4 MiB, and a frame of it is open whenever that is.
    const texts = Array.from({ length: 9000 }, (_, i) => `${i} ${"x".repeat(1000)}`);
    const pickle = dumps(texts);
    expect(pickle.length).toBeGreaterThan(9_000_000);
    expect(loads(pickle)).toEqual(texts);
  });
});

describe("dumps() refuses", () => {
  it("a subclass of list that contains itself at protocols 0 and 1, which make it of a new list each time", () => {
    class Items extends Array {}
    const registry = new ClassRegistry();
    registry.register("app.Items", Items);
    const items = new Items();
    items.push(items, "x".repeat(200));
    for (const protocol of [0, 1] as const) {
      expect(() => dumps(items, { registry, protocol })).toThrow(/among the arguments it is made of/);
    }
    const back = loads(dumps(items, { registry, protocol: 2 }), { registry }) as Items;
    expect(back[0]).toBe(back);
  });

  const loop: unknown[] = [];
  loop.push(loop);
  const rows: readonly [string, () => unknown, PicklerOptions, Record<string, unknown>][] = [
    [
      "a function",
      () => ({ kwargs: { when: [1, 2, 3, () => 1] } }),
      {},
      { code: "unpicklable", path: ".kwargs.when[3]" },
    ],
    ["a symbol", () => new Map([["odd key", Symbol("x")]]), {}, { code: "unpicklable", path: '["odd key"]' }],
    ["an unregistered class", () => [new (class Foo {})()], {}, { code: "unpicklable", path: "[0]" }],
    ["undefined as a key", () => new Map([[undefined, 1]]), {}, { code: "unpicklable" }],
    ["a value in itself without a memo", () => loop, { fast: true }, { code: "unpicklable" }],
    ["more depth than maxDepth", () => [[[[]]]], { limits: { maxDepth: 2 } }, { code: "limit-exceeded" }],
    ["more bytes than maxBytes", () => "x".repeat(500), { limits: { maxBytes: 100 } }, { code: "limit-exceeded" }],
    ["a long int as text", () => 10n ** 5000n, { protocol: 0 }, { code: "limit-exceeded" }],
    ["a name that is not ASCII", () => new PyGlobal("m", "é"), { protocol: 2 }, { code: "protocol-too-low" }],
    ["a name that ends its line", () => new PyGlobal("m", "a\nb"), { protocol: 3 }, { code: "protocol-too-low" }],
    ["a protocol that does not exist", () => 1, { protocol: 6 as Protocol }, { code: "bad-option" }],
  ];

  it("no more than maxBytes, in pieces or in one, and nothing that is shorter", () => {
    const short = dumps(Buffer.alloc(1000)).length;
    expect(dumps(Buffer.alloc(1000), { limits: { maxBytes: short } })).toHaveLength(short);
    // From 64 KiB on, bytes are pieces of their own.
    const pieces = [Buffer.alloc(100_000), Buffer.alloc(100_000)];
    expect(dumps(pieces, { limits: { maxBytes: 201_000 } }).length).toBeGreaterThan(200_000);
    expect(() => dumps(pieces, { limits: { maxBytes: 150_000 } })).toThrow(
      expect.objectContaining({ code: "limit-exceeded" }),
    );
  });

  it.each(rows)("%s", (_name, make, options, expected) => {
    expect(() => dumps(make(), options)).toThrow(expect.objectContaining(expected));
  });

  const bad = Symbol("x");
  it.each<[string, unknown, string]>([
    ["the value of a Map", new Map([["a", bad]]), ".a"],
    ["the key of a Map", new Map([[bad, "a"]]), ""],
    ["a Map without a value", new Map([["a", undefined]]), ".a"],
    ["a member of a set", new Set([1, bad]), "{1}"],
    ["a member of a frozenset", new FrozenSet([1, tuple(bad)]), "{1}[0]"],
    ["an item of a deque", new Deque([1, 2, bad, 3]), "[2]"],
    ["the last item of a deque", new Deque([1, bad]), "[1]"],
    [
      "the value of an OrderedDict",
      new OrderedDict<string, unknown>([
        ["a", bad],
        ["b", 1],
      ]),
      ".a",
    ],
    [
      "the last value of an OrderedDict",
      new OrderedDict<string, unknown>([
        ["a", 1],
        ["b", bad],
      ]),
      ".b",
    ],
    ["an OrderedDict without a value", new OrderedDict([["a", undefined]]), ".a"],
  ])("%s, and says where it is, at any depth", (_name, value, path) => {
    const second = [new OrderedDict(), new Deque(), value];
    expect(() => dumps(value)).toThrow(expect.objectContaining({ path }));
    expect(() => dumps(second)).toThrow(expect.objectContaining({ path: `[2]${path}` }));
    expect(() => dumps(inLists(second, 100))).toThrow(
      expect.objectContaining({ path: expect.stringMatching(/^(\[0\])+\.\.\.(\[0\])+\[2\]/) }),
    );
    expect(() => dumps(inLists(second, 100))).toThrow(
      expect.objectContaining({ path: expect.stringContaining(`[2]${path}`) }),
    );
  });

  it("and wraps what a hook throws", () => {
    const cause = new Error("no");
    const value = [
      {
        get a() {
          throw cause;
        },
      },
    ];
    expect(() => dumps(value)).toThrow(expect.objectContaining({ code: "hook-failed", path: "[0].a", cause }));
  });

  it("and names the class and the line that registers it", () => {
    class Foo {}
    expect(() => dumps({ x: new Foo() })).toThrow(
      'Cannot pickle an instance of class Foo at .x: it is not registered; use registry.register("module.Foo", Foo)',
    );
  });

  it.each([
    [
      "a promise that nobody awaited",
      Promise.resolve(1),
      "Cannot pickle an instance of class Promise at .x: await it first",
    ],
    ["a class of the web", new URL("https://example.org"), "class URL at .x: use its href, or an adapter"],
    [
      "a function",
      function x() {},
      'function "x" at .x: only registered ones have a name in Python; leave it out, or use registry.reg',
    ],
  ])("and says what to do about %s", (_name, x, message) => {
    expect(() => dumps({ x })).toThrow(message);
  });

  it("and names options that there are not", () => {
    const misspelt = (options: object) => () => dumps(1, options);
    expect(misspelt({ protcol: 2 })).toThrow(
      'Cannot use options of pickle: there is no "protcol"; did you mean protocol?',
    );
    expect(misspelt({ fix_imports: true })).toThrow('"fix_imports" is written fixImports here');
    expect(misspelt({ limits: { maxbytes: 1 } })).toThrow(
      'Cannot use limits of pickle: there is no "maxbytes"; did you mean maxBytes?',
    );
    expect(misspelt({ protocol: "2" })).toThrow('Cannot use option protocol "2": must be an integer from 0 to 5');
    expect(misspelt({ tuple: "array", encoding: "latin1" })).not.toThrow(); // one object may be given to `loads` too
  });

  it("without leaving a broken encoder behind", () => {
    expect(() => dumps([{ a: 1 }, Symbol("x")])).toThrow();
    expect(hex([{ a: 1 }])).toBe(Buffer.from(new Pickler().dump([{ a: 1 }])).toString("hex"));
  });
});

describe("Pickler", () => {
  it("keeps its memo between dumps until it is cleared", () => {
    const pickler = new Pickler();
    const value = ["text", "text"];
    const first = Buffer.from(pickler.dump(value));
    expect(Buffer.from(pickler.dump(value)).toString("hex")).toBe("80046800" + "2e");
    expect(Buffer.from(pickler.dump(["text"])).toString("hex")).toContain("6801");
    pickler.clearMemo();
    expect(Buffer.from(pickler.dump(value))).toEqual(first);
  });

  it("asks persistentId for every value", () => {
    class Table {}
    class TablePickler extends Pickler {
      override persistentId(value: unknown): unknown {
        return value instanceof Table ? "t1" : null;
      }
    }
    expect(Buffer.from(new TablePickler({ protocol: 0 }).dump([new Table()])).toString()).toBe("(lp0\nPt1\na.");
    expect(Buffer.from(new TablePickler({ protocol: 2 }).dump(Tuple.of(new Table()))).toString("hex")).toBe(
      `8002580200000074317100${"51"}857101${"2e"}`,
    );
  });

  it("writes no memo when fast", () => {
    const pickler = new Pickler({ protocol: 2 });
    pickler.fast = true;
    const shared = ["a"];
    expect(Buffer.from(pickler.dump([shared, shared])).toString("hex")).toBe(
      `80025d28${"5d58010000006161".repeat(2)}652e`,
    );
  });

  it("asks the dispatch table that it has at the time", () => {
    const registry = new ClassRegistry();
    class Point {}
    registry.register("app.Point", Point);
    const pickler = new Pickler({ protocol: 2, registry });
    const plain = Buffer.from(pickler.dump(new Point())).toString("latin1");
    pickler.clearMemo();
    pickler.dispatchTable = new Map([[Point, () => [OUTER, []]]]);
    const reduced = Buffer.from(pickler.dump(new Point())).toString("latin1");
    expect([plain, reduced]).toEqual([expect.stringContaining("Point"), expect.not.stringContaining("Point")]);
  });
});

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

describe("what JavaScript alone has says what to use", () => {
  it.each<[unknown, string]>([
    [Symbol("x"), "Symbol(x) at .a: use its description"],
    [Object(1n), "an instance of class BigInt at .a: use a plain bigint"],
    [(function* () {})(), "an object of an anonymous class at .a: use [...it]"],
    [new Map().keys(), "an object of an anonymous class at .a: use [...it]"],
    [(async function* () {})(), "an object of an anonymous class at .a: collect its items first"],
    [runInNewContext("new Date(0)"), "an instance of class Date at .a: it is of another realm"],
    [Object.create({}), "an object of an anonymous class at .a: it is not registered"],
  ])("%#", (value, message) => {
    expect(() => dumps({ a: value })).toThrow(`Cannot pickle ${message}`);
  });
});
