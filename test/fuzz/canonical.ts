/**
 * A value as text that is equal exactly when two graphs of Python objects are: types, order, and which objects are shared.
 * `oracle.py` writes the same texts in Python.
 */
import {
  BareObject,
  ByteArray,
  Complex,
  Counter,
  Decimal,
  DefaultDict,
  Deque,
  Fraction,
  FrozenSet,
  OrderedDict,
  PyDate,
  PyDateTime,
  PyFloat,
  PyGlobal,
  PyTime,
  Range,
  repr,
  Slice,
  TimeDelta,
  TimeZone,
  Tuple,
  UUID,
} from "@brine/codec";

/** The classes of the module `app`, here and in `oracle.py`. */
export class Plain {}

export class State {
  declare state: unknown;
  __setstate__(state: unknown): void {
    this.state = state;
  }
}

/** Values above this many nodes are not compared. */
export const MAX_NODES = 20_000;

/** The value is too large to compare. */
export class TooBig extends Error {}

export interface CanonicalOptions {
  /** Forget what the default value model does: floats with integral values are ints, and dicts have no order. */
  readonly isLoose?: boolean | undefined;
}

/** Text between the values, as opposed to a str. */
class Text {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function float(value: number): string {
  if (Number.isNaN(value)) return "nan";
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString("hex");
}

function int(value: bigint): string {
  const limit = 10n ** 4000n;
  if (value > -limit && value < limit) return `i${value}`;
  return value < 0n ? `i-0x${(-value).toString(16)}` : `i0x${value.toString(16)}`;
}

/** As `json.dumps` writes a str. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Which classes the references of a defaultdict's factory mean. */
const BUILTINS = new Map<unknown, string>([
  [Array, "builtins.list"],
  [Map, "builtins.dict"],
  [Set, "builtins.set"],
  [BigInt, "builtins.int"],
  [Number, "builtins.float"],
  [String, "builtins.str"],
  [Boolean, "builtins.bool"],
  [Tuple, "builtins.tuple"],
]);

function leaf(value: unknown, isLoose: boolean): string | undefined {
  switch (typeof value) {
    case "boolean":
      return value ? "True" : "False";
    case "number":
      if (Number.isInteger(value) && !Object.is(value, -0)) return int(BigInt(value));
      return `f${float(value)}`;
    case "bigint":
      return int(value);
    case "string":
      return quoted(value);
    case "function":
      return `g${BUILTINS.get(value) ?? value.name}`;
    case "object":
      break;
    default:
      return `?${typeof value}`;
  }
  if (value === null) return "None";
  if (value instanceof PyFloat) {
    const isInt = isLoose && Number.isInteger(value.value) && !Object.is(value.value, -0);
    return isInt ? int(BigInt(value.value)) : `f${float(value.value)}`;
  }
  if (value instanceof ByteArray) return undefined;
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString("hex")}`;
  if (value instanceof Complex) return `c${float(value.re)},${float(value.im)}`;
  if (value instanceof PyGlobal) return `g${value}`;
  if (value instanceof Tuple && value.length === 0) return "t()";
  if (value instanceof FrozenSet && value.size === 0) return "z{}";
  if (
    value instanceof PyDate ||
    value instanceof PyDateTime ||
    value instanceof PyTime ||
    value instanceof TimeDelta ||
    value instanceof TimeZone ||
    value instanceof Decimal ||
    value instanceof Fraction ||
    value instanceof UUID ||
    value instanceof Range
  ) {
    return `r${quoted(repr(value))}`;
  }
  return undefined;
}

function structural(value: unknown, budget: { left: number }, isLoose: boolean): string {
  budget.left--;
  if (budget.left < 0) throw new TooBig();
  const text = leaf(value, isLoose);
  if (text !== undefined) return text;
  if (value instanceof Tuple) return `t(${Array.from(value, (item) => structural(item, budget, isLoose)).join(",")})`;
  if (value instanceof FrozenSet) {
    return `z{${Array.from(value, (item) => structural(item, budget, isLoose))
      .sort()
      .join(",")}}`;
  }
  if (value instanceof Plain) return "oPlain";
  if (value instanceof State) return "oState";
  return value instanceof BareObject ? "oobject" : `o${(value as object).constructor?.name}`;
}

/** @throws TooBig */
export function canonical(root: unknown, options: CanonicalOptions = {}): string {
  const isLoose = options.isLoose ?? false;
  const out: string[] = [];
  const numbers = new Map<object, number>();
  const budget = { left: MAX_NODES };
  const stack: unknown[] = [root];
  let nodes = 0;
  while (stack.length > 0) {
    const value = stack.pop();
    if (value instanceof Text) {
      out.push(value.text);
      continue;
    }
    nodes++;
    if (nodes > MAX_NODES) throw new TooBig();
    const text = leaf(value, isLoose);
    if (text !== undefined) {
      out.push(text);
      continue;
    }
    const object = value as object;
    const seen = numbers.get(object);
    if (seen !== undefined) {
      out.push(`@${seen}`);
      continue;
    }
    const n = numbers.size;
    numbers.set(object, n);
    const parts: unknown[] = [];
    const listed = (before: string, items: Iterable<unknown>, after: string) => {
      parts.push(new Text(before));
      for (const item of items) parts.push(item, new Text(","));
      parts.push(new Text(after));
    };
    const paired = (before: string, pairs: Iterable<readonly [unknown, unknown]>, after: string) => {
      parts.push(new Text(before));
      let entries = [...pairs];
      if (isLoose) {
        entries = entries
          .map((pair) => [structural(pair[0], budget, true), pair] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([, pair]) => pair);
      }
      for (const [key, item] of entries) parts.push(key, new Text(":"), item, new Text(","));
      parts.push(new Text(after));
    };
    if (object instanceof Tuple) listed(`t${n}(`, object, ")");
    else if (Array.isArray(object)) listed(`l${n}[`, object, "]");
    else if (object instanceof ByteArray) parts.push(new Text(`B${n}:${Buffer.from(object).toString("hex")}`));
    else if (object instanceof DefaultDict) {
      parts.push(new Text(`defaultdict${n}`), object.factory);
      paired("{", object, "}");
    } else if (object instanceof OrderedDict) paired(`OrderedDict${n}{`, object, "}");
    else if (object instanceof Counter) paired(`Counter${n}{`, object, "}");
    else if (object instanceof Map) paired(`d${n}{`, object, "}");
    else if (object instanceof Set) {
      const texts = Array.from(object, (item) => structural(item, budget, isLoose)).sort();
      parts.push(new Text(`${object instanceof FrozenSet ? "z" : "s"}${n}{${texts.join(",")}}`));
    } else if (object instanceof Deque) listed(`deque${n}:${object.maxlen ?? "None"}[`, object, "]");
    else if (object instanceof Slice) listed(`slice${n}(`, [object.start, object.stop, object.step], ")");
    else if (object instanceof Plain || object instanceof State) {
      paired(`${object instanceof Plain ? "Plain" : "State"}${n}{`, Object.entries(object), "}");
    } else if ([Object.prototype, null].includes(Object.getPrototypeOf(object))) {
      paired(`d${n}{`, Object.entries(object), "}");
    } else if (object.constructor?.name === "BareObject") parts.push(new Text(`object${n}`));
    else parts.push(new Text(`?${n}${object.constructor?.name}`));
    for (let i = parts.length - 1; i >= 0; i--) stack.push(parts[i]);
  }
  return out.join("");
}
