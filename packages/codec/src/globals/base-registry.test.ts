import { describe, expect, it } from "vitest";
import { dumps, loads } from "../index.js";
import { PyDict } from "../python/containers/dict.js";
import { tuple } from "../python/containers/sequences.js";
import { pyExceptions } from "../python/objects/builtin-exceptions.js";
import { memberOf } from "../python/objects/enum.js";
import { PyException } from "../python/objects/exception.js";
import { BaseRegistry } from "./base-registry.js";
import { pickled } from "./decorator.js";
import { ClassRegistry, defaultRegistry, standardSources } from "./default-registry.js";

describe("ClassRegistry", () => {
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

  it("finds a member of an enum by a value that Python cannot hash", () => {
    const registry = new ClassRegistry();
    const members = { PAIR: [1, [2, "x"]], TABLE: { a: [1] }, ONE: 1 };
    const Odd = registry.registerEnum("app.Odd", members);
    const { PAIR, TABLE } = Odd;
    expect(loads(dumps([PAIR, TABLE], { registry }), { registry })).toEqual([PAIR, TABLE]);
    for (const value of [[1, [2, "y"]], [1], { a: [2] }, { b: [1] }, { a: [1], b: 1 }]) {
      expect(memberOf(Odd, value)).toBeUndefined();
    }
  });

  it.each<[object, RegExp]>([
    [{ kind: "string" }, /kind "string": must be one of "enum", "int", "str", "flag", "intflag"/],
    [{ kind: "flag", boundary: "drop" }, /boundary "drop": must be one of "strict", /],
    [{ pickleBy: "name" }, /pickleBy "name": must be one of "value", "enumName", "globalName"/],
  ])("refuses an enum with the options %j", (options, message) => {
    const refused = expect(() => new ClassRegistry().registerEnum("app.Color", { RED: 1 }, options));
    refused.toThrow(expect.objectContaining({ code: "bad-option", message: expect.stringMatching(message) as string }));
  });

  const registering: [string, (registry: ClassRegistry) => unknown, string][] = [
    [
      "the class first",
      (r) => r.register(class A {} as never, "app.A" as never),
      'name comes first, register("app.A", A)',
    ],
    ["a function", (r) => r.register("app.f", (() => 1) as never), "use registerFunction"],
    ["half a name", (r) => r.register({ module: "app" } as never, class {}), 'want "module.ClassName" or'],
    ["a misspelt part", (r) => r.register("app.A", class {}, { getstate() {} } as never), "did you mean getState?"],
    [
      "a part that is a value",
      (r) => r.register("app.A", class {}, { create: 1 } as never),
      "create must be a function",
    ],
    ["one slot", (r) => r.register("app.A", class {}, { slots: "x" } as never), "slots must be an array of names"],
    ["what cannot be called", (r) => r.registerFunction("app.f", 5 as never), "must be a function"],
    ["fields as one text", (r) => r.registerNamedTuple("app.P", "x y" as never), 'such as ["x", "y"]'],
    ["members without values", (r) => r.registerEnum("app.E", ["A"] as never), "such as { RED: 1 }"],
  ];
  it.each(registering)("refuses to register %s, and says what to do", (_what, register, message) => {
    expect(() => register(new ClassRegistry())).toThrow(
      expect.objectContaining({ code: "bad-option", message: expect.stringContaining(message) as string }),
    );
  });

  it.each([{}, new Map(), "app"])("refuses %j as a registry", (registry) => {
    const refused = expect.objectContaining({ message: "Cannot use option registry: must be a ClassRegistry" });
    expect(() => dumps(1, { registry: registry as never })).toThrow(refused);
    expect(() => loads(dumps(1), { registry: registry as never })).toThrow(refused);
  });

  it("refuses options that are none", () => {
    for (const options of [null, 2, "latin1", []]) {
      expect(() => dumps(1, options as never)).toThrow(expect.objectContaining({ code: "bad-option" }));
      expect(() => loads(dumps(1), options as never)).toThrow(expect.objectContaining({ code: "bad-option" }));
    }
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

  it("names an exception that is registered as any class", () => {
    class Boom extends PyException {}
    const registry = new ClassRegistry().register("app.Boom", Boom);
    const boom = loads(dumps(new Boom("x"), { registry }), { registry }) as Boom;
    expect([boom.name, boom.pythonClass]).toEqual(["Boom", "app.Boom"]);
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

  it("registers classes marked with @pickled, and not their subclasses", () => {
    class A {}
    pickled("app.A")(A);
    class B extends A {}
    const registry = new ClassRegistry({ classes: [A] });
    expect(loads(dumps(new A(), { registry }), { registry })).toBeInstanceOf(A);
    expect(() => registry.register(B)).toThrow(/without a name/);
    expect(() => dumps(new B(), { registry })).toThrow(/B/);
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

  it("makes exceptions of yours without running your constructor", () => {
    class Boom extends PyException {
      declare code: number;
      constructor() {
        super("mine");
        throw new Error("must not run");
      }
    }
    const registry = new ClassRegistry();
    registry.registerException("app.Boom", Boom);
    const Other = new ClassRegistry().registerException("app.Boom");
    const writing = new ClassRegistry();
    writing.registerException("app.Boom", Other);
    const error = new Other("a", 1);
    error.attributes.code = 5;
    const back = loads(dumps(error, { registry: writing }), { registry }) as Boom;
    expect(back).toBeInstanceOf(Boom);
    expect([...back.args]).toEqual(["a", 1]);
    expect(back.code).toBe(5);
    expect(back.pythonClass).toBe("app.Boom");
  });

  it("makes exceptions without the frames of who decodes them", () => {
    const limit = Error.stackTraceLimit;
    const back = loads(dumps(new pyExceptions.KeyError("k"))) as PyException;
    expect(back.stack).toBe("KeyError: 'k'");
    expect(Object.keys(back)).toEqual(["args"]);
    expect(Error.stackTraceLimit).toBe(limit);
    expect(() => loads(dumps([new pyExceptions.ValueError()]).subarray(0, -1))).toThrow(/^Cannot decode/);
    expect(new pyExceptions.ValueError("x").stack).toContain("base-registry.test");
  });

  it("writes errors of JavaScript as the Python exceptions that mean the same", () => {
    const cases: [Error, keyof typeof pyExceptions][] = [
      [new Error("x"), "Exception"],
      [new TypeError("x"), "TypeError"],
      [new RangeError("x"), "ValueError"],
      [new AggregateError([new Error("y")], "x"), "ExceptionGroup"],
    ];
    for (const [error, name] of cases) {
      const back = loads(dumps(error)) as PyException;
      expect(back).toBeInstanceOf(pyExceptions[name]);
      expect(back.args[0]).toBe("x");
    }
    const coded = Object.assign(new Error("x"), { code: "E_X", socket: () => 1 });
    expect((loads(dumps(coded)) as PyException).attributes).toEqual({ code: "E_X" });
  });

  it("names what is wrong with a registration", () => {
    const registry = new ClassRegistry();
    class A {}
    registry.register("app.A", A);
    expect(() => registry.register("app.A", class {})).toThrow(/twice/);
    expect(() => registry.register("app.B", A)).toThrow(/already/);
    expect(() => registry.register("nodot", class {})).toThrow(/module.ClassName/);
    expect(() => (defaultRegistry as BaseRegistry).register("app.A", A)).toThrow(/frozen/);
    expect(() => registry.registerExtension("app", "A", 0)).toThrow(/extension code/);
  });

  it("knows nothing of the standard library when told to extend nothing", () => {
    expect(new ClassRegistry({ extends: null }).find("datetime", "datetime")).toBeUndefined();
    expect(new BaseRegistry().find("datetime", "datetime")).toBeUndefined();
    expect(new ClassRegistry().find("datetime", "datetime")).toBeDefined();
  });

  it("makes a source's entries when its module, or a class that it may write, is first looked for", () => {
    class Shape {}
    const made: string[] = [];
    const source = (module: string, target?: typeof Shape) => ({
      modules: [module],
      entries() {
        made.push(module);
        return [{ module, name: "Shape", target }];
      },
    });
    const registry = new BaseRegistry().registerSource(source("a")).registerSource(source("b", Shape)).freeze();
    expect(registry.find("c", "Shape")).toBeUndefined();
    expect(made).toEqual([]);
    expect(registry.find("a", "Shape")).toBe(registry.find("a", "Shape"));
    expect(made).toEqual(["a"]);
    expect(registry.findByTarget(Shape)?.module).toBe("b");
    expect(registry.findByTarget(class {})).toBeUndefined();
    expect(made).toEqual(["a", "b"]);
    expect(() => new BaseRegistry().registerSource(source("a")).freeze().registerSource(source("b"))).toThrow(/frozen/);
  });

  it("is settled once nothing can be registered in it or in what it extends", () => {
    const open = new BaseRegistry();
    const registry = new BaseRegistry({ extends: [defaultRegistry, open] });
    expect([defaultRegistry.isSettled, registry.isSettled]).toEqual([true, false]);
    registry.freeze();
    expect(registry.isSettled).toBe(false);
    open.freeze();
    expect(registry.isSettled).toBe(true);
  });

  it("looks for no class in a source that makes its classes itself", () => {
    class Shape {}
    const makesItsClasses = true;
    const entries = () => [{ module: "a", name: "Shape", target: Shape }];
    const registry = new BaseRegistry().registerSource({ modules: ["a"], entries, makesItsClasses });
    expect(registry.findByTarget(Shape)).toBeUndefined();
    expect(registry.find("a", "Shape")?.target).toBe(Shape);
    expect(registry.findByTarget(Shape)?.name).toBe("Shape");
  });

  it("gives a pickle the value of a constant, and never lets it be called", () => {
    const value = Object.freeze({ unit: "s" });
    const registry = new ClassRegistry().registerEntry({ module: "app", name: "SECOND", value });
    const read = (opcodes: string) => loads(Buffer.from(`capp\nSECOND\n${opcodes}`, "latin1"), { registry });
    expect(read(".")).toBe(value);
    expect(() => read("(tR.")).toThrow(/cannot be called/);
    expect(() => read(")\x81.")).toThrow(/is no class/);
    expect(() => read("(dS'unit'\nS'h'\nsb.")).toThrow(/takes no state/);
  });

  it("reads a nested class of which the ones around it are not registered, at every protocol", () => {
    class Deep {}
    const own = new ClassRegistry().register({ module: "app", name: "Outer.Middle.Deep" }, Deep);
    const Tone = own.registerEnum({ module: "app", name: "Outer.Tone" }, { LOW: 1 });
    const registry = new BaseRegistry({ extends: own });
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      for (const python of ["3.12", "3.13"] as const) {
        const back = loads(dumps([new Deep(), Tone.LOW], { registry, protocol, python }), { registry });
        expect(back).toEqual([new Deep(), Tone.LOW]);
      }
    }
    const read = (opcodes: string) => loads(Buffer.from(`capp\nOuter\n${opcodes}`, "latin1"), { registry });
    expect(String(read("."))).toBe("app.Outer");
    for (const opcodes of [")R.", ")\x81.", "}b."]) expect(() => read(opcodes)).toThrow(/cannot be|would change/);
    const other = "cbuiltins\ngetattr\n(capp\nOuter\nVOther\ntR.";
    expect(() => loads(Buffer.from(other), { registry })).toThrow(/no attribute "Other"/);
  });

  it("knows combinations of flags of as many digits as CPython would show", () => {
    const option = (value: bigint) => {
      const int = dumps(value, { protocol: 2 }).subarray(2, -1);
      const call = [Buffer.from("\x80\x02cssl\nOptions\n", "latin1"), int, Buffer.from("\x85R.", "latin1")];
      return loads(Buffer.concat(call));
    };
    expect(option(0x2_8000_0050n)).toMatchObject({ value: 0x2_8000_0050 });
    for (const value of [2n ** 64n - 1n, 2n ** 64n, 10n ** 400n]) expect(option(value)).toMatchObject({ value });
    for (const value of [10n ** 4300n, -(10n ** 4300n)]) expect(() => option(value)).toThrow(/no value of enum/);
  });

  it.each(standardSources.map((source) => [source.modules.join(", "), source] as const))(
    "lists every module of the entries of %s, and no other",
    (_name, { modules, entries }) => {
      expect(new Set([...entries()].map((entry) => entry.module))).toEqual(new Set(modules));
    },
  );
});
