/** The classes of the module `app` that `test/vectors/generate_types.py` writes instances of. */
import {
  ByteArray,
  ClassRegistry,
  Counter,
  DefaultDict,
  Deque,
  FrozenSet,
  OrderedDict,
  PyDateTime,
  PyDict,
  PyException,
  PyGlobal,
  PySet,
  type Reduction,
  Tuple,
} from "@brine/codec";

/** The module `app` of the vectors, as a user would map it. */
export function appRegistry(): ClassRegistry {
  const registry = new ClassRegistry();
  registry.registerNamedTuple("app.Point", ["x", "y"]);
  registry.registerEnum("app.Color", { RED: 1, BLUE: "blue" });
  registry.registerEnum("app.Level", { LOW: 1, HIGH: 2 }, { kind: "int" });
  registry.registerEnum("app.Perm", { R: 1, W: 2, X: 4 }, { flag: true });
  registry.registerEnum("app.IntPerm", { R: 1, W: 2 }, { kind: "intflag" });
  registry.registerEnum("app.Name", { A: "a" }, { kind: "str" });
  registry.registerEnum("app.Text", { A: "a" }, { kind: "str" });
  registry.register("app.Outer", class Outer {});
  registry.registerEnum({ module: "app", name: "Outer.Shade" }, { DARK: 1 });
  registry.register({ module: "app", name: "Outer.Inner" }, class Inner {});
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
  registry.register("app.Blob", class Blob extends Uint8Array {});
  registry.register("app.Buffer", class Buffer extends ByteArray {});
  registry.register("app.Sealed", class Sealed extends FrozenSet {});
  registerScalars(registry);
  registerReduced(registry);
  return registry;
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
