/**
 * What follows an opcode's byte: how each kind of argument is read. Names, and the texts of errors, are those of CPython's
 * `pickletools`; the strings it cannot read but the decoder can (a GLOBAL that is not ASCII) are read here too.
 */
import { decodeLong } from "../bytes/longs.js";
import { decodeUtf8, latin1 } from "../bytes/utf8-decode.js";
import { UnpicklingError } from "../errors.js";
import type { ArgumentName } from "../pickle/opcodes.js";
import { parseQuoted, parseRawUnicode } from "../pickle/text.js";
import { bytesRepr } from "../python/str-repr.js";
import type { Cursor } from "./cursor.js";
import type { OpcodeArgument } from "./literal.js";

/** The argument ends at a newline. */
const UP_TO_NEWLINE = -1;
/** A length of 1 byte, of 4 signed, of 4 unsigned or of 8 bytes comes first. */
const TAKEN_FROM_ARGUMENT1 = -2;
const TAKEN_FROM_ARGUMENT4 = -3;
const TAKEN_FROM_ARGUMENT4U = -4;
const TAKEN_FROM_ARGUMENT8U = -5;

/** How an argument is read: CPython's `pickletools.ArgumentDescriptor`. */
export interface ArgumentDescriptor {
  /** That of `pickletools`: `"uint1"`, `"stringnl"`. */
  readonly name: ArgumentName;
  /**
   * Bytes it takes. Negative: -1, up to and with the next newline; -2, -3, -4 and -5, as many as a length of 1, 4 (signed), 4
   * (unsigned) or 8 bytes before them says.
   */
  readonly n: number;
  /**
   * Reads it from where the cursor is, and moves that behind it.
   *
   * @throws {@link UnpicklingError} `truncated`, `bad-argument` or `limit-exceeded`, with `pickletools`' text
   */
  read(cursor: Cursor): OpcodeArgument;
}

/** CPython converts no more decimal digits to an int since 3.11. */
const MAX_INT_DIGITS = 4300;
const MAX_SIZE = 0x7fff_ffff_ffff_ffffn;

function fail(message: string, code: "truncated" | "bad-argument" | "limit-exceeded" = "truncated"): UnpicklingError {
  return new UnpicklingError(message, { code });
}

function fixed(name: ArgumentName, n: number, get: (view: DataView, at: number) => OpcodeArgument): ArgumentDescriptor {
  return {
    name,
    n,
    read(cursor) {
      if (cursor.remaining < n) throw fail(`not enough data in stream to read ${name}`);
      const value = get(cursor.view, cursor.position);
      cursor.position += n;
      return value;
    },
  };
}

const uint1 = fixed("uint1", 1, (view, at) => view.getUint8(at));
const uint2 = fixed("uint2", 2, (view, at) => view.getUint16(at, true));
const int4 = fixed("int4", 4, (view, at) => view.getInt32(at, true));
const uint4 = fixed("uint4", 4, (view, at) => view.getUint32(at, true));
const uint8 = fixed("uint8", 8, (view, at) => safe(view.getBigUint64(at, true)));
const float8 = fixed("float8", 8, (view, at) => view.getFloat64(at));

