/**
 * The wire format: every opcode of pickle protocols 0 to 5, in the order of CPython's `pickletools.opcodes`.
 *
 * This is the one place that knows a byte's meaning. The decoder, the encoder, the tools and the tests read it, and it
 * imports nothing. The constants are separate exports so that the bundler can inline them as switch labels.
 */

export const INT = 0x49;
export const BININT = 0x4a;
export const BININT1 = 0x4b;
export const BININT2 = 0x4d;
export const LONG = 0x4c;
export const LONG1 = 0x8a;
export const LONG4 = 0x8b;
export const STRING = 0x53;
export const BINSTRING = 0x54;
export const SHORT_BINSTRING = 0x55;
export const BINBYTES = 0x42;
export const SHORT_BINBYTES = 0x43;
export const BINBYTES8 = 0x8e;
export const BYTEARRAY8 = 0x96;
export const NEXT_BUFFER = 0x97;
export const READONLY_BUFFER = 0x98;
export const NONE = 0x4e;
export const NEWTRUE = 0x88;
export const NEWFALSE = 0x89;
export const UNICODE = 0x56;
export const SHORT_BINUNICODE = 0x8c;
export const BINUNICODE = 0x58;
export const BINUNICODE8 = 0x8d;
export const FLOAT = 0x46;
export const BINFLOAT = 0x47;
export const EMPTY_LIST = 0x5d;
export const APPEND = 0x61;
export const APPENDS = 0x65;
export const LIST = 0x6c;
export const EMPTY_TUPLE = 0x29;
export const TUPLE = 0x74;
export const TUPLE1 = 0x85;
export const TUPLE2 = 0x86;
export const TUPLE3 = 0x87;
export const EMPTY_DICT = 0x7d;
export const DICT = 0x64;
export const SETITEM = 0x73;
export const SETITEMS = 0x75;
export const EMPTY_SET = 0x8f;
export const ADDITEMS = 0x90;
export const FROZENSET = 0x91;
export const POP = 0x30;
export const DUP = 0x32;
export const MARK = 0x28;
export const POP_MARK = 0x31;
export const GET = 0x67;
export const BINGET = 0x68;
export const LONG_BINGET = 0x6a;
export const PUT = 0x70;
export const BINPUT = 0x71;
export const LONG_BINPUT = 0x72;
export const MEMOIZE = 0x94;
export const EXT1 = 0x82;
export const EXT2 = 0x83;
export const EXT4 = 0x84;
export const GLOBAL = 0x63;
export const STACK_GLOBAL = 0x93;
export const REDUCE = 0x52;
export const BUILD = 0x62;
export const INST = 0x69;
export const OBJ = 0x6f;
export const NEWOBJ = 0x81;
export const NEWOBJ_EX = 0x92;
export const PROTO = 0x80;
export const STOP = 0x2e;
export const FRAME = 0x95;
export const PERSID = 0x50;
export const BINPERSID = 0x51;

/** The form of what an opcode reads after its code byte, by `pickletools`' name; `ARGUMENTS` of `@brine/codec/tools` reads each. */
export type ArgumentName =
  | "decimalnl_short"
  | "int4"
  | "uint1"
  | "uint2"
  | "decimalnl_long"
  | "long1"
  | "long4"
  | "stringnl"
  | "string4"
  | "string1"
  | "bytes4"
  | "bytes1"
  | "bytes8"
  | "bytearray8"
  | "unicodestringnl"
  | "unicodestring1"
  | "unicodestring4"
  | "unicodestring8"
  | "floatnl"
  | "float8"
  | "uint4"
  | "stringnl_noescape_pair"
  | "uint8"
  | "stringnl_noescape";

/** What an opcode finds on the stack or leaves there, in the words of `pickletools`. */
export type StackObject =
  | "int_or_bool"
  | "int"
  | "bytes_or_str"
  | "bytes"
  | "bytearray"
  | "buffer"
  | "None"
  | "bool"
  | "str"
  | "float"
  | "list"
  | "any"
  | "mark"
  | "stackslice"
  | "tuple"
  | "dict"
  | "set"
  | "frozenset";

