/** The classes of the module `app` that `test/vectors/generate_types.py` writes instances of. */
import {
  ByteArray,
  ClassRegistry,
  Complex,
  Counter,
  DefaultDict,
  Deque,
  FrozenSet,
  IPv4Address,
  IPv4Network,
  IPv6Interface,
  OrderedDict,
  PurePosixPath,
  PyDate,
  PyDateTime,
  PyDict,
  PyException,
  PyGlobal,
  PyPartial,
  PySet,
  pyExceptions,
  type Reduction,
  SimpleNamespace,
  Tuple,
  UserString,
  UUID,
} from "@brine/codec";

/** The module `app` of the vectors, as a user would map it. */
export function appRegistry(): ClassRegistry {
  const registry = new ClassRegistry();
  const point = registry.registerNamedTuple("app.Point", ["x", "y"]);
  const color = registry.registerEnum("app.Color", { RED: 1, BLUE: "blue" });
  registry.registerEnum("app.Level", { LOW: 1, HIGH: 2 }, { kind: "int" });
  registry.registerEnum("app.Perm", { R: 1, W: 2, X: 4 }, { flag: true });
  registry.registerEnum("app.IntPerm", { R: 1, W: 2 }, { kind: "intflag" });
  registry.registerEnum("app.Name", { A: "a" }, { kind: "str" });
  registry.registerEnum("app.Text", { A: "a" }, { kind: "str" });
  registry.register("app.Outer", class Outer {});
  registry.registerEnum({ module: "app", name: "Outer.Shade" }, { DARK: 1 });
  registry.register({ module: "app", name: "Outer.Inner" }, class Inner {});
  registry.registerEnum("app.Wide", { A: 1, C: 4, AC: 5 }, { kind: "flag" });
  registry.registerEnum("app.WideInt", { A: 1, C: 4, AC: 5 }, { kind: "intflag" });
  registry.registerEnum("app.Sign", { NONE: 0, MINUS: -1 }, { kind: "intflag" });
  registry.registerEnum("app.Odd", {
    NOTHING: null,
    PAIR: Tuple.of<unknown>(1, "a"),
    HALF: 0.5,
    BYTES: Buffer.from("x"),
    LIST: [1, 2],
    MAP: { a: 1 },
    COLOR: color.RED,
    DAY: new PyDate(2024, 5, 6),
    MANY: new FrozenSet([1]),
    YES: true,
  });
  registry.registerEnum("app.Real", { HALF: 0.5 });
  registry.registerEnum("app.Days", { MAY: new PyDate(2024, 5, 6) });
  registry.registerEnum("app.Pairs", { A: Tuple.of(1, 2) });
  registry.registerEnum("app.Api", { one: 1, two: 2 });
  registry.registerEnum("app.Conform", { R: 1, X: 4 }, { kind: "flag", boundary: "conform" });
  registry.registerEnum("app.Keep", { R: 1, X: 4 }, { kind: "flag", boundary: "keep" });
  registry.registerEnum("app.Eject", { R: 1, X: 4 }, { kind: "intflag", boundary: "eject" });
  registry.registerEnum("app.Strict", { R: 1, X: 4 }, { kind: "intflag", boundary: "strict" });
  registry.registerEnum("app.ByName", { A: 1 }, { pickleBy: "enumName" });
  registry.registerEnum("app.ByGlobal", { BY_GLOBAL_A: 1 }, { kind: "int", pickleBy: "globalName" });
  registry.register({ module: "app", name: "Outer.Middle" }, class Middle {});
  registry.register({ module: "app", name: "Outer.Middle.Deep" }, class Deep {});
  registry.registerEnum({ module: "app", name: "Outer.Middle.Tone" }, { LOW: 1 }, { kind: "int" });
  registry.register("app.Named", class Named extends point {});
  registry.register("app.Bare", class Bare extends point {});
  registry.register(
    "app.Swapped",
    class Swapped extends point {
      static __new__(y: unknown, x: unknown) {
        return new Swapped(x, y);
      }
      __getnewargs__() {
        return [this[1], this[0]];
      }
    },
  );
  registry.registerNamedTuple("app.Defaults", ["a", "b", "c"]);
  registry.registerNamedTuple("app.Renamed", ["a", "_1", "b", "_3"]);
  registry.registerNamedTuple("app.Empty", []);
  registry.registerNamedTuple("app.Typed", ["x", "y"]);
  for (const name of ["Sub", "Parent", "Child", "WithInit", "Ranked", "KwOnly"]) {
    registry.register(`app.${name}`, { [name]: class {} }[name] as never);
  }
  registerSlots(registry);
  registry.registerException("app.Refused", undefined, { extends: pyExceptions.OSError });
  registry.registerException("app.Missing", undefined, { extends: pyExceptions.FileNotFoundError });
  registry.registerException("app.Batch", undefined, { extends: pyExceptions.ExceptionGroup });
  class Quiet extends PyException {
    __reduce__() {
      return [Quiet, [], { a: 1 }];
    }
  }
  registry.registerException("app.Quiet", Quiet);
  class Kw extends PyException {
    declare code: unknown;
    __reduce__() {
      return [new PyGlobal("app", "_kw"), [this.code]];
    }
  }
  registry.registerException("app.Kw", Kw);
  registry.registerFunction("app._kw", (code: unknown) => Object.assign(new Kw(), { code }));
  for (const name of ["Plain", "Old", "Data", "Frozen"]) {
    registry.register(`app.${name}`, { [name]: class {} }[name] as never);
  }
  registry.register(
    "app.Slotted",
    class Slotted {
      declare x: number;
      declare y: string;
      __getstate__() {
        return Tuple.of<unknown>(null, { x: this.x, y: this.y });
      }
    },
  );
  registry.register(
    "app.FrozenSlotted",
    class FrozenSlotted {
      declare x: number;
      declare y: string;
      __getstate__() {
        return [this.x, this.y];
      }
      __setstate__([x, y]: [number, string]) {
        this.x = x;
        this.y = y;
      }
    },
  );
  registry.register("app.Items", class Items extends Array {});
  registry.register("app.Table", class Table extends PyDict {});
  registry.register("app.Pair", class Pair extends Tuple {});
  registry.register("app.Group", class Group extends PySet {});
  registry.register("app.Ordered", class Ordered extends OrderedDict {});
  registry.register("app.Factory", class Factory extends DefaultDict {});
  registry.register("app.Tally", class Tally extends Counter {});
  registry.register("app.Line", class Line extends Deque {});
  registry.registerException("app.Boom");
  registry.registerException(
    "app.Coded",
    class Coded extends PyException {
      declare code: number | null;
    },
  );
  registry.register(
    "app.State",
    class State {
      declare a: unknown;
      __getstate__() {
        return { kept: this.a };
      }
      __setstate__(state: PyDict<string, unknown> | { readonly kept: unknown }) {
        this.a = state instanceof PyDict ? state.get("kept") : state.kept;
      }
    },
  );
  class NewArgs {
    declare a: unknown;
    declare b: unknown;
    static __new__(a: unknown, keywords?: { b?: unknown }) {
      const object = Object.create(NewArgs.prototype) as NewArgs;
      object.a = a;
      object.b = keywords?.b ?? null;
      return object;
    }
    __getnewargs__() {
      return [this.a];
    }
  }
  registry.register("app.NewArgs", NewArgs);
  class NewArgsEx {
    declare a: unknown;
    declare b: unknown;
    static __new__(a: unknown, keywords?: { b?: unknown }) {
      const object = Object.create(NewArgsEx.prototype) as NewArgsEx;
      object.a = a;
      object.b = keywords?.b ?? null;
      return object;
    }
    __getnewargs_ex__(): [unknown[], Record<string, unknown>] {
      return [[this.a], { b: this.b }];
    }
    __getstate__() {
      return null;
    }
  }
  registry.register("app.NewArgsEx", NewArgsEx);
  registry.register("app.Moment", class Moment extends PyDateTime {});
  registry.register("app.Phase", class Phase extends Complex {});
  registry.register("app.Host", class Host extends IPv4Address {});
  registry.register("app.Site", class Site extends IPv4Network {});
  registry.register("app.Port", class Port extends IPv6Interface {});
  registry.register("app.Key", class Key extends PurePosixPath {});
  registry.register("app.Call", class Call extends PyPartial {});
  registry.register("app.Options", class Options extends SimpleNamespace {});
  registry.register("app.Slug", class Slug extends UserString {});
  registry.register("app.Id", class Id extends UUID {});
  registry.register("app.Blob", class Blob extends Uint8Array {});
  registry.register("app.Buffer", class Buffer extends ByteArray {});
  registry.register("app.Sealed", class Sealed extends FrozenSet {});
  registerScalars(registry);
  registerReduced(registry);
  return registry;
}

