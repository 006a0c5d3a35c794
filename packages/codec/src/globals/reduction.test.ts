/** What user code may give for a reduction. That CPython refuses the same is compared in `test/conformance/pickler.test.ts`. */
import { describe, expect, it } from "vitest";
import { dumps, loads } from "../index.js";
import { PyGlobal, type PyObject } from "../python/objects/objects.js";
import { ClassRegistry } from "./default-registry.js";

const MAKE = new PyGlobal("app", "make");

class Reduced {
  declare reduction: unknown;
  __reduce__(): readonly unknown[] {
    return this.reduction as readonly unknown[];
  }
}

class NewArgs {
  declare args: unknown;
  __getnewargs__(): readonly unknown[] {
    return this.args as readonly unknown[];
  }
}

class NewArgsEx {
  declare args: unknown;
  __getnewargs_ex__(): [readonly unknown[], Record<string, unknown>] {
    return this.args as [unknown[], Record<string, unknown>];
  }
}

const registry = new ClassRegistry();
registry.register("app.Reduced", Reduced).register("app.NewArgs", NewArgs).register("app.NewArgsEx", NewArgsEx);

const reduced = (reduction: unknown) => Object.assign(new Reduced(), { reduction });

it("dumps() asks __reduce_ex__ of a class that nobody registered, with the protocol", () => {
  const value = {
    __proto__: { __reduce_ex__: (protocol: number) => [MAKE, [protocol]], __reduce__: () => [MAKE, []] },
  };
  for (const protocol of [2, 4] as const) {
    const made = loads(dumps(value, { protocol }), { unregistered: "opaque" }) as PyObject;
    expect([String(made.callable), ...made.args]).toEqual(["app.make", protocol]);
  }
});

describe("dumps() refuses, with a PicklingError", () => {
  it.each([
    ["a reduction of an unknown kind", { kind: "call", callable: MAKE, args: [] }],
    ["a reduction whose arguments are a number", { kind: "reduce", callable: MAKE, args: 5 }],
    ["a reduction without arguments", { kind: "reduce", callable: MAKE }],
    ["keyword arguments that are a number", { kind: "newobj_ex", callable: MAKE, args: [], kwargs: 5 }],
    ["__newobj__ without a class", [new PyGlobal("copyreg", "__newobj__"), []]],
    ["__newobj_ex__ with arguments that are a number", [new PyGlobal("copyreg", "__newobj_ex__"), [MAKE, 5, {}]]],
    ["__newobj_ex__ with keywords of None", [new PyGlobal("copyreg", "__newobj_ex__"), [MAKE, [], null]]],
  ])("%s", (_name, reduction) => {
    expect(() => dumps(reduced(reduction), { registry, protocol: 4 })).toThrow(
      expect.objectContaining({
        name: "PicklingError",
        code: "unpicklable",
        message: expect.stringContaining("app.Reduced"),
      }),
    );
  });

  it.each([5, null, undefined, "ab", { length: 1 }])("__getnewargs__ that returns %s", (args) => {
    const value = Object.assign(new NewArgs(), { args });
    expect(() => dumps(value, { registry, protocol: 2 })).toThrow(/app\.NewArgs: __getnewargs__ must return an array/);
  });

  it.each([5, null, "ab", [[1]], [[1], {}, 1], [5, {}], [[], 5], [[], null], [[], []]].map((args) => [args]))(
    "__getnewargs_ex__ that returns %j",
    (args) => {
      const value = Object.assign(new NewArgsEx(), { args });
      expect(() => dumps(value, { registry, protocol: 2 })).toThrow(/must return an array and keyword arguments/);
    },
  );
});

describe("dumps()", () => {
  it("sees through any function named __newobj__, also of a class that is registered, from protocol 2 on", () => {
    const value = reduced([new PyGlobal("app", "__newobj__"), [new PyGlobal("app", "Plain"), 1], { x: 2 }]);
    const text = (protocol: 1 | 2) => Buffer.from(dumps(value, { registry, protocol })).toString("latin1");
    expect(text(2)).toBe("\x80\x02capp\nPlain\nq\0K\x01\x85q\x01\x81q\x02}q\x03X\x01\0\0\0xq\x04K\x02sb.");
    expect(text(1)).toContain("capp\n__newobj__\n");
  });

  it("takes items from generators, and says where one failed", () => {
    function* items(isBroken: boolean) {
      yield 1;
      if (isBroken) throw new RangeError("no more");
      yield 2;
    }
    function* pairs() {
      yield ["a", 1];
      yield ["b", 2];
    }
    const written = dumps(reduced([MAKE, [], null, items(false), pairs()]), { registry });
    expect(written).toEqual(dumps(reduced([MAKE, [], null, [1, 2], Object.entries({ a: 1, b: 2 })]), { registry }));
    expect(() => dumps([reduced([MAKE, [], null, items(true)])], { registry })).toThrow(
      expect.objectContaining({ name: "PicklingError", code: "hook-failed", path: "[0]" }),
    );
  });
});

describe("a subclass of a named tuple", () => {
  const own = new ClassRegistry();
  const Point = own.registerNamedTuple("app.Point", ["x", "y"]);
  class Named extends Point {
    declare z?: number;
  }
  own.register("app.Named", Named);

  it("keeps its items and attributes at every protocol", () => {
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      const back = loads(dumps(Object.assign(new Named(1, 2), { z: 3 }), { registry: own, protocol }), {
        registry: own,
      });
      expect(back).toBeInstanceOf(Named);
      expect([...(back as Named)]).toEqual([1, 2]);
      expect(back).toMatchObject({ x: 1, y: 2, z: 3 });
    }
  });

  it("has as many items as fields", () => {
    for (const pickle of [
      "capp\nNamed\nK\x01\x85\x81.",
      "ccopyreg\n_reconstructor\ncapp\nNamed\ncbuiltins\ntuple\n)\x87R.",
    ]) {
      expect(() => loads(Buffer.from(pickle, "latin1"), { registry: own })).toThrow(/app\.Named has 2 fields/);
    }
  });
});
