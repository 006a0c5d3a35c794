/** Making bytes objects. */

interface BufferConstructorLike {
  from(data: ArrayBufferLike, byteOffset: number, length: number): Uint8Array;
  from(text: string, encoding: "latin1"): Uint8Array;
}

/** Node's Buffer where there is one. */
const NodeBuffer = (globalThis as { readonly Buffer?: BufferConstructorLike }).Buffer;

/** A copy of `bytes`: a `Buffer` on Node, a `Uint8Array` elsewhere. */
export function bytesFrom(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes);
  return NodeBuffer === undefined ? copy : NodeBuffer.from(copy.buffer, 0, copy.length);
}

/** The latin-1 bytes of `text`; `undefined` when it has other characters. */
export function latin1Bytes(text: string): Uint8Array | undefined {
  const length = text.length;
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) return undefined;
    bytes[i] = code;
  }
  return NodeBuffer === undefined ? bytes : NodeBuffer.from(bytes.buffer, 0, length);
}

/** The characters U+0000 to U+00FF that `bytes` are in latin-1. */
export function latin1Text(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}
