/** Input made to cost more than its size, for `--adversarial`: each must be refused or decoded in linear time. */
import { dumps, loads, PyDict, tuple, type UnpicklerOptions } from "@brine/codec";
import type { Family } from "./family.js";

type Make = (size: number) => readonly (string | Buffer)[];

const repeat = (text: string, times: number): Buffer => Buffer.alloc(text.length * times, text, "latin1");

const each = (size: number, make: (i: number) => string): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, i) => make(i)).join(""), "latin1");

/** Little-endian, as characters. */
function le(value: number, bytes: number): string {
  let text = "";
  for (let i = 0; i < bytes; i++) text += String.fromCharCode(Math.floor(value / 256 ** i) % 256);
  return text;
}

const BITS = 2n ** 64n - 1n;

/** Undoes `x ^= x >> shift` in 64 bits. */
function unshifted(x: bigint, shift: bigint): bigint {
  let result = x;
  for (let i = 0n; i < 64n; i += shift) result = x ^ (result >> shift);
  return result;
}

/** Undoes `x *= factor` in 64 bits. */
function divided(x: bigint, factor: bigint): bigint {
  let inverse = 1n;
  for (let i = 0; i < 6; i++) inverse = (inverse * (2n - factor * inverse)) & BITS;
  return (x * inverse) & BITS;
}

/** 64 bits for which V8's hash of a number, as a key of a Map, is the same whatever `i` is: V8 `src/utils/utils.h` ComputeLongHash. */
function ofHash(i: number): bigint {
  const product = divided(unshifted((BigInt(i + 1) << 30n) & BITS, 22n), 65n);
  return divided(unshifted(divided(unshifted(product, 11n), 21n), 31n) + 1n, 2n ** 18n - 1n);
}

/** Eight bytes, as characters. */
function bytesOf(value: bigint, isLittle: boolean): string {
  const bytes = Buffer.alloc(8);
  if (isLittle) bytes.writeBigUInt64LE(value);
  else bytes.writeBigUInt64BE(value);
  return bytes.toString("latin1");
}

const short = (text: string): string => `\x8c${le(text.length, 1)}${text}`;

