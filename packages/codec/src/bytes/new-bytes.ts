const buffer = (globalThis as { Buffer?: { allocUnsafeSlow(length: number): Uint8Array } }).Buffer;

/** Bytes of memory of their own, to be written whole before anyone sees them: a Buffer where there is one. */
export function newBytes(length: number): Uint8Array {
  return buffer === undefined ? new Uint8Array(length) : buffer.allocUnsafeSlow(length);
}
