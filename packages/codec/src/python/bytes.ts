/** Making bytes objects. */

interface BufferConstructorLike {
  readonly prototype: { latin1Slice?(this: Uint8Array, start: number, end: number): string };
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

const nativeLatin1 = NodeBuffer?.prototype.latin1Slice;

/** The characters U+0000 to U+00FF that `bytes` are in latin-1. */
export function latin1Text(bytes: Uint8Array): string {
  if (nativeLatin1 !== undefined) return nativeLatin1.call(bytes, 0, bytes.length);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}

/** The bytes that `bytes(...)` and `bytearray(...)` make of what pickles give them; `undefined` for other arguments. */
export function bytesOfArguments(args: readonly unknown[]): Uint8Array | undefined {
  const [value, encoding] = args;
  if (args.length === 0) return new Uint8Array(0);
  if (typeof value === "string") {
    // Python 2.7 and Python before 3.8 write (text, 'latin-1').
    const isLatin1 = args.length === 2 && (encoding === "latin-1" || encoding === "latin1");
    return isLatin1 ? latin1Bytes(value) : undefined;
  }
  if (args.length !== 1) return undefined;
  if (value instanceof Uint8Array) return value;
  if (!Array.isArray(value)) return undefined;
  const bytes = new Uint8Array(value.length);
  for (let i = 0; i < value.length; i++) {
    const byte = value[i];
    if (!Number.isInteger(byte) || byte < 0 || byte > 255) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}
