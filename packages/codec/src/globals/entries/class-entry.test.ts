/** Instances of classes of yours: how they are made and written. */
import { describe, expect, it } from "vitest";
import { dumps, loads } from "../../index.js";
import { PyDict } from "../../python/containers/dict.js";
import { namedTuple } from "../../python/containers/namedtuple.js";
import { Tuple, tuple } from "../../python/containers/sequences.js";
import { UUID } from "../../python/library/uuid.js";
import { Decimal } from "../../python/numbers/decimal.js";
import { BaseRegistry } from "../base-registry.js";
import { ClassRegistry } from "../default-registry.js";

const builtins = new ClassRegistry();
builtins.register("app.L", class L extends Array {});
builtins.register("app.T", class T extends Tuple {});
builtins.register("app.D", class D extends PyDict {});
builtins.register("app.N", class N extends namedTuple("N", ["x", "y"]) {});

describe("a class of yours", () => {
  it("says what to extend where Python's class is below list or dict", () => {
    const registry = new ClassRegistry();
    registry.register("app.Rows", class Rows {});
    const filled = (items: string) => () => loads(Buffer.from(`capp\nRows\n)\x81${items}.`, "latin1"), { registry });
    expect(filled("I1\na")).toThrow("let Rows extend Array");
    expect(filled("Vkey\nI1\ns")).toThrow("let Rows extend PyDict");
    expect(() => loads(Buffer.from("capp\nRows\n((I80\nI24\nttR."), { registry })).toThrow(
      "a struct sequence of C for registerStructSequence",
    );
  });

  it("decodes an instance without calling its constructor", () => {
    let calls = 0;
    class A {
      x: unknown;
      constructor(x: unknown) {
        calls++;
        this.x = x;
      }
    }
    const registry = new ClassRegistry();
    registry.register("app.models.A", A);
    const bytes = dumps(new A(1), { registry });
    calls = 0;
    const back = loads(bytes, { registry }) as A;
    expect(back).toBeInstanceOf(A);
    expect(back.x).toBe(1);
    expect(calls).toBe(0);
  });

  it("refuses slots that come as a dict, and would be lost on a class of attrs when written back as slots", () => {
    class Point {
      x = 0;
    }
    // attrs 22.2, of `@attrs.define class P: x: int`: pickle.dumps(P(1), 2)
    const pickle = Buffer.from("\x80\x02cm\nP\nq\x00)\x81q\x01}q\x02X\x01\x00\x00\x00xq\x03K\x01sb.", "latin1");
    const registry = new ClassRegistry().register("m.P", Point, { slots: ["x"] });
    expect(() => loads(pickle, { registry })).toThrow(
      /m\.P: "x" is in its dict, not among its slots; a class whose __getstate__ gives a dict, as attrs makes it, is registered without/,
    );
    const plain = new ClassRegistry().register("m.P", Point);
    expect(dumps(loads(pickle, { registry: plain }), { registry: plain, protocol: 2 }).equals(pickle)).toBe(true);
  });

  it("writes slots as Python does, beside attributes and without", () => {
    class Point {
      x: unknown = 1;
    }
    const registry = new ClassRegistry().register("m.P", Point, { slots: ["x", "y"] });
    const written = (object: Point) => Buffer.from(dumps(object, { registry, protocol: 2 })).toString("latin1");
    // CPython 3.12 of a class with __slots__ = ("x", "y"), and of a class below it without slots, whose instance has z.
    const bare = "\x80\x02cm\nP\nq\x00)\x81q\x01N}q\x02X\x01\x00\x00\x00xq\x03K\x01s\x86q\x04b.";
    const withZ =
      "\x80\x02cm\nP\nq\x00)\x81q\x01}q\x02X\x01\x00\x00\x00zq\x03K\x03s}q\x04X\x01\x00\x00\x00xq\x05K\x01s\x86q\x06b.";
    expect(written(new Point())).toBe(bare);
    expect(written(Object.assign(new Point(), { z: 3 }))).toBe(withZ);
    expect(written(Object.create(Point.prototype) as Point)).toBe("\x80\x02cm\nP\nq\x00)\x81q\x01.");
    expect(loads(Buffer.from(withZ, "latin1"), { registry })).toEqual(Object.assign(new Point(), { z: 3 }));
  });

  it("makes bytes of a subclass of bytes only, never a length or numbers of a list", () => {
    class Blob extends Uint8Array {}
    const registry = new BaseRegistry();
    registry.register("app.Blob", Blob);
    const made = (args: string) => loads(Buffer.from(`capp\nBlob\n${args}\x85\x81.`, "latin1"), { registry });
    expect(made("C\x02ab")).toEqual(Blob.of(97, 98));
    for (const args of ["J\xff\xff\xff\x7f", "]]a", "Vx\n"])
      expect(() => made(args)).toThrow(/no arguments of a bytes/);
  });

  it("sets __proto__ and constructor as own data and runs no setter", () => {
    let wasSet = false;
    class A {
      set trap(_value: unknown) {
        wasSet = true;
      }
    }
    const registry = new ClassRegistry();
    registry.register("app.A", A);
    const state = new Map<string, unknown>([
      ["__proto__", { polluted: true }],
      ["constructor", 1],
      ["trap", 2],
    ]);
    class B {
      __getstate__() {
        return state;
      }
    }
    const writing = new ClassRegistry();
    writing.register("app.A", B);
    const back = loads(dumps(new B(), { registry: writing }), { registry }) as Record<string, unknown>;
    expect(Object.getPrototypeOf(back)).toBe(A.prototype);
    expect(Object.keys(back)).toEqual(["__proto__", "constructor", "trap"]);
    expect((back as { polluted?: boolean }).polluted).toBeUndefined();
    expect(wasSet).toBe(false);
  });

  it("calls __new__ with the arguments of __getnewargs_ex__", () => {
    class P {
      declare a: number;
      declare b: number;
      static __new__(a: number, { b }: { b: number }) {
        const object = Object.create(P.prototype) as P;
        object.a = a;
        object.b = b;
        return object;
      }
      __getnewargs_ex__() {
        return [[this.a], { b: this.b }];
      }
      __getstate__() {
        return null;
      }
    }
    const registry = new ClassRegistry();
    registry.register("app.P", P);
    for (const protocol of [2, 3, 4, 5] as const) {
      const back = loads(dumps(P.__new__(1, { b: 2 }), { registry, protocol }), { registry }) as P;
      expect([back.a, back.b]).toEqual([1, 2]);
    }
  });

  it("takes an adapter for a class that cannot be changed", () => {
    const registry = new ClassRegistry();
    registry.register("app.Url", URL, {
      getState: (url) => ({ href: url.href }),
      create: () => new URL("about:blank"),
      setState(url, state) {
        url.href = (state as { href: string }).href;
      },
    });
    const back = loads(dumps(new URL("http://a/b"), { registry }), { registry }) as URL;
    expect(back.href).toBe("http://a/b");
  });

  it("refuses a call of a class that does not ask for it", () => {
    class A {}
    const writing = new ClassRegistry();
    class B {
      __reduce__() {
        return [B, [1]];
      }
    }
    writing.register("app.A", B);
    const registry = new ClassRegistry();
    registry.register("app.A", A);
    expect(() => loads(dumps(new B(), { registry: writing }), { registry })).toThrow(/Cannot call class app.A|refused/);
    expect(loads(dumps(new B(), { registry: writing }), { registry: writing })).toBeInstanceOf(B);
  });

  it("keeps a list and a dict subclass with their attributes", () => {
    class Items extends Array {
      declare note: string;
    }
    class Table extends PyDict {
      declare note: string;
    }
    const registry = new ClassRegistry();
    registry.register("app.Items", Items);
    registry.register("app.Table", Table);
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      const items = Items.from([1, 2]) as Items;
      items.note = "n";
      const table = new Table([[tuple(1), 2]]);
      table.note = "m";
      const [a, b] = loads(dumps([items, table], { registry, protocol }), { registry }) as [Items, Table];
      expect([...a]).toEqual([1, 2]);
      expect(a).toBeInstanceOf(Items);
      expect(a.note).toBe("n");
      expect(b.get(tuple(1))).toBe(2);
      expect(b.note).toBe("m");
    }
  });

  it("gives what is no Map each of its items by __setitem__, of the class or its adapter", () => {
    class Table {
      readonly pairs: unknown[] = [];
      static __new__() {
        return new Table();
      }
      __setitem__(key: unknown, value: unknown) {
        this.pairs.push([key, value]);
      }
    }
    const setItem = (table: Table, key: unknown, value: unknown) => void table.pairs.push([value, key]);
    const load = (registry: ClassRegistry) =>
      loads(Buffer.from("capp\nTable\n)\x81(K\x01K\x02K\x03K\x04K\x05K\x06u.", "latin1"), { registry });
    expect(load(new ClassRegistry().register("app.Table", Table))).toEqual({
      pairs: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    });
    expect(load(new ClassRegistry().register("app.Table", Table, { setItem }))).toEqual({
      pairs: [
        [2, 1],
        [4, 3],
        [6, 5],
      ],
    });
  });

  it("is written as an adapter says, whatever its methods say", () => {
    class Point {
      x = 1;
      __reduce__() {
        return "unused";
      }
    }
    const registry = new ClassRegistry().register("app.Point", Point, {
      reduce: ({ x }, protocol) => [Point, [x, protocol]],
      call: ([x, protocol]) => Object.assign(new Point(), { x: [x, protocol] }),
    });
    for (const protocol of [0, 2, 4] as const) {
      expect(loads(dumps(new Point(), { registry, protocol }), { registry })).toEqual({ x: [1, protocol] });
    }
  });

  it("is made as the class of Brine's that it extends, and is of its own class", () => {
    class OrderId extends UUID {}
    class Price extends Decimal {}
    const registry = new ClassRegistry().register("app.OrderId", OrderId).register("app.Price", Price);
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      const made = loads(dumps([new OrderId(7n), new Price("1.50")], { registry, protocol }), {
        registry,
      }) as unknown[];
      expect(made.map(String)).toEqual(["00000000-0000-0000-0000-000000000007", "1.50"]);
      expect(made.map((value) => value?.constructor)).toEqual([OrderId, Price]);
    }
  });

  it.each([
    // What CPython 3.11 makes of them, of classes below the builtins of these names.
    ["a call of a list", "capp\nL\n](K\x01K\x02e\x85R.", [1, 2]],
    ["a call of a list with a set", "capp\nL\n\x8f(K\x01K\x02\x90\x85R.", [1, 2]],
    ["a call of a list without arguments", "capp\nL\n)R.", []],
    ["a call of a tuple", "capp\nT\n](K\x01K\x02e\x85R.", [1, 2]],
    ["a call of a dict", "capp\nD\n}K\x01K\x02s\x85R.", [[1, 2]]],
    ["a call of a dict without arguments", "capp\nD\n)R.", []],
    ["a call of a named tuple", "capp\nN\nK\x01K\x02\x86R.", [1, 2]],
    ["a new tuple of text", "capp\nT\nX\x03\x00\x00\x00a\xc3\xa9\x85\x81.", ["a", "\u00e9"]],
    ["a new tuple of a set", "capp\nT\n\x8f(K\x01K\x02\x90\x85\x81.", [1, 2]],
    ["a new tuple of a dict", "capp\nT\n}K\x01K\x02s\x85\x81.", [1]],
    [
      "a list made again of a set",
      "ccopyreg\n_reconstructor\ncapp\nL\ncbuiltins\nlist\n\x8f(K\x01K\x02\x90\x87R.",
      [1, 2],
    ],
  ])("is made as the builtin that it extends: %s", (_name, pickle, items) => {
    const value = loads(Buffer.from(pickle, "latin1"), { registry: builtins });
    expect([...(value as Iterable<unknown>)]).toEqual(items);
    expect((value as object).constructor.name).toMatch(/^[LTDN]$/);
  });

  it.each([
    ["a call of a list with a number", "capp\nL\nK\x01\x85R."],
    ["a call of a list with two", "capp\nL\n]]\x86R."],
    ["a call of a dict with a number", "capp\nD\nK\x01\x85R."],
    ["a new tuple of a number", "capp\nT\nK\x01\x85\x81."],
    ["a dict made again of None", "ccopyreg\n_reconstructor\ncapp\nD\ncbuiltins\ndict\nN\x87R."],
  ])("is an error where Python has a TypeError: %s", (_name, pickle) => {
    const read = () => loads(Buffer.from(pickle, "latin1"), { registry: builtins });
    expect(read).toThrow(
      expect.objectContaining({
        code: "construct-failed",
        message: expect.stringMatching(/these are no arguments of a/),
      }),
    );
  });
});