function safe(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** A length and so many bytes. */
function counted(
  name: ArgumentName,
  n: number,
  length: ArgumentDescriptor,
  decode: (bytes: Uint8Array) => OpcodeArgument,
): ArgumentDescriptor {
  return {
    name,
    n,
    read(cursor) {
      const size = length.read(cursor) as number | bigint;
      if (size < 0) throw fail(`${name} byte count < 0: ${size}`, "bad-argument");
      if (size > MAX_SIZE) throw fail(`${name} byte count > sys.maxsize: ${size}`, "bad-argument");
      const bytes = cursor.read(Number(size));
      if (bytes.length === Number(size)) return decode(bytes);
      if (name === "long1" || name === "long4") throw fail(`not enough data in stream to read ${name}`);
      throw fail(`expected ${size} bytes in a ${name}, but only ${bytes.length} remain`);
    },
  };
}

const asLatin1 = (bytes: Uint8Array): string => latin1(bytes, 0, bytes.length);
const asUtf8 = (bytes: Uint8Array): string => decodeUtf8(bytes, 0, bytes.length);
const asLong = (bytes: Uint8Array): number | bigint => decodeLong(bytes, 0, bytes.length);
const asBytes = (bytes: Uint8Array): Uint8Array => bytes;

function line(name: ArgumentName, decode: (bytes: Uint8Array) => OpcodeArgument): ArgumentDescriptor {
  const what = name === "unicodestringnl" ? name : "stringnl";
  return {
    name,
    n: UP_TO_NEWLINE,
    read(cursor) {
      return decode(takeLine(cursor, what));
    },
  };
}

function takeLine(cursor: Cursor, what: string): Uint8Array {
  const bytes = cursor.readLine();
  if (bytes === undefined) throw fail(`no newline found when trying to read ${what}`);
  return bytes;
}

function readQuoted(bytes: Uint8Array): string {
  const quote = bytes[0];
  if (quote !== 0x22 && quote !== 0x27) throw fail(`no string quotes around ${bytesRepr(bytes)}`, "bad-argument");
  if (bytes[bytes.length - 1] !== quote) {
    const shown = bytesRepr(Uint8Array.of(quote));
    // The misspelling is pickletools'.
    throw fail(`strinq quote ${shown} not found at both ends of ${bytesRepr(bytes)}`, "bad-argument");
  }
  return undoEscapes(bytes.subarray(1, Math.max(1, bytes.length - 1)));
}

/** Undoes escapes; what is not ASCII then is latin-1, where pickletools gives up. */
function undoEscapes(bytes: Uint8Array): string {
  if (!bytes.includes(0x5c)) return latin1OrUtf8(bytes);
  const quoted = new Uint8Array(bytes.length + 2);
  quoted.fill(0x22, 0, 1);
  quoted.set(bytes, 1);
  quoted.fill(0x22, bytes.length + 1);
  return latin1OrUtf8(parseQuoted(quoted));
}

function latin1OrUtf8(bytes: Uint8Array): string {
  try {
    return asUtf8(bytes);
  } catch {
    return asLatin1(bytes);
  }
}

function trimmed(bytes: Uint8Array): string {
  return asLatin1(bytes)
    .replace(/^[ \t\n\v\f\r]+/, "")
    .trimEnd();
}

/** `int(line)`. CPython 3.12 `long_from_string_base`. */
function readInt(bytes: Uint8Array): number | bigint {
  const text = trimmed(bytes);
  if (!/^[+-]?[0-9](?:_?[0-9])*$/.test(text)) {
    // `%.200R`
    throw fail(`invalid literal for int() with base 10: ${bytesRepr(bytes).slice(0, 200)}`, "bad-argument");
  }
  const digits = text.replace(/^[+-]/, "").replaceAll("_", "");
  if (digits.length > MAX_INT_DIGITS) {
    throw fail(
      `Exceeds the limit (${MAX_INT_DIGITS} digits) for integer string conversion: value has ${digits.length} digits; ` +
        "use sys.set_int_max_str_digits() to increase the limit",
      "limit-exceeded",
    );
  }
  const value = BigInt(digits);
  return safe(text.startsWith("-") ? -value : value);
}

/** There are no bools in protocol 0 but these two lines. */
function readShortInt(bytes: Uint8Array): number | bigint | boolean {
  if (bytes.length === 2 && bytes[0] === 0x30 && (bytes[1] === 0x30 || bytes[1] === 0x31)) return bytes[1] === 0x31;
  return readInt(bytes);
}

function readLongLine(bytes: Uint8Array): number | bigint {
  return readInt(bytes[bytes.length - 1] === 0x4c ? bytes.subarray(0, -1) : bytes);
}

/** `float(line)`. CPython 3.12 `PyFloat_FromString`. */
function readFloat(bytes: Uint8Array): number {
  const text = trimmed(bytes);
  const plain =
    /^[+-]?(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9](?:_?[0-9])*)(?:[eE][+-]?[0-9](?:_?[0-9])*)?$/;
  if (plain.test(text)) return Number(text.replaceAll("_", ""));
  const named = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (named === null) throw fail(`could not convert string to float: ${bytesRepr(bytes)}`, "bad-argument");
  if (named[2]!.toLowerCase() === "nan") return Number.NaN;
  return named[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Every kind of argument, by name. */
export const ARGUMENTS: Readonly<Record<ArgumentName, ArgumentDescriptor>> = Object.freeze({
  uint1,
  uint2,
  int4,
  uint4,
  uint8,
  float8,
  stringnl: line("stringnl", readQuoted),
  stringnl_noescape: line("stringnl_noescape", undoEscapes),
  stringnl_noescape_pair: {
    name: "stringnl_noescape_pair",
    n: UP_TO_NEWLINE,
    read(cursor) {
      const first = undoEscapes(takeLine(cursor, "stringnl"));
      return `${first} ${undoEscapes(takeLine(cursor, "stringnl"))}`;
    },
  },
  string1: counted("string1", TAKEN_FROM_ARGUMENT1, uint1, asLatin1),
  string4: counted("string4", TAKEN_FROM_ARGUMENT4, int4, asLatin1),
  bytes1: counted("bytes1", TAKEN_FROM_ARGUMENT1, uint1, asBytes),
  bytes4: counted("bytes4", TAKEN_FROM_ARGUMENT4U, uint4, asBytes),
  bytes8: counted("bytes8", TAKEN_FROM_ARGUMENT8U, uint8, asBytes),
  bytearray8: counted("bytearray8", TAKEN_FROM_ARGUMENT8U, uint8, asBytes),
  unicodestringnl: line("unicodestringnl", (bytes) => parseRawUnicode(asLatin1(bytes))),
  unicodestring1: counted("unicodestring1", TAKEN_FROM_ARGUMENT1, uint1, asUtf8),
  unicodestring4: counted("unicodestring4", TAKEN_FROM_ARGUMENT4U, uint4, asUtf8),
  unicodestring8: counted("unicodestring8", TAKEN_FROM_ARGUMENT8U, uint8, asUtf8),
  decimalnl_short: line("decimalnl_short", readShortInt),
  decimalnl_long: line("decimalnl_long", readLongLine),
  floatnl: line("floatnl", readFloat),
  long1: counted("long1", TAKEN_FROM_ARGUMENT1, uint1, asLong),
  long4: counted("long4", TAKEN_FROM_ARGUMENT4, int4, asLong),
});
