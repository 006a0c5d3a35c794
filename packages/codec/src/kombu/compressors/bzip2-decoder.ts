/** Decompresses bzip2, as `bz2.decompress`: any number of streams one after another, checksums verified, output bounded. */

const STREAM_MAGIC = [0x42, 0x5a, 0x68];
const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const GROUP_SIZE = 50;
const MAX_CODE_LENGTH = 20;

/** Decompresses; throws a RangeError when the output would exceed `maxBytes` and an Error for damaged data. */
export function bunzip2(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const output = new Output(maxBytes);
  if (bytes.length === 0) return output.result();
  const bits = new BitReader(bytes);
  const room = new BlockRoom();
  do {
    readStream(bits, room, output);
    bits.align();
    // bz2.decompress ignores what is no stream after the first one.
  } while (bits.startsStream());
  if (bits.endsInHeader()) throw new Error("data ends inside the header of a stream");
  return output.result();
}

/** Where blocks are put together: one after another in the same room, since making it costs more than a small block. */
class BlockRoom {
  #entries = new Uint32Array(0);

  of(size: number): Uint32Array {
    if (size > this.#entries.length) this.#entries = new Uint32Array(size);
    return this.#entries.subarray(0, size);
  }
}

function readStream(bits: BitReader, room: BlockRoom, output: Output): void {
  if (!bits.startsStream()) throw new Error("does not start with BZh1 to BZh9");
  bits.skipHeader();
  const transformed = room.of(100_000 * (bits.level - 0x30));
  let streamCrc = 0;
  for (;;) {
    const magic = bits.read(24) * 0x1000000 + bits.read(24);
    const crc = bits.read(16) * 0x10000 + bits.read(16);
    if (magic === END_MAGIC) {
      if (crc !== streamCrc) throw new Error("checksum of a stream does not match");
      return;
    }
    if (magic !== BLOCK_MAGIC) throw new Error("neither a block nor the end of the stream follows");
    output.startBlock();
    readBlock(bits, transformed, output);
    if (output.blockCrc() !== crc) throw new Error("checksum of a block does not match");
    streamCrc = (((streamCrc << 1) | (streamCrc >>> 31)) ^ crc) >>> 0;
  }
}

function readBlock(bits: BitReader, transformed: Uint32Array, output: Output): void {
  if (bits.read(1) === 1) throw new Error("randomised blocks, which bzip2 stopped writing in 1999, are not supported");
  const origin = bits.read(24);
  const symbols = readSymbolMap(bits);
  const alphabetSize = symbols.length + 2;
  const groups = bits.read(3);
  if (groups < 2 || groups > 6) throw new Error("bad number of code tables");
  const selectors = readSelectors(bits, groups);
  const tables = Array.from({ length: groups }, () => new HuffmanTable(readCodeLengths(bits, alphabetSize)));

  const counts = new Uint32Array(256);
  const length = readTransformed(bits, selectors, tables, symbols, transformed, counts);
  if (origin >= length) throw new Error("origin of a block is outside of it");
  invert(transformed, length, counts);
  expandRuns(transformed, length, origin, output);
}

function readSymbolMap(bits: BitReader): Uint8Array {
  const used: number[] = [];
  const ranges = bits.read(16);
  for (let range = 0; range < 16; range++) {
    if ((ranges & (0x8000 >>> range)) === 0) continue;
    const members = bits.read(16);
    for (let i = 0; i < 16; i++) if ((members & (0x8000 >>> i)) !== 0) used.push(range * 16 + i);
  }
  if (used.length === 0) throw new Error("a block uses no symbols");
  return Uint8Array.from(used);
}

function readSelectors(bits: BitReader, groups: number): Uint8Array {
  const count = bits.read(15);
  if (count === 0) throw new Error("a block has no selectors");
  const order = Uint8Array.from({ length: groups }, (_, i) => i);
  const selectors = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let position = 0;
    while (bits.read(1) === 1) {
      if (++position >= groups) throw new Error("a selector names no table");
    }
    const selected = order[position]!;
    order.copyWithin(1, 0, position);
    order[0] = selected;
    selectors[i] = selected;
  }
  return selectors;
}

