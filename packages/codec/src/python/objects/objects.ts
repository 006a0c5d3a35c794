/** What stands in JavaScript for Python things that have no counterpart: references to globals, opaque objects, persistent ids. */
import type { GlobalEntry } from "../../globals/registry.js";

/**
 * A reference to a Python class or function by name, such as a pickled `int` or `len`. Decoding one imports nothing.
 * Equal references decoded with one registry are the same object.
 */
export class PyGlobal {
  /** Python 3's name, also where a pickle had Python 2's. */
  readonly module: string;
  /** Python's `__qualname__`, also of a nested class: `Outer.Inner`. */
  readonly name: string;
  /** What the registry knows about it; `undefined` for an unregistered name kept with `unregistered: "opaque"`. */
  readonly #entry: GlobalEntry | undefined;

  /** @param entry - what a registry knows of it; left out, the name is looked up in the registry of whoever writes it */
  constructor(module: string, name: string, entry?: GlobalEntry) {
    this.module = module;
    this.name = name;
    this.#entry = entry;
    Object.freeze(this);
  }

  /** What the registry that decoded it knows of it; `undefined` for an unregistered name, and for one made by hand without. */
  static entryOf(global: PyGlobal): GlobalEntry | undefined {
    return global.#entry;
  }

  /** Module and name: `builtins.len`. */
  toString(): string {
    return `${this.module}.${this.name}`;
  }

  /** As {@link toString}. */
  toJSON(): string {
    return this.toString();
  }
}

/**
 * Marks Brine's classes that hold what Python's own code is given again, and may want as a tuple: `tuple: "array"` leaves
 * what their instances hold as it is.
 */
export const keepsTuples: unique symbol = Symbol.for("brine.keeps-tuples") as never;

/**
 * An instance of a class nobody registered, kept losslessly with `unregistered: "opaque"`: what the pickle did, step by
 * step, so that it can be written back. The encoder refuses it unless told `opaque: "allow"`.
 */
export class PyObject {
  static readonly [keepsTuples] = true;
  /** The class or function: a {@link PyGlobal}, or another PyObject that was called. */
  readonly callable: unknown;
  /**
   * - `"reduce"`: `callable(*args)`
   * - `"newobj"`: `callable.__new__(callable, *args)`
   * - `"newobj_ex"`: the same with `kwargs`
   * - `"obj"`: an instance of an old-style class of Python 2: `callable(*args)`, but without `__init__` if there are no arguments
   */
  readonly kind: "reduce" | "newobj" | "newobj_ex" | "obj";
  /** Positional, of what `kind` says. */
  readonly args: readonly unknown[];
  /** `undefined` unless the kind is `"newobj_ex"`. */
  readonly kwargs: ReadonlyMap<string, unknown> | undefined;
  /** Items added with APPEND(S), pairs set with SETITEM(S), states set with BUILD, in the order of the pickle. */
  readonly steps: readonly PyObjectStep[] = [];

  /** For the decoder, and for who writes an object of a class that is not registered. Without steps. */
  constructor(
    kind: "reduce" | "newobj" | "newobj_ex" | "obj",
    callable: unknown,
    args: readonly unknown[],
    kwargs?: ReadonlyMap<string, unknown>,
  ) {
    this.kind = kind;
    this.callable = callable;
    this.args = args;
    this.kwargs = kwargs;
  }

  /** The last state set with BUILD, `undefined` without one. */
  get state(): unknown {
    for (let i = this.steps.length - 1; i >= 0; i--) {
      const step = this.steps[i]!;
      if (step.kind === "state") return step.state;
    }
    return undefined;
  }

  /** Records what an opcode did to the object; for the decoder. */
  static record(object: PyObject, step: PyObjectStep): void {
    (object.steps as PyObjectStep[]).push(step);
  }
}

/** One step of what a pickle does to an opaque object after it made it, in order: BUILD, APPENDS or SETITEMS. */
export type PyObjectStep =
  | { readonly kind: "state"; readonly state: unknown }
  | { readonly kind: "items"; readonly items: readonly unknown[] }
  | { readonly kind: "pairs"; readonly pairs: readonly unknown[] };

/** A method of a class or object, which CPython writes as `getattr(owner, method)` at every protocol. */
export class BoundMethod {
  readonly owner: object;
  readonly method: string;

  constructor(owner: object, method: string) {
    this.owner = owner;
    this.method = method;
  }
}

/**
 * A str that Python makes anew for each pickle, for arguments of a reduction: it never shares a memo entry with an equal
 * one. Never part of a value.
 */
export class FreshString {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The same of bytes: those of one byte would otherwise be shared. Never part of a value. */
export class FreshBytes {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/**
 * Marks Brine's classes that a class of yours may extend and that take the arguments of their Python twin: an instance of
 * the subclass is then made by the constructor of Brine's class alone, never by yours.
 */
export const pyBase: unique symbol = Symbol.for("brine.base") as never;