/** Classes with `__slots__`, and perhaps a `__dict__`: the state is that dict, or it and a dict of the slots that are set. */
function registerSlots(registry: ClassRegistry): void {
  const slotsOf: Readonly<Record<string, readonly string[]>> = {
    SlottedParent: ["x"],
    SlottedChild: ["x", "y"],
    Both: ["a"],
    SlotsOnly: ["a", "b"],
    SlotsChild: ["a", "b"],
  };
  for (const [name, slots] of Object.entries(slotsOf)) {
    const jsClass = {
      [name]: class {
        __getstate__() {
          const isSlot = ([attribute]: readonly [string, unknown]) => slots.includes(attribute);
          const attributes = Object.entries(this).filter((pair) => !isSlot(pair));
          const filled = Object.entries(this).filter(isSlot);
          const dict = attributes.length === 0 ? null : Object.fromEntries(attributes);
          return filled.length === 0 ? dict : Tuple.of<unknown>(dict, Object.fromEntries(filled));
        }
      },
    }[name]!;
    registry.register(`app.${name}`, jsClass);
  }
}

/** Subclasses of `int`, `float` and `str`, which JavaScript can only wrap: an adapter says which Python type holds the value. */
function registerScalars(registry: ClassRegistry): void {
  class Scalar {
    declare value: unknown;
    declare z?: number;
  }
  for (const [name, base] of [
    ["Number", "int"],
    ["Ratio", "float"],
    ["Title", "str"],
  ] as const) {
    const jsClass = { [name]: class extends Scalar {} }[name]!;
    registry.register<Scalar>(`app.${name}`, jsClass, {
      create: ([value]) => Object.assign(new jsClass(), { value }),
      reduce: ({ value, z }) => ({
        kind: "newobj",
        callable: new PyGlobal("app", name),
        args: [value],
        base: { global: new PyGlobal("builtins", base), value },
        state: z === undefined ? undefined : { z },
      }),
    });
  }
}

/** Classes that say themselves how they are written, and the functions that they name. */
function registerReduced(registry: ClassRegistry): void {
  class Framed {
    declare a: unknown;
    declare b: unknown;
    __reduce__(): Reduction {
      const [callable, stateSetter] = [new PyGlobal("app", "framed"), new PyGlobal("app", "set_framed")];
      return { kind: "reduce", callable, args: [this.a], state: { b: this.b }, stateSetter };
    }
  }
  class Versioned {
    declare a: unknown;
    declare b: unknown;
    __reduce_ex__() {
      return [new PyGlobal("app", "versioned"), [this.a], { b: this.b }];
    }
  }
  registry.register("app.Framed", Framed);
  registry.registerFunction("app.framed", (a: unknown) => Object.assign(new Framed(), { a }));
  registry.registerFunction(
    "app.set_framed",
    (object: Framed, state: PyDict<string, unknown> | { readonly b: unknown }) => {
      object.b = state instanceof PyDict ? state.get("b") : state.b;
      return null;
    },
  );
  registry.register("app.Versioned", Versioned);
  registry.registerFunction("app.versioned", (a: unknown) => Object.assign(new Versioned(), { a }));
}
