/** Large binary data that protocol 5 can keep out of the pickle. */

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

  constructor(data: Uint8Array | ArrayBuffer, options: { readonly readonly?: boolean | undefined } = {}) {
    this.bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
    this.readonly = options.readonly === true;
  }
}
