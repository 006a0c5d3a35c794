/** Runs the sessions of `pickler-cases.ts` with Brine, as `test/cpython/pickler.py` runs them with CPython. */
import {
  ByteArray,
  ClassRegistry,
  Complex,
  Decimal,
  DefaultDict,
  Deque,
  FrozenSet,
  isPickleError,
  OrderedDict,
  PickleBuffer,
  Pickler,
  PyDate,
  PyDict,
  type PyException,
  PyFloat,
  PyGlobal,
  PyPartial,
  PySet,
  pyExceptions,
  type Reduction,
  Tuple,
} from "@brine/codec";
import { type Case, EXTENSIONS, type MISUSES, type Node, type SessionOptions } from "./pickler-cases.js";

export type Answer = { readonly pickle: string; readonly buffers: readonly string[] } | { readonly error: string };

class Plain {}
class Inner {}
class Deep {}
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
/** CPython sees through `__newobj__` whoever returns it, from protocol 2 on. */
class OwnNewobj {
  __reduce__(): readonly unknown[] {
    return [new PyGlobal("copyreg", "__newobj__"), [globalOf("app.OwnNewobj")], { ...this }];
  }
}
class Misused {
  declare misuse: Misuse;
  __reduce__(): readonly unknown[] | string {
    return MISUSE_OF[this.misuse] as readonly unknown[];
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
for (const jsClass of [
  ...[Plain, Special, Tabled, Persisted, State, NewArgs, NewArgsEx],
  ...[OwnNewobj, Misused, Reduced, Items, Table],
]) {
  registry.register(`app.${jsClass.name}`, jsClass as never);
}
registry.register("app.Outer", class Outer {});
registry.register({ module: "app", name: "Outer.Inner" }, Inner);
registry.register({ module: "app", name: "Outer.Middle" }, class Middle {});
registry.register({ module: "app", name: "Outer.Middle.Deep" }, Deep);
const ext = Object.fromEntries(Object.keys(EXTENSIONS).map((name) => [name, { [name]: class {} }[name]!]));
for (const [name, jsClass] of Object.entries(ext)) registry.register(`app.${name}`, jsClass);
for (const [name, code] of Object.entries({
  ...EXTENSIONS,
  set_state: 7,
  "Outer.Middle": 300,
  Table: 301,
  Items: 70_000,
})) {
  registry.registerExtension("app", name, code);
}

const MAKE = new PyGlobal("app", "make");
const SET_STATE = new PyGlobal("app", "set_state");
const EMPTY = {
  ...ext,
  Plain,
  Inner,
  Deep,
  OwnNewobj,
  Misused,
  Special,
  Tabled,
  Persisted,
  State,
  NewArgs,
  NewArgsEx,
  Reduced,
  Table,
  Items,
} as const;

type Misuse = (typeof MISUSES)[number];

const MISUSE_OF: Readonly<Record<Misuse, unknown>> = {
  "one item": [MAKE],
  "no item": [],
  "seven items": [MAKE, [], null, null, null, null, null],
  None: null,
  "an int": 5,
  "an empty name": "",
  "a callable that is an int": [5, []],
  "a callable that is a str": ["make", []],
  "a callable that is a dict": [{}, []],
  "arguments that are a str": [MAKE, "ab"],
  "arguments that are None": [MAKE, null],
  "list items that are an int": [MAKE, [], null, 5],
  "dict items that are an int": [MAKE, [], null, null, 5],
  "dict items that are no pairs": [MAKE, [], null, null, [1]],
  "dict items of three": [MAKE, [], null, null, [[1, 2, 3]]],
  "a state setter that is an int": [MAKE, [], 1, null, null, 5],
  "a state setter that is a list": [MAKE, [], 1, null, null, []],
};

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
    case "deque":
      return new Deque();
    case "defaultdict":
      return new DefaultDict(null);
    case "partial":
      return new PyPartial(MAKE, Tuple.from(items()), named(parts[1], values));
    case "ValueError":
      return new pyExceptions.ValueError(...items());
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

function named(names: unknown, values: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries((names as Named).map(([name, i]) => [name, values[i]]));
}

function fill(kind: string, value: unknown, parts: readonly unknown[], values: readonly unknown[]): void {
  const items = () => (parts[0] as number[]).map((i) => values[i]);
  if (kind in ext) {
    Object.assign(value as object, named(parts[0], values));
    return;
  }
  switch (kind) {
    case "deque":
      (value as Deque).extend(items());
      break;
    case "list":
    case "Items":
      (value as unknown[]).push(...items());
      if (kind === "Items") Object.assign(value as object, named(parts[1], values));
      break;
    case "dict":
    case "odict":
    case "defaultdict":
    case "Table":
      for (const [key, i] of parts[0] as Pairs) (value as Map<unknown, unknown>).set(values[key], values[i]);
      if (kind === "Table") Object.assign(value as object, named(parts[1], values));
      break;
    case "Plain":
    case "Inner":
    case "Deep":
    case "OwnNewobj":
    case "Special":
    case "Tabled":
      Object.assign(value as object, named(parts[0], values));
      break;
    case "ValueError":
      Object.assign((value as PyException).attributes, named(parts[1], values));
      break;
    case "Misused":
      (value as Misused).misuse = parts[0] as Misuse;
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
      if (kind === "NewArgsEx") (value as NewArgsEx).kwargs = named(parts[1], values);
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
