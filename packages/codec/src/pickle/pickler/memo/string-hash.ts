/**
 * The hash of a string's bytes, by which the memo of strings finds it: the sum of its words of four bytes, little-endian, the
 * last one filled up with zeros, times {@link FACTOR}, its square, its cube and so on. No product waits for the one before.
 */

/** Of others, some tell numbers written in digits apart less well: a fifth of 100,000 had the hash of another. */
const FACTOR = 0x915f77f5 | 0;
const SQUARE = Math.imul(FACTOR, FACTOR);
const CUBE = Math.imul(SQUARE, FACTOR);
const FOURTH = Math.imul(CUBE, FACTOR);

/** Strings up to this length are hashed without a loop. */
const BLOCK = 16;
/** Of longer strings only some words are hashed. */
const MAX_FULL_HASH = 64;
/** How many they are, besides the last four bytes. */
const SAMPLES = 16;

/** The memory of a view must go on for so many bytes after the start of a string to hash; what they hold does not matter. */
export const HASH_REACH = BLOCK;

/** For each length up to {@link BLOCK}, which bits of four words belong to the string. */
const MASKS = /* @__PURE__ */ Int32Array.from({ length: (BLOCK + 1) * 4 }, (_, i) => {
  const size = (i >> 2) - (i & 3) * 4;
  return size <= 0 ? 0 : -1 >>> Math.max(0, 32 - size * 8);
});

/**
 * Of `length` bytes from `start` on. Most strings are no longer than a block, and of any length up to that: where a loop over
 * their words ends the processor would guess wrong, which costs more than the words.
 */
export function hashBytes(view: DataView, start: number, length: number): number {
  if (length > BLOCK) return hashLong(view, start, length);
  const mask = length << 2;
  const a = Math.imul(view.getInt32(start, true) & MASKS[mask]!, FACTOR);
  const b = Math.imul(view.getInt32(start + 4, true) & MASKS[mask + 1]!, SQUARE);
  const c = Math.imul(view.getInt32(start + 8, true) & MASKS[mask + 2]!, CUBE);
  const d = Math.imul(view.getInt32(start + 12, true) & MASKS[mask + 3]!, FOURTH);
  return finishHash((a + b + c + d) | 0, length);
}

function hashLong(view: DataView, start: number, length: number): number {
  if (length > MAX_FULL_HASH) return hashSamples(view, start, length);
  const last = start + length - 4;
  let sum = 0;
  let factor = FIRST_FACTOR;
  let at = start;
  for (; at <= last; at += 4, factor = nextFactor(factor)) sum = addWord(sum, view.getInt32(at, true), factor);
  const rest = view.getInt32(at, true) & MASKS[(last + 4 - at) << 2]!;
  return finishHash(addWord(sum, rest, factor), length);
}

/** Four at a time, as each of them would wait for the one before. */
function hashSamples(view: DataView, start: number, length: number): number {
  const last = start + length - 4;
  const step = ((length - 4) / SAMPLES) | 0;
  let sum = view.getInt32(last, true);
  for (let i = 0, at = start; i < SAMPLES; i += 4, at += 4 * step) {
    const a = Math.imul(view.getInt32(at, true), FACTOR);
    const b = Math.imul(view.getInt32(at + step, true), SQUARE);
    const c = Math.imul(view.getInt32(at + 2 * step, true), CUBE);
    sum = (a + b + c + Math.imul(sum ^ view.getInt32(at + 3 * step, true), FOURTH)) | 0;
  }
  return finishHash(sum, length);
}

/** To hash words one by one: the factor of the first. */
export const FIRST_FACTOR = FACTOR;

export function nextFactor(factor: number): number {
  return Math.imul(factor, FACTOR);
}

export function addWord(sum: number, word: number, factor: number): number {
  return (sum + Math.imul(word, factor)) | 0;
}

/** The hash of `length` bytes whose words have that sum. */
export function finishHash(sum: number, length: number): number {
  const product = Math.imul(sum ^ (sum >>> 15) ^ length, 0x2c1b3c6d);
  return product ^ (product >>> 13);
}
