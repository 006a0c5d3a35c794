/**
 * LZ4 frames, as `lz4.frame.compress` of Python writes them: LZ4 Frame Format 1.6 and Block Format. In plain TypeScript,
 * because every npm package of it is either native, or without frames, or without a bound on what it allocates.
 */

const MAGIC = 0x184d2204;
const MIN_MATCH = 4;
/** The block format's own rules: the last match starts 12 bytes before the end at the latest, the last 5 bytes are literals. */
const MATCH_LIMIT = 12;
const LAST_LITERALS = 5;
const MAX_BLOCK = 4 * 1024 * 1024;
const HASH_BITS = 14;

/** @throws Error on damaged data, RangeError when the result would be longer than `maxBytes` */
export function decompressLz4Frame(frame: Buffer, maxBytes: number): Uint8Array {
  if (frame.length < 7 || frame.readUInt32LE(0) !== MAGIC) throw new Error("is no LZ4 frame");
  const flags = frame[4]!;
  if (flags >> 6 !== 1) throw new Error("has an unknown version");
  if ((flags & 0x01) !== 0) throw new Error("needs a dictionary");
  const hasBlockChecksum = (flags & 0x10) !== 0;
  const hasContentSize = (flags & 0x08) !== 0;
  const hasContentChecksum = (flags & 0x04) !== 0;
  let at = 6;
  let contentSize: number | undefined;
  if (hasContentSize) {
    need(frame, at, 9);
    const size = frame.readBigUInt64LE(at);
    if (size > BigInt(maxBytes)) throw new RangeError(`output exceeds ${maxBytes} bytes`);
    contentSize = Number(size);
    at += 8;
  }
  need(frame, at, 1);
  if (frame[at] !== ((xxh32(frame.subarray(4, at)) >>> 8) & 0xff)) throw new Error("header checksum does not match");
  at += 1;
  // A size from the wire sizes no allocation: LZ4 makes at most 255 bytes out of one.
  const output = new Output(maxBytes, Math.min(contentSize ?? 65_536, frame.length * 255));
  for (;;) {
    need(frame, at, 4);
    const size = frame.readUInt32LE(at);
    at += 4;
    if (size === 0) break;
    const isStored = size >= 0x80000000;
    const length = isStored ? size - 0x80000000 : size;
    need(frame, at, length);
    const block = frame.subarray(at, at + length);
    at += length;
    if (hasBlockChecksum) {
      need(frame, at, 4);
      if (frame.readUInt32LE(at) !== xxh32(block)) throw new Error("checksum of a block does not match");
      at += 4;
    }
    if (isStored) output.append(block);
    else decompressBlock(block, output);
  }
  const result = output.result();
  if (hasContentChecksum) {
    need(frame, at, 4);
    if (frame.readUInt32LE(at) !== xxh32(result)) throw new Error("checksum does not match");
  }
  if (contentSize !== undefined && contentSize !== result.length) throw new Error("is not as long as it says");
  return result;
}

function need(data: Uint8Array, at: number, count: number): void {
  if (at + count > data.length) throw new Error("is cut off");
}

