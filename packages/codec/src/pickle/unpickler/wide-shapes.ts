/**
 * Rows with many columns. V8 turns an object that is filled key by key into a slow hash table at its twentieth key, unless
 * it has seen an object of these keys made at once. So for keys that come a second time, one such object is made and kept;
 * all rows after it stay fast, to fill and to read (measured on Node 20, 22 and 24: 55-100 ns a key become 16-27).
 *
 * The table is bounded and nothing but speed depends on it.
 */

/** Below this many keys V8 needs no help; above, it makes a hash table in any case. */
const FEWEST = 19;
const MOST = 127;
const SLOTS = 64;

interface Shape {
  readonly keys: readonly string[];
  /** Keeps V8's knowledge of the shape alive. */
  sample?: object | undefined;
}

const shapes: (Shape | undefined)[] = new Array(SLOTS).fill(undefined);

/** Notes that an object is about to get the keys `items[from]`, `items[from + 2]`, ... below `to`. */
export function noteShape(items: readonly unknown[], from: number, to: number): void {
  const count = (to - from) >> 1;
  if (count < FEWEST || count > MOST) return;
  const first = items[from];
  const last = items[to - 2];
  if (typeof first !== "string" || typeof last !== "string") return;
  const slot = (count * 7 + first.length * 5 + last.length * 3 + first.charCodeAt(0) + last.charCodeAt(0)) % SLOTS;
  const shape = shapes[slot];
  if (shape !== undefined && shape.keys.length === count && isSame(shape.keys, items, from)) {
    shape.sample ??= newSample(shape.keys);
  } else {
    shapes[slot] = newShape(items, from, to);
  }
}

/**
 * An object of these keys whose values have had different types, so that V8 makes room for any: a row with another type
 * in a column would otherwise give the shape a successor that nothing keeps alive.
 */
function newSample(keys: readonly string[]): object {
  const sample: Record<string, unknown> = Object.fromEntries(keys.map((key) => [key, 0]));
  for (const value of [0.5, "", null]) for (const key of keys) sample[key] = value;
  return sample;
}

function isSame(keys: readonly string[], items: readonly unknown[], from: number): boolean {
  for (let i = 0, at = from; i < keys.length; i++, at += 2) if (keys[i] !== items[at]) return false;
  return true;
}

function newShape(items: readonly unknown[], from: number, to: number): Shape | undefined {
  const keys: string[] = [];
  for (let i = from; i < to; i += 2) {
    const key = items[i];
    if (typeof key !== "string" || key === "__proto__" || key.length > 64) return undefined;
    keys.push(key);
  }
  return { keys };
}
