/** Members of sets and keys of dicts, as pieces of pickles: where equality and hashes are hard. */
function double(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = 0x47;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function called(name: string, ...args: readonly (string | Buffer)[]): Buffer {
  const parts = args.map((arg) => (typeof arg === "string" ? Buffer.from(`\x8c${"\0"}${arg}`, "latin1") : arg));
  for (const [i, arg] of args.entries()) if (typeof arg === "string") parts[i]![1] = arg.length;
  return Buffer.concat([Buffer.from(`c${name}\n(`), ...parts, Buffer.from("tR")]);
}

/** Members that hash alike or nearly so, and such as equal nothing. */
export const KEYS: readonly Buffer[] = [
  ...[0, -0, 1, 2, 2 ** 53, 1e300, Number.NaN, Number.POSITIVE_INFINITY].map(double),
  ...["\x88", "\x89", "K\x00", "K\x01", "K\x02", "J\xff\xff\xff\xff", "\x8a\x07\0\0\0\0\0\0\x20"].map((code) =>
    Buffer.from(code, "latin1"),
  ),
  ...[
    [1, 0],
    [0, -0],
    [0, 1],
    [-0, 1],
    [1, Number.NaN],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
  ].map(([re, im]) => called("builtins\ncomplex", double(re!), double(im!))),
  ...["1", "1.0", "-0", "0", "NaN", "sNaN", "Infinity", "1E+2", "1E+300", "9007199254740992"].map((text) =>
    called("decimal\nDecimal", text),
  ),
  ...["1", "0", "1/2", "9007199254740992"].map((text) => called("fractions\nFraction", text)),
  called("datetime\ntimedelta", Buffer.from("K\0")),
  called("datetime\ndate", Buffer.from("C\x04\x07\xe8\x05\x06", "latin1")),
  called("datetime\ntimezone", called("datetime\ntimedelta", Buffer.from("K\0"))),
  called("builtins\nrange", Buffer.from("K\0")),
  called("builtins\nrange", Buffer.from("K\x02K\x01")),
  called("builtins\nbytearray"),
  called("builtins\nfrozenset"),
];
