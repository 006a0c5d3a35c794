/** `array`: a list of items at protocols 0 to 2, then machine bytes with a code for their format. CPython 3.12 `arraymodule.c`. */
import { globalOfEntry } from "../globals/global-of.js";
import type { AnyClass, DecodeContext, EncodeContext, GlobalEntry, Reduction } from "../globals/registry.js";
import { bigintOf, intOf, numberOf, plainInt } from "../python/coerce.js";
import { ARRAY_DATA, type ArrayData, PyArray, type TypeCode } from "../python/containers/array.js";
import { PyFloat } from "../python/numbers/numbers.js";
import { PyGlobal } from "../python/objects/objects.js";
import { shortText } from "../python/short-text.js";

const module = "array";

interface MachineFormat {
  readonly kind: "int" | "uint" | "float" | "utf16" | "utf32";
  readonly size: number;
  readonly isBig: boolean;
}

const format = (kind: MachineFormat["kind"], size: number, isBig: boolean): MachineFormat => ({ kind, size, isBig });

/** `enum machine_format_code`, in its order. */
const FORMATS: readonly MachineFormat[] = [
  format("uint", 1, false),
  format("int", 1, false),
  format("uint", 2, false),
  format("uint", 2, true),
  format("int", 2, false),
  format("int", 2, true),
  format("uint", 4, false),
  format("uint", 4, true),
  format("int", 4, false),
  format("int", 4, true),
  format("uint", 8, false),
  format("uint", 8, true),
  format("int", 8, false),
  format("int", 8, true),
  format("float", 4, false),
  format("float", 4, true),
  format("float", 8, false),
  format("float", 8, true),
  format("utf16", 2, false),
  format("utf16", 2, true),
  format("utf32", 4, false),
  format("utf32", 4, true),
];

/** What 64-bit Linux writes for a type code. */
const WRITTEN: Readonly<Record<TypeCode, number>> = {
  B: 0,
  b: 1,
  H: 2,
  h: 4,
  I: 6,
  i: 8,
  L: 10,
  Q: 10,
  l: 12,
  q: 12,
  f: 14,
  d: 16,
  u: 20,
  w: 20,
};

/** Type codes of integers by size, for the format of another machine: the last one of its size in `arraymodule.c`. */
const BY_SIZE: Readonly<Record<"int" | "uint", Readonly<Record<number, TypeCode>>>> = {
  int: { 1: "b", 2: "h", 4: "i", 8: "q" },
  uint: { 1: "B", 2: "H", 4: "I", 8: "Q" },
};

/** As CPython, which makes an `i` of the 4-byte `l` of a Windows machine. */
function typecodeHere(typecode: TypeCode, code: number): TypeCode {
  const { kind, size } = FORMATS[code]!;
  return (kind === "int" || kind === "uint") && WRITTEN[typecode] !== code ? BY_SIZE[kind][size]! : typecode;
}

function isTypeCode(value: unknown): value is TypeCode {
  return typeof value === "string" && Object.hasOwn(WRITTEN, value);
}

const isFloat = (typecode: TypeCode): boolean => typecode === "f" || typecode === "d";
const isText = (typecode: TypeCode): typecode is "u" | "w" => typecode === "u" || typecode === "w";

/** The items of `bytes`, in the typed array of the type code. */
function dataOf(
  typecode: TypeCode,
  { kind, size, isBig }: MachineFormat,
  bytes: Uint8Array,
  context: DecodeContext,
): ArrayData | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length / size;
  if (kind === "utf16" || kind === "utf32") {
    if (!isText(typecode)) throw context.fail(`Cannot make an array of type code ${typecode}: the bytes are text`);
    let text = "";
    for (let i = 0; i < bytes.length; i += size) {
      const code = size === 2 ? view.getUint16(i, !isBig) : view.getUint32(i, !isBig);
      if (code > 0x10ffff) throw context.fail("Cannot make an array: a character above U+10FFFF");
      text += size === 2 ? String.fromCharCode(code) : String.fromCodePoint(code);
    }
    return text;
  }
  if (isText(typecode)) throw context.fail("Cannot make an array of text: the bytes are numbers");
  if (kind === "float" && !isFloat(typecode)) {
    throw context.fail(`Cannot make an array of type code ${typecode}: the bytes are floats`);
  }
  const data = new ARRAY_DATA[typecode](count);
  for (let i = 0; i < count; i++) data[i] = itemAt(view, i * size, kind, size, !isBig) as never;
  return data;
}

function itemAt(view: DataView, at: number, kind: string, size: number, little: boolean): number | bigint {
  if (kind === "float") return size === 4 ? view.getFloat32(at, little) : view.getFloat64(at, little);
  if (size === 8) return kind === "int" ? view.getBigInt64(at, little) : view.getBigUint64(at, little);
  if (kind === "int") {
    return size === 1 ? view.getInt8(at) : size === 2 ? view.getInt16(at, little) : view.getInt32(at, little);
  }
  return size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at, little) : view.getUint32(at, little);
}

