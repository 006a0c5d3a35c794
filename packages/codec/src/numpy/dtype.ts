/** `numpy.dtype`. */
import { intOf } from "../python/coerce.js";
import { Tuple } from "../python/containers/sequences.js";
import { keepsTuples } from "../python/objects/objects.js";
import { type OwnRepr, ownRepr } from "../python/repr.js";
import { axesOf, fits } from "./shape.js";

/**
 * numpy's letters of simple types (`dtype.kind`): bool, signed ints, unsigned ints, floats, complex, bytes, text, raw (records
 * too), object, datetime64, timedelta64, strings of any length.
 */
export type DTypeKind = "b" | "i" | "u" | "f" | "c" | "S" | "U" | "V" | "O" | "M" | "m" | "T";

/** Codes as numpy writes them, on 32-bit machines too: kind and bytes, of text characters. `O8` is a pointer. */
const CODE = /^(?:b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|O[48]|[Mm]8|[SUV]\d{1,10})$/;

/** Beyond this an item's size is not a size but an attack. */
const MAX_ITEM_SIZE = 2 ** 31;

/** Types in one another. People's data has a handful. */
const MAX_DEPTH = 100;

/** A field of a structured type. */
export interface DTypeField {
  /** Of an item's field. */
  readonly dtype: DType;
  /** Bytes from the beginning of the item. */
  readonly offset: number;
}

/** What an item that is an array in itself holds. */
export interface SubDType {
  /** Of each of its items. */
  readonly dtype: DType;
  /** The length of each of its axes. */
  readonly shape: readonly number[];
}

/** The parts of simple types, one object each as in numpy. Bounded: only codes of fixed size get here. */
const SIMPLE = new Map<string, DType>();

/**
 * A numpy data type. Simple ones are made with {@link DType.of}; structured ones and those with time units come from
 * pickles and are kept whole.
 *
 * @example
 * DType.of("<f8").itemSize // => 8
 */
export class DType {
  static readonly [keepsTuples] = true;
  /** What numpy's class is called with: `"i4"`, `"f8"`, `"U2"`, `"V12"`; for a type of a class of its own a reference to that, such as `numpy.record`. */
  readonly code: unknown;
  /** What BUILD set: `(version, byteorder, subdtype, names, fields, itemsize, alignment, flags[, metadata])`. */
  readonly state: readonly unknown[];
  /** Python's `fields`, by name and in the order of `names`: those of a structured type; `null` of any other. */
  readonly fields: ReadonlyMap<string, DTypeField> | null = null;
  /** Python's `subdtype`: what a field that is an array in itself holds; `null` of any other type. */
  readonly subdtype: SubDType | null = null;
  /** Python's `hasobject`: whether items are Python objects, or records that hold some. */
  readonly hasObjects: boolean;
  /** How many types are within one another: 1 for a simple one. */
  readonly depth: number = 1;

  /**
   * For the decoder; {@link DType.of} makes simple types.
   *
   * @param code - see {@link DType.code}
   * @param state - see {@link DType.state}; `[]` until BUILD sets it
   * @throws RangeError when the state is none of numpy's, or of fields that do not lie within the item
   */
  constructor(code: unknown, state: readonly unknown[]) {
    this.code = code;
    this.state = [];
    this.hasObjects = this.kind === "O";
    if (state.length > 0) DType.fill(this, state);
  }

  /** Gives a type its state, which it must not have yet; for the decoder. */
  static fill(dtype: DType, state: readonly unknown[]): void {
    if (dtype.state.length > 0) throw new RangeError("the type has a state already");
    const { fields, subdtype, hasObjects, depth } = partsOf(dtype, state);
    Object.assign(dtype, { state, fields, subdtype, depth, hasObjects: dtype.hasObjects || hasObjects });
  }

