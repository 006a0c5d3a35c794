/** Gets the characters of strings with one native call, where there is a Buffer. */
import type { NodeBuffer } from "./writer.js";

interface NodeBufferConstructor {
  allocUnsafeSlow(size: number): NodeBuffer;
}

const nodeBuffer = (globalThis as { readonly Buffer?: NodeBufferConstructor }).Buffer;

/** Bytes that {@link TextScratch.copyTo} copies at a time. */
const BLOCK = 16;

export class TextScratch {
  /** UTF-16, of the last {@link fillUnits}. */
  readonly units: Uint16Array;
  /** UTF-8, of the last {@link fillAscii} or what was put there; behind it {@link BLOCK} bytes that may be read. */
  readonly view: DataView;
  /** The memory of both. */
  readonly bytes: NodeBuffer;

  private constructor(bytes: NodeBuffer, length: number) {
    this.bytes = bytes;
    this.units = new Uint16Array(bytes.buffer, bytes.byteOffset, length);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** None where there is no Buffer, or it stores numbers in the other byte order. */
  static create(length: number): TextScratch | undefined {
    if (nodeBuffer === undefined) return undefined;
    // Three bytes a unit: with less room V8 counts the bytes first.
    const bytes = nodeBuffer.allocUnsafeSlow(length * 3 + BLOCK);
    const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
    const isUsable = bytes.ucs2Write !== undefined && bytes.utf8Write !== undefined;
    return isLittleEndian && isUsable ? new TextScratch(bytes, length) : undefined;
  }

  fillUnits(text: string): void {
    this.bytes.ucs2Write!(text, 0, text.length * 2);
  }

  /** False: it is not ASCII, and nothing else is to be known about what was written. */
  fillAscii(text: string): boolean {
    return this.bytes.utf8Write!(text, 0, this.bytes.length) === text.length;
  }

  /**
   * Copies `size` bytes of UTF-8 from `at` on to `start` of `to`, and up to 15 that follow, whatever they become. In blocks, as
   * most strings have one: where a loop over their words ends, the processor guesses wrong. As floats, which are twice as long
   * as the longest integers: no UTF-8 is NaN, whose bits might change.
   */
  copyTo(to: DataView, start: number, at: number, size: number): void {
    const { view } = this;
    for (let i = 0; i < size; i += BLOCK) {
      to.setFloat64(start + i, view.getFloat64(at + i, true), true);
      to.setFloat64(start + i + 8, view.getFloat64(at + i + 8, true), true);
    }
  }
}
