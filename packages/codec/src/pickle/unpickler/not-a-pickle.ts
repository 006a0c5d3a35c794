/** What bytes probably are that begin as no pickle does, for the error that says so. */

const FIRST_BYTES: ReadonlyMap<number, string> = new Map([
  [0x7b, "JSON"],
  [0x5b, "JSON"],
  [0x22, "JSON"],
  [0x1f, "gzip, to be decompressed first"],
  [0x78, "zlib, to be decompressed first"],
  [0x3c, "XML or HTML"],
  [0x21, "a value of cachelib or Flask-Caching, a pickle after one byte"],
  [0x2d, "digits: an int as Django and cachelib store it"],
  ...[0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39].map(
    (digit) => [digit, "digits: an int as Django and cachelib store it"] as const,
  ),
]);

/** `"byte 0x7b is no opcode"`, and at the first byte a guess at what it is instead. */
export function noOpcode(byte: number, isFirst: boolean): string {
  const guess = isFirst ? FIRST_BYTES.get(byte) : undefined;
  const text = `byte 0x${byte.toString(16).padStart(2, "0")} is no opcode`;
  return guess === undefined ? text : `${text}; this looks like ${guess}`;
}