/** The items that protocols 0 to 2 write one by one. */
function dataOfItems(typecode: TypeCode, items: readonly unknown[], context: DecodeContext): ArrayData | string {
  if (isText(typecode)) {
    let text = "";
    for (const item of items) {
      if (typeof item !== "string") throw context.fail("Cannot make an array of text: an item is no str");
      text += item;
    }
    return text;
  }
  const data = new ARRAY_DATA[typecode](items.length);
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  for (let i = 0; i < items.length; i++) {
    const item = isFloat ? numberOf(items[i]) : bigintOf(items[i]);
    if (item === undefined) throw context.fail(`Cannot make an array of type code ${typecode}: item ${i} is no number`);
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(item);
    else data[i] = Number(item);
    if (!isFloat && BigInt(data[i]!) !== BigInt(item))
      throw context.fail(`Cannot make an array of type code ${typecode}: ${shortText(item)} does not fit`);
  }
  return data;
}

const arrayEntry: GlobalEntry<PyArray> = {
  module,
  name: "array",
  nameStrings: "fresh",
  copiesArguments: true,
  target: PyArray,
  call(args, context) {
    const [typecode, initial = []] = args;
    if (!isTypeCode(typecode) || args.length > 2) throw context.fail("Cannot make an array: bad type code");
    if (typeof initial === "string" && isText(typecode)) return new PyArray(typecode, initial);
    if (!Array.isArray(initial)) throw context.fail("Cannot make an array: needs a list of items");
    return new PyArray(typecode, dataOfItems(typecode, initial, context));
  },
  reduce: (object, context) => reduceArray(object.typecode, object.data, context),
};

const reconstructor: GlobalEntry = {
  module,
  name: "_array_reconstructor",
  nameStrings: "function",
  copiesArguments: true,
  call(args, context) {
    const [cls, typecode, code, bytes] = args;
    const number = intOf(code) ?? -1;
    const machine = FORMATS[number];
    if (
      args.length !== 4 ||
      !(cls instanceof PyGlobal && cls.module === module && cls.name === "array") ||
      !isTypeCode(typecode) ||
      machine === undefined ||
      !(bytes instanceof Uint8Array) ||
      bytes.length % machine.size !== 0
    ) {
      throw context.fail("Cannot make an array: bad arguments");
    }
    const here = typecodeHere(typecode, number);
    return new PyArray(here, dataOf(here, machine, bytes, context));
  },
};

/** The bytes as 64-bit Linux has them: little-endian, whatever this machine is. */
function bytesOfArray(typecode: TypeCode, data: ArrayData | string): Uint8Array {
  const { kind, size } = FORMATS[WRITTEN[typecode]]!;
  const items: ArrayLike<unknown> = typeof data === "string" ? Array.from(data, (c) => c.codePointAt(0)) : data;
  const bytes = new Uint8Array(items.length * size);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as never;
    if (kind === "float") size === 4 ? view.setFloat32(i * 4, item, true) : view.setFloat64(i * 8, item, true);
    else if (size === 8) view.setBigUint64(i * 8, item, true);
    else if (size === 4) view.setUint32(i * 4, item, true);
    else if (size === 2) view.setUint16(i * 2, item, true);
    else view.setUint8(i, item);
  }
  return bytes;
}

function itemList(data: ArrayData | string): unknown[] {
  if (typeof data === "string") return [...data];
  if (data instanceof Float32Array || data instanceof Float64Array)
    return Array.from(data, (item) => new PyFloat(item));
  return Array.from(data as Iterable<number | bigint>, (item) => (typeof item === "bigint" ? plainInt(item) : item));
}

function reduceArray(typecode: TypeCode, data: ArrayData | string, context: EncodeContext): Reduction {
  const cls = globalOfEntry(arrayEntry as unknown as GlobalEntry);
  if (context.protocol < 3) return { kind: "reduce", callable: cls, args: [typecode, itemList(data)] };
  return {
    kind: "reduce",
    callable: globalOfEntry(reconstructor),
    args: [cls, typecode, WRITTEN[typecode], bytesOfArray(typecode, data)],
  };
}

export function arrayEntries(): readonly GlobalEntry[] {
  return [arrayEntry as unknown as GlobalEntry, reconstructor];
}

/** JavaScript's typed arrays, written as arrays of the same items. `Uint8Array` is not among them: it is bytes. */
export function arrayTwins(): readonly (readonly [target: AnyClass, entry: GlobalEntry])[] {
  return (
    [
      [Int8Array, "b"],
      [Uint8ClampedArray, "B"],
      [Int16Array, "h"],
      [Uint16Array, "H"],
      [Int32Array, "i"],
      [Uint32Array, "I"],
      [BigInt64Array, "q"],
      [BigUint64Array, "Q"],
      [Float32Array, "f"],
      [Float64Array, "d"],
    ] as const
  ).map(([jsClass, typecode]) => [
    jsClass as unknown as AnyClass,
    { module, name: "array", reduce: (object, context) => reduceArray(typecode, object as ArrayData, context) },
  ]);
}
