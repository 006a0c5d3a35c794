/** Gets the characters of strings with one native call, where there is a Buffer. */
import type { NodeBuffer } from "./writer.js";

interface NodeBufferConstructor {
  allocUnsafeSlow(size: number): NodeBuffer;
}

const nodeBuffer = (globalThis as { readonly Buffer?: NodeBufferConstructor }).Buffer;

export class TextScratch {
  /** The longest text. */
  readonly length: number;
  /** UTF-16, of the last {@link fillUnits}. */
  readonly units: Uint16Array;
  /** UTF-8, of the last {@link fillAscii}. */
  readonly view: DataView;
  private readonly bytes: NodeBuffer;

  private constructor(bytes: NodeBuffer, length: number) {
    this.length = length;
    this.bytes = bytes;
    this.units = new Uint16Array(bytes.buffer, bytes.byteOffset, length);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** None where there is no Buffer, or it stores numbers in the other byte order. */
  static create(length: number): TextScratch | undefined {
    if (nodeBuffer === undefined) return undefined;
    // Three bytes a unit: with less room V8 counts the bytes first. And some, for reading whole words.
    const bytes = nodeBuffer.allocUnsafeSlow(length * 3 + 8);
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
}
