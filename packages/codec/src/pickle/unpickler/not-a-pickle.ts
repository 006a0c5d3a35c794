/** What bytes probably are that begin as no pickle does, for the error that says so. */
import { latin1 } from "../../bytes/utf8-decode.js";
import type { PickleErrorCode } from "../../errors.js";

/** Bytes that are looked at, whatever the length of the input. */
const LOOKED_AT = 4096;

const DECOMPRESS = "to be decompressed first";
const IN_A_FILE_OF_CACHELIB =
  "a pickle after 4 bytes, which are a time in files of cachelib's FileSystemCache: bytes.subarray(4)";

/**
 * How other things begin, as text of one character a byte. No pickle that Python writes begins so: with GET, POP, STOP, BUILD
 * or a byte that is no opcode, or with the length of a string of a gigabyte. What is no ASCII is in patterns, which the build
 * leaves as they are.
 */
const BEGINNINGS: readonly (readonly [beginning: string | RegExp | ((text: string) => boolean), what: string])[] = [
  ["\x1f", `gzip, ${DECOMPRESS}`],
  ["x\x01", `zlib, ${DECOMPRESS}`],
  [/^x[\x5e\x9c\xda]/, `zlib, ${DECOMPRESS}`],
  [/^\x28\xb5\x2f\xfd/, `zstd, ${DECOMPRESS}`],
  [/^\xfd7zXZ/, `xz, ${DECOMPRESS}`],
  [/^BZh[1-9]1AY&SY/, `bzip2, ${DECOMPRESS}`],
  ["\x04\x22\x4d\x18", `LZ4, ${DECOMPRESS}`],
  ["]\0\0", `lzma, ${DECOMPRESS}`],
  [/^[{["]|^(?:null|true|false)\s*$/, "JSON"],
  ["<", "XML or HTML"],
  [/^b['"]/, "what Python's str() or repr() shows of bytes; store the bytes themselves"],
  ["\\x80", 'bytea of PostgreSQL as text: Buffer.from(text.slice(2), "hex")'],
  [/^800[2-5]/, 'a pickle in hexadecimal: Buffer.from(text, "hex")'],
  [/^-?\d+\s*$/, "digits: an int as Django and cachelib store it"],
  [/^gA[I-X][\w+/=-]*:/, "a signed session of Django: the pickle is what stands before the colon, in base64"],
  [/^\.eJ[\w-]*:/, "a signed session of Django, compressed: zlib in base64 between the dot and the colon"],
  [/^(?:gA[I-X]|KGRw|KGxw|Y2Nv)/, 'a pickle in base64: Buffer.from(text, "base64")'],
  [/^\xef\xbf\xbd/, "bytes that were decoded as text, which cannot be undone: read it as a Buffer, not as a string"],
  [/^\xc2\x80/, 'a pickle that was written as text: Buffer.from(bytes.toString("utf8"), "latin1")'],
  ["!", "a value of cachelib or Flask-Caching, a pickle after one byte"],
  ["PK\x03\x04", "a zip file, as of torch.save() and numpy.savez()"],
  [/^\x93NUMPY/, "an array of numpy.save(), not of pickle"],
  [/^\x89HDF/, "HDF5"],
  [
    "SQLite format 3\0",
    "a database of SQLite, of which Python's shelve makes one from 3.13 on: its values are pickles",
  ],
  [
    (text) => text.startsWith("a\x15\x06\0", 12) || /^\xce\x9aW/.test(text),
    "a database of dbm, as Python's shelve makes it: its values are pickles",
  ],
  [
    // No time, which is for ever, or there is none: no length could be 0.
    (text) => !hasProtocol(text, 0) && hasProtocol(text, 4) && text.startsWith("\0\0\0\0"),
    IN_A_FILE_OF_CACHELIB,
  ],
  [
    // A length of less than 16 MiB.
    (text) => text.startsWith("\0") && (hasProtocol(text, 4) || /^[}(\]]/.test(text.slice(4, 5))),
    "a pickle after its length in 4 bytes, as logging's SocketHandler and multiprocessing send it: bytes.subarray(4, 4 + bytes.readUInt32BE())",
  ],
  [(text) => !hasProtocol(text, 0) && hasProtocol(text, 4), IN_A_FILE_OF_CACHELIB],
  [(text) => !hasProtocol(text, 0) && hasProtocol(text, 8), "a pickle after 8 bytes: bytes.subarray(8)"],
];

/** What there may be wrong with bytes that are no pickle at all. */
const CODES: ReadonlySet<PickleErrorCode> = new Set<PickleErrorCode>([
  "unknown-opcode",
  "truncated",
  "bad-argument",
  "bad-operand",
  "stack-underflow",
  "missing-mark",
]);

/**
 * What the bytes from `start` on look like, if they are why decoding them ended with `code`: `"; this looks like gzip, to be
 * decompressed first"`, or nothing.
 */
export function lookAlike(code: PickleErrorCode, bytes: Uint8Array, start: number): string {
  if (!CODES.has(code)) return "";
  const text = latin1(bytes, start, Math.min(bytes.length, start + LOOKED_AT));
  const found = BEGINNINGS.find(([beginning]) => {
    if (typeof beginning === "string") return text.startsWith(beginning);
    return typeof beginning === "function" ? beginning(text) : beginning.test(text);
  });
  return found === undefined ? "" : `; this looks like ${found[1]}`;
}

/** Whether PROTO of a protocol from 2 on is at `at`, with which a pickle begins. */
function hasProtocol(text: string, at: number): boolean {
  const protocol = text.charCodeAt(at + 1);
  return text.charCodeAt(at) === 0x80 && protocol >= 2 && protocol <= 5;
}

/** `"byte 0x7b is no opcode"` */
export function noOpcode(byte: number): string {
  return `byte 0x${byte.toString(16).padStart(2, "0")} is no opcode`;
}
