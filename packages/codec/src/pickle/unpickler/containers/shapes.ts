/**
 * Dicts with the same keys in the same order, as rows of a table have them.
 *
 * Keys that come together again and again get places in the source of their own where they are stored (store-sites.ts).
 * And V8 turns an object that is filled key by key into a slow hash table at its twentieth key, unless it has seen an
 * object of these keys made at once. So for keys that come a second time, one such object is made and kept; all rows after
 * it stay fast, to fill and to read (measured on Node 20, 22 and 24: 55-100 ns a key become 16-27).
 *
 * All of it is bounded, and nothing but speed depends on it.
 */
import { KEYS_OF_SITE, type StoreSite, takeStoreSites } from "./store-sites.js";

/** Below this many keys V8 needs no help to stay fast; above `MOST`, it makes a hash table in any case. */
const WIDE = 19;
const MOST = 127;
/** Up to so many keys get places of their own, so that no shape takes them all. */
const MOST_SITED = 32;
/** When they have come so many times. */
const TIMES_FOR_SITES = 64;
const SLOTS = 256;

interface Shape {
  keys: readonly string[];
  times: number;
  sites: readonly StoreSite[] | undefined;
  /** Keeps V8's knowledge of the shape alive. */
  sample: object | undefined;
}

const shapes: (Shape | undefined)[] = new Array(SLOTS).fill(undefined);

/**
 * Sets the pairs `items[from]`, `items[from + 1]`, ... below `to` on an empty object, if it is known how to do it fast.
 *
 * @returns whether it was; if not, nothing is set
 */
export function fillByShape(object: object, items: readonly unknown[], from: number, to: number): boolean {
  const count = (to - from) >> 1;
  const first = items[from];
  const last = items[to - 2];
  if (count > MOST || typeof first !== "string" || typeof last !== "string") return false;
  const initials = first.charCodeAt(0) * 31 + last.charCodeAt(0);
  const slot = (count * 7 + first.length * 5 + last.length * 3 + initials) & (SLOTS - 1);
  const shape = shapes[slot];
  if (shape === undefined || shape.keys.length !== count || !isSame(shape.keys, items, from)) {
    shapes[slot] = newShape(items, from, to);
    return false;
  }
  const { keys, sites } = shape;
  if (sites === undefined) {
    meet(shape);
    return false;
  }
  let at = from + 1;
  for (let i = 0; i < sites.length; i++) {
    sites[i]!(object as Record<string, unknown>, keys, i * KEYS_OF_SITE, items, at);
    at += 2 * KEYS_OF_SITE;
  }
  return true;
}

/** Counts another time that keys came together. */
function meet(shape: Shape): void {
  const count = shape.keys.length;
  if (count >= WIDE) shape.sample ??= newSample(shape.keys);
  if (++shape.times !== TIMES_FOR_SITES || count > MOST_SITED) return;
  // V8 learns a key only in its own copy of it.
  shape.keys = shape.keys.map((key) => Object.keys({ [key]: null })[0]!);
  shape.sites = takeStoreSites(count);
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

/** `undefined` for keys that are no ordinary ones. */
function newShape(items: readonly unknown[], from: number, to: number): Shape | undefined {
  const keys: string[] = [];
  for (let i = from; i < to; i += 2) {
    const key = items[i];
    if (typeof key !== "string" || key === "__proto__" || key.length > 64) return undefined;
    keys.push(key);
  }
  return { keys, times: 0, sites: undefined, sample: undefined };
}