const PICKLES: readonly (readonly [name: string, from: number, make: Make, options?: UnpicklerOptions])[] = [
  ["marks that never end", 4000, (n) => [repeat("(", n)]],
  ["marks that end at once", 4000, (n) => [repeat("(1", n), "N."]],
  ["mark, mark, LIST, LIST", 2000, (n) => [repeat("(", n), repeat("l", n), "."]],
  ["items pushed and popped", 4000, (n) => [repeat("N0", n), "N."]],
  ["items left on the stack", 4000, (n) => [repeat("N", n), "N."]],
  ["DUP of a growing list", 2000, (n) => ["]", repeat("2a", n), "."]],
  ["one item an APPEND", 4000, (n) => ["]", repeat("Na", n), "."]],
  ["one item an APPENDS", 4000, (n) => ["]", repeat("(Ne", n), "."]],
  ["one pair a SETITEM", 1000, (n) => ["}", each(n, (i) => `${short(`k${i}`)}Ns`), "."]],
  [
    "int keys after str keys",
    1000,
    (n) => ["}", each(n, (i) => `${short(`k${i}`)}Ns`), each(n, (i) => `J${le(i, 4)}Ns`), "."],
  ],
  ["dicts that turn into PyDict, recalled", 500, (n) => ["](", repeat("}\x94K\x01Nsh\x00", n), "e."]],
  ["a dict promoted, then recalled", 1000, (n) => ["}\x94K\x01Ns0](", repeat("h\x00", n), "e."]],
  ["tuples added to a set, one by one", 500, (n) => ["\x8f", each(n, (i) => `(J${le(i, 4)}\x85\x90`), "."]],
  ["keys that look like array indexes", 1000, (n) => ["}(", each(n, (i) => `${short(String(i * 7919))}N`), "u."]],
  [
    "keys that share their ends",
    1000,
    (n) => ["}(", each(n, (i) => `${short(`k${String(i).padStart(10, "0")}zzzzzzzzzzzzk`)}N`), "u."],
  ],
  [
    "rows of 30 keys, all different",
    100,
    (n) => [
      "](",
      each(n, (i) => `}(${Array.from({ length: 30 }, (_, k) => `${short(`r${i}k${k}`)}N`).join("")}u`),
      "e.",
    ],
  ],
  ["memo indexes with gaps", 1000, (n) => [each(n, (i) => `Nr${le(i * 1000, 4)}0`), "N."]],
  ["memo indexes near 2 ** 32", 1000, (n) => [each(n, (i) => `Nr${le(2 ** 32 - 1 - i * 4099, 4)}0`), "N."]],
  ["memo indexes from above", 1000, (n) => [each(n, (i) => `Nr${le(n - i, 4)}0`), "N."]],
  ["one memo index, again and again", 4000, (n) => ["N", repeat("q\x00", n), "."]],
  ["PUT and GET in text", 1000, (n) => [each(n, (i) => `Np${i}\n0g${i}\n0`), "N."]],
  ["a billion laughs, as lists", 100, (n) => ["]\x94", each(n, (i) => `](j${le(i, 4)}j${le(i, 4)}e\x94`), "."]],
  ["a billion laughs, as the key of a dict", 100, (n) => ["}K\x01", repeat("\x852\x86", n), "Ns."]],
  ["tuples of tuples in a set", 500, (n) => ["\x8f(K\x01", repeat("\x85", n), "\x90."]],
  ["frozensets in one another", 500, (n) => [repeat("(", n), "N", repeat("\x91", n), "."]],
  [
    "one deep tuple, the key of many dicts",
    500,
    (n) => ["](K\x01", repeat("\x85", n), "\x94", repeat("}h\x00Ns", n), "e."],
  ],
  [
    "one wide frozenset, in many frozensets",
    500,
    (n) => ["]((", each(n, (i) => `J${le(i, 4)}`), "\x91\x94", repeat("(h\x00\x91", n), "e."],
  ],
  [
    "long bytes, the key of many dicts",
    500,
    (n) => [`](B${le(n * 10, 4)}`, repeat("x", n * 10), "\x94", repeat("}h\x00Ns", n), "e."],
  ],
  [
    "a long str beside None, in many dicts",
    500,
    (n) => [`](X${le(n * 10, 4)}`, repeat("x", n * 10), "\x94", repeat("}(NNh\x00Nu", n), "e."],
  ],
  ["frames of one byte", 1000, (n) => ["\x80\x04", repeat(`\x95\x01${"\0".repeat(7)}N`, n), "."]],
  ["a frame that is too long", 1000, (n) => ["\x80\x04", repeat("N", n), `\x95${le(2 ** 40, 8)}`]],
  ["a line that never ends", 16_000, (n) => ["V", repeat("x", n)]],
  ["lines, all short", 1000, (n) => [repeat("Vx\n0", n), "N."]],
  ["a STRING of escapes", 4000, (n) => ["S'", repeat("\\x41", n), "'\n."]],
  ["a UNICODE of escapes", 4000, (n) => ["V", repeat("\\u0041", n), "\n."]],
  [
    "Python 2 text, replaced",
    4000,
    (n) => [`T${le(n, 4)}`, repeat("\xff", n), "."],
    { encoding: "utf-8", errors: "replace" },
  ],
  ["an INT of too many digits", 4000, (n) => ["I", repeat("9", n), "\n."]],
  ["a LONG4", 4000, (n) => [`\x8b${le(n, 4)}`, repeat("\x7f", n), "."]],
  ["a FLOAT of many digits", 4000, (n) => ["F1.", repeat("9", n), "\n."]],
  ["bad UTF-8 at the end", 16_000, (n) => [`X${le(n + 1, 4)}`, repeat("a", n), "\xff."]],
  ["text of one late CJK character", 16_000, (n) => [`X${le(n + 3, 4)}`, repeat("a", n), "\xe4\xb8\x80."]],
  [
    "Latin-1 text of one late CJK character",
    8000,
    (n) => [`X${le(2 * n + 3, 4)}`, repeat("\xc3\xa9", n), "\xe4\xb8\x80."],
  ],
  ["strings of 33 characters", 1000, (n) => ["](", repeat(short("x".repeat(33)), n), "e."]],
  [
    "short strings far apart",
    200,
    (n) => ["](", each(n, (i) => `${short("word")}B${le(3000, 4)}${"\0".repeat(3000)}${short(`w${i}`)}`), "e."],
  ],
  [
    "globals that nobody registered",
    500,
    (n) => ["](", each(n, (i) => `cm${i}\nC\n`), "e."],
    { unregistered: "opaque" },
  ],
  [
    "objects nobody knows, with many steps",
    1000,
    (n) => ["cm\nC\n)\x81", repeat("}b", n), "."],
    { unregistered: "opaque" },
  ],
  ["persistent ids", 1000, (n) => [repeat("N\x51", n), "."], { persistentLoad: () => null }],
  ["runs of numbers cut by frames", 200, (n) => ["\x80\x04](", repeat(`\x95\x04${"\0".repeat(7)}K\x01K\x02`, n), "e."]],
  ["runs of numbers cut by marks", 1000, (n) => [repeat("](K\x01(", n), "."]],
  ["number lists that end in a str", 100, (n) => ["](", repeat(`](${"K\x01".repeat(40)}Ne`, n), "e."]],
  [
    "an OrderedDict, pair by pair",
    500,
    (n) => ["ccollections\nOrderedDict\n)R", each(n, (i) => `J${le(i, 4)}Ns`), "."],
  ],
  // Refused from some size on, by the limit that keeps it linear.
  [
    "one list, made a list again and again",
    500,
    (n) => ["](", repeat("N", n), "eq\x000(", repeat("cbuiltins\nlist\nh\x00\x85R0", n), "Nl."],
  ],
  [
    "one dict, referred to by many calls",
    500,
    (n) => [
      "}(",
      each(n, (i) => `${short(`k${i}`)}N`),
      "uq\x000(",
      repeat("cbuiltins\nslice\nh\x00NN\x87R0", n),
      "Nl.",
    ],
  ],
  [
    "one dict, the state of many objects",
    500,
    (n) => [
      "}(",
      each(n, (i) => `${short(`k${i}`)}N`),
      "uq\x000(",
      repeat("ctypes\nSimpleNamespace\n)Rh\x00b0", n),
      "Nl.",
    ],
  ],
  [
    "one object of many attributes, the argument of many exceptions",
    500,
    (n) => [
      "ctypes\nSimpleNamespace\n)R}(",
      each(n, (i) => `${short(`k${i}`)}N`),
      "ubq\x000(",
      repeat("cbuiltins\nValueError\nh\x00\x85R0", n),
      "Nl.",
    ],
  ],
  [
    "exceptions of exceptions, each twice",
    200,
    (n) => ["cbuiltins\nValueError\n)Rq\x00", repeat("0cbuiltins\nValueError\nh\x00h\x00\x86Rq\x00", n), "."],
  ],
  [
    "a range of a large int, as a key",
    40_000,
    (n) => ["}cbuiltins\nrange\n\x8b", le(n, 4), repeat("\x11", n), "\x85RNs."],
  ],
  [
    "ints with the same last 64 bits, as keys",
    1000,
    (n) => ["}(", each(n, (i) => `\x8a\x0c${"\0".repeat(8)}${le(i + 1, 4)}N`), "u."],
  ],
  // Refused from some size on, since V8's Maps would take the square of it.
  [
    "floats that V8 cannot tell apart, as keys",
    500,
    (n) => ["}(", each(n, (i) => `G${bytesOf(ofHash(i), false)}N`), "u."],
  ],
  [
    "ints that V8 cannot tell apart, in a set",
    500,
    (n) => ["\x8f(", each(n, (i) => `\x8a\x09${bytesOf(ofHash(i), true)}\0`), "\x90."],
  ],
  [
    "long texts of one length, as keys",
    128,
    (n) => ["}(", each(n, (i) => `X${le(16_400, 4)}${"x".repeat(16_392)}${String(i).padStart(8, "0")}N`), "u."],
  ],
  [
    "two long texts, the keys of many dicts",
    500,
    (n) => [
      `](X${le(n * 10, 4)}`,
      repeat("x", n * 10 - 1),
      `aq\0X${le(n * 10, 4)}`,
      repeat("x", n * 10 - 1),
      "bq\x01",
      repeat("}(NNh\0Nh\x01Nu", n),
      "e.",
    ],
  ],
  [
    "long tuples that differ in their last item, as keys",
    16,
    (n) => ["\x8f(", each(n, (i) => `(${"N".repeat(10_000)}J${le(i, 4)}t`), "\x90."],
  ],
  [
    "one global of a long name, again and again",
    500,
    (n) => [`X${le(n * 10, 4)}`, repeat("x", n * 10), "q\0(", repeat("h\0h\0\x930", n), "l."],
    { unregistered: "opaque" },
  ],
  ["a deque, item by item", 1000, (n) => ["ccollections\ndeque\n)R", repeat("Na", n), "."]],
];

