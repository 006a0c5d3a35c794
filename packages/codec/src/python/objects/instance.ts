/** Instances of Python classes that are kept as data: what they were made of, without behaviour. */
import { keepsTuples } from "./objects.js";

/**
 * An instance of a Python class that Brine knows by name only: what it was called with, and its state. Written back as it
 * was read. Each such class has a JavaScript class of its own below this one.
 */
export abstract class PyInstance {
  static readonly [keepsTuples] = true;
  /** Module and qualified name of the Python class: `subprocess.CompletedProcess`. */
  static readonly pythonName: string = "";

  /** How the pickle makes it. `"reduce"`: called with `args`; `"newobj"`: made with `cls.__new__(cls, *args)`. */
  readonly kind: "reduce" | "newobj";
  /** Positional, of what `kind` says. */
  readonly args: readonly unknown[];
  /** What BUILD set; `undefined` without. */
  state: unknown;
  /** Items of a list subclass; `undefined` without. */
  items: unknown[] | undefined;

  /** Without state and items, which are set after it. */
  constructor(kind: "reduce" | "newobj" = "newobj", args: readonly unknown[] = []) {
    this.kind = kind;
    this.args = args;
    this.state = undefined;
    this.items = undefined;
  }

  /** Module and qualified name of its class: {@link PyInstance.pythonName}. */
  get pythonName(): string {
    return (this.constructor as typeof PyInstance).pythonName;
  }

  /** One attribute of the state, where that is a dict; `undefined` without it. */
  attribute(name: string): unknown {
    const { state } = this;
    if (state instanceof Map) return state.get(name);
    if (typeof state !== "object" || state === null || !Object.hasOwn(state, name)) return undefined;
    return (state as Record<string, unknown>)[name];
  }
}

/** A concrete class below {@link PyInstance}. */
export type PyInstanceClass<T extends PyInstance = PyInstance> = {
  readonly pythonName: string;
  readonly prototype: T;
  new (kind?: "reduce" | "newobj", args?: readonly unknown[]): T;
};

/** Makes the class for a Python name. */
export function instanceClass(module: string, name: string): PyInstanceClass {
  const jsName = name.slice(name.lastIndexOf(".") + 1);
  const made = {
    [jsName]: class extends PyInstance {
      static override readonly pythonName = `${module}.${name}`;
    },
  };
  return made[jsName] as PyInstanceClass;
}
