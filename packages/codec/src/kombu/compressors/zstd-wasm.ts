/**
 * Zstandard through the package `@hpcc-js/wasm-zstd`, without two habits of it: it takes each result out of its memory one
 * array element at a time, a second for some megabytes and the end of the process at a hundred, and it says nothing of damage.
 */
import { type ZstdFrame, zstdFrame } from "./zstd-size.js";

/** An instance of `Zstd` of `@hpcc-js/wasm-zstd`: what is used of it. */
export interface ZstdInstance {
  /** One whole frame, at the library's default level. */
  compress(bytes: Uint8Array): Uint8Array;
  /** Forgets the frame that was being decompressed: what comes next begins one. */
  reset(): void;
  /** What comes of the next bytes of a frame, `outputSize` bytes at most. Damage is not told of. */
  decompressChunk(bytes: Uint8Array, outputSize: number): Uint8Array;
}

/** What the package has inside: where results lie in its memory, and how they are taken out. */
interface Heap {
  heapView(data: object): Uint8Array;
  heapToUint8Array(data: object): Uint8Array;
}

/** The same instance, which copies its results at once from now on, if it lets itself be told so. */
export function copyingAtOnce(zstd: ZstdInstance): ZstdInstance {
  const heap = (zstd as { readonly _mainModule?: Partial<Heap> })._mainModule;
  if (typeof heap?.heapView === "function" && typeof heap.heapToUint8Array === "function") {
    const view = heap.heapView.bind(heap);
    heap.heapToUint8Array = (data) => view(data).slice();
  }
  return zstd;
}

/** Bytes of output asked for at once: what one block makes at most, and no array that is too long. */
const PIECE = 128 * 1024;

/** A frame that holds `a`, which only a decoder that is done with the frame before can read. */
const PROBE = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x01, 0x09, 0x00, 0x00, 0x61);

/**
 * Decompresses a frame that {@link zstdFrame} has walked, which said `size` of it.
 *
 * @throws RangeError when the result is longer than `maxBytes`; an Error when the frame is damaged
 */
export function decompressFrame(zstd: ZstdInstance, frame: Uint8Array, size: ZstdFrame, maxBytes: number): Uint8Array {
  const { contentSize, atMost } = size;
  const result = new Uint8Array(contentSize ?? Math.min(atMost, maxBytes));
  let length = 0;
  let start = 0;
  let piece = { end: 0, atMost: 0 };
  const decompressTo = (end: number): void => {
    // The library takes 0 for a result that it could not make.
    const part = zstd.decompressChunk(frame.subarray(start, end), Math.max(piece.atMost, 1));
    if (part.length > result.length - length) {
      if (contentSize === undefined) throw new RangeError(`output exceeds ${maxBytes} bytes`);
      throw new Error("holds more than it says");
    }
    result.set(part, length);
    length += part.length;
    start = end;
    piece = { end, atMost: 0 };
  };
  zstd.reset();
  zstdFrame(frame, (end, made) => {
    if (piece.atMost > 0 && piece.atMost + made > PIECE) decompressTo(piece.end);
    piece = { end, atMost: piece.atMost + made };
  });
  decompressTo(frame.length);
  if (zstd.decompressChunk(PROBE, 1)[0] !== 0x61 || (contentSize ?? length) !== length) throw new Error("is damaged");
  return contentSize === undefined ? result.slice(0, length) : result;
}
