/**
 * Pickles from the opcode table: programs whose stack mostly fits, with arguments at their edges, and now and then an
 * opcode where it does not belong.
 */
import { OPCODES, type OpcodeInfo } from "@brine/codec/tools";
import { KEYS } from "./keys.js";
import type { Random } from "./random.js";
import shared from "./shared.json" with { type: "json" };

const BY_NAME = new Map<string, OpcodeInfo>(OPCODES.map((opcode) => [opcode.name, opcode]));

/** What is on the stack: a name of the table's, or the global `module.name`. */
type Kind = string;

const STRINGS = [
  "",
  "a",
  "b",
  "ab",
  "1",
  "__proto__",
  "constructor",
  "x\ny",
  "é",
  "\u0100",
  "\ud800",
  "😀",
  "a".repeat(70),
  "toString",
  "01",
  "-0",
] as const;
const INT_LINES = [
  "0",
  "1",
  "-1",
  "00",
  "01",
  "2147483647",
  "2147483648",
  "-2147483649",
  "9007199254740993",
  "123456789012345678901234567890",
  "010",
  "0x10",
  "1_0",
  " 1",
  "1 ",
  "+1",
  "",
  "-",
  "08",
  "1L",
  "-0",
  "0b1",
  "0o7",
  "٣",
  "1\0",
  "\t1",
] as const;
const FLOAT_LINES = [
  "0",
  "1.5",
  "-0.0",
  "1e400",
  "inf",
  "-inf",
  "nan",
  "NaN",
  "1_0.0",
  " 1.0",
  "1e5",
  ".5",
  "5.",
  "1e-400",
  "infinity",
  "1.0e",
  "",
  "0x1p3",
  "1e+05",
] as const;
const QUOTED = [
  "'a'",
  '"a"',
  "''",
  "'",
  "'a",
  "a",
  "'\\x41'",
  "'\\n'",
  "'\\''",
  "'\\101'",
  "'\\8'",
  "'\\u0041'",
  "'é'",
  "' '",
  "'a' ",
  "'\\\\'",
  "'a\\'",
  "'\"'",
  "'\\x4'",
  "'a\r'",
] as const;
const UNICODE_LINES = [
  "",
  "abc",
  "\\u0041",
  "\\\\u0041",
  "\\U0001F600",
  "\\ud83d\\ude00",
  "é",
  "\\u12",
  "\\",
  "a\\",
  "\\x41",
  "\\n",
  "\\U00110000",
  "\\ud800",
] as const;
const DOUBLES = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e300,
  -1e-300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  9007199254740992,
  5e-324,
] as const;

function utf8(random: Random): Buffer {
  if (random.chance(0.05)) return Buffer.from([0xed, 0xa0, 0x80 + random.below(0x40)]);
  if (random.chance(0.02))
    return Buffer.from(random.pick([[0xff], [0xc0, 0x80], [0xe0, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc2]]));
  return Buffer.from(random.pick(STRINGS).replace("\ud800", ""), "utf8");
}

function counted(length: number, width: 1 | 4 | 8, random: Random): Buffer {
  const bytes = Buffer.alloc(width);
  const claimed = random.chance(0.02) ? random.pick([0, length + 1, 255, 2 ** 31 - 1, 2 ** 31]) : length;
  if (width === 1) bytes.writeUInt8(claimed & 0xff);
  else bytes.writeUInt32LE(claimed >>> 0);
  if (width === 8 && random.chance(0.02)) bytes.writeUInt8(random.pick([1, 0x40, 0x80]), 7);
  return bytes;
}

function line(text: string): Buffer {
  return Buffer.from(`${text.replaceAll("\n", " ")}\n`, "latin1");
}

function randomBytes(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.below(6) }, () => random.below(random.chance(0.7) ? 128 : 256)));
}

