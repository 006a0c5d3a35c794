/**
 * Keys that are chosen so that V8's hash tables cannot tell them apart: then each is compared with all before it, and a Map
 * of them takes the square of their number. V8 keeps a secret for the hash of a short str, and none for those of the rest: a
 * number's comes out of its bits, and a text of more than {@link MAX_HASHED_TEXT} characters has that of any other as long.
 */

/** Fewer numbers are few enough, wherever they are. */
export const FEW = 512;
/** One of so many keys is looked at, which one nobody knows: looking at each would make large sets of floats a third slower. */
const ONE_OF = 8;
/** Numbers in one place of a Map, of those that are looked at. Of a million that nobody chose no place has more than 12 in all. */
const MAX_CHAIN = 16;
/** The first bigint that V8 does not hash whole: it looks at the last 64 bits only. */
const LARGE = 2n ** 64n;
/** Such ints with the same last 64 bits, as keys of one dict or members of one set of a pickle. */
const MAX_SAME_END = 4096;
/** Of those that are looked at, far fewer have one place unless their ends are chosen, too. */
const MAX_LARGE_CHAIN = 1024;

/** Counts the numbers that one Map or Set has as its keys while a pickle is decoded, or a body of msgpack. */
export class Collisions {
  /** By place: how many keys are there, of those that were looked at since there are so many places. */
  #chains: Uint16Array | undefined;
  /** How many keys come before one is looked at. */
  #before = 0;
  #ends: Map<bigint, number> | undefined;

  /**
   * @param size - how many keys there are already
   * @throws RangeError when the Map would take too long for its numbers
   */
  add(key: number | bigint, size: number): void {
    const isLarge = typeof key === "bigint" && (key >= LARGE || key <= -LARGE);
    if (isLarge) this.#addLarge(key);
    if (size < FEW || --this.#before > 0) return;
    this.#before = Math.ceil(Math.random() * (2 * ONE_OF - 1));
    // V8 has one place for two keys, and makes a table anew when it is full.
    if (this.#chains === undefined || size >= 2 * this.#chains.length)
      this.#chains = new Uint16Array(2 ** (31 - Math.clz32(size)));
    const place = hashOf(key) & (this.#chains.length - 1);
    if (++this.#chains[place]! > (isLarge ? MAX_LARGE_CHAIN : MAX_CHAIN))
      throw new RangeError("too many numbers collide in a Map: send them as str");
  }

  #addLarge(key: bigint): void {
    this.#ends ??= new Map();
    const end = BigInt.asUintN(64, key < 0n ? -key : key);
    const count = (this.#ends.get(end) ?? 0) + 1;
    if (count > MAX_SAME_END)
      throw new RangeError(`more than ${MAX_SAME_END} ints beyond 64 bits end in the same 64: send them as str`);
    this.#ends.set(end, count);
  }
}

const halves = new Int32Array(2);
const float = new Float64Array(halves.buffer);
const int = new BigUint64Array(halves.buffer);
/** Which half holds the sign. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;

/** V8's hash of a number as a key; V8 `src/utils/utils.h` ComputeUnseededHash, ComputeLongHash. */
function hashOf(key: number | bigint): number {
  if (typeof key === "bigint") int[0] = key < 0n ? -key : key;
  else if ((key | 0) === key) return hashOfInt(key);
  else float[0] = key;
  return hashOfHalves(halves[HIGH]!, halves[1 - HIGH]!);
}

function hashOfInt(key: number): number {
  let hash = (~key + (key << 15)) | 0;
  hash ^= hash >>> 12;
  hash = (hash + (hash << 2)) | 0;
  hash ^= hash >>> 4;
  hash = Math.imul(hash, 2057);
  return (hash ^ (hash >>> 16)) & 0x3fffffff;
}

/** In 64 bits: `x = ~x + (x << 18)`, `x ^= x >> 31`, `x *= 21`, `x ^= x >> 11`, `x *= 65`, `x ^= x >> 22`. */
function hashOfHalves(keyHigh: number, keyLow: number): number {
  const sum = (~keyLow >>> 0) + ((keyLow << 18) >>> 0);
  let low = sum | 0;
  let high = (~keyHigh + ((keyHigh << 18) | (keyLow >>> 14)) + (sum > 0xffffffff ? 1 : 0)) | 0;
  low ^= (high << 1) | (low >>> 31);
  high ^= high >>> 31;
  const product = (low >>> 0) * 21;
  high = (Math.imul(high, 21) + Math.floor(product / 2 ** 32)) | 0;
  low = product ^ ((high << 21) | ((product | 0) >>> 11));
  high ^= high >>> 11;
  const last = (low >>> 0) * 65;
  high = (Math.imul(high, 65) + Math.floor(last / 2 ** 32)) | 0;
  return (last ^ ((high << 10) | ((last | 0) >>> 22))) & 0x3fffffff;
}

/** The longest text that V8 hashes; for a longer one its length is the hash. Characters. */
export const MAX_HASHED_TEXT = 16_383;
/** Texts of one such length, as keys of one pickle. */
const MAX_SAME_LENGTH = 512;

/** V8's own copy of a text: two of them are told apart by where they are, and not character by character. */
export function ownCopy(text: string): string {
  return Object.keys({ [text]: null })[0]!;
}

/** Counts the long texts that one pickle has as keys. */
export class LongTexts {
  readonly #known = new Set<string>();
  readonly #counts = new Map<number, number>();

  /**
   * V8's own copy of a text. All objects have one table for the names of their properties, so that what counts is how many
   * there are in the pickle.
   *
   * @throws RangeError when there are too many of that length
   */
  own(text: string): string {
    const own = ownCopy(text);
    if (this.#known.has(own)) return own;
    const count = (this.#counts.get(text.length) ?? 0) + 1;
    if (count > MAX_SAME_LENGTH)
      throw new RangeError(`more than ${MAX_SAME_LENGTH} keys are ${text.length} characters long`);
    this.#counts.set(text.length, count);
    this.#known.add(own);
    return own;
  }
}