class Output {
  #bytes: Uint8Array;
  #length = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number, capacity: number) {
    this.#maxBytes = maxBytes;
    this.#bytes = new Uint8Array(Math.min(maxBytes, capacity));
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Repeats what is `offset` back; it may overlap itself, which makes runs. */
  copy(offset: number, count: number): void {
    if (offset === 0 || offset > this.#length) throw new Error("a match starts before the output");
    this.#reserve(count);
    const bytes = this.#bytes;
    let to = this.#length;
    this.#length += count;
    for (let left = count; left > 0; ) {
      const chunk = Math.min(left, to - (this.#length - count) + offset);
      bytes.copyWithin(to, to - offset, to - offset + Math.min(chunk, offset));
      const done = Math.min(chunk, offset);
      to += done;
      left -= done;
    }
  }

  result(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const length = this.#length + count;
    if (length > this.#maxBytes) throw new RangeError(`output exceeds ${this.#maxBytes} bytes`);
    if (length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(length, this.#bytes.length * 2)));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

function decompressBlock(block: Uint8Array, output: Output): void {
  let at = 0;
  const extend = (length: number): number => {
    let total = length;
    if (length !== 15) return total;
    for (;;) {
      need(block, at, 1);
      const byte = block[at++]!;
      total += byte;
      if (byte !== 255) return total;
    }
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = extend(token >> 4);
    need(block, at, literals);
    output.append(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    need(block, at, 2);
    const offset = block[at]! | (block[at + 1]! << 8);
    at += 2;
    output.copy(offset, extend(token & 0x0f) + MIN_MATCH);
  }
}

/** One frame with its content size, in blocks that do not depend on each other. */
export function compressLz4Frame(data: Buffer): Uint8Array {
  const header = Buffer.alloc(15);
  header.writeUInt32LE(MAGIC, 0);
  header[4] = 0x68; // version 1, independent blocks, content size
  header[5] = 0x70; // blocks of 4 MiB at most
  header.writeBigUInt64LE(BigInt(data.length), 6);
  header[14] = (xxh32(header.subarray(4, 14)) >>> 8) & 0xff;
  const parts: Uint8Array[] = [header];
  for (let start = 0; start < data.length; start += MAX_BLOCK) {
    const block = data.subarray(start, start + MAX_BLOCK);
    const compressed = compressBlock(block);
    const size = Buffer.alloc(4);
    const isStored = compressed.length >= block.length;
    size.writeUInt32LE(isStored ? block.length + 0x80000000 : compressed.length);
    parts.push(size, isStored ? block : compressed);
  }
  parts.push(Buffer.alloc(4));
  return Buffer.concat(parts);
}

/** Greedy matching with one candidate a hash: what `lz4` does at its fast level, give or take. */
function compressBlock(block: Buffer): Uint8Array {
  const out = new Uint8Array(block.length + Math.ceil(block.length / 255) + 16);
  const table = new Int32Array(1 << HASH_BITS).fill(-1);
  let to = 0;
  let anchor = 0;
  const length = (value: number): void => {
    let left = value - 15;
    for (; left >= 255; left -= 255) out[to++] = 255;
    out[to++] = left;
  };
  const sequence = (literalEnd: number, match: number): void => {
    const literals = literalEnd - anchor;
    out[to++] = (Math.min(literals, 15) << 4) | Math.min(match, 15);
    if (literals >= 15) length(literals);
    out.set(block.subarray(anchor, literalEnd), to);
    to += literals;
  };
  for (let at = 0; at < block.length - MATCH_LIMIT; ) {
    const word = block.readInt32LE(at);
    const hash = Math.imul(word, 2654435761) >>> (32 - HASH_BITS);
    const candidate = table[hash]!;
    table[hash] = at;
    if (candidate < 0 || at - candidate > 0xffff || block.readInt32LE(candidate) !== word) {
      at++;
      continue;
    }
    let end = at + MIN_MATCH;
    while (end < block.length - LAST_LITERALS && block[end] === block[candidate + end - at]) end++;
    const extra = end - at - MIN_MATCH;
    sequence(at, extra);
    const offset = at - candidate;
    out[to++] = offset & 0xff;
    out[to++] = offset >> 8;
    if (extra >= 15) length(extra);
    at = end;
    anchor = end;
  }
  sequence(block.length, 0);
  return out.subarray(0, to);
}

const P1 = 0x9e3779b1 | 0;
const P2 = 0x85ebca77 | 0;
const P3 = 0xc2b2ae3d | 0;
const P4 = 0x27d4eb2f | 0;
const P5 = 0x165667b1 | 0;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** xxHash32 with seed 0, LZ4's checksum. */
export function xxh32(data: Uint8Array): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const round = (lane: number, at: number): number =>
    Math.imul(rotate((lane + Math.imul(view.getInt32(at, true), P2)) | 0, 13), P1);
  let at = 0;
  let hash = P5;
  if (data.length >= 16) {
    let [a, b, c, d] = [(P1 + P2) | 0, P2, 0, -P1 | 0];
    for (; at <= data.length - 16; at += 16) {
      a = round(a, at);
      b = round(b, at + 4);
      c = round(c, at + 8);
      d = round(d, at + 12);
    }
    hash = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  }
  hash = (hash + data.length) | 0;
  for (; at <= data.length - 4; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(view.getInt32(at, true), P3)) | 0, 17), P4);
  }
  for (; at < data.length; at++) hash = Math.imul(rotate((hash + Math.imul(data[at]!, P5)) | 0, 11), P1);
  hash = Math.imul(hash ^ (hash >>> 15), P2);
  hash = Math.imul(hash ^ (hash >>> 13), P3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
