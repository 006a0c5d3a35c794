/** What cannot be pickled: why, where in the value it is, and what to do about it. */
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ClassRegistry } from "../../../globals/default-registry.js";
import { Deque, OrderedDict } from "../../../python/containers/collections.js";
import { tuple } from "../../../python/containers/sequences.js";
import { FrozenSet } from "../../../python/containers/sets.js";
import { PyGlobal } from "../../../python/objects/objects.js";
import { dumps, Pickler } from "../../api-dump.js";
import { loads } from "../../api-load.js";
import type { Protocol } from "../../opcodes.js";
import type { PicklerOptions } from "../../options.js";

const inLists = (value: unknown, levels: number): unknown => (levels === 0 ? value : [inLists(value, levels - 1)]);
const hex = (value: unknown, options?: PicklerOptions): string => Buffer.from(dumps(value, options)).toString("hex");

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

  it("without leaving a broken encoder behind", () => {
    expect(() => dumps([{ a: 1 }, Symbol("x")])).toThrow();
    expect(hex([{ a: 1 }])).toBe(Buffer.from(new Pickler().dump([{ a: 1 }])).toString("hex"));
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
