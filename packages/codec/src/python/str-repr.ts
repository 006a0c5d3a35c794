/** Python's `repr` of text and bytes. */

/** What Python does not print: control, format, surrogate, private, unassigned and separator characters, except the space. */
const UNPRINTABLE = "[\\p{C}\\p{Z}]";

/** Made when first needed, and no literal: V8 looks up the properties of a literal's characters at every import already. */
let unprintable: RegExp | undefined;

/** Whether Python shows the character, which is no space, by its number: `not char.isprintable()`. */
export function isUnprintable(char: string): boolean {
  unprintable ??= new RegExp(UNPRINTABLE, "u");
  return unprintable.test(char);
}

/** Characters of a piece, about. */
const PIECE = 64 * 1024;

/** `'a\n'`. CPython 3.12 `unicode_repr`. */
export function strRepr(text: string): string {
  const quote = quoteOf(text.includes("'"), text.includes('"'));
  return quote + escaped(text, quote) + quote;
}

/** {@link strRepr} in pieces: that of a large str may be longer than a string can be. */
export function* strReprPieces(text: string): Generator<string, void, undefined> {
  const quote = quoteOf(text.includes("'"), text.includes('"'));
  yield quote;
  for (const piece of piecesOf(text)) yield escaped(piece, quote);
  yield quote;
}

/** `b'a\xff'`. CPython 3.12 `PyBytes_Repr`. */
export function bytesRepr(bytes: Uint8Array): string {
  return [...bytesReprPieces(bytes)].join("");
}

/** {@link bytesRepr} in pieces. */
export function* bytesReprPieces(bytes: Uint8Array): Generator<string, void, undefined> {
  const quote = quoteOf(bytes.includes(0x27), bytes.includes(0x22));
  yield `b${quote}`;
  for (let at = 0; at < bytes.length; at += PIECE) {
    let out = "";
    for (const byte of bytes.subarray(at, at + PIECE)) {
      const char = String.fromCharCode(byte);
      if (char === quote || char === "\\") out += `\\${char}`;
      else if (byte >= 0x20 && byte < 0x7f) out += char;
      else out += NAMED.get(char) ?? `\\x${byte.toString(16).padStart(2, "0")}`;
    }
    yield out;
  }
  yield quote;
}

/** `bytearray(b'a\xff')`, which escapes single quotes also between double ones. CPython 3.12 `bytearray_repr`. */
export function bytearrayRepr(bytes: Uint8Array): string {
  return [...bytearrayReprPieces(bytes)].join("");
}

/** {@link bytearrayRepr} in pieces. */
export function* bytearrayReprPieces(bytes: Uint8Array): Generator<string, void, undefined> {
  yield "bytearray(";
  let hasDoubleQuotes: boolean | undefined;
  for (const piece of bytesReprPieces(bytes)) {
    hasDoubleQuotes ??= piece === 'b"';
    yield hasDoubleQuotes ? piece.replaceAll("'", "\\'") : piece;
  }
  yield ")";
}

/** Slices of a text that split no character. */
export function* piecesOf(text: string): Generator<string, void, undefined> {
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + PIECE, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last < 0xdc00) end++;
    yield text.slice(at, end);
    at = end;
  }
}

function quoteOf(hasSingle: boolean, hasDouble: boolean): "'" | '"' {
  return hasSingle && !hasDouble ? '"' : "'";
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\r", "\\r"],
]);
/** All but printable ASCII, quotes and the backslash. */
const NOT_PLAIN = /[^ !#-&(-[\]-~]/gu;

function escaped(text: string, quote: string): string {
  return text.replace(NOT_PLAIN, (char) => {
    if (char === quote || char === "\\") return `\\${char}`;
    const code = char.codePointAt(0)!;
    if (char === "'" || char === '"' || (code > 0x7f && !isUnprintable(char))) return char;
    const hex = code.toString(16);
    if (code < 0x100) return NAMED.get(char) ?? `\\x${hex.padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
}
