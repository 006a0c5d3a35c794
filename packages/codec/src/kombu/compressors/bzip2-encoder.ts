/**
 * Compresses to bzip2. Every bzip2 reader takes the result; it is a little larger than the C library's, which spends effort
 * on choosing between several code tables.
 */
import { CRC_TABLE } from "./bzip2-decoder.js";

const LEVEL = 9;
/** What the C library leaves free at the end of a block for a run that begins there. */
const BLOCK_LIMIT = 100_000 * LEVEL - 19;
const GROUP_SIZE = 50;
/** bzip2 1.0.3 and later write codes of at most 17 bits, so that old readers' tables suffice. */
const MAX_CODE_LENGTH = 17;
const RUN_A = 0;
const RUN_B = 1;

/** Compresses, as `bz2.compress`. */
export function bzip2(bytes: Uint8Array): Uint8Array {
  const bits = new BitWriter();
  for (const byte of [0x42, 0x5a, 0x68, 0x30 + LEVEL]) bits.write(byte, 8);
  let streamCrc = 0;
  for (let position = 0; position < bytes.length; ) {
    const block = takeBlock(bytes, position);
    position = block.end;
    streamCrc = (((streamCrc << 1) | (streamCrc >>> 31)) ^ block.crc) >>> 0;
    writeBlock(bits, block.bytes, block.crc);
  }
  bits.write(0x177245, 24);
  bits.write(0x385090, 24);
  bits.write(streamCrc >>> 16, 16);
  bits.write(streamCrc & 0xffff, 16);
  return bits.finish();
}

/** One block's worth of input with its runs shortened: after four equal bytes comes the number of further ones. */
function takeBlock(input: Uint8Array, start: number): { bytes: Uint8Array; end: number; crc: number } {
  // Runs of exactly four grow by a quarter; nothing grows more.
  const target = new Uint8Array(Math.min(BLOCK_LIMIT + 5, Math.ceil((input.length - start) * 1.25) + 5));
  let length = 0;
  let position = start;
  let crc = -1;
  while (position < input.length && length < BLOCK_LIMIT) {
    const byte = input[position]!;
    let run = 1;
    while (run < 255 && input[position + run] === byte) run++;
    const kept = Math.min(run, 4);
    target.fill(byte, length, length + kept);
    length += kept;
    if (run >= 4) target[length++] = run - 4;
    for (let i = 0; i < run; i++) crc = (crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ byte]!;
    position += run;
  }
  return { bytes: target.subarray(0, length), end: position, crc: ~crc >>> 0 };
}

function writeBlock(bits: BitWriter, block: Uint8Array, crc: number): void {
  const { last, origin } = transform(block);
  bits.write(0x314159, 24);
  bits.write(0x265359, 24);
  bits.write(crc >>> 16, 16);
  bits.write(crc & 0xffff, 16);
  bits.write(0, 1);
  bits.write(origin, 24);

  const used = writeSymbolMap(bits, block);
  const symbols = moveToFront(last, used);
  const alphabetSize = used.length + 2;
  const lengths = codeLengths(symbols, alphabetSize);
  const codes = canonicalCodes(lengths);

  // The format wants two tables at least; both are the same and every group uses the first.
  const selectors = Math.ceil(symbols.length / GROUP_SIZE);
  bits.write(2, 3);
  bits.write(selectors, 15);
  for (let i = 0; i < selectors; i++) bits.write(0, 1);
  for (let table = 0; table < 2; table++) writeCodeLengths(bits, lengths);
  for (const symbol of symbols) bits.write(codes[symbol]!, lengths[symbol]!);
}

/** The Burrows-Wheeler transform: the last byte of every rotation in sorted order, and where the unrotated one is. */
function transform(block: Uint8Array): { last: Uint8Array; origin: number } {
  const order = sortRotations(block);
  const n = block.length;
  const last = new Uint8Array(n);
  let origin = 0;
  for (let i = 0; i < n; i++) {
    const start = order[i]!;
    if (start === 0) origin = i;
    last[i] = block[start === 0 ? n - 1 : start - 1]!;
  }
  return { last, origin };
}

/** Sorts rotations by their first 1, 2, 4, ... bytes with counting sorts: O(n log n) whatever the data. */
function sortRotations(block: Uint8Array): Uint32Array {
  const n = block.length;
  const order = new Uint32Array(n);
  const shifted = new Uint32Array(n);
  let rank = new Uint32Array(n);
  let nextRank = new Uint32Array(n);
  const counts = new Uint32Array(Math.max(256, n) + 1);

  for (const byte of block) counts[byte + 1]!++;
  for (let i = 1; i <= 256; i++) counts[i]! += counts[i - 1]!;
  for (let i = 0; i < n; i++) order[counts[block[i]!]!++] = i;
  let classes = 0;
  for (let i = 0; i < n; i++) {
    if (i > 0 && block[order[i]!] !== block[order[i - 1]!]) classes++;
    rank[order[i]!] = classes;
  }
  classes++;

  for (let width = 1; width < n && classes < n; width *= 2) {
    // `order` is sorted by the second half once every start moves back by one half.
    for (let i = 0; i < n; i++) {
      const start = order[i]! - width;
      shifted[i] = start < 0 ? start + n : start;
    }
    counts.fill(0, 0, classes + 1);
    for (let i = 0; i < n; i++) counts[rank[i]! + 1]!++;
    for (let i = 1; i <= classes; i++) counts[i]! += counts[i - 1]!;
    for (let i = 0; i < n; i++) {
      const start = shifted[i]!;
      order[counts[rank[start]!]!++] = start;
    }
    classes = 0;
    for (let i = 0; i < n; i++) {
      const start = order[i]!;
      if (i > 0) {
        const before = order[i - 1]!;
        const differs = rank[start] !== rank[before] || rank[wrap(start + width, n)] !== rank[wrap(before + width, n)];
        if (differs) classes++;
      }
      nextRank[start] = classes;
    }
    classes++;
    [rank, nextRank] = [nextRank, rank];
  }
  return order;
}

