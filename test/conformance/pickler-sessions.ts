/** Runs the sessions of `pickler-cases.ts` with Brine, as `test/cpython/pickler.py` runs them with CPython. */
import {
  ByteArray,
  ClassRegistry,
  Complex,
  Decimal,
  FrozenSet,
  isPickleError,
  OrderedDict,
  PickleBuffer,
  Pickler,
  PyDate,
  PyDict,
  PyFloat,
  PyGlobal,
  PySet,
  type Reduction,
  Tuple,
} from "@brine/codec";
import type { Case, Node, SessionOptions } from "./pickler-cases.js";

export type Answer = { readonly pickle: string; readonly buffers: readonly string[] } | { readonly error: string };

class Plain {}
class Inner {}
class Special {}
class Tabled {}
class Persisted {
  declare pid: unknown;
}
class State {
  declare state: unknown;
  __getstate__(): unknown {
    return this.state;
  }
  __setstate__(state: unknown): void {
    this.state = state;
  }
}
class NewArgs {
  declare args: readonly unknown[];
  __getnewargs__(): readonly unknown[] {
    return this.args;
  }
  __getstate__(): null {
    return null;
  }
}
class NewArgsEx {
  declare args: readonly unknown[];
  declare kwargs: Record<string, unknown>;
  __getnewargs_ex__(): [readonly unknown[], Record<string, unknown>] {
    return [this.args, this.kwargs];
  }
  __getstate__(): null {
    return null;
  }
}
class Reduced {
  declare reduction: () => Reduction | readonly unknown[];
  __reduce__(): Reduction | readonly unknown[] {
    return this.reduction();
  }
}
class Items extends Array<unknown> {}
class Table extends PyDict<unknown, unknown> {}

const registry = new ClassRegistry();
for (const jsClass of [Plain, Special, Tabled, Persisted, State, NewArgs, NewArgsEx, Reduced, Items, Table]) {
  registry.register(`app.${jsClass.name}`, jsClass as never);
}
registry.register("app.Outer", class Outer {});
registry.register({ module: "app", name: "Outer.Inner" }, Inner);
for (const [name, code] of [
  ["set_state", 7],
  ["Table", 300],
  ["Items", 70_000],
] as const) {
  registry.registerExtension("app", name, code);
}

const MAKE = new PyGlobal("app", "make");
const SET_STATE = new PyGlobal("app", "set_state");
const EMPTY = { Plain, Inner, Special, Tabled, Persisted, State, NewArgs, NewArgsEx, Reduced, Table, Items } as const;

const globals = new Map<string, PyGlobal>();

/** The one object of a global, as Python has one. */
function globalOf(path: string): PyGlobal {
  const dot = path.indexOf(".");
  const entry = registry.find(path.slice(0, dot), path.slice(dot + 1));
  if (entry !== undefined) return registry.globalOf(entry);
  const known = globals.get(path) ?? new PyGlobal(path.slice(0, dot), path.slice(dot + 1));
  globals.set(path, known);
  return known;
}

function build(nodes: readonly Node[]): unknown[] {
  const values: unknown[] = [];
  for (const [kind, ...parts] of nodes) values.push(created(kind, parts, values));
  for (const [i, [kind, ...parts]] of nodes.entries()) fill(kind, values[i], parts, values);
  return values;
}

function created(kind: string, parts: readonly unknown[], values: readonly unknown[]): unknown {
  const text = parts[0] as string;
  const items = () => (parts[0] as number[]).map((i) => values[i]);
  switch (kind) {
    case "none":
      return null;
    case "bool":
      return parts[0];
    case "int":
      return Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
    case "float":
      return new PyFloat(text === "inf" ? Number.POSITIVE_INFINITY : Number(text));
    case "str":
      return text;
    case "bytes":
      return Buffer.from(text, "base64");
    case "bytearray":
      return ByteArray.from(Buffer.from(text, "base64"));
    case "buffer":
      return new PickleBuffer(Buffer.from(text, "base64"), { readonly: parts[1] as boolean });
    case "complex":
      return new Complex(parts[0] as number, parts[1] as number);
    case "tuple":
      return Tuple.from(items());
    case "frozenset":
      return new FrozenSet(items());
    case "set":
      return new PySet(items());
    case "list":
      return [];
    case "dict":
      return new PyDict();
    case "odict":
      return new OrderedDict();
    case "date":
      return new PyDate(parts[0] as number, parts[1] as number, parts[2] as number);
    case "decimal":
      return new Decimal(text);
    case "global":
      return globalOf(text);
    default:
      return new EMPTY[kind as keyof typeof EMPTY]();
  }
}

