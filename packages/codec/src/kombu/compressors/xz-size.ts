/**
 * How much an .xz file holds, read from the headers of its LZMA2 chunks without decompressing anything: each chunk says
 * exactly how many bytes it makes, and a decoder makes no more. The index at the end of the file says it too, but only
 * after a decoder has already believed the chunks.
 *
 * Format: "The .xz File Format" 1.2 (tukaani.org), sections 2 and 3; LZMA2 chunks as in xz's `lzma2_decoder.c`.
 */

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];
const LZMA2 = 0x21;
/** Sizes of the integrity check by its id: none, CRC32, CRC64, SHA-256 and what is reserved. */
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

export interface XzSize {
  /** Bytes when decompressed. */
  readonly size: number;
  /** The largest dictionary a block asks for. */
  readonly dictionarySize: number;
  /** Where each stream ends; bytes after the last one are no .xz stream. */
  readonly streamEnds: readonly number[];
}

/** Walks an .xz file. Throws an Error when it is damaged or ends early. */
export function xzSize(bytes: Uint8Array): XzSize {
  const walker = new XzWalker(bytes);
  const streamEnds: number[] = [];
  do {
    walker.stream();
    streamEnds.push(walker.position);
    // lzma.decompress ignores what is no stream after the first one, and does not know the padding of the format.
  } while (walker.startsStream());
  if (walker.endsInMagic()) throw new Error("ends early");
  return { size: walker.size, dictionarySize: walker.dictionarySize, streamEnds };
}

class XzWalker {
  readonly #bytes: Uint8Array;
  position = 0;
  size = 0;
  dictionarySize = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  startsStream(): boolean {
    return MAGIC.every((byte, i) => this.#bytes[this.position + i] === byte);
  }

  /** Whether what is left is the start of a stream's magic bytes, and no more. */
  endsInMagic(): boolean {
    const left = this.#bytes.subarray(this.position);
    return left.length > 0 && left.length < MAGIC.length && left.every((byte, i) => byte === MAGIC[i]);
  }

  stream(): void {
    if (!this.startsStream()) throw new Error("does not start as an .xz file");
    const start = this.position;
    this.position += 7;
    const check = this.#u8() & 0x0f;
    this.#skip(4);
    // A block starts with its size; the index, which follows the last one, with a zero.
    while (this.#peek() !== 0) this.#block(CHECK_SIZES[check]!);
    const indexStart = this.position;
    this.#skip(1);
    const records = this.#integer();
    for (let i = 0; i < records; i++) {
      this.#integer();
      this.#integer();
    }
    this.#align(indexStart);
    // CRC32 of the index, then the footer.
    this.#skip(4 + 12);
    if ((this.position - start) % 4 !== 0) throw new Error("is not aligned");
  }

  #block(checkSize: number): void {
    const start = this.position;
    const headerEnd = start + 4 * (this.#u8() + 1);
    const flags = this.#u8();
    if ((flags & 0x40) !== 0) this.#integer();
    if ((flags & 0x80) !== 0) this.#integer();
    let filter = 0;
    for (let i = 0; i <= (flags & 0x03); i++) {
      filter = this.#integer();
      const properties = this.#integer();
      const at = this.position;
      this.#skip(properties);
      if (filter === LZMA2) this.#dictionary(this.#bytes[at] ?? 0);
    }
    // The other filters (BCJ, delta) keep the length.
    if (filter !== LZMA2) throw new Error("a block does not end with LZMA2");
    if (this.position > headerEnd) throw new Error("a block's header is longer than it says");
    this.position = headerEnd;
    this.#chunks();
    this.#align(start);
    this.#skip(checkSize);
  }

  #dictionary(bits: number): void {
    if (bits > 40) throw new Error("bad dictionary size");
    // 40 stands for a byte less than this: more than is allowed, either way.
    const size = (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
    this.dictionarySize = Math.max(this.dictionarySize, size);
  }

  #chunks(): void {
    for (;;) {
      const control = this.#u8();
      if (control === 0) return;
      if (control >= 0x80) {
        this.size += ((control & 0x1f) << 16) + this.#u16() + 1;
        const compressed = this.#u16() + 1;
        this.#skip(compressed + (control >= 0xc0 ? 1 : 0));
      } else if (control <= 2) {
        const length = this.#u16() + 1;
        this.size += length;
        this.#skip(length);
      } else {
        throw new Error("bad LZMA2 chunk");
      }
    }
  }

  /** Variable-length integer; those above 2^53 are no sizes of anything here. */
  #integer(): number {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = this.#u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error("a number is too large");
  }

  #align(start: number): void {
    this.#skip((4 - ((this.position - start) % 4)) % 4);
  }

  #peek(): number {
    const byte = this.#bytes[this.position];
    if (byte === undefined) throw new Error("ends early");
    return byte;
  }

  #u8(): number {
    const byte = this.#peek();
    this.position++;
    return byte;
  }

  #u16(): number {
    return this.#u8() * 0x100 + this.#u8();
  }

  #skip(length: number): void {
    if (length > this.#bytes.length - this.position) throw new Error("ends early");
    this.position += length;
  }
}