function wrap(index: number, n: number): number {
  return index >= n ? index - n : index;
}

/** Writes which bytes occur, and gives them in order. */
function writeSymbolMap(bits: BitWriter, block: Uint8Array): Uint8Array {
  const occurs = new Uint8Array(256);
  for (const byte of block) occurs[byte] = 1;
  const ranges = Array.from({ length: 16 }, (_, range) => occurs.subarray(16 * range, 16 * range + 16));
  for (const range of ranges) bits.write(range.includes(1) ? 1 : 0, 1);
  for (const range of ranges) {
    if (range.includes(1)) for (const bit of range) bits.write(bit, 1);
  }
  return Uint8Array.from([...occurs.keys()].filter((byte) => occurs[byte] === 1));
}

/** Move-to-front, with runs of zeros in bijective base 2, and the end-of-block symbol. */
function moveToFront(last: Uint8Array, used: Uint8Array): Uint16Array {
  const order = Uint8Array.from(used);
  const symbols = new Uint16Array(last.length + 1);
  let length = 0;
  let zeros = 0;
  const flush = (): void => {
    for (; zeros > 0; zeros = (zeros - 1) >>> 1) symbols[length++] = (zeros & 1) === 1 ? RUN_A : RUN_B;
  };
  for (const byte of last) {
    if (order[0] === byte) {
      zeros++;
      continue;
    }
    flush();
    const position = order.indexOf(byte);
    order.copyWithin(1, 0, position);
    order[0] = byte;
    symbols[length++] = position + 1;
  }
  flush();
  symbols[length++] = used.length + 1;
  return symbols.subarray(0, length);
}

/** Huffman code lengths; frequencies are flattened until the longest code fits. */
function codeLengths(symbols: Uint16Array, alphabetSize: number): Uint8Array {
  let frequencies = new Array<number>(alphabetSize).fill(0);
  for (const symbol of symbols) frequencies[symbol]!++;
  // Every symbol of the alphabet gets a code, used or not.
  frequencies = frequencies.map((frequency) => Math.max(frequency, 1));
  for (;;) {
    const lengths = huffman(frequencies);
    if (lengths.every((length) => length <= MAX_CODE_LENGTH)) return lengths;
    frequencies = frequencies.map((frequency) => (frequency >>> 1) + 1);
  }
}

function huffman(frequencies: readonly number[]): Uint8Array {
  interface Node {
    readonly weight: number;
    readonly symbols: readonly number[];
  }
  const lengths = new Uint8Array(frequencies.length);
  const nodes: Node[] = frequencies.map((weight, symbol) => ({ weight, symbols: [symbol] }));
  // At most 258 nodes: scanning for the two lightest costs less than keeping a heap would take to read.
  const takeLightest = (): Node => {
    let lightest = 0;
    for (let i = 1; i < nodes.length; i++) if (nodes[i]!.weight < nodes[lightest]!.weight) lightest = i;
    return nodes.splice(lightest, 1)[0]!;
  };
  while (nodes.length > 1) {
    const a = takeLightest();
    const b = takeLightest();
    const symbols = [...a.symbols, ...b.symbols];
    for (const symbol of symbols) lengths[symbol]!++;
    nodes.push({ weight: a.weight + b.weight, symbols });
  }
  return lengths;
}

function canonicalCodes(lengths: Uint8Array): Uint32Array {
  const codes = new Uint32Array(lengths.length);
  let code = 0;
  for (let length = 1; length <= MAX_CODE_LENGTH; length++) {
    for (let symbol = 0; symbol < lengths.length; symbol++) if (lengths[symbol] === length) codes[symbol] = code++;
    code <<= 1;
  }
  return codes;
}

function writeCodeLengths(bits: BitWriter, lengths: Uint8Array): void {
  let current = lengths[0]!;
  bits.write(current, 5);
  for (const length of lengths) {
    for (; current < length; current++) bits.write(0b10, 2);
    for (; current > length; current--) bits.write(0b11, 2);
    bits.write(0, 1);
  }
}

class BitWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;
  #buffer = 0;
  #pending = 0;

  /** Up to 24 bits, most significant first. */
  write(value: number, count: number): void {
    this.#buffer = (this.#buffer << count) | value;
    this.#pending += count;
    while (this.#pending >= 8) {
      this.#pending -= 8;
      if (this.#length === this.#bytes.length) {
        const grown = new Uint8Array(2 * this.#length);
        grown.set(this.#bytes);
        this.#bytes = grown;
      }
      this.#bytes[this.#length++] = (this.#buffer >>> this.#pending) & 0xff;
    }
    this.#buffer &= (1 << this.#pending) - 1;
  }

  finish(): Uint8Array {
    if (this.#pending > 0) this.write(0, 8 - this.#pending);
    return this.#bytes.subarray(0, this.#length);
  }
}
