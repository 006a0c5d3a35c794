/**
 * Which strings have been written, by value, and under which memo index.
 *
 * The table holds no strings: it holds where in the output the first one stands, and compares bytes with bytes, which is
 * faster than comparing JavaScript strings and keeps nothing alive. Clearing costs nothing: entries of earlier pickles are
 * recognised by their age.
 */

const FIRST_SIZE = 1024;
/** A table that grew beyond this is not kept for the next pickle. */
const MAX_KEPT_SIZE = 256 * 1024;
/** After so many collisions a string goes to a Map, so that no choice of strings makes a lookup slow. */
const MAX_PROBES = 16;
/** Offsets are 32-bit integers; strings further on are not shared. */
const MAX_OFFSET = 0x7fffffff;
/** Longer strings are hashed by some of their bytes. */
const MAX_FULL_HASH = 256;

/** Output that has left the buffer, and where it began. */
interface Past {
  readonly start: number;
  readonly bytes: Uint8Array;
}

export class StringMemo {
  /** Four integers a slot: `base + index + 1` (not above `base`: empty), hash, offset, nothing. */
  private slots = new Int32Array(FIRST_SIZE * 4);
  private mask = FIRST_SIZE - 1;
  private base = 0;
  private count = 0;
  private highest = -1;
  /** Where the last string that was not found belongs; -1: in the Map. */
  private free = 0;
  private texts: Map<string, number> | undefined;
  /** Offset of the buffer's first byte. */
  private origin = 0;
  private past: Past[] | undefined;

  /**
   * The memo index of the string that was just written from `start` to `end`, opcode and length included, or -1; then
   * {@link add} may follow.
   */
  find(buf: Uint8Array, start: number, end: number, hash: number, text: string): number {
    const { slots, mask, base } = this;
    let slot = hash & mask;
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const at = slot << 2;
      const stamp = slots[at]!;
      if (stamp <= base) {
        this.free = slot;
        // A string may have gone to the Map before the table grew.
        return this.texts === undefined ? -1 : (this.texts.get(text) ?? -1);
      }
      if (slots[at + 1] === hash && this.isAt(slots[at + 2]!, buf, start, end)) return stamp - base - 1;
      slot = (slot + 1) & mask;
    }
    this.free = -1;
    return this.findText(text);
  }

  private isAt(offset: number, buf: Uint8Array, start: number, end: number): boolean {
    let other = offset - this.origin;
    let bytes = buf;
    if (other < 0) {
      const past = this.pastOf(offset);
      if (past === undefined) return false;
      bytes = past.bytes;
      other = offset - past.start;
    }
    for (let i = start; i < end; i++) if (bytes[other++] !== buf[i]) return false;
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

  /** Adds the string that the last {@link find} did not find; it stands at `start` in the buffer. */
  add(start: number, hash: number, text: string, index: number): void {
    const offset = this.origin + start;
    if (this.free < 0 || offset > MAX_OFFSET) {
      this.addText(text, index);
      return;
    }
    const { slots } = this;
    const at = this.free << 2;
    slots[at] = this.base + index + 1;
    slots[at + 1] = hash;
    slots[at + 2] = offset;
    this.highest = index;
    if (++this.count * 3 > this.mask * 2) this.grow();
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

  private grow(): void {
    const old = this.slots;
    const { base } = this;
    const size = (this.mask + 1) * 4;
    const slots = new Int32Array(size * 4);
    const mask = size - 1;
    for (let from = 0; from < old.length; from += 4) {
      if (old[from]! <= base) continue;
      const hash = old[from + 1]!;
      // Beyond MAX_PROBES it would not be found, and the string written once more; the emptier table makes that unlikely.
      let slot = hash & mask;
      while (slots[slot << 2] !== 0) slot = (slot + 1) & mask;
      const at = slot << 2;
      slots[at] = old[from]! - base;
      slots[at + 1] = hash;
      slots[at + 2] = old[from + 2]!;
    }
    this.slots = slots;
    this.mask = mask;
    this.base = 0;
  }

  /** Forgets every string. */
  clear(): void {
    this.origin = 0;
    this.past = undefined;
    this.texts = undefined;
    if (this.count === 0) return;
    this.base += this.highest + 1;
    this.count = 0;
    this.highest = -1;
    if (this.mask > MAX_KEPT_SIZE) {
      this.slots = new Int32Array(FIRST_SIZE * 4);
      this.mask = FIRST_SIZE - 1;
      this.base = 0;
    } else if (this.base > 0x1fffffff) {
      this.slots.fill(0);
      this.base = 0;
    }
  }
}

const PRIME = 0x01000193;

/** Of the bytes from `start` to `end`. `view` is on the same memory. */
export function hashBytes(buf: Uint8Array, view: DataView, start: number, end: number): number {
  const length = end - start;
  let hash = length;
  let i = start;
  if (length <= MAX_FULL_HASH) {
    for (; i + 4 <= end; i += 4) hash = mix(hash, view.getInt32(i, true));
    for (; i < end; i++) hash = mix(hash, buf[i]!);
  } else {
    const step = (length >> 6) & ~3;
    for (; i + 4 <= end; i += 4 + step) hash = mix(hash, view.getInt32(i, true));
    hash = mix(hash, view.getInt32(end - 4, true));
  }
  return hash ^ (hash >>> 13);
}

function mix(hash: number, bits: number): number {
  const product = Math.imul(hash ^ bits, PRIME);
  return product ^ (product >>> 15);
}
