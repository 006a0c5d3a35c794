/** Descriptions of values and of what a pickler does with them, for Brine and for `test/cpython/pickler.py` alike. */
import type { Random } from "../fuzz/random.js";

/** A value: its kind, and what it holds; numbers refer to other nodes. Only containers that are filled later hold later ones. */
export type Node = readonly [kind: string, ...parts: unknown[]];

export interface SessionOptions {
  readonly protocol: 0 | 1 | 2 | 3 | 4 | 5;
  readonly fast: boolean;
  readonly fixImports: boolean;
  readonly persistentId?: boolean | undefined;
  readonly reducerOverride?: boolean | undefined;
  readonly dispatchTable?: boolean | undefined;
  /** `even`: buffers of even length are kept in band. */
  readonly bufferCallback?: "none" | "even" | undefined;
}

type Step = readonly ["dump", number] | readonly ["clear"] | readonly ["fast", boolean];

export interface Case {
  readonly nodes: readonly Node[];
  readonly options: SessionOptions;
  readonly steps: readonly Step[];
}

const STRINGS = [
  "",
  "a",
  "\u00e9",
  "key",
  "app",
  "Plain",
  "make",
  "builtins",
  "datetime",
  "collections",
  "latin1",
  "persistent",
  "\ud800",
  "\u20ac\\u0041\n\r\0",
  "\u{1f600}",
  "x".repeat(256),
];
const INTS = ["0", "1", "255", "256", "65535", "65536", "-1", "2147483647", "2147483648", "-2147483649", "4242"];
const BIG_INTS = ["9007199254740993", "-36028797018963968", `${2n ** 2100n}`];
const FLOATS = ["0.5", "-0.0", "1e+16", "1e-05", "inf", "nan", "3.0"];
const GLOBALS = [
  "app.Plain",
  "app.Outer",
  "app.Outer.Inner",
  "app.Outer.Middle",
  "app.Outer.Middle.Deep",
  "app.make",
  "builtins.int",
  "builtins.list",
  "builtins.range",
  "builtins.len",
  "builtins.ValueError",
  "builtins.FileNotFoundError",
  "collections.OrderedDict",
  "collections.Counter",
  "datetime.date",
  "decimal.Decimal",
];
const NAMES = ["a", "b", "key", "app", "latin1", "persistent"];
const DECIMALS = ["1.10", "-0", "NaN", "Infinity"];
const ID_KINDS = new Set(["none", "bool", "int", "float", "str", "bytes", "complex", "date", "decimal"]);
const KEY_KINDS = new Set(["none", "bool", "int", "str", "bytes"]);
/** Keys that are equal only to themselves, and may lead back to what they are a key of. */
const OBJECT_KINDS = new Set([
  "Plain",
  "Inner",
  "Deep",
  "Special",
  "Tabled",
  "State",
  "Reduced",
  "ValueError",
  "global",
]);
/** What `__reduce__` may not return; both sides make it. */
export const MISUSES = [
  "one item",
  "no item",
  "seven items",
  "None",
  "an int",
  "an empty name",
  "a callable that is an int",
  "a callable that is a str",
  "a callable that is a dict",
  "arguments that are a str",
  "arguments that are None",
  "list items that are an int",
  "dict items that are an int",
  "dict items that are no pairs",
  "dict items of three",
  "a state setter that is an int",
  "a state setter that is a list",
] as const;
/** Classes with a code of the extension registry: of each opcode the least and the greatest. */
export const EXTENSIONS = {
  Ext1: 1,
  Ext255: 255,
  Ext256: 256,
  Ext65535: 65_535,
  Ext65536: 65_536,
  ExtMax: 0x7fffffff,
} as const;

/** Makes the nodes of one value, each random. */
class Graph {
  readonly nodes: Node[] = [];
  readonly #random: Random;
  readonly #hasCycles: boolean;
  readonly #options: SessionOptions;
  readonly #size: number;