export class Program {
  readonly #random: Random;
  readonly #chunks: Buffer[] = [];
  readonly #stack: Kind[] = [];
  readonly #memo = new Map<number, Kind>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** A whole pickle of about `size` opcodes. */
  static generate(random: Random, size: number): Buffer {
    const program = new Program(random);
    const proto = random.below(7);
    const body = program.#body(size);
    const header = proto < 6 ? Buffer.from([0x80, proto]) : Buffer.alloc(0);
    if (!random.chance(0.3)) return Buffer.concat([header, body]);
    const frame = Buffer.alloc(9);
    frame[0] = 0x95;
    const length = random.chance(0.7) ? body.length : random.below(body.length + 2);
    frame.writeUInt32LE(length, 1);
    return Buffer.concat([header, frame, body]);
  }

  #body(size: number): Buffer {
    const random = this.#random;
    for (let i = 0; i < size; i++) {
      if (random.chance(0.12)) this.#call();
      else if (random.chance(0.06)) this.#keyed(2);
      else if (random.chance(0.15)) this.#container();
      else this.#emit(random.chance(0.03) ? random.pick(OPCODES) : this.#fitting());
    }
    if (!random.chance(0.03)) {
      while (this.#stack.includes("mark"))
        this.#emit(BY_NAME.get(random.pick(["LIST", "TUPLE", "FROZENSET", "POP_MARK", "DICT"]))!);
      if (this.#stack.length === 0) this.#emit(BY_NAME.get("NONE")!);
      else if (random.chance(0.7) && this.#stack.length > 1) this.#gather();
    }
    this.#chunks.push(Buffer.from("."));
    return Buffer.concat(this.#chunks);
  }

  /** Puts what is on the stack into one list, so that all of it is compared. */
  #gather(): void {
    const kinds = this.#stack.length;
    // There is no opcode that wraps the whole stack, so each pair becomes a tuple.
    for (let i = 1; i < kinds && i < 40; i++) this.#emit(BY_NAME.get("TUPLE2")!);
  }

  /** An opcode whose operands are on the stack. */
  #fitting(): OpcodeInfo {
    const stack = this.#stack;
    for (let attempt = 0; attempt < 20; attempt++) {
      const opcode = this.#random.pick(OPCODES);
      if (opcode.name === "STOP" || opcode.name === "FRAME" || opcode.name === "PROTO") continue;
      if (["GET", "BINGET", "LONG_BINGET"].includes(opcode.name) && this.#memo.size === 0) continue;
      const mark = stack.lastIndexOf("mark");
      const before: readonly string[] = opcode.stackBefore;
      const hasMark = before.includes("mark");
      if (hasMark && mark < 0) continue;
      const wanted = hasMark ? before.slice(0, before.indexOf("mark")) : before;
      const top = hasMark ? mark : stack.length;
      let fits = top >= wanted.length;
      for (let k = 0; fits && k < wanted.length; k++) {
        const kind = stack[top - wanted.length + k]!;
        fits = kind !== "mark" && (wanted[k] === "any" || wanted[k] === kind || this.#random.chance(0.08));
      }
      if (["SETITEMS", "DICT"].includes(opcode.name))
        fits &&= (stack.length - mark) % 2 === 1 || this.#random.chance(0.1);
      if (["REDUCE", "NEWOBJ", "NEWOBJ_EX", "OBJ", "INST", "BUILD", "STACK_GLOBAL"].includes(opcode.name))
        fits &&= this.#random.chance(0.15);
      if (fits) return opcode;
    }
    return BY_NAME.get(this.#random.pick(["NONE", "BININT1", "SHORT_BINUNICODE", "EMPTY_LIST", "EMPTY_DICT", "MARK"]))!;
  }

  #emit(opcode: OpcodeInfo): void {
    const stack = this.#stack;
    this.#chunks.push(Buffer.from([opcode.code]), this.#argument(opcode));
    if (opcode.name === "POP") {
      stack.pop();
      return;
    }
    if (opcode.name === "DUP") {
      stack.push(stack[stack.length - 1] ?? "any");
      return;
    }
    const before = opcode.stackBefore;
    if (before.includes("mark")) {
      const mark = stack.lastIndexOf("mark");
      if (mark >= 0) stack.length = mark;
      for (let i = 0; i < before.indexOf("mark"); i++) stack.pop();
    } else if (!/PUT|MEMOIZE|READONLY/.test(opcode.name)) {
      for (let i = 0; i < before.length; i++) stack.pop();
    }
    if (/PUT|MEMOIZE|GET|READONLY|PROTO|FRAME|STOP/.test(opcode.name)) return;
    for (const kind of opcode.stackAfter) stack.push(kind);
  }

  #byName(name: string): void {
    this.#emit(BY_NAME.get(name)!);
  }

  #text(text: string): void {
    const bytes = Buffer.from(text);
    this.#chunks.push(Buffer.from([0x8c, bytes.length]), bytes);
    this.#stack.push("str");
  }

  #container(): void {
    const random = this.#random;
    const kind = random.pick(["list", "dict", "set", "tuple", "frozenset"] as const);
    const opener = { list: "EMPTY_LIST", dict: "EMPTY_DICT", set: "EMPTY_SET", tuple: undefined, frozenset: undefined }[
      kind
    ];
    if (opener !== undefined) this.#byName(opener);
    if (opener !== undefined && random.chance(0.6)) {
      this.#byName("MEMOIZE");
      this.#memo.set(this.#memo.size, kind);
    }
    this.#byName("MARK");
    const count = random.below(5) * (kind === "dict" ? 2 : 1);
    for (let i = 0; i < count; i++) {
      const atom =
        kind === "list" || (kind === "dict" && i % 2 === 1)
          ? this.#anyAtom()
          : random.pick([
              "BININT1",
              "BINFLOAT",
              "SHORT_BINUNICODE",
              "NEWTRUE",
              "NONE",
              "SHORT_BINBYTES",
              "EMPTY_TUPLE",
              "LONG1",
              "BININT",
            ]);
      this.#byName(atom);
      if (random.chance(0.1)) this.#byName("TUPLE1");
    }
    this.#byName({ list: "APPENDS", dict: "SETITEMS", set: "ADDITEMS", tuple: "TUPLE", frozenset: "FROZENSET" }[kind]);
  }

