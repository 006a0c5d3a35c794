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

/** Names of Python's codecs, as {@link decodeText} spells them, that are written otherwise here or mean the same. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["u8", "utf-8"],
  ["utf", "utf-8"],
  ["utf8", "utf-8"],
  ["ascii", "us-ascii"],
  ["646", "us-ascii"],
  ["latin-1", "latin1"],
  ["l1", "latin1"],
  ["8859", "latin1"],
  ["iso-8859-1", "latin1"],
  ["iso8859-1", "latin1"],
  ["utf-16-le", "utf-16le"],
  ["utf-16-be", "utf-16be"],
  ["latin9", "iso-8859-15"],
  ["cp932", "windows-31j"],
  ["ms932", "windows-31j"],
  ["hkscs", "big5-hkscs"],
]);

const C1_CONTROL = /[\x80-\x9f]/;

/** Decodes by the name of a Python codec; unknown names and undecodable bytes throw. */
export function decodeText(bytes: Uint8Array, encoding: string): string {
  const name = encoding.trim().toLowerCase().replaceAll(/[_ ]/g, "-");
  const codec = ALIASES.get(name) ?? name;
  switch (codec) {
    case "utf-8":
      return decodeUtf8(bytes);
    case "us-ascii":
      if (bytes.some((byte) => byte > 0x7f)) throw new TypeError("byte above 0x7f in ASCII text");
      return decodeUtf8(bytes);
    case "latin1":
      return decodeLatin1(bytes);
    default:
      return decodeOther(bytes, codec);
  }
}

/**
 * By TextDecoder, which gives meanings to bytes that have none in Python's codec of that name: it takes undefined ones for
 * control characters, and some ISO names for the code page of Windows that is like it. Both are refused.
 */
function decodeOther(bytes: Uint8Array, name: string): string {
  const decoder = new TextDecoder(name, { fatal: true, ignoreBOM: true });
  const { encoding } = decoder;
  const text = decoder.decode(bytes);
  const isLikeWindows = encoding.startsWith("windows-") && !/^(?:windows|cp)/.test(name);
  if (
    (isLikeWindows && bytes.some((byte) => byte >= 0x80 && byte <= 0x9f)) ||
    (!/^(?:utf|iso-8859|gb18030)/.test(encoding) && C1_CONTROL.test(text))
  ) {
    throw new TypeError(`a byte has no meaning in ${name}`);
  }
  return text;
}

function decodeLatin1(bytes: Uint8Array): string {
  if (globalThis.Buffer !== undefined) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  }
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
