/** `numpy.ndarray` and numpy's scalars. */
import { checkOptions } from "../options/check.js";
import { optionNames } from "../options/option-names.js";
import { plainInt } from "../python/coerce.js";
import { DType } from "./dtype.js";
import { type ArrayItems, DTYPE_OF_TYPED, itemAt, itemsOf } from "./items.js";

/** Axes that numpy allows, in its newest version. */
const MAX_AXES = 64;

/** Options of {@link NDArray}. */
export interface NDArrayOptions {
  /** The type, or its name for {@link DType.of}. Default: that of the typed array; of an array of any values `object`. */
  readonly dtype?: DType | string | undefined;
  /**
   * How the items lie in memory: rows first (`"C"`, the default) or columns first (`"F"`). An array of any values is given
   * rows first; for it this only says what numpy is to make of it.
   */
  readonly order?: "C" | "F" | undefined;
  /** At protocol 5: whether Python's array may not be written to. Default false. */
  readonly readonly?: boolean | undefined;
}

const NDARRAY_OPTIONS = /* @__PURE__ */ optionNames<NDArrayOptions>({ dtype: true, order: true, readonly: true });

/** The product of a shape; `undefined` when it is no shape. */
export function sizeOf(shape: readonly number[]): number | undefined {
  if (shape.length > MAX_AXES) return undefined;
  let size = 1;
  for (const axis of shape) {
    if (!Number.isSafeInteger(axis) || axis < 0) return undefined;
    size *= axis;
  }
  return Number.isSafeInteger(size) ? size : undefined;
}

/**
 * A numpy array: items in one block, a shape, an order. Data only, no arithmetic.
 *
 * @example
 * const a = new NDArray(Float64Array.of(1, 2, 3, 4), [2, 2]);
 * a.at(1, 0) // => 3
 */
export class NDArray {
  /** The length of each axis; `[]` for a single item without axes. At most 64 axes. */
  readonly shape: readonly number[];
  /** Of a typed array given without one, that of its items, little-endian; of an array of any values `|O8`. */
  readonly dtype: DType;
  /** `"C"`: in memory, items next to each other differ in the last index; `"F"`: in the first. An array of objects is always rows first. */
  readonly order: "C" | "F";
  /** Whether Python's array may not be written to: as one that protocol 5 made of immutable bytes. */
  readonly readonly: boolean;
  /** Python's class where it is not `numpy.ndarray`: a reference to `numpy.matrix`, `numpy.recarray`. */
  readonly subtype: object | undefined;
  /** The items as they lie in memory; `undefined` for arrays of objects, of records with some, and of strings of any length. Shared with what the array was made of. */
  readonly bytes: Uint8Array | undefined;
  #items: ArrayItems | undefined;

  /**
   * @param data - a typed array; raw bytes with a `dtype` for them; or an array of any values, which makes an object array.
   *   Not copied
   * @param shape - the length of each axis; default: one axis with all items
   * @param subtype - Python's class where it is not `numpy.ndarray`: a PyGlobal; default: none
   * @throws RangeError when data and shape do not fit, or for a dtype that {@link DType.of} does not know
   * @throws PickleError `bad-option` for an option that there is not
   */
  constructor(data: ArrayItems, shape?: readonly number[], options: NDArrayOptions = {}, subtype?: object) {
    checkOptions(options, NDARRAY_OPTIONS, "options of NDArray");
    this.dtype = dtypeOf(data, options.dtype);
    this.order = options.order ?? "C";
    this.readonly = options.readonly ?? false;
    this.subtype = subtype;
    if (Array.isArray(data)) {
      this.#items = data;
      this.bytes = undefined;
      this.shape = shape ?? [data.length];
      if (sizeOf(this.shape) !== data.length) throw misfit(this.shape, data.length);
      return;
    }
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.bytes = bytes;
    const itemSize = this.dtype.itemSize ?? 0;
    this.shape = shape ?? [itemSize === 0 ? 0 : bytes.length / itemSize];
    const size = sizeOf(this.shape);
    if (size === undefined || size * itemSize !== bytes.length) throw misfit(this.shape, bytes.length);
  }

  /** Puts contents into an array that was made before they were known; for the decoder. */
  static fill(array: NDArray, contents: NDArray): void {
    const { shape, dtype, order, bytes } = contents;
    Object.assign(array, { shape, dtype, order, bytes });
    array.#items = contents.#items;
  }

  /**
   * The items in memory order: a typed array, or an array of strings or bytes. Objects and strings of any length, which numpy
   * pickles one by one, rows first whatever the order. Complex numbers are two floats.
   */
  get data(): ArrayItems {
    this.#items ??= itemsOf(this.dtype, this.bytes!);
    return this.#items;
  }

  /** Python's `size`: how many items, over all axes. */
  get size(): number {
    return sizeOf(this.shape)!;
  }

