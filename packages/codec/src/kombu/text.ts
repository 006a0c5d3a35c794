/** Text and bytes, as Python's codecs convert them under the names that content encodings have. */

const encoder = new TextEncoder();

/** UTF-8; a lone surrogate is an error, as in Python, not U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) throw new TypeError("lone surrogates cannot be encoded as UTF-8");
  return encoder.encode(text);
}

/** UTF-8, strict, a byte order mark kept, as Python's `bytes.decode("utf-8")`. */
export function decodeUtf8(bytes: Uint8Array): string {
  // Not kept in a module variable: a TextDecoder that threw in the middle of a stream keeps state in some runtimes.
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Bytes of text that is known to be ASCII. */
export function asciiBytes(text: string): Uint8Array {
  return globalThis.Buffer === undefined ? encoder.encode(text) : Buffer.from(text, "latin1");
}

/** Decodes by the name of a Python codec; unknown names and undecodable bytes throw. */
export function decodeText(bytes: Uint8Array, encoding: string): string {
  switch (encoding.toLowerCase().replaceAll("_", "-")) {
    case "utf-8":
    case "utf8":
      return decodeUtf8(bytes);
    case "ascii":
    case "us-ascii":
      if (bytes.some((byte) => byte > 0x7f)) throw new TypeError("byte above 0x7f in ASCII text");
      return decodeUtf8(bytes);
    case "latin-1":
    case "latin1":
    case "iso-8859-1":
    case "iso8859-1":
      return decodeLatin1(bytes);
    default:
      // TextDecoder's "latin1" is windows-1252, hence the case above; the names it shares with Python mean the same.
      return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  }
}

function decodeLatin1(bytes: Uint8Array): string {
  if (globalThis.Buffer !== undefined) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  }
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
