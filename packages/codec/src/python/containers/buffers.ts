/** Large binary data that protocol 5 can keep out of the pickle. */

/** What has bytes: as Python's buffer protocol. */
export type BufferLike = ArrayBufferView | ArrayBuffer;

/** The bytes of a typed array or a buffer, not copied; `undefined` of anything else. */
export function bytesOfBuffer(data: unknown): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : undefined;
}

/**
 * Marks bytes that may travel outside of the pickle. With protocol 5 and a `bufferCallback` the pickle holds only a
 * reference; otherwise the bytes are written in band, as bytes when `readonly`, else as bytearray.
 *
 * The data is not copied: change it only after the receiver of the buffer is done with it. PEP 574.
 */
export class PickleBuffer {
  /** A view on the data given, never a copy. */
  readonly bytes: Uint8Array;
  /** Whether Python gets an immutable object for it. Default false. */
  readonly readonly: boolean;

  /**
   * @param data - bytes, or any other view or buffer, whose bytes are meant
   * @param options - `readonly`: whether Python gets an immutable object for it, as bytes are. Default false
   * @throws TypeError for what has no bytes
   */
  constructor(data: BufferLike, options: { readonly readonly?: boolean | undefined } = {}) {
    const bytes = bytesOfBuffer(data);
    if (bytes === undefined) throw new TypeError("Cannot make a PickleBuffer: needs a typed array or an ArrayBuffer");
    this.bytes = bytes;
    this.readonly = options.readonly === true;
  }
}