  /**
   * The item at these indices, one for each axis: a number; a bigint for 64-bit ints and dates; a boolean, a {@link Complex},
   * text, bytes or an object.
   *
   * @throws RangeError for another number of indices, or one that is negative or beyond its axis
   */
  at(...indices: readonly number[]): unknown {
    const { shape } = this;
    const isRowsFirst = this.order === "C" || this.bytes === undefined;
    if (indices.length !== shape.length) throw new RangeError(`Needs ${shape.length} indices, not ${indices.length}`);
    let offset = 0;
    for (let k = 0; k < shape.length; k++) {
      const axis = isRowsFirst ? k : shape.length - 1 - k;
      const index = indices[axis]!;
      if (!Number.isInteger(index) || index < 0 || index >= shape[axis]!)
        throw new RangeError(`No index ${index} on axis ${axis}`);
      offset = offset * shape[axis]! + index;
    }
    return itemAt(this.dtype, this.data, offset);
  }

  /** Nested arrays of the items as {@link NDArray.at} gives them, like numpy's `tolist`; the item itself for an array without axes. */
  toArray(): unknown {
    return this.#nested((item) => item);
  }

  /**
   * As {@link toArray}, but that 64-bit ints become numbers up to 2^53. For those beyond, still bigints, `JSON.stringify`
   * throws a `TypeError`.
   */
  toJSON(): unknown {
    return this.#nested(jsonOf);
  }

  #nested(convert: (item: unknown) => unknown): unknown {
    const build = (indices: number[]): unknown => {
      if (indices.length === this.shape.length) return convert(this.at(...indices));
      return Array.from({ length: this.shape[indices.length]! }, (_, i) => build([...indices, i]));
    };
    return build([]);
  }
}

/** Ints as the codec decodes Python's own. */
function jsonOf(item: unknown): unknown {
  return typeof item === "bigint" ? plainInt(item) : item;
}

function misfit(shape: readonly number[], length: number): RangeError {
  return new RangeError(`Cannot make an array of shape (${shape.slice(0, 8).join(", ")}) of ${length} bytes or items`);
}

function dtypeOf(data: ArrayItems, dtype: DType | string | undefined): DType {
  if (dtype instanceof DType) return dtype;
  if (typeof dtype === "string") return DType.of(dtype);
  if (Array.isArray(data)) return DType.of("object");
  for (const [jsClass, name] of DTYPE_OF_TYPED) if (data instanceof jsClass) return DType.of(name);
  throw new RangeError("Cannot make an array: unknown typed array");
}

/** A numpy scalar, such as `numpy.float64(1.5)`: `value` is the JavaScript value, and the type stays. */
export class NumpyScalar {
  /** Of a name given for it, what {@link DType.of} makes. */
  readonly dtype: DType;
  /** In the byte order of `dtype`. Not copied. `undefined` for a record that holds objects. */
  readonly bytes: Uint8Array | undefined;
  /** Of a record that holds objects: an array without axes that holds the record, which is how numpy pickles it. */
  readonly array: NDArray | undefined;

  constructor(dtype: DType | string, contents: Uint8Array | NDArray) {
    this.dtype = typeof dtype === "string" ? DType.of(dtype) : dtype;
    this.bytes = contents instanceof NDArray ? undefined : contents;
    this.array = contents instanceof NDArray ? contents : undefined;
  }

  /**
   * Of a number, bigint or boolean, for `bool`, `float32`, `float64` and ints; what is beyond the type loses its upper bits.
   *
   * @throws RangeError for another type
   */
  static of(value: number | bigint | boolean, dtype: DType | string): NumpyScalar {
    const type = typeof dtype === "string" ? DType.of(dtype) : dtype;
    const size = type.itemSize ?? 0;
    const view = new DataView(new ArrayBuffer(size));
    const little = !type.isBigEndian;
    const { code } = type;
    if (code === "f8") view.setFloat64(0, Number(value), little);
    else if (code === "f4") view.setFloat32(0, Number(value), little);
    else if (size === 8 && (type.kind === "i" || type.kind === "u")) view.setBigInt64(0, BigInt(value), little);
    else if (size === 4 && (type.kind === "i" || type.kind === "u")) view.setInt32(0, Number(value), little);
    else if (size === 2 && (type.kind === "i" || type.kind === "u")) view.setInt16(0, Number(value), little);
    else if (size === 1) view.setInt8(0, Number(value));
    else throw new RangeError(`Cannot make a numpy scalar of type ${type}`);
    return new NumpyScalar(type, new Uint8Array(view.buffer));
  }

  /**
   * A number; a bigint for 64-bit ints; a boolean, a {@link Complex}, text or bytes, read out of `bytes` each time. Of a record
   * that holds objects a tuple of its fields.
   */
  get value(): unknown {
    if (this.bytes === undefined) return this.array?.at();
    return itemAt(this.dtype, itemsOf(this.dtype, this.bytes), 0);
  }

  /** As {@link value}, so that arithmetic and comparison see the plain number. */
  valueOf(): unknown {
    return this.value;
  }

  /** As JavaScript writes {@link value}: `1` where Python has `1.0`. */
  toString(): string {
    return String(this.value);
  }

  /** As {@link value}, but that a 64-bit int becomes a number up to 2^53; `JSON.stringify` throws a `TypeError` beyond. */
  toJSON(): unknown {
    return jsonOf(this.value);
  }
}