function readCodeLengths(bits: BitReader, alphabetSize: number): Uint8Array {
  const lengths = new Uint8Array(alphabetSize);
  let length = bits.read(5);
  for (let symbol = 0; symbol < alphabetSize; symbol++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE_LENGTH) throw new Error("bad code length");
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  return lengths;
}

/** Undoes Huffman coding, run lengths of zeros and move-to-front; gives the length of the block. */
function readTransformed(
  bits: BitReader,
  selectors: Uint8Array,
  tables: readonly HuffmanTable[],
  symbols: Uint8Array,
  target: Uint32Array,
  counts: Uint32Array,
): number {
  const endOfBlock = symbols.length + 1;
  const order = Uint8Array.from(symbols);
  let length = 0;
  let group = 0;
  let left = 0;
  let table: HuffmanTable = tables[0]!;
  let runLength = 0;
  let runBit = 1;
  for (;;) {
    if (left-- === 0) {
      if (group >= selectors.length) throw new Error("a block has more symbols than selectors");
      table = tables[selectors[group++]!]!;
      left = GROUP_SIZE - 1;
    }
    const symbol = table.read(bits);
    if (symbol <= 1) {
      // RUNA and RUNB are the digits of a run length in bijective base 2.
      runLength += runBit << symbol;
      runBit <<= 1;
      if (runLength > target.length) throw new Error("a run is longer than its block");
      continue;
    }
    if (runLength > 0) {
      if (length + runLength > target.length) throw new Error("a block is longer than its stream allows");
      const byte = order[0]!;
      counts[byte]! += runLength;
      target.fill(byte, length, length + runLength);
      length += runLength;
      runLength = 0;
      runBit = 1;
    }
    if (symbol === endOfBlock) return length;
    if (length >= target.length) throw new Error("a block is longer than its stream allows");
    const position = symbol - 1;
    const byte = order[position]!;
    order.copyWithin(1, 0, position);
    order[0] = byte;
    counts[byte]! += 1;
    target[length++] = byte;
  }
}

/** Undoes the Burrows-Wheeler transform: the upper 24 bits of each entry become the index of the next. */
function invert(entries: Uint32Array, length: number, counts: Uint32Array): void {
  const next = new Uint32Array(256);
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    next[byte] = sum;
    sum += counts[byte]!;
  }
  for (let i = 0; i < length; i++) {
    const byte = entries[i]! & 0xff;
    const at = next[byte]!;
    next[byte] = at + 1;
    entries[at] = (entries[at]! & 0xff) | (i << 8);
  }
}

/** Walks the block and undoes its first step: after four equal bytes comes the number of further ones. */
function expandRuns(entries: Uint32Array, length: number, origin: number, output: Output): void {
  let entry = entries[origin]!;
  let previous = -1;
  let equal = 0;
  for (let i = 0; i < length; i++) {
    entry = entries[entry >>> 8]!;
    const byte = entry & 0xff;
    if (equal === 4) {
      output.push(previous, byte);
      equal = 0;
      previous = -1;
      continue;
    }
    equal = byte === previous ? equal + 1 : 1;
    previous = byte;
    output.push(byte, 1);
  }
}

/** Decodes canonical Huffman codes, shortest first. */
class HuffmanTable {
  readonly #minLength: number;
  readonly #maxLength: number;
  /** Largest code of each length, and what to subtract from a code to find its symbol. */
  readonly #limit = new Int32Array(MAX_CODE_LENGTH + 2).fill(-1);
  readonly #base = new Int32Array(MAX_CODE_LENGTH + 2);
  readonly #symbols: Uint16Array;