/** One opcode, as a row of `OPCODES`: CPython's `pickletools.OpcodeInfo`. */
export interface OpcodeInfo {
  /** CPython's name of it: `"SHORT_BINUNICODE"`. */
  readonly name: string;
  /** The byte that stands for it in a pickle. */
  readonly code: number;
  /** The form of the argument that follows the code byte; `null`: none does. */
  readonly arg: ArgumentName | null;
  /** What it takes off the stack, the top last. A `"mark"` and the `"stackslice"` above it are as many items as there are. */
  readonly stackBefore: readonly StackObject[];
  /** What it puts there instead, the top last. */
  readonly stackAfter: readonly StackObject[];
  /** The protocol that introduced it. */
  readonly proto: 0 | 1 | 2 | 3 | 4 | 5;
  /** For people: one sentence, not that of `pickletools`. */
  readonly doc: string;
}

function rows() {
  return [
    {
      name: "INT",
      code: INT,
      arg: "decimalnl_short",
      proto: 0,
      stackBefore: [],
      stackAfter: ["int_or_bool"],
      doc: "Push an int, or a bool for `00` and `01`, from a decimal line",
    },
    {
      name: "BININT",
      code: BININT,
      arg: "int4",
      proto: 1,
      stackBefore: [],
      stackAfter: ["int"],
      doc: "Push a signed 32-bit int",
    },
    {
      name: "BININT1",
      code: BININT1,
      arg: "uint1",
      proto: 1,
      stackBefore: [],
      stackAfter: ["int"],
      doc: "Push an unsigned 8-bit int",
    },
    {
      name: "BININT2",
      code: BININT2,
      arg: "uint2",
      proto: 1,
      stackBefore: [],
      stackAfter: ["int"],
      doc: "Push an unsigned 16-bit int",
    },
    {
      name: "LONG",
      code: LONG,
      arg: "decimalnl_long",
      proto: 0,
      stackBefore: [],
      stackAfter: ["int"],
      doc: "Push an int from a decimal line ending in `L`",
    },
    {
      name: "LONG1",
      code: LONG1,
      arg: "long1",
      proto: 2,
      stackBefore: [],
      stackAfter: ["int"],
      doc: "Push an int from up to 255 little-endian two's-complement bytes",
    },
    {
      name: "LONG4",
      code: LONG4,
      arg: "long4",
      proto: 2,
      stackBefore: [],
      stackAfter: ["int"],
      doc: "Push an int from up to 2^31 - 1 little-endian two's-complement bytes",
    },
    {
      name: "STRING",
      code: STRING,
      arg: "stringnl",
      proto: 0,
      stackBefore: [],
      stackAfter: ["bytes_or_str"],
      doc: "Push a Python 2 str from a quoted, escaped line",
    },
    {
      name: "BINSTRING",
      code: BINSTRING,
      arg: "string4",
      proto: 1,
      stackBefore: [],
      stackAfter: ["bytes_or_str"],
      doc: "Push a Python 2 str with a signed 32-bit length",
    },
    {
      name: "SHORT_BINSTRING",
      code: SHORT_BINSTRING,
      arg: "string1",
      proto: 1,
      stackBefore: [],
      stackAfter: ["bytes_or_str"],
      doc: "Push a Python 2 str of up to 255 bytes",
    },
    {
      name: "BINBYTES",
      code: BINBYTES,
      arg: "bytes4",
      proto: 3,
      stackBefore: [],
      stackAfter: ["bytes"],
      doc: "Push bytes with a 32-bit length",
    },
    {
      name: "SHORT_BINBYTES",
      code: SHORT_BINBYTES,
      arg: "bytes1",
      proto: 3,
      stackBefore: [],
      stackAfter: ["bytes"],
      doc: "Push bytes of up to 255 bytes",
    },
    {
      name: "BINBYTES8",
      code: BINBYTES8,
      arg: "bytes8",
      proto: 4,
      stackBefore: [],
      stackAfter: ["bytes"],
      doc: "Push bytes with a 64-bit length",
    },
    {
      name: "BYTEARRAY8",
      code: BYTEARRAY8,
      arg: "bytearray8",
      proto: 5,
      stackBefore: [],
      stackAfter: ["bytearray"],
      doc: "Push a bytearray with a 64-bit length",
    },
    {
      name: "NEXT_BUFFER",
      code: NEXT_BUFFER,
      arg: null,
      proto: 5,
      stackBefore: [],
      stackAfter: ["buffer"],
      doc: "Push the next out-of-band buffer",
    },
    {
      name: "READONLY_BUFFER",
      code: READONLY_BUFFER,
      arg: null,
      proto: 5,
      stackBefore: ["buffer"],
      stackAfter: ["buffer"],
      doc: "Make the out-of-band buffer on top read-only",
    },
    { name: "NONE", code: NONE, arg: null, proto: 0, stackBefore: [], stackAfter: ["None"], doc: "Push None" },
    { name: "NEWTRUE", code: NEWTRUE, arg: null, proto: 2, stackBefore: [], stackAfter: ["bool"], doc: "Push True" },
    { name: "NEWFALSE", code: NEWFALSE, arg: null, proto: 2, stackBefore: [], stackAfter: ["bool"], doc: "Push False" },
    {
      name: "UNICODE",
      code: UNICODE,
      arg: "unicodestringnl",
      proto: 0,
      stackBefore: [],
      stackAfter: ["str"],
      doc: "Push a str from a raw-unicode-escaped line",
    },
    {
      name: "SHORT_BINUNICODE",
      code: SHORT_BINUNICODE,
      arg: "unicodestring1",
      proto: 4,
      stackBefore: [],
      stackAfter: ["str"],
      doc: "Push a str of up to 255 UTF-8 bytes",
    },
    {
      name: "BINUNICODE",
      code: BINUNICODE,
      arg: "unicodestring4",
      proto: 1,
      stackBefore: [],
      stackAfter: ["str"],
      doc: "Push a str with a 32-bit UTF-8 length",
    },
    {
      name: "BINUNICODE8",
      code: BINUNICODE8,
      arg: "unicodestring8",
      proto: 4,
      stackBefore: [],
      stackAfter: ["str"],
      doc: "Push a str with a 64-bit UTF-8 length",
    },
    {
      name: "FLOAT",
      code: FLOAT,
      arg: "floatnl",
      proto: 0,
      stackBefore: [],
      stackAfter: ["float"],
      doc: "Push a float from its repr",
    },
    {
      name: "BINFLOAT",
      code: BINFLOAT,
      arg: "float8",
      proto: 1,
      stackBefore: [],
      stackAfter: ["float"],
      doc: "Push a big-endian IEEE 754 double",
    },
    {
      name: "EMPTY_LIST",
      code: EMPTY_LIST,
      arg: null,
      proto: 1,
      stackBefore: [],
      stackAfter: ["list"],
      doc: "Push an empty list",
    },
    {
      name: "APPEND",
      code: APPEND,
      arg: null,
      proto: 0,
      stackBefore: ["list", "any"],
      stackAfter: ["list"],
      doc: "Append the top item to the list below it",
    },
    {
      name: "APPENDS",
      code: APPENDS,
      arg: null,
      proto: 1,
      stackBefore: ["list", "mark", "stackslice"],
      stackAfter: ["list"],
      doc: "Extend the list below the mark by the items above it",
    },
    {
      name: "LIST",
      code: LIST,
      arg: null,
      proto: 0,
      stackBefore: ["mark", "stackslice"],
      stackAfter: ["list"],
      doc: "Build a list from the items above the mark",
    },
    {
      name: "EMPTY_TUPLE",
      code: EMPTY_TUPLE,
      arg: null,
      proto: 1,
      stackBefore: [],
      stackAfter: ["tuple"],
      doc: "Push an empty tuple",
    },
    {
      name: "TUPLE",
      code: TUPLE,
      arg: null,
      proto: 0,
      stackBefore: ["mark", "stackslice"],
      stackAfter: ["tuple"],
      doc: "Build a tuple from the items above the mark",
    },
    {
      name: "TUPLE1",
      code: TUPLE1,
      arg: null,
      proto: 2,
      stackBefore: ["any"],
      stackAfter: ["tuple"],
      doc: "Build a 1-tuple",
    },
    {
      name: "TUPLE2",
      code: TUPLE2,
      arg: null,
      proto: 2,
      stackBefore: ["any", "any"],
      stackAfter: ["tuple"],
      doc: "Build a 2-tuple",
    },
    {
      name: "TUPLE3",
      code: TUPLE3,
      arg: null,
      proto: 2,
      stackBefore: ["any", "any", "any"],
      stackAfter: ["tuple"],
      doc: "Build a 3-tuple",
    },
    {
      name: "EMPTY_DICT",
      code: EMPTY_DICT,
      arg: null,
      proto: 1,
      stackBefore: [],
      stackAfter: ["dict"],
      doc: "Push an empty dict",
    },
    {
      name: "DICT",
      code: DICT,
      arg: null,
      proto: 0,
      stackBefore: ["mark", "stackslice"],
      stackAfter: ["dict"],
      doc: "Build a dict from the key and value pairs above the mark",
    },
    {
      name: "SETITEM",
      code: SETITEM,
      arg: null,
      proto: 0,
      stackBefore: ["dict", "any", "any"],
      stackAfter: ["dict"],
      doc: "Set one key of the dict below",
    },
    {
      name: "SETITEMS",
      code: SETITEMS,
      arg: null,
      proto: 1,
      stackBefore: ["dict", "mark", "stackslice"],
      stackAfter: ["dict"],
      doc: "Set the pairs above the mark in the dict below it",
    },
    {
      name: "EMPTY_SET",
      code: EMPTY_SET,
      arg: null,
      proto: 4,
      stackBefore: [],
      stackAfter: ["set"],
      doc: "Push an empty set",
    },
    {
      name: "ADDITEMS",
      code: ADDITEMS,
      arg: null,
      proto: 4,
      stackBefore: ["set", "mark", "stackslice"],
      stackAfter: ["set"],
      doc: "Add the items above the mark to the set below it",
    },
    {
      name: "FROZENSET",
      code: FROZENSET,
      arg: null,
      proto: 4,
      stackBefore: ["mark", "stackslice"],
      stackAfter: ["frozenset"],
      doc: "Build a frozenset from the items above the mark",
    },
    {
      name: "POP",
      code: POP,
      arg: null,
      proto: 0,
      stackBefore: ["any"],
      stackAfter: [],
      doc: "Drop the top item, or the mark if it is on top",
    },
    {
      name: "DUP",
      code: DUP,
      arg: null,
      proto: 0,
      stackBefore: ["any"],
      stackAfter: ["any", "any"],
      doc: "Push the top item again",
    },
    { name: "MARK", code: MARK, arg: null, proto: 0, stackBefore: [], stackAfter: ["mark"], doc: "Push a mark" },
    {
      name: "POP_MARK",
      code: POP_MARK,
      arg: null,
      proto: 1,
      stackBefore: ["mark", "stackslice"],
      stackAfter: [],
      doc: "Drop everything down to the topmost mark",
    },
    {
      name: "GET",
      code: GET,
      arg: "decimalnl_short",
      proto: 0,
      stackBefore: [],
      stackAfter: ["any"],
      doc: "Push memo[decimal line]",
    },
    {
      name: "BINGET",
      code: BINGET,
      arg: "uint1",
      proto: 1,
      stackBefore: [],
      stackAfter: ["any"],
      doc: "Push memo[8-bit index]",
    },
    {
      name: "LONG_BINGET",
      code: LONG_BINGET,
      arg: "uint4",
      proto: 1,
      stackBefore: [],
      stackAfter: ["any"],
      doc: "Push memo[32-bit index]",
    },
    {
      name: "PUT",
      code: PUT,
      arg: "decimalnl_short",
      proto: 0,
      stackBefore: [],
      stackAfter: [],
      doc: "memo[decimal line] = top item",
    },
    {
      name: "BINPUT",
      code: BINPUT,
      arg: "uint1",
      proto: 1,
      stackBefore: [],
      stackAfter: [],
      doc: "memo[8-bit index] = top item",
    },
    {
      name: "LONG_BINPUT",
      code: LONG_BINPUT,
      arg: "uint4",
      proto: 1,
      stackBefore: [],
      stackAfter: [],
      doc: "memo[32-bit index] = top item",
    },
    {
      name: "MEMOIZE",
      code: MEMOIZE,
      arg: null,
      proto: 4,
      stackBefore: ["any"],
      stackAfter: ["any"],
      doc: "memo[number of entries] = top item",
    },
    {
      name: "EXT1",
      code: EXT1,
      arg: "uint1",
      proto: 2,
      stackBefore: [],
      stackAfter: ["any"],
      doc: "Push the global registered under an 8-bit extension code",
    },
    {
      name: "EXT2",
      code: EXT2,
      arg: "uint2",
      proto: 2,
      stackBefore: [],
      stackAfter: ["any"],
      doc: "Push the global registered under a 16-bit extension code",
    },
    {
      name: "EXT4",
      code: EXT4,
      arg: "int4",
      proto: 2,
      stackBefore: [],
      stackAfter: ["any"],
      doc: "Push the global registered under a 32-bit extension code",
    },
    {
      name: "GLOBAL",
      code: GLOBAL,
      arg: "stringnl_noescape_pair",
      proto: 0,
      stackBefore: [],
      stackAfter: ["any"],
      doc: "Push the global named by two lines, module and name",
    },
    {
      name: "STACK_GLOBAL",
      code: STACK_GLOBAL,
      arg: null,
      proto: 4,
      stackBefore: ["str", "str"],
      stackAfter: ["any"],
      doc: "Push the global named by the two strings on top",
    },
    {
      name: "REDUCE",
      code: REDUCE,
      arg: null,
      proto: 0,
      stackBefore: ["any", "any"],
      stackAfter: ["any"],
      doc: "Call the callable below with the tuple of arguments on top",
    },
    {
      name: "BUILD",
      code: BUILD,
      arg: null,
      proto: 0,
      stackBefore: ["any", "any"],
      stackAfter: ["any"],
      doc: "Set the state on top on the object below it",
    },
    {
      name: "INST",
      code: INST,
      arg: "stringnl_noescape_pair",
      proto: 0,
      stackBefore: ["mark", "stackslice"],
      stackAfter: ["any"],
      doc: "Call the class named by two lines with the arguments above the mark",
    },
    {
      name: "OBJ",
      code: OBJ,
      arg: null,
      proto: 1,
      stackBefore: ["mark", "any", "stackslice"],
      stackAfter: ["any"],
      doc: "Call the first item above the mark with the rest as arguments",
    },
    {
      name: "NEWOBJ",
      code: NEWOBJ,
      arg: null,
      proto: 2,
      stackBefore: ["any", "any"],
      stackAfter: ["any"],
      doc: "cls.__new__(cls, *args)",
    },
    {
      name: "NEWOBJ_EX",
      code: NEWOBJ_EX,
      arg: null,
      proto: 4,
      stackBefore: ["any", "any", "any"],
      stackAfter: ["any"],
      doc: "cls.__new__(cls, *args, **kwargs)",
    },
    {
      name: "PROTO",
      code: PROTO,
      arg: "uint1",
      proto: 2,
      stackBefore: [],
      stackAfter: [],
      doc: "State the protocol of what follows",
    },
    {
      name: "STOP",
      code: STOP,
      arg: null,
      proto: 0,
      stackBefore: ["any"],
      stackAfter: [],
      doc: "End the pickle; the top item is its value",
    },
    {
      name: "FRAME",
      code: FRAME,
      arg: "uint8",
      proto: 4,
      stackBefore: [],
      stackAfter: [],
      doc: "Start a frame of a 64-bit length",
    },
    {
      name: "PERSID",
      code: PERSID,
      arg: "stringnl_noescape",
      proto: 0,
      stackBefore: [],
      stackAfter: ["any"],
      doc: "Push the object with the persistent id on the line",
    },
    {
      name: "BINPERSID",
      code: BINPERSID,
      arg: null,
      proto: 1,
      stackBefore: ["any"],
      stackAfter: ["any"],
      doc: "Push the object with the persistent id on the stack",
    },
  ] as const satisfies readonly OpcodeInfo[];
}

