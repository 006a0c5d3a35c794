/** The literals of protocols 0 and 1: number lines, quoted and escaped strings, and how a Python 2 `str` becomes text. */
import { decodeUtf8, latin1 } from "../bytes/utf8-decode.js";
import { UnpicklingError } from "../errors.js";
import type { Limits } from "../limits.js";

function bad(message: string): UnpicklingError {
  return new UnpicklingError(message, { code: "bad-argument" });
}

/** A line for a message, shortened. */
function shown(line: string): string {
  return JSON.stringify(line.length > 40 ? `${line.slice(0, 40)}...` : line);
}

/** Without C's isspace() characters at both ends. A regular expression for the end would be quadratic. */
function trim(line: string): string {
  let start = 0;
  let end = line.length;
  while (start < end && isSpace(line.charCodeAt(start))) start++;
  while (end > start && isSpace(line.charCodeAt(end - 1))) end--;
  return line.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

const DECIMAL = /^([+-]?)(0(?:_?0)*|[1-9](?:_?[0-9])*)$/;
const PREFIXED = /^([+-]?)(0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+)$/;

/**
 * `int(line, 0)`: decimal, or with a prefix `0x`, `0o`, `0b`; underscores between digits.
 * Exact, whatever its size; `maxIntDigits` bounds the conversion from decimal, which is not linear.
 */
function parseBase0(line: string, limits: Limits): bigint {
  const text = trim(line);
  const decimal = DECIMAL.exec(text);
  const match = decimal ?? PREFIXED.exec(text);
  if (match === null) throw bad(`${shown(line)} is no int`);
  const digits = match[2]!.replaceAll("_", "");
  if (decimal !== null && digits.length > limits.maxIntDigits) {
    throw new UnpicklingError(`int of ${digits.length} digits exceeds maxIntDigits ${limits.maxIntDigits}`, {
      code: "limit-exceeded",
      limit: { name: "maxIntDigits", max: limits.maxIntDigits },
    });
  }
  const magnitude = BigInt(digits);
  return match[1] === "-" ? -magnitude : magnitude;
}

// What C's strtol(line, _, 0) reads besides decimal: a leading zero means octal.
const OLD_OCTAL = /^[ \t\v\f\r]*([+-]?)0([0-7]+)$/;

/**
 * The argument of INT. Any two characters worth 0 or 1 are a bool (`00`, `01`), as in CPython's C reader, and as there a
 * leading zero means octal and what follows a NUL is ignored.
 */
export function parseInt0(line: string, limits: Limits): bigint | boolean {
  const text = untilNul(line);
  // strtol() finds nothing to object to before a NUL.
  if (text === "" && line !== "") return line.length === 2 ? false : 0n;
  const octal = OLD_OCTAL.exec(text);
  const value = octal === null ? parseBase0(text, limits) : parseBase0(`${octal[1]}0o${octal[2]}`, limits);
  // After a space at its end strtol() fails, and int() reads it as an int.
  const isBool = line.length === 2 && (value === 0n || value === 1n) && !isSpace(line.charCodeAt(1));
  return isBool ? value === 1n : value;
}

/** The argument of LONG, with or without the `L` at its end. */
export function parseLong(line: string, limits: Limits): bigint {
  return parseBase0(untilNul(line.endsWith("L") ? line.slice(0, -1) : line), limits);
}

/** What C sees of a line. */
function untilNul(line: string): string {
  const nul = line.indexOf("\0");
  return nul < 0 ? line : line.slice(0, nul);
}

/** The index of GET and PUT, which CPython reads as C text. */
export function parseIndex(line: string): number {
  const text = trim(untilNul(line));
  if (!/^[+-]?[0-9]+(_[0-9]+)*$/.test(text)) throw bad(`${shown(line)} is no memo index`);
  const index = Number(text.replaceAll("_", ""));
  if (Math.abs(index) >= 2 ** 63) throw bad(`memo index ${shown(line)} is too large`);
  return index;
}

/** A memo index as the key of a Map: V8 keeps no secret for the hash of a number, nor some V8s for that of its digits alone. */
export function sparseKey(index: number): string {
  return `#${index}`;
}

const FLOAT_LINE = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const INFINITY_LINE = /^([+-]?)inf(inity)?$/i;
const NAN_LINE = /^[+-]?nan$/i;

/** The argument of FLOAT. As in CPython no spaces, no underscores and no overflow. */
export function parseFloatLine(line: string): number {
  const text = untilNul(line);
  if (FLOAT_LINE.test(text)) {
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    throw bad(`${shown(line)} is too large for a float`);
  }
  const infinity = INFINITY_LINE.exec(text);
  if (infinity !== null) return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (NAN_LINE.test(text)) return Number.NaN;
  throw bad(`${shown(line)} is no float`);
}

const BACKSLASH = 0x5c;
const SINGLE_ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x5c, 0x5c],
  [0x27, 0x27],
  [0x22, 0x22],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x74, 0x09],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x76, 0x0b],
  [0x61, 0x07],
]);

function isOctal(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= 0x30 && byte <= 0x37;
}

/** The value of a hexadecimal digit, -1 for another byte. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/**
 * The argument of STRING, quotes and escapes resolved: a Python 2 `str`, which is bytes.
 * CPython 3.12 `bytesobject.c` _PyBytes_DecodeEscape.
 */