  /**
   * A simple type by numpy's name: `"<i4"`, `">f8"`, `"|b1"`, `"int32"`, `"float64"`, `"object"`; bools, numbers and objects,
   * without an order in little-endian. The same object each time.
   *
   * @throws RangeError for another name
   */
  static of(name: string): DType {
    const text = NAMES.get(name) ?? name;
    const known = SIMPLE.get(text);
    if (known !== undefined) return known;
    const match = /^([<>|=]?)(b1|i[1248]|u[1248]|f[248]|c8|c16|O)$/.exec(text);
    if (match === null) throw new RangeError(`Cannot make a dtype of ${JSON.stringify(name.slice(0, 40))}`);
    const code = match[2] === "O" ? "O8" : match[2]!;
    const isSmall = code === "b1" || code === "i1" || code === "u1" || code === "O8";
    const order = isSmall ? "|" : match[1] === ">" ? ">" : "<";
    const flags = code === "O8" ? 63 : 0;
    const made = new DType(code, Tuple.of<unknown>(3, order, null, null, null, -1, -1, flags));
    SIMPLE.set(text, made);
    return made;
  }

  /** Whether `code` is one of numpy's codes; `T` is that of strings of any length. */
  static isCode(code: string): boolean {
    return CODE.test(code) || code === "T";
  }

  /** The letter that `code` begins with; `V` of records of a class of their own, `undefined` where `code` is another reference. */
  get kind(): DTypeKind | undefined {
    const { code } = this;
    if (typeof code === "string") return DType.isCode(code) ? (code[0] as DTypeKind) : undefined;
    return this.fields === null ? undefined : "V";
  }

  /** Python's `itemsize`: bytes of one item; `undefined` where it cannot be told. */
  get itemSize(): number | undefined {
    const { code, kind } = this;
    const isSized = kind === "S" || kind === "U" || kind === "V" || typeof code !== "string";
    const stated = isSized ? (intOf(this.state[5]) ?? -1) : -1;
    if (stated >= 0) return stated;
    if (kind === undefined || kind === "T" || typeof code !== "string") return undefined;
    const number = Number(code.slice(1));
    return kind === "U" ? number * 4 : number;
  }

  /** False also for types without byte order (`|`) and for that of the machine (`=`). */
  get isBigEndian(): boolean {
    return this.state[1] === ">";
  }

  /** Field names of a structured type; `null` of any other. */
  get names(): readonly unknown[] | null {
    const names = this.state[3];
    return Array.isArray(names) ? names : null;
  }

  /** As numpy's `dtype.str`: `<f8`, `|b1`; but `|O8` for objects. A code that is a reference is shown as `?`. */
  toString(): string {
    const order = typeof this.state[1] === "string" ? this.state[1] : "";
    return `${order}${typeof this.code === "string" ? this.code : "?"}`;
  }

  /** As {@link toString}. */
  toJSON(): string {
    return this.toString();
  }

  [ownRepr](): OwnRepr {
    return `dtype('${nameOf(this)}')`;
  }
}

/** numpy's `str(dtype)`; of one with fields as if it were raw, and of a time without its unit. */
export function nameOf(dtype: DType): string {
  const text = dtype.toString();
  return SIMPLE_NAMES.get(text) ?? text;
}

/** What a state says of a type's parts. */
interface Parts {
  readonly fields: ReadonlyMap<string, DTypeField> | null;
  readonly subdtype: SubDType | null;
  readonly hasObjects: boolean;
  readonly depth: number;
}

const NO_PARTS: Parts = { fields: null, subdtype: null, hasObjects: false, depth: 1 };