type Rows = ReturnType<typeof rows>;

// Made on first use: decoding and encoding ask for a row only to say what is wrong.
let table: Rows | undefined;
let byCode: readonly (OpcodeInfo | undefined)[] | undefined;

/** All opcodes; {@link opcodeOf} finds one by its byte. */
export function opcodes(): Rows {
  table ??= rows();
  return table;
}

/** The row of a code byte, `undefined` where no opcode has it. */
export function opcodeOf(byte: number): OpcodeInfo | undefined {
  byCode ??= indexed();
  return byCode[byte];
}

function indexed(): readonly (OpcodeInfo | undefined)[] {
  const index: (OpcodeInfo | undefined)[] = new Array(256).fill(undefined);
  for (const row of opcodes()) index[row.code] = row;
  return index;
}

/** An opcode's name, as CPython's `pickletools` has it: `"STACK_GLOBAL"`. */
export type OpcodeName = Rows[number]["name"];
export type Opcode = Rows[number]["code"];

/** The newest protocol, read by Python 3.8 and newer. `pickle.HIGHEST_PROTOCOL`. */
export const HIGHEST_PROTOCOL = 5;
/** The protocol that is written where none is asked for: 4, which every Python since 3.4 reads. `pickle.DEFAULT_PROTOCOL` of Python 3.8 to 3.13. */
export const DEFAULT_PROTOCOL = 4;
/** Protocols of pickle: 2 is the last one of Python 2, 4 needs Python 3.4, 5 needs Python 3.8. All are read. */
export type Protocol = 0 | 1 | 2 | 3 | 4 | 5;