  constructor(random: Random, options: SessionOptions, hasCycles: boolean) {
    this.#random = random;
    this.#options = options;
    this.#hasCycles = hasCycles;
    this.#size = 1 + random.below(random.chance(0.3) ? 60 : 14);
    while (this.nodes.length < this.#size) this.nodes.push(this.#node());
  }

  /** An earlier node. The last one most often, so that values get deep. */
  #earlier(): number {
    const { length } = this.nodes;
    return this.#random.chance(0.4) ? length - 1 : this.#random.below(length);
  }

  #earlierOnes(max: number): number[] {
    if (this.nodes.length === 0) return [];
    return Array.from({ length: this.#random.below(max + 1) }, () => this.#earlier());
  }

  /** Any node, also this one and later ones. */
  #any(): number {
    if (this.#hasCycles && this.#random.chance(0.2)) return this.#random.below(this.#size);
    return this.nodes.length === 0 ? 0 : this.#earlier();
  }

  #anys(max: number): number[] {
    if (this.nodes.length === 0 && !this.#hasCycles) return [];
    return Array.from({ length: this.#random.below(max + 1) }, () => this.#any());
  }

  /** Pairs for a dict, with keys that are hashable and not equal to each other. */
  #pairs(max: number): [number, number][] {
    const keys = new Map<string, number>();
    for (const i of this.#earlierOnes(max)) {
      const [kind, value] = this.nodes[i]!;
      // True and 1 are one key.
      if (KEY_KINDS.has(kind)) keys.set(kind === "bool" ? `int:${Number(value)}` : `${kind}:${String(value)}`, i);
      else if (OBJECT_KINDS.has(kind)) keys.set(kind === "global" ? `global:${String(value)}` : `object:${i}`, i);
    }
    return Array.from(keys.values(), (key) => [key, this.#any()]);
  }

  #attributes(): [string, number][] {
    if (this.nodes.length === 0) return [];
    const names = NAMES.filter(() => this.#random.chance(0.4));
    return names.map((name) => [name, this.#any()]);
  }

  #node(): Node {
    const random = this.#random;
    const kinds = this.nodes.length > 0 && random.chance(0.55) ? HOLDERS : LEAVES;
    return this.#nodeOf(random.pick(kinds));
  }

  #nodeOf(kind: string): Node {
    const random = this.#random;
    const bytes = (): string =>
      Buffer.from(Array.from({ length: random.below(5) }, () => random.below(256))).toString("base64");
    switch (kind) {
      case "bool":
        return [kind, random.chance(0.5)];
      case "int":
        return [kind, random.pick(random.chance(0.8) ? INTS : BIG_INTS)];
      case "float":
        return [kind, random.pick(FLOATS)];
      case "str":
        return [kind, random.pick(STRINGS)];
      case "bytes":
      case "bytearray":
        return [kind, bytes()];
      case "buffer":
        // Refused below protocol 5, which is worth a few cases only.
        return this.#options.protocol === 5 || random.chance(0.02) ? [kind, bytes(), random.chance(0.5)] : ["none"];
      case "complex":
        return [kind, random.below(9) / 2, -1.5];
      case "date":
        return [kind, 1 + random.below(3000), 2, 3];
      case "decimal":
        return [kind, random.pick(DECIMALS)];
      case "global":
        return [kind, random.pick(GLOBALS)];
      case "set":
      case "frozenset": {
        // One item has one order.
        const [only] = this.#earlierOnes(1).filter((i) => {
          const [member] = this.nodes[i]!;
          return KEY_KINDS.has(member) || OBJECT_KINDS.has(member);
        });
        return [kind, only === undefined ? [] : [only]];
      }
      case "tuple":
        return [kind, this.#earlierOnes(5)];
      case "deque":
      case "defaultdict":
        // Whose module's name is one string with OrderedDict's up to 3.11 only, which shows from protocol 4 on.
        if (this.#options.protocol >= 4) return ["none"];
        return [kind, kind === "deque" ? this.#anys(5) : this.#pairs(5)];
      case "partial":
        return [kind, this.#earlierOnes(3), this.#attributes().filter(([, i]) => i < this.nodes.length)];
      case "ValueError":
        return [kind, this.#earlierOnes(3), this.#attributes()];
      case "Ext":
        return [random.pick(Object.keys(EXTENSIONS)), this.#attributes()];
      case "Misused":
        // Few, as each ends a case.
        return random.chance(0.02) ? [kind, random.pick(MISUSES)] : ["none"];
      case "list":
        return [kind, random.chance(0.02) ? Array.from({ length: 1001 }, () => 0) : this.#anys(5)];
      case "dict":
      case "odict":
        return [kind, this.#pairs(5)];
      case "State":
        return [kind, this.#earlier()];
      case "Persisted": {
        // At protocol 0 an id is its str(), which for some values is an address in memory.
        const id = this.#earlier();
        return this.#options.protocol > 0 || ID_KINDS.has(this.nodes[id]![0]) ? [kind, id] : ["Special", []];
      }
      case "NewArgs":
        return [kind, this.#earlierOnes(4)];
      case "NewArgsEx":
        return [kind, this.#earlierOnes(3), this.#attributes().filter(([, i]) => i < this.nodes.length)];
      case "Items":
        return [kind, this.#anys(4), this.#attributes()];
      case "Table":
        return [kind, this.#pairs(4), this.#attributes()];
      case "Reduced":
        return this.#reduced();
      case "none":
        return [kind];
      default:
        return [kind, this.#attributes()];
    }
  }

  #reduced(): Node {
    const random = this.#random;
    const callable = this.nodes.findIndex(([kind, name]) => kind === "global" && name === "app.make");
    if (callable < 0) return ["global", "app.make"];
    const state = random.chance(0.6) ? this.#any() : null;
    const items = random.chance(0.3) ? this.#anys(4) : null;
    const pairs = random.chance(0.3) ? this.#pairs(4) : null;
    return ["Reduced", callable, this.#earlierOnes(4), state, items, pairs, random.chance(0.3) ? true : null];
  }
}

const LEAVES = [
  ..."none bool int int float str str str bytes bytes bytearray buffer complex date decimal global global".split(" "),
];
const HOLDERS = [
  ..."tuple tuple list list dict dict set frozenset odict Plain Inner State NewArgs NewArgsEx".split(" "),
  ..."Reduced Reduced Items Table Special Tabled Persisted".split(" "),
  ..."deque defaultdict partial ValueError Deep Ext OwnNewobj Misused".split(" "),
];

/** One value and what is done with it; `kind` is what the case is about. */
export function randomCase(random: Random, kind: CaseKind): Case {
  const options: SessionOptions = {
    protocol: random.pick([0, 1, 2, 3, 4, 5]),
    fast: false,
    fixImports: true,
    ...KINDS[kind](random),
  };
  if (options.bufferCallback !== undefined) Object.assign(options, { protocol: 5 });
  const { nodes } = new Graph(random, options, kind !== "fast" && kind !== "fast now and then");
  const root = (): Step => ["dump", random.chance(0.6) ? nodes.length - 1 : random.below(nodes.length)];
  const steps: Step[] = [root()];
  if (kind === "reused" || kind === "all hooks" || kind === "fast now and then") {
    for (let i = random.below(6); i >= 0; i--) {
      if (random.chance(0.2)) steps.push(["clear"]);
      if (kind === "fast now and then" && random.chance(0.4)) steps.push(["fast", random.chance(0.5)]);
      steps.push(root());
    }
  }
  return { nodes, options, steps };
}

const KINDS = {
  plain: () => ({}),
  fast: () => ({ fast: true }),
  "fast now and then": () => ({}),
  reused: () => ({}),
  persistentId: () => ({ persistentId: true }),
  fixImports: (random: Random) => ({ fixImports: false, protocol: random.pick([0, 1, 2] as const) }),
  reducerOverride: () => ({ reducerOverride: true }),
  dispatchTable: () => ({ dispatchTable: true }),
  bufferCallback: (random: Random) => ({ bufferCallback: random.pick(["none", "even"] as const) }),
  "all hooks": (random: Random) => ({
    persistentId: random.chance(0.5),
    reducerOverride: random.chance(0.5),
    dispatchTable: random.chance(0.5),
    fixImports: random.chance(0.5),
    bufferCallback: random.pick([undefined, undefined, "none", "even"] as const),
  }),
};

type CaseKind = keyof typeof KINDS;
export const CASE_KINDS = Object.keys(KINDS) as CaseKind[];