/** numpy 2.4 `arraydescr_setstate`, which trusts the sizes and offsets. */
function partsOf(type: DType, state: readonly unknown[]): Parts {
  const [version, order, subdtype, names, fields, itemSize] = state;
  // Shorter ones are of numpy before 1.0.
  if (state.length < 7 || state.length > 9 || !(intOf(version)! >= 0 && intOf(version)! <= 4))
    throw new RangeError("the state is of no version of numpy's");
  if (typeof order !== "string" || !/^[<>|=]$/.test(order)) throw new RangeError("the byte order is none");
  const size = intOf(itemSize);
  if (size === undefined || size > MAX_ITEM_SIZE) throw new RangeError("the item size is out of bounds");
  if (names === null && subdtype === null) {
    if (type.kind === "U" && size % 4 > 0) throw new RangeError("the item size is no number of characters");
    return NO_PARTS;
  }
  if (type.kind !== undefined && type.kind !== "V") throw new RangeError("a simple type has no parts");
  const parts = names === null ? subarrayOf(subdtype, size) : fieldsOf(names, fields, size);
  if (parts.depth > MAX_DEPTH) throw new RangeError(`more than ${MAX_DEPTH} types are in one another`);
  return parts;
}

function subarrayOf(value: unknown, size: number): Parts {
  const [dtype, shape] = Array.isArray(value) ? value : [];
  if (!isComplete(dtype)) throw new RangeError("a sub-array has no type");
  // numpy writes one axis as a number, too.
  const axes = axesOf(Array.isArray(shape) ? shape : [shape]);
  if (axes === undefined || !fits(axes, dtype.itemSize!, size))
    throw new RangeError("a sub-array does not fit its shape");
  return { fields: null, subdtype: { dtype, shape: axes }, hasObjects: dtype.hasObjects, depth: dtype.depth + 1 };
}

/** Parts by the dict that holds them, with where the last field ends: many types may share one. */
const FIELDS = new WeakMap<object, Parts & { readonly names: unknown; readonly end: number }>();

function fieldsOf(names: unknown, dict: unknown, size: number): Parts {
  if (!Array.isArray(names)) throw new RangeError("the names of its fields are none");
  if (typeof dict !== "object" || dict === null) throw new RangeError("it has names of fields, and no fields");
  let parts = FIELDS.get(dict);
  if (parts?.names !== names) {
    const fields = new Map<string, DTypeField>();
    let [end, depth, hasObjects] = [0, 1, false];
    for (const name of names) {
      const { dtype, offset } = fieldOf(name, dict);
      fields.set(name, { dtype, offset });
      end = Math.max(end, offset + dtype.itemSize!);
      depth = Math.max(depth, dtype.depth + 1);
      hasObjects ||= dtype.hasObjects;
    }
    if (fields.size < names.length) throw new RangeError("two of its fields have one name");
    parts = { names, fields, subdtype: null, hasObjects, depth, end };
    FIELDS.set(dict, parts);
  }
  if (parts.end > size) throw new RangeError("a field lies beyond the item");
  return parts;
}

/** `dict[name]`, a tuple of type, offset and perhaps a title. */
function fieldOf(name: unknown, dict: object): DTypeField {
  let field: unknown;
  if (typeof name === "string") {
    if (dict instanceof Map) field = dict.get(name);
    else if (Object.hasOwn(dict, name)) field = (dict as Record<string, unknown>)[name];
  }
  const [dtype, place] = Array.isArray(field) ? field : [];
  const offset = intOf(place);
  if (!isComplete(dtype) || offset === undefined || offset < 0)
    throw new RangeError("a field has no type or no offset");
  return { dtype, offset };
}

/** Whether a part is a type that nothing can change any more, so that no type is ever part of itself. */
function isComplete(value: unknown): value is DType {
  return value instanceof DType && value.state.length > 0 && value.itemSize !== undefined;
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ["bool", "|b1"],
  ["int8", "|i1"],
  ["uint8", "|u1"],
  ["int16", "<i2"],
  ["uint16", "<u2"],
  ["int32", "<i4"],
  ["uint32", "<u4"],
  ["int64", "<i8"],
  ["uint64", "<u8"],
  ["float16", "<f2"],
  ["float32", "<f4"],
  ["float64", "<f8"],
  ["complex64", "<c8"],
  ["complex128", "<c16"],
  ["object", "|O"],
]);

const SIMPLE_NAMES: ReadonlyMap<string, string> = new Map([
  ...Array.from(NAMES, ([name, text]) => [text, name] as const),
  ["|O8", "object"],
]);
