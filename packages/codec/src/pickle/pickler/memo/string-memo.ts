/**
 * Which strings have been written, by value, and under which memo index.
 *
 * A hash table with chains that holds no strings: it holds where in the output the first one stands, and compares bytes
 * with bytes, which is faster than comparing JavaScript strings and keeps nothing alive. Looking up a new string mostly
 * reads four bytes, so that the table of a list of 43,000 strings stays in the processor's cache. Clearing costs nothing:
 * entries of earlier pickles are recognised by their number.
 */
import { MAX_HASHED_TEXT } from "../../../python/collisions.js";
import { LongTextMemo } from "./long-text-memo.js";

const FIRST_SIZE = 1024;
/** A table that grew beyond this is not kept for the next pickle. */
const MAX_KEPT_SIZE = 256 * 1024;
/**
 * After so many collisions a string goes to a Map, so that no choice of strings makes a lookup slow. Chains may be longer by
 * eight: strings that the filter knows to be new.
 */
const MAX_PROBES = 16;
/** Offsets are 32-bit integers; strings further on are not shared. */
const MAX_OFFSET = 0x7fffffff;
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
  /** Entries that are in their chains. Those after them go there, in a row, when next a chain is walked. */
  private linked = 0;
  /** How many entries there may be before the tables grow. */
  private capacity = (FIRST_SIZE >> 2) * 3;
  private texts: Map<string, number> | undefined;
  private longTexts: LongTextMemo | undefined;
  /** Offset of the buffer's first byte. */
  private origin = 0;
  private past: Past[] | undefined;

  /**
   * The memo index of the string that was just written from `start` to `end`, opcode and length included; or -1, and from
   * now on it stands there under `index`. `view` is on `buf`.
   */
  findOrAdd(view: DataView, start: number, end: number, hash: number, text: string, index: number): number {
    if (this.linked < this.count) this.link();
    const { base, filter } = this;
    const slot = hash & this.mask;
    const last = this.heads[slot]!;
    if ((filter === undefined || (filter[slot]! & filterBit(hash)) !== 0) && last > base) {
      const { entries } = this;
      let number = last;
      let probes = 0;
      do {
        const at = (number - base - 1) << 2;
        if (entries[at] === hash && this.isAt(entries[at + 1]!, view, start, end)) return entries[at + 2]!;
        number = entries[at + 3]!;
        probes++;
      } while (number > base);
      if (probes >= MAX_PROBES) return this.findOrAddText(text, index);
    }
    if (index === ONLY_FIND) return this.findText(text);
    const offset = this.origin + start;
    if (offset > MAX_OFFSET) return this.findOrAddText(text, index);
    if (this.texts !== undefined || this.longTexts !== undefined) {
      const known = this.findText(text);
      if (known >= 0) return known;
    }
    const at = this.count << 2;
    const { entries } = this;
    entries[at] = hash;
    entries[at + 1] = offset;
    entries[at + 2] = index;
    entries[at + 3] = last;
    this.linked = ++this.count;
    this.heads[slot] = base + this.count;
    if (filter !== undefined) filter[slot]! |= filterBit(hash);
    if (this.count === this.capacity) this.grow();
    return -1;
  }

  /**
   * Whether the string that was just written at `start`, of less than {@link MAX_HASHED_TEXT} characters, is surely new, after
   * which it stands there under `index`. If not, {@link findOrAdd} has to be asked. Never sure of it while there are few strings.
   */
  addIfNew(start: number, hash: number, index: number): boolean {
    const { filter, entries } = this;
    const slot = hash & this.mask;
    if (filter === undefined || (filter[slot]! & filterBit(hash)) !== 0) return false;
    const offset = this.origin + start;
    if (this.count + 1 === this.capacity || offset > MAX_OFFSET || this.texts !== undefined) return false;
    const at = this.count++ << 2;
    entries[at] = hash;
    entries[at + 1] = offset;
    entries[at + 2] = index;
    filter[slot]! |= filterBit(hash);
    return true;
  }

  /** Puts the entries that are in no chain yet into theirs. */
  private link(): void {
    const { heads, entries, mask, base, count } = this;
    for (let number = this.linked + 1; number <= count; number++) {
      const at = (number - 1) << 2;
      const slot = entries[at]! & mask;
      entries[at + 3] = heads[slot]!;
      heads[slot] = base + number;
    }
    this.linked = count;
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
    if (text.length > MAX_HASHED_TEXT) return this.longTexts?.find(text) ?? -1;
    return this.texts?.get(text) ?? -1;
  }

  addText(text: string, index: number): void {
    if (text.length > MAX_HASHED_TEXT) {
      this.longTexts ??= new LongTextMemo();
      this.longTexts.add(text, index);
      return;
    }
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

  /** Chains only get shorter by it. */
  private grow(): void {
    const { count } = this;
    const size = (this.mask + 1) * 4;
    const entries = new Int32Array(size * 4);
    entries.set(this.entries);
    const filter = new Uint8Array(size);
    for (let number = 0; number < count; number++) {
      const hash = entries[number << 2]!;
      filter[hash & (size - 1)]! |= filterBit(hash);
    }
    this.entries = entries;
    this.filter = filter;
    this.heads = new Int32Array(size);
    this.mask = size - 1;
    this.capacity = (size >> 2) * 3;
    this.base = 0;
    this.linked = 0;
  }

  /** Forgets every string. */
  clear(): void {
    this.origin = 0;
    this.past = undefined;
    this.texts = undefined;
    this.longTexts = undefined;
    if (this.count === 0) return;
    this.clearFilter();
    this.base += this.count;
    this.count = 0;
    this.linked = 0;
    if (this.mask > MAX_KEPT_SIZE) {
      this.heads = new Int32Array(FIRST_SIZE);
      this.mask = FIRST_SIZE - 1;
      this.capacity = (FIRST_SIZE >> 2) * 3;
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
