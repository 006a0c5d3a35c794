/**
 * The strings that dicts use as keys, by their bytes. A property store needs V8's one copy of a string, and finding that
 * for a string just made costs more than all the rest of a key; a key met before is found here instead.
 *
 * One table for all unpicklers: a message is often too small to profit from its own. It is bounded, holds no string longer
 * than {@link MAX_KEY}, and nothing but speed depends on it.
 */

export const MAX_KEY = 32;
const SIZE = 2048;
const keys: string[] = new Array(SIZE).fill("");
/** The bytes of each key, four to a word: comparing them is faster than taking a string apart. */
const words = new Int32Array((SIZE * MAX_KEY) / 4);
const lengths = new Uint8Array(SIZE);
/** Whether a key was found before and then replaced by V8's own copy. */
const isInterned = new Uint8Array(SIZE);

/** From the length and four bytes; the last two, because columns are often numbered. */
function slotOf(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length;
  const first = bytes[start]!;
  const middle = bytes[start + (length >> 1)]!;
  const last = bytes[end - 1]!;
  const beforeLast = length > 1 ? bytes[end - 2]! : 0;
  return (length * 421 + first * 59 + middle * 173 + last * 31 + beforeLast * 367) & (SIZE - 1);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** The last one to three bytes. */
function restAt(bytes: Uint8Array, start: number, end: number): number {
  let rest = 0;
  for (let i = start; i < end; i++) rest = (rest << 8) | bytes[i]!;
  return rest;
}

/** The key of these ASCII bytes, `undefined` if it was not met lately. `length` is from 1 to {@link MAX_KEY}. */
export function findKey(bytes: Uint8Array, start: number, length: number): string | undefined {
  const slot = slotOf(bytes, start, length);
  if (lengths[slot] !== length) return undefined;
  let word = (slot * MAX_KEY) >> 2;
  let at = start;
  const whole = start + (length & ~3);
  for (; at < whole; at += 4, word++) if (words[word] !== wordAt(bytes, at)) return undefined;
  if (at < start + length && words[word] !== restAt(bytes, at, start + length)) return undefined;
  if (isInterned[slot] === 0) {
    // The first copy is a piece of some input. Only now, as a key that comes again, is it worth finding V8's own.
    keys[slot] = Object.keys({ [keys[slot]!]: null })[0]!;
    isInterned[slot] = 1;
  }
  return keys[slot];
}

/** Keeps a key that was read from these bytes. */
export function rememberKey(bytes: Uint8Array, start: number, length: number, key: string): void {
  // Only ASCII, where bytes and characters are the same.
  if (key.length !== length) return;
  const slot = slotOf(bytes, start, length);
  let word = (slot * MAX_KEY) >> 2;
  let at = start;
  const whole = start + (length & ~3);
  for (; at < whole; at += 4, word++) words[word] = wordAt(bytes, at);
  if (at < start + length) words[word] = restAt(bytes, at, start + length);
  keys[slot] = key;
  lengths[slot] = length;
  isInterned[slot] = 0;
}