/** Values that could make the encoder repeat itself. */
const VALUES: readonly (readonly [name: string, from: number, make: (size: number) => unknown])[] = [
  ["a graph of shared lists", 1000, (n) => repeated(n, (inner) => [inner, inner])],
  ["a graph of shared tuples", 500, (n) => repeated(n, (inner) => tuple(inner, inner))],
  ["a ring of lists", 1000, ring],
  ["keys, all different", 1000, (n) => Array.from({ length: n }, (_, i) => ({ [`key ${i}`]: i }))],
  [
    "keys that look like array indexes",
    1000,
    (n) => Object.fromEntries(Array.from({ length: n }, (_, i) => [i * 7919, i])),
  ],
  ["strings, all different", 1000, (n) => Array.from({ length: n }, (_, i) => `value ${i}`)],
  [
    "strings that share their ends",
    1000,
    (n) => Array.from({ length: n }, (_, i) => `a${"x".repeat(20)}${String(i).padStart(8, "0")}${"x".repeat(20)}z`),
  ],
  [
    "long strings of one length",
    64,
    (n) =>
      Array.from({ length: n }, (_, i) => Buffer.from(`${"x".repeat(29_992)}${String(i).padStart(8, "0")}`).toString()),
  ],
  ["lone surrogates", 4000, (n) => "\ud800".repeat(n)],
  ["late CJK in long ASCII", 16_000, (n) => `${"a".repeat(n)}日`],
  [
    "a string built piece by piece",
    4000,
    (n) => Array.from({ length: n }).reduce<string>((text, _, i) => text + String.fromCharCode(97 + (i % 26)), ""),
  ],
  ["a PyDict of tuple keys", 500, (n) => new PyDict(Array.from({ length: n }, (_, i) => [tuple(i, "x"), i]))],
  ["sets in sets of bigints", 500, (n) => new Set(Array.from({ length: n }, (_, i) => 2n ** 70n + BigInt(i)))],
];

function repeated(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = [];
  for (let i = 0; i < depth; i++) value = wrap(value);
  return value;
}

function ring(size: number): unknown {
  const first: unknown[] = [];
  let last = first;
  for (let i = 1; i < size; i++) {
    const next: unknown[] = [];
    last.push(next);
    last = next;
  }
  last.push(first);
  return first;
}

export const ADVERSARIAL: readonly Family[] = [
  ...PICKLES.map(
    ([name, from, make, options]): Family => ({
      name,
      direction: "decode",
      from,
      prepare(size) {
        const parts = make(size).map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part));
        const pickle = Buffer.concat(parts);
        return () => loads(pickle, options);
      },
    }),
  ),
  ...VALUES.map(
    ([name, from, make]): Family => ({
      name,
      direction: "encode",
      from,
      prepare(size) {
        const value = make(size);
        return () => dumps(value);
      },
    }),
  ),
];