  constructor(lengths: Uint8Array) {
    const sorted = Array.from(lengths, (length, symbol) => ({ length, symbol }));
    sorted.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
    this.#symbols = Uint16Array.from(sorted, (entry) => entry.symbol);
    this.#minLength = sorted[0]!.length;
    this.#maxLength = sorted.at(-1)!.length;
    let code = 0;
    let index = 0;
    for (let length = this.#minLength; length <= this.#maxLength; length++) {
      this.#base[length] = code - index;
      while (index < sorted.length && sorted[index]!.length === length) {
        index++;
        code++;
      }
      this.#limit[length] = code - 1;
      code <<= 1;
    }
  }

  read(bits: BitReader): number {
    let length = this.#minLength;
    let code = bits.read(length);
    while (code > this.#limit[length]!) {
      if (++length > this.#maxLength) throw new Error("a code has no symbol");
      code = (code << 1) | bits.read(1);
    }
    const symbol = this.#symbols[code - this.#base[length]!];
    if (symbol === undefined) throw new Error("a code has no symbol");
    return symbol;
  }
}

class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  #buffer = 0;
  #available = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Up to 24 bits, most significant first. */
  read(count: number): number {
    while (this.#available < count) {
      const byte = this.#bytes[this.#position++];
      if (byte === undefined) throw new Error("data ends inside a block");
      this.#buffer = ((this.#buffer << 8) | byte) & 0x7fffffff;
      this.#available += 8;
    }
    this.#available -= count;
    return (this.#buffer >>> this.#available) & ((1 << count) - 1);
  }

  align(): void {
    this.#position -= this.#available >>> 3;
    this.#available = 0;
  }

  /** The fourth byte of the header: `1` to `9`. Only when aligned. */
  get level(): number {
    return this.#bytes[this.#position - 1] ?? 0;
  }

  startsStream(): boolean {
    const at = this.#position;
    const level = this.#bytes[at + 3] ?? 0;
    return STREAM_MAGIC.every((byte, i) => this.#bytes[at + i] === byte) && level >= 0x31 && level <= 0x39;
  }

  /** Whether what is left is the start of a header, and no more. Only when aligned. */
  endsInHeader(): boolean {
    const left = this.#bytes.subarray(this.#position);
    return left.length > 0 && left.length < 4 && left.every((byte, i) => byte === STREAM_MAGIC[i]);
  }

  skipHeader(): void {
    this.#position += 4;
  }
}

/** Collects the output and its checksum, and stops at the bound. */
class Output {
  readonly #maxBytes: number;
  #bytes = new Uint8Array(4096);
  #length = 0;
  #crc = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  startBlock(): void {
    this.#crc = 0xffffffff;
  }

  blockCrc(): number {
    return ~this.#crc >>> 0;
  }

  push(byte: number, count: number): void {
    const end = this.#length + count;
    if (end > this.#bytes.length) this.#grow(end);
    let crc = this.#crc;
    for (let i = this.#length; i < end; i++) {
      this.#bytes[i] = byte;
      crc = (crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ byte]!;
    }
    this.#crc = crc;
    this.#length = end;
  }

  #grow(needed: number): void {
    if (needed > this.#maxBytes) throw new RangeError(`output exceeds ${this.#maxBytes} bytes`);
    const grown = new Uint8Array(Math.min(Math.max(needed, 2 * this.#bytes.length), Math.max(this.#maxBytes, needed)));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  result(): Uint8Array {
    if (this.#length > this.#maxBytes) throw new RangeError(`output exceeds ${this.#maxBytes} bytes`);
    return this.#bytes.subarray(0, this.#length);
  }
}

/** CRC-32 with the polynomial of zip, most significant bit first. */
export const CRC_TABLE: Int32Array = (() => {
  const table = new Int32Array(256);
  for (let i = 0; i < 256; i++) {
    let value = i << 24;
    for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1;
    table[i] = value;
  }
  return table;
})();
