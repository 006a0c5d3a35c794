/** A position in a pickle. Reads like a Python file: what is asked for or what is left, never more. */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = position;
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  /** A view on the next `length` bytes, or on those that are left. */
  read(length: number): Uint8Array {
    const start = this.position;
    this.position = Math.min(this.bytes.length, start + length);
    return this.bytes.subarray(start, this.position);
  }

  /** A view on the bytes up to a newline, which is stepped over; `undefined` without one. */
  readLine(): Uint8Array | undefined {
    const start = this.position;
    const newline = this.bytes.indexOf(0x0a, start);
    if (newline < 0) return undefined;
    this.position = newline + 1;
    return this.bytes.subarray(start, newline);
  }
}
