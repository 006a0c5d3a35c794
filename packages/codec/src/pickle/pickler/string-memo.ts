/**
 * Which strings have been written, by value, and under which memo index.
 *
 * A hash table with chains that holds no strings: it holds where in the output the first one stands, and compares bytes
 * with bytes, which is faster than comparing JavaScript strings and keeps nothing alive. Looking up a new string mostly
 * reads four bytes, so that the table of a list of 43,000 strings stays in the processor's cache. Clearing costs nothing:
 * entries of earlier pickles are recognised by their number.
 */

const FIRST_SIZE = 1024;
/** A table that grew beyond this is not kept for the next pickle. */
const MAX_KEPT_SIZE = 256 * 1024;
/** After so many collisions a string goes to a Map, so that no choice of strings makes a lookup slow. */
const MAX_PROBES = 16;
/** Offsets are 32-bit integers; strings further on are not shared. */
const MAX_OFFSET = 0x7fffffff;
/** Longer strings are hashed by some of their bytes. */
export const MAX_FULL_HASH = 64;
/** How many words of such a string are hashed, besides the last. */
const SAMPLES = 8;

/** In place of a memo index: a string that is new is not remembered. */
export const ONLY_FIND = -1;

/** Output that has left the buffer, and where it began. */
interface Past {
  readonly start: number;
  readonly bytes: Uint8Array;
}

export class StringMemo {
  /** By hash: the number of the last entry with such a hash; `base` and below: none. */
  private heads = new Int32Array(FIRST_SIZE);
  private mask = FIRST_SIZE - 1;
  /**
   * By hash: for each string with such a hash one bit of eight, which other bits of its hash choose. It says of most new
   * strings that they are new and stays in the cache; reading `heads` and `entries` for that, a list of 43,000 strings
   * waited for memory a third of its time. None as long as these are small themselves.
   */
  private filter: Uint8Array | undefined;
  /** Four integers an entry: hash, offset, memo index, number of the entry before it with such a hash. */
  private entries = new Int32Array(FIRST_SIZE * 4);
  /** Entries of earlier pickles; the first of this one is number `base + 1`. */
  private base = 0;
  private count = 0;
  private texts: Map<string, number> | undefined;
  /** Offset of the buffer's first byte. */
  private origin = 0;
  private past: Past[] | undefined;

  /**
   * The memo index of the string that was just written from `start` to `end`, opcode and length included; or -1, and from
   * now on it stands there under `index`. `view` is on `buf`.
   */
  findOrAdd(view: DataView, start: number, end: number, hash: number, text: string, index: number): number {
    const { base } = this;
    const slot = hash & this.mask;
    const last = this.heads[slot]!;
    const { filter } = this;
    if ((filter === undefined || (filter[slot]! & filterBit(hash)) !== 0) && last > base) {
      const { entries } = this;
      let number = last;
      let probes = MAX_PROBES;
      do {
        const at = (number - base - 1) << 2;
        if (entries[at] === hash && this.isAt(entries[at + 1]!, view, start, end)) return entries[at + 2]!;
        number = entries[at + 3]!;
      } while (number > base && --probes > 0);
      if (probes === 0) return this.findOrAddText(text, index);
    }
    if (index === ONLY_FIND) return this.findText(text);
    const offset = this.origin + start;
    if (offset > MAX_OFFSET) return this.findOrAddText(text, index);
    if (this.texts !== undefined) {
      const known = this.findText(text);
      if (known >= 0) return known;
    }
    const at = this.count << 2;
    if (at === this.entries.length) this.growEntries();
    const { entries } = this;
    entries[at] = hash;
    entries[at + 1] = offset;
    entries[at + 2] = index;
    entries[at + 3] = last;
    this.heads[slot] = base + ++this.count;
    if (filter !== undefined) filter[slot]! |= filterBit(hash);
    if (this.count > (this.mask >> 2) * 3) this.growHeads();
    return -1;
  }

  private findOrAddText(text: string, index: number): number {
    const known = this.findText(text);
    if (known < 0 && index !== ONLY_FIND) this.addText(text, index);
    return known;
  }

  private isAt(offset: number, view: DataView, start: number, end: number): boolean {
    let other = offset - this.origin;
    if (other < 0) return this.isPast(offset, view, start, end);
    let i = start;
    for (; i + 4 <= end; i += 4, other += 4) if (view.getInt32(i) !== view.getInt32(other)) return false;
    for (; i < end; i++, other++) if (view.getUint8(i) !== view.getUint8(other)) return false;
    return true;
  }