type Named = readonly (readonly [string, number])[];
type Pairs = readonly (readonly [number, number])[];

function fill(kind: string, value: unknown, parts: readonly unknown[], values: readonly unknown[]): void {
  const items = () => (parts[0] as number[]).map((i) => values[i]);
  const named = (names: unknown) => Object.fromEntries((names as Named).map(([name, i]) => [name, values[i]]));
  switch (kind) {
    case "list":
    case "Items":
      (value as unknown[]).push(...items());
      if (kind === "Items") Object.assign(value as object, named(parts[1]));
      break;
    case "dict":
    case "odict":
    case "Table":
      for (const [key, i] of parts[0] as Pairs) (value as Map<unknown, unknown>).set(values[key], values[i]);
      if (kind === "Table") Object.assign(value as object, named(parts[1]));
      break;
    case "Plain":
    case "Inner":
    case "Special":
    case "Tabled":
      Object.assign(value as object, named(parts[0]));
      break;
    case "State":
      (value as State).state = values[parts[0] as number];
      break;
    case "Persisted":
      (value as Persisted).pid = values[parts[0] as number];
      break;
    case "NewArgs":
    case "NewArgsEx":
      (value as NewArgs).args = Tuple.from(items());
      if (kind === "NewArgsEx") (value as NewArgsEx).kwargs = named(parts[1]);
      break;
    case "Reduced":
      (value as Reduced).reduction = () => reduction(parts, values);
      break;
  }
}

function reduction(parts: readonly unknown[], values: readonly unknown[]): readonly unknown[] {
  const [callable, args, state, items, pairs, setter] = parts;
  return [
    values[callable as number],
    (args as number[]).map((i) => values[i]),
    state === null ? null : values[state as number],
    items === null ? null : (items as number[]).map((i) => values[i]),
    pairs === null ? null : (pairs as Pairs).map(([key, i]) => [values[key], values[i]]),
    setter === null ? null : SET_STATE,
  ];
}

function persistentId(value: unknown): unknown {
  if (value instanceof Persisted) return value.pid;
  if (value === "persistent") return "id-of-str";
  if (value === 4242) return 7;
  if (value instanceof PyGlobal && String(value) === "collections.Counter") return "id-of-class";
  return null;
}

function override(value: object): readonly unknown[] | undefined {
  if (value instanceof Special) return [MAKE, [], { ...value }];
  if (value instanceof PyGlobal && String(value) === "app.Outer") return [MAKE, []];
  return undefined;
}

const dispatchTable = new Map([[Tabled, (value: Tabled) => [MAKE, ["tabled"], { ...value }]]]);

function picklerOf(options: SessionOptions, python: "3.12" | "3.13", buffers: string[]): Pickler {
  const { bufferCallback: keptOut } = options;
  return new Pickler({
    protocol: options.protocol,
    fast: options.fast,
    fixImports: options.fixImports,
    registry,
    python,
    persistentId: options.persistentId === true ? persistentId : undefined,
    reducerOverride: options.reducerOverride === true ? override : undefined,
    dispatchTable: options.dispatchTable === true ? dispatchTable : undefined,
    bufferCallback:
      keptOut === undefined
        ? undefined
        : ({ bytes }) => {
            buffers.push(Buffer.from(bytes).toString("base64"));
            return keptOut === "even" && bytes.length % 2 === 0;
          },
  });
}

/** What each dump of the case gives; the first that fails is the last. */
export function runCase({ nodes, options, steps }: Case, python: "3.12" | "3.13"): Answer[] {
  const values = build(nodes);
  const buffers: string[] = [];
  const pickler = picklerOf(options, python, buffers);
  const answers: Answer[] = [];
  for (const [step, argument] of steps) {
    if (step === "clear") pickler.clearMemo();
    else if (step === "fast") pickler.fast = argument;
    else {
      buffers.length = 0;
      try {
        const pickle = pickler.dump(values[argument]);
        answers.push({ pickle: Buffer.from(pickle).toString("base64"), buffers: [...buffers] });
      } catch (error) {
        if (!isPickleError(error)) throw error;
        answers.push({ error: error.message });
        break;
      }
    }
  }
  return answers;
}
