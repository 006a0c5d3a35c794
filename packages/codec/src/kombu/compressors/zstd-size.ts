/**
 * How much a Zstandard frame can hold, read from its headers without decompressing anything.
 * Format: RFC 8878, section 3.1.1.
 */

export interface ZstdFrame {
  /** Bytes when decompressed, if the frame says so. */
  readonly contentSize: number | undefined;
  /** At most so many bytes when decompressed, whatever the frame says: the sum over its blocks. */
  readonly atMost: number;
  /** Where the frame ends. */
  readonly end: number;
}

const MAGIC = 0xfd2fb528;
const MAX_BLOCK = 128 * 1024;
const RAW = 0;
const RLE = 1;
const RESERVED = 3;

/**
 * Walks the first frame. Throws an Error when it is damaged or ends early.
 *
 * @param onBlock - gets where each block ends, and how many bytes it makes at most
 */
export function zstdFrame(bytes: Uint8Array, onBlock?: (end: number, atMost: number) => void): ZstdFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  const take = (length: number): number => {
    if (length > bytes.length - position) throw new Error("ends early");
    const start = position;
    position += length;
    return start;
  };
  if (bytes.length < 4 || view.getUint32(take(4), true) !== MAGIC)
    throw new Error("does not start as a Zstandard frame");
  const descriptor = bytes[take(1)]!;
  const singleSegment = (descriptor & 0x20) !== 0;
  if (!singleSegment) take(1);
  take([0, 1, 2, 4][descriptor & 3]!);
  const sizeFlag = descriptor >> 6;
  let contentSize: number | undefined;
  if (sizeFlag === 1) contentSize = view.getUint16(take(2), true) + 256;
  else if (sizeFlag === 2) contentSize = view.getUint32(take(4), true);
  else if (sizeFlag === 3) contentSize = Number(view.getBigUint64(take(8), true));
  else if (singleSegment) contentSize = bytes[take(1)]!;

  let atMost = 0;
  for (let last = false; !last; ) {
    const at = take(3);
    const header = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    last = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === RESERVED || size > MAX_BLOCK) throw new Error("has a damaged block");
    take(type === RLE ? 1 : size);
    const made = type === RAW || type === RLE ? size : MAX_BLOCK;
    atMost += made;
    onBlock?.(position, made);
  }
  if ((descriptor & 4) !== 0) take(4);
  return { contentSize, atMost, end: position };
}