  private isPast(offset: number, view: DataView, start: number, end: number): boolean {
    const past = this.pastOf(offset);
    if (past === undefined) return false;
    let other = offset - past.start;
    for (let i = start; i < end; i++) if (past.bytes[other++] !== view.getUint8(i)) return false;
    return true;
  }

  private pastOf(offset: number): Past | undefined {
    const past = this.past ?? [];
    let low = 0;
    for (let high = past.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (past[middle]!.start <= offset) low = middle + 1;
      else high = middle;
    }
    return past[low - 1];
  }

  /** By the text itself: for strings too long to be written before it is known whether they are needed. */
  findText(text: string): number {
    return this.texts?.get(text) ?? -1;
  }

  addText(text: string, index: number): void {
    this.texts ??= new Map();
    this.texts.set(text, index);
  }

  /** The first `size` bytes of the buffer leave it and are `bytes` from now on. */
  moved(bytes: Uint8Array, size: number): void {
    if (this.count > 0) {
      this.past ??= [];
      this.past.push({ start: this.origin, bytes });
    }
    this.origin += size;
  }

  /** The bytes from `start` on now stand `size` bytes before: a frame too small for a header, which can hold one `""`. */
  movedBack(start: number, size: number): void {
    const at = (this.count << 2) - 3;
    if (this.count > 0 && this.entries[at]! >= this.origin + start) this.entries[at]! -= size;
  }

  private growEntries(): void {
    const entries = new Int32Array(this.entries.length * 2);
    entries.set(this.entries);
    this.entries = entries;
  }

  /** Chains only get shorter by it, so that none exceeds MAX_PROBES. */
  private growHeads(): void {
    const { entries, count } = this;
    const size = (this.mask + 1) * 4;
    const heads = new Int32Array(size);
    const filter = new Uint8Array(size);
    for (let number = 1; number <= count; number++) {
      const at = (number - 1) << 2;
      const slot = entries[at]! & (size - 1);
      entries[at + 3] = heads[slot]!;
      heads[slot] = number;
      filter[slot]! |= filterBit(entries[at]!);
    }
    this.heads = heads;
    this.filter = filter;
    this.mask = size - 1;
    this.base = 0;
  }

  /** Forgets every string. */
  clear(): void {
    this.origin = 0;
    this.past = undefined;
    this.texts = undefined;
    if (this.count === 0) return;
    this.clearFilter();
    this.base += this.count;
    this.count = 0;
    if (this.mask > MAX_KEPT_SIZE) {
      this.heads = new Int32Array(FIRST_SIZE);
      this.mask = FIRST_SIZE - 1;
      this.filter = undefined;
      this.entries = new Int32Array(FIRST_SIZE * 4);
      this.base = 0;
    } else if (this.base > 0x1fffffff) {
      this.heads.fill(0);
      this.base = 0;
    }
  }

  /** A pickle of few strings after one of many must not pay for the size of the table. */
  private clearFilter(): void {
    const { filter, entries, mask, count } = this;
    if (filter === undefined) return;
    if (count > filter.length >> 6) filter.fill(0);
    else for (let number = 0; number < count; number++) filter[entries[number << 2]! & mask] = 0;
  }
}

/** The bit in the filter of a string with that hash. */
function filterBit(hash: number): number {
  return 1 << (hash >>> 29);
}

/**
 * Of the bytes from `start` to `end`; some of them if they are many. The memory of `view` must go on for three bytes
 * after `end`, whose content does not matter.
 */
export function hashBytes(view: DataView, start: number, end: number): number {
  const length = end - start;
  let hash = length;
  let i = start;
  if (length > MAX_FULL_HASH) {
    const step = Math.floor((length - 4) / SAMPLES);
    for (; i + 4 <= end; i += step) hash = mixHash(hash, view.getInt32(i, true));
    return finishHash(mixHash(hash, view.getInt32(end - 4, true)));
  }
  for (; i + 4 <= end; i += 4) hash = mixHash(hash, view.getInt32(i, true));
  if (i < end) hash = mixHash(hash, view.getInt32(i, true) & lastMask(end - i));
  return finishHash(hash);
}

/** Of a word, the first `size` bytes. */
export function lastMask(size: number): number {
  return -1 >>> (32 - size * 8);
}

/** Takes the next four bytes, little-endian, into a hash that began with the number of bytes. */
export function mixHash(hash: number, bits: number): number {
  const product = Math.imul(hash ^ bits, 0x01000193);
  return product ^ (product >>> 15);
}

export function finishHash(hash: number): number {
  return hash ^ (hash >>> 13);
}