export function parseQuoted(line: Uint8Array): Uint8Array {
  const quote = line[0];
  if (line.length < 2 || quote !== line[line.length - 1] || (quote !== 0x27 && quote !== 0x22)) {
    throw bad("the argument must be quoted");
  }
  const end = line.length - 1;
  const out = new Uint8Array(end - 1);
  let n = 0;
  for (let i = 1; i < end; ) {
    const byte = line[i++]!;
    if (byte !== BACKSLASH) {
      out[n++] = byte;
      continue;
    }
    if (i >= end) throw bad("Trailing \\ in string");
    const letter = line[i++]!;
    const single = SINGLE_ESCAPES.get(letter);
    if (single !== undefined) {
      out[n++] = single;
    } else if (isOctal(letter)) {
      let value = letter - 0x30;
      for (let k = 0; k < 2 && i < end && isOctal(line[i]); k++) value = value * 8 + line[i++]! - 0x30;
      out[n++] = value;
    } else if (letter === 0x78) {
      const high = i + 1 < end ? hexDigit(line[i]) : -1;
      const low = hexDigit(line[i + 1]);
      if (high < 0 || low < 0) throw bad(`invalid \\x escape at byte ${i - 2}`);
      out[n++] = high * 16 + low;
      i += 2;
    } else {
      // An unknown escape stands for itself, backslash included.
      out[n++] = BACKSLASH;
      out[n++] = letter;
    }
  }
  return out.subarray(0, n);
}

const UNICODE_ESCAPE = /\\+(?:u([0-9a-fA-F]{0,4})|U([0-9a-fA-F]{0,8}))?/g;

/**
 * The argument of UNICODE: latin-1 with `\\uXXXX` and `\\UXXXXXXXX`, where the backslash that counts is the last of an odd
 * number. CPython 3.12 `unicodeobject.c` _PyUnicode_DecodeRawUnicodeEscapeStateful.
 */
export function parseRawUnicode(line: string): string {
  if (!line.includes("\\")) return line;
  return line.replace(UNICODE_ESCAPE, (run: string, four: string | undefined, eight: string | undefined) => {
    const digits = four ?? eight;
    if (digits === undefined) return run;
    const backslashes = run.length - digits.length - 1;
    if (backslashes % 2 === 0) return run;
    const point = Number.parseInt(digits, 16);
    if (digits.length !== (four === undefined ? 8 : 4)) throw bad(`truncated escape ${shown(run)}`);
    if (point > 0x10ffff) throw bad(`escape ${shown(run)} is above U+10FFFF`);
    return run.slice(0, backslashes - 1) + String.fromCodePoint(point);
  });
}

/** The text of a Python 2 `str`. */
export function decodePython2(
  bytes: Uint8Array,
  encoding: "ASCII" | "latin1" | "utf-8",
  errors: "strict" | "replace" | "ignore" | "surrogateescape" | "backslashreplace",
): string {
  if (encoding === "latin1") return latin1(bytes, 0, bytes.length);
  const isUtf8 = encoding === "utf-8";
  if (isUtf8) {
    const text = wholeUtf8(bytes);
    if (text !== undefined) return text;
  }
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    let end = i;
    while (end < bytes.length && bytes[end]! < 0x80) end++;
    text += latin1(bytes, i, end);
    if (end === bytes.length) break;
    const [length, isValid] = isUtf8 ? utf8Sequence(bytes, end) : ([1, false] as const);
    text += isValid ? decodeUtf8(bytes, end, end + length) : replaced(bytes, end, length, encoding, errors);
    i = end + length;
  }
  return text;
}

/** The common case of nothing wrong, decoded at once. */
function wholeUtf8(bytes: Uint8Array): string | undefined {
  try {
    const text = decodeUtf8(bytes, 0, bytes.length);
    return /\p{Surrogate}/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function replaced(bytes: Uint8Array, at: number, length: number, encoding: string, errors: string): string {
  const wrong = [...bytes.subarray(at, at + length)];
  switch (errors) {
    case "replace":
      // Not a literal: one such character in the bundle makes V8 keep all of it at two bytes a character.
      return String.fromCharCode(0xfffd);
    case "ignore":
      return "";
    case "surrogateescape":
      return wrong.map((byte) => String.fromCharCode(0xdc00 + byte)).join("");
    case "backslashreplace":
      return wrong.map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
    default:
      throw bad(
        `byte 0x${bytes[at]!.toString(16)} at ${at} of a Python 2 str is no ${encoding}; set the option encoding: "latin1" reads all, also dates and arrays,${encoding === "utf-8" ? "" : ' "utf-8" text that is UTF-8,'} "bytes" keeps bytes`,
      );
  }
}

/** How many bytes of one multi-byte sequence belong together, and whether they are a character. Unicode 15, table 3-7. */
function utf8Sequence(bytes: Uint8Array, at: number): readonly [length: number, isValid: boolean] {
  const lead = bytes[at]!;
  if (lead < 0xc2 || lead > 0xf4) return [1, false];
  const want = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let k = 1; k < want; k++) {
    const byte = bytes[at + k];
    if (byte === undefined || byte < low || byte > high) return [k, false];
    low = 0x80;
    high = 0xbf;
  }
  return [want, true];
}