  /** A container that compares what it holds: with members equal across types, NaNs, members within members, unhashable ones. */
  #keyed(depth: number): void {
    const random = this.#random;
    const kind = random.pick(["ADDITEMS", "FROZENSET", "SETITEMS", "SETITEMS"] as const);
    if (kind !== "FROZENSET") this.#byName(kind === "ADDITEMS" ? "EMPTY_SET" : "EMPTY_DICT");
    this.#byName("MARK");
    for (let i = random.below(5); i > 0; i--) {
      this.#key(depth);
      if (kind === "SETITEMS") this.#byName("BININT1");
      else if (random.chance(0.1)) this.#byName("DUP");
    }
    this.#byName(kind);
  }

  #key(depth: number): void {
    const random = this.#random;
    const roll = random.next();
    if (roll < 0.03) this.#byName(random.pick(["EMPTY_LIST", "EMPTY_DICT", "EMPTY_SET"]));
    else if (roll < 0.2) this.#byName(random.pick(["SHORT_BINUNICODE", "SHORT_BINBYTES", "NONE", "EMPTY_TUPLE"]));
    else if (roll < 0.7 || depth === 0) {
      this.#chunks.push(random.pick(KEYS));
      this.#stack.push("any");
    } else if (roll < 0.8) this.#keyed(depth - 1);
    else {
      for (let i = 0; i < 2; i++) this.#key(depth - 1);
      this.#byName("TUPLE2");
    }
    if (random.chance(0.2)) {
      this.#byName("MEMOIZE");
      this.#memo.set(this.#memo.size, "any");
    }
  }

  #anyAtom(): string {
    const random = this.#random;
    if (this.#memo.size > 0 && random.chance(0.3)) return "BINGET";
    return random.pick([
      "BININT1",
      "BININT2",
      "BININT",
      "BINFLOAT",
      "SHORT_BINUNICODE",
      "BINUNICODE",
      "NONE",
      "NEWTRUE",
      "NEWFALSE",
      "EMPTY_LIST",
      "EMPTY_DICT",
      "EMPTY_TUPLE",
      "INT",
      "LONG1",
      "SHORT_BINBYTES",
    ]);
  }

  /** A global and a call of it, with arguments that it takes or nearly so. */
  #call(): void {
    const random = this.#random;
    const [module, name] = random.pick(shared.globals) as [string, string];
    if (random.chance(0.5)) {
      this.#chunks.push(Buffer.from(`c${module}\n${name}\n`));
      this.#stack.push("any");
    } else {
      this.#text(module);
      this.#text(name);
      this.#byName("STACK_GLOBAL");
    }
    if (random.chance(0.15)) return;
    this.#byName("MARK");
    for (const atom of this.#arguments(name)) {
      if (typeof atom === "string") this.#byName(atom);
      else if (Buffer.isBuffer(atom)) {
        this.#chunks.push(atom);
        this.#stack.push("any");
      }
    }
    this.#byName("TUPLE");
    const how = random.chance(0.9) ? "REDUCE" : "NEWOBJ";
    this.#byName(name === "Plain" || name === "State" ? "NEWOBJ" : how);
    if (random.chance(0.3)) {
      this.#byName("MEMOIZE");
      this.#memo.set(this.#memo.size, "any");
    }
    if (random.chance(name === "Plain" || name === "State" ? 0.7 : 0.05)) {
      this.#byName("EMPTY_DICT");
      if (random.chance(0.8)) {
        this.#byName("SHORT_BINUNICODE");
        this.#byName(this.#anyAtom());
        this.#byName("SETITEM");
      }
      this.#byName("BUILD");
    }
    if (random.chance(0.1)) {
      this.#byName(this.#anyAtom());
      this.#byName(random.pick(["APPEND", "SETITEM"]));
    }
  }

  #arguments(name: string): readonly (string | Buffer)[] {
    const random = this.#random;
    const str = (text: string) => Buffer.concat([Buffer.from([0x8c, text.length]), Buffer.from(text)]);
    const bytes = (...values: number[]) => Buffer.from([0x43, values.length, ...values]);
    if (random.chance(0.1)) return Array.from({ length: random.below(4) }, () => this.#anyAtom());
    switch (name) {
      case "complex":
        return ["BINFLOAT", "BINFLOAT"];
      case "Decimal":
        return [
          str(
            random.pick([
              "1",
              "1.10",
              "-0",
              "NaN",
              "sNaN",
              "Infinity",
              "1E+5",
              "0E-10",
              "1e-7",
              "12345678901234567890.5",
            ]),
          ),
        ];
      case "Fraction":
        return [str(random.pick(["1/2", "-3/4", "0/1"]))];
      case "date":
        return [bytes(7, random.below(230), 1 + random.below(12), 1 + random.below(28))];
      case "datetime":
        return [
          bytes(
            7,
            random.below(230),
            1 + random.below(12) + (random.chance(0.1) ? 128 : 0),
            1 + random.below(28),
            random.below(24),
            random.below(60),
            random.below(60),
            random.below(15),
            random.below(256),
            random.below(256),
          ),
        ];
      case "time":
        return [
          bytes(
            random.below(24),
            random.below(60),
            random.below(60),
            random.below(15),
            random.below(256),
            random.below(256),
          ),
        ];
      case "timedelta":
        return ["BININT1", "BININT", "BININT"];
      case "encode":
        return [str(random.pick(["abc", "", "é"])), str(random.pick(["latin1", "latin-1", "utf-8", "ascii"]))];
      case "range":
        return random.pick([["BININT1"], ["BININT", "BININT"], ["BININT1", "BININT", "BININT1"]]);
      case "slice":
        return random.pick([["BININT1"], ["NONE", "BININT", "NONE"]]);
      case "Plain":
      case "State":
      case "OrderedDict":
      case "object":
        return [];
      case "defaultdict":
        return [Buffer.from(`cbuiltins\n${random.pick(["list", "dict", "int", "set"])}\n`)];
      default:
        return random.chance(0.5) ? [] : [this.#anyAtom()];
    }
  }

  #argument(opcode: OpcodeInfo): Buffer {
    const random = this.#random;
    const fixed = (size: number, write: (bytes: Buffer) => void) => {
      const bytes = Buffer.alloc(size);
      write(bytes);
      return bytes;
    };
    const string = (content: Buffer, width: 1 | 4 | 8) =>
      Buffer.concat([counted(content.length, width, random), content]);
    const memoIndex = () => {
      if (/GET/.test(opcode.name) && this.#memo.size > 0 && !random.chance(0.02)) {
        const [index, kind] = random.pick([...this.#memo]);
        this.#stack.push(kind);
        return index;
      }
      if (/GET/.test(opcode.name)) {
        this.#stack.push("any");
        return random.below(300);
      }
      const index = random.chance(0.9) ? random.below(8) : random.below(random.chance(0.9) ? 256 : 100_000);
      this.#memo.set(opcode.name === "BINPUT" ? index & 0xff : index, this.#stack[this.#stack.length - 1] ?? "any");
      return index;
    };
    switch (opcode.arg) {
      case null:
        return Buffer.alloc(0);
      case "uint1":
        if (/GET|PUT/.test(opcode.name)) return Buffer.from([memoIndex() & 0xff]);
        if (opcode.name === "EXT1") return Buffer.from([random.pick([1, 2, 2, 1, 0, 3])]);
        if (opcode.name === "PROTO") return Buffer.from([random.below(7)]);
        return Buffer.from([random.below(random.chance(0.5) ? 3 : 256)]);
      case "uint2":
        return fixed(2, (b) =>
          b.writeUInt16LE(opcode.name === "EXT2" ? random.pick([300, 1, 0]) : random.below(65536)),
        );
      case "int4":
        return fixed(4, (b) =>
          b.writeInt32LE(
            opcode.name === "EXT4"
              ? random.pick([70000, 2, -1, 0])
              : random.pick([0, 1, -1, 2147483647, -2147483648, random.below(100), 65536]),
          ),
        );
      case "uint4":
        return fixed(4, (b) => b.writeUInt32LE(memoIndex()));
      case "uint8":
        return fixed(8, (b) => b.writeUInt32LE(random.below(20)));
      case "float8":
        return fixed(8, (b) => b.writeDoubleBE(random.pick(DOUBLES)));
      case "long1":
        return string(randomBytes(random), 1);
      case "long4":
        return string(randomBytes(random), 4);
      case "string1":
      case "bytes1":
        return string(randomBytes(random), 1);
      case "string4":
      case "bytes4":
        return string(randomBytes(random), 4);
      case "bytes8":
      case "bytearray8":
        return string(randomBytes(random), 8);
      case "unicodestring1":
        return string(utf8(random), 1);
      case "unicodestring4":
        return string(utf8(random), 4);
      case "unicodestring8":
        return string(utf8(random), 8);
      case "decimalnl_short":
        if (opcode.name === "INT") return line(random.chance(0.6) ? String(random.below(5)) : random.pick(INT_LINES));
        return line(random.chance(0.98) ? String(memoIndex()) : random.pick(INT_LINES));
      case "decimalnl_long":
        return line(`${random.chance(0.6) ? random.below(5) : random.pick(INT_LINES)}${random.chance(0.8) ? "L" : ""}`);
      case "floatnl":
        return line(random.pick(FLOAT_LINES));
      case "stringnl":
        return line(random.pick(QUOTED));
      case "unicodestringnl":
        return line(random.pick(UNICODE_LINES));
      case "stringnl_noescape":
        return line(random.pick(["id", "", "é", "a b"]));
      case "stringnl_noescape_pair": {
        const [module, name] = random.pick([
          ...shared.globals,
          ["__builtin__", "set"],
          ["__builtin__", "xrange"],
          ["os", "system"],
          ["builtins", "getattr"],
          ["copy_reg", "_reconstructor"],
        ]) as [string, string];
        return Buffer.from(`${module}\n${name}\n`);
      }
    }
  }
}
