/**
 * The strings that dicts use as keys, by their bytes. A property store needs V8's one copy of a string, and finding that
 * for a string just made costs more than all the rest of a key; a key met before is found here instead.
 *
 * One table for all unpicklers: a message is often too small to profit from its own. It is bounded, holds no string longer
 * than {@link MAX_KEY}, and nothing but speed depends on it.
 */

export const MAX_KEY = 32;
const SIZE_BITS = 11;
const SIZE = 1 << SIZE_BITS;
const keys: string[] = new Array(SIZE).fill("");
/** The bytes of each key, four to a word: the first, the last, and those between. Up to eight bytes, two words are all. */
const words = new Int32Array((SIZE * MAX_KEY) / 4);
const lengths = new Uint8Array(SIZE);
/** Whether a key was found before and then replaced by V8's own copy. */
const isInterned = new Uint8Array(SIZE);

/** Of the first and the last four bytes, as columns are often numbered, and of one between: fields of a form are, too. */
function slotOf(first: number, last: number, middle: number, length: number): number {
  const mixed =
    Math.imul(first, 0x9e3779b1) + Math.imul(last, 0x85ebca6b) + Math.imul((middle << 8) | length, 0xc2b2ae35);
  return mixed >>> (32 - SIZE_BITS);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** One to three bytes. */
function restAt(bytes: Uint8Array, start: number, end: number): number {
  let rest = 0;
  for (let i = start; i < end; i++) rest = (rest << 8) | bytes[i]!;
  return rest;
}

/** The key of these ASCII bytes, `undefined` if it was not met lately. `length` is from 1 to {@link MAX_KEY}. */
export function findKey(bytes: Uint8Array, start: number, length: number): string | undefined {
  const end = start + length;
  const first = length < 4 ? restAt(bytes, start, end) : wordAt(bytes, start);
  const last = length < 4 ? first : wordAt(bytes, end - 4);
  const slot = slotOf(first, last, bytes[start + (length >> 1)]!, length);
  let word = (slot * MAX_KEY) >> 2;
  if (lengths[slot] !== length || words[word] !== first || words[word + 1] !== last) return undefined;
  word += 2;
  for (let at = start + 4; at < end - 4; at += 4, word++) if (words[word] !== wordAt(bytes, at)) return undefined;
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
  const end = start + length;
  const first = length < 4 ? restAt(bytes, start, end) : wordAt(bytes, start);
  const last = length < 4 ? first : wordAt(bytes, end - 4);
  const slot = slotOf(first, last, bytes[start + (length >> 1)]!, length);
  let word = (slot * MAX_KEY) >> 2;
  words[word++] = first;
  words[word++] = last;
  for (let at = start + 4; at < end - 4; at += 4) words[word++] = wordAt(bytes, at);
  keys[slot] = key;
  lengths[slot] = length;
  isInterned[slot] = 0;
}
