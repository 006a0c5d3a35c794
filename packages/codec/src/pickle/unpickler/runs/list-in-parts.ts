/**
 * Large lists, made of parts that are filled one after the other and then joined.
 *
 * V8 keeps an array this large among its old objects as soon as it collects garbage, and then notes each young object that is
 * stored in it: filling one directly takes twice the time.
 */

/** Items that fit into an array of V8's young generation. */
export const PART = 8192;
/** Parts become larger rather than more than this. */
export const MAX_PARTS = 4096;

/** A list of `count` items; `fill` is given arrays to fill, together as long, in order. */
export function listInParts(count: number, fill: (part: unknown[]) => void): unknown[] {
  const size = Math.max(PART, Math.ceil(count / MAX_PARTS));
  const parts: unknown[][] = [];
  for (let rest = count; rest > 0; rest -= size) {
    const part: unknown[] = new Array(Math.min(rest, size));
    fill(part);
    parts.push(part);
  }
  return joined(parts);
}

/** All items of `parts`, which are at most {@link MAX_PARTS}. */
export function joined<T>(parts: readonly T[][]): T[] {
  return parts.length === 1 ? parts[0]! : ([] as T[]).concat(...parts);
}
