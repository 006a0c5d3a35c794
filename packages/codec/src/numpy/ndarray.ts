/** `numpy.ndarray`. */
import { badValue, checkOptions } from "../options/check.js";
import { optionNames } from "../options/option-names.js";
import { plainInt } from "../python/coerce.js";
import { Tuple } from "../python/containers/sequences.js";
import { Complex } from "../python/numbers/numbers.js";
import { keepsTuples } from "../python/objects/objects.js";
import { DType } from "./dtype.js";
import { type ArrayItems, areItemsOf, DTYPE_OF_TYPED, itemsOf } from "./items.js";
import { fits, rowsFirst, sizeOf, stridesOf } from "./shape.js";

/** Options of {@link NDArray}. */
export interface NDArrayOptions {
  /**
   * The type, or its name for {@link DType.of}. Nothing is converted: with a typed array it must be that of its items, or a type
   * with the same memory (complex for pairs of floats, dates for a BigInt64Array); with a Uint8Array it may be any, as that is
   * the array's bytes. Default: that of the typed array; of an array of any values `object`.
   */
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

/**
 * A numpy array: items in one block, a shape, an order. Data only, no arithmetic.
 *
 * @example
 * const a = new NDArray(Float64Array.of(1, 2, 3, 4), [2, 2]);
 * a.at(1, 0) // => 3
 */
export class NDArray {
  static readonly [keepsTuples] = true;
  /** The length of each axis; `[]` for a single item without axes. At most 64 axes. */
  readonly shape: readonly number[];
  /** Of a typed array given without one, that of its items, little-endian; of an array of any values `|O8`. */
  readonly dtype: DType;
  /**
   * `"C"`: in memory, items next to each other differ in the last index; `"F"`: in the first; `"K"`: in another, as in some
   * arrays of numpy 2.3 and newer whose axes were exchanged, which are written as `"C"`. An array of objects is always rows first.
   */
  readonly order: "C" | "F" | "K";
  /** How far apart in {@link data} neighbours on each axis are, in items, of complex numbers in pairs. */
  readonly strides: readonly number[];
  /** Whether Python's array may not be written to: as one that protocol 5 made of immutable bytes. */
  readonly readonly: boolean;
  /** Python's class where it is not `numpy.ndarray`: a reference to `numpy.matrix`, `numpy.recarray`. */
  readonly subtype: object | undefined;
  /** The items as they lie in memory; `undefined` for arrays of objects, of records with some, and of strings of any length. Shared with what the array was made of. */
  readonly bytes: Uint8Array | undefined;
  /** What is no bytes. A property like any, as the decoder must find in it what it replaces. */
  private readonly listed: unknown[] | undefined;
  #items: ArrayItems | undefined;

  /**
   * @param data - a typed array; raw bytes with a `dtype` for them; or an array of any values, which makes an object array.
   *   Not copied
   * @param shape - the length of each axis; default: one axis with all items
   * @param subtype - Python's class where it is not `numpy.ndarray`: a PyGlobal; default: none
   * @throws RangeError when data and shape do not fit, for a dtype that {@link DType.of} does not know, one whose items are bytes
   *   with an array of any values, or one whose items are not those of the typed array
   * @throws PickleError `bad-option` for an option that there is not, or another order
   */
  constructor(data: ArrayItems, shape?: readonly number[], options: NDArrayOptions = {}, subtype?: object) {
    checkOptions(options, NDARRAY_OPTIONS, "options of NDArray");
    this.dtype = dtypeOf(data, options.dtype);
    this.order = orderOf(options.order);
    this.readonly = options.readonly ?? false;
    this.subtype = subtype;
    const isArray = Array.isArray(data);
    if (isArray) {
      if (!isListed(this.dtype)) throw listed(this.dtype);
    } else if (!(data instanceof Uint8Array ? !isListed(this.dtype) : areItemsOf(this.dtype, data))) {
      throw otherItems(this.dtype, data);
    }
    const itemSize = isArray ? 1 : (this.dtype.itemSize ?? 0);
    const length = isArray ? data.length : data.byteLength;
    this.listed = isArray ? data : undefined;
    this.bytes = isArray ? undefined : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.shape = shape ?? [itemSize === 0 ? 0 : length / itemSize];
    if (!fits(this.shape, itemSize, length)) throw misfit(this.shape, length);
    this.strides = stridesOf(this.shape, isArray ? "C" : this.order);
  }

  /** Puts contents into an array that was made before they were known; for the decoder. */
  static fill(array: NDArray, contents: NDArray): void {
    const { shape, strides, dtype, order, bytes, listed } = contents;
    Object.assign(array, { shape, strides, dtype, order, bytes, listed });
  }

  /** The same items with their axes exchanged, as numpy's `transpose`; for the decoder. */
  static transpose(array: NDArray, axes: readonly number[]): NDArray {
    const shape = axes.map((axis) => array.shape[axis]!);
    const strides = axes.map((axis) => array.strides[axis]!);
    const { dtype, readonly } = array;
    return Object.assign(new NDArray(array.bytes!, array.shape, { dtype, readonly }), { shape, strides, order: "K" });
  }

  /** Its bytes rows first, copied only where they lie otherwise; for an order that numpy has no name for. */
  static rowsFirst(array: NDArray): Uint8Array {
    const { bytes, dtype, shape, strides, order } = array;
    return order === "C" ? bytes! : rowsFirst(bytes!, dtype.itemSize!, shape, strides);
  }

  /**
   * The items in memory order: a typed array, or an array of strings or bytes. Objects and strings of any length, which numpy
   * pickles one by one, rows first whatever the order. Complex numbers are two floats, records their bytes; so are the items of
   * `longdouble`, for {@link doublesOfLongDouble}.
   */
  get data(): ArrayItems {
    this.#items ??= this.listed ?? itemsOf(this.dtype, this.bytes!, this.size);
    return this.#items;
  }

  /** Python's `size`: how many items, over all axes. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /**
   * The item at these indices, one for each axis: a number; a bigint of 64-bit ints and dates; a boolean, a {@link Complex},
   * text or bytes. A record is a tuple of its fields, of which those with a shape are arrays.
   *
   * @throws RangeError for another number of indices, or one that is negative or beyond its axis
   */
  at(...indices: readonly number[]): unknown {
    const { shape, strides } = this;
    if (indices.length !== shape.length) throw new RangeError(`Needs ${shape.length} indices, not ${indices.length}`);
    let offset = 0;
    for (let axis = 0; axis < shape.length; axis++) {
      const index = indices[axis]!;
      if (!Number.isInteger(index) || index < 0 || index >= shape[axis]!)
        throw new RangeError(`No index ${index} on axis ${axis}`);
      offset += index * strides[axis]!;
    }
    return itemAt(this.dtype, this.data, offset);
  }

  /**
   * One field of every record, as an array of the same shape: numpy's `array["name"]`, such as `table.field("price").data`, a
   * Float64Array. A copy. Of records that hold objects an array of any values.
   *
   * @throws RangeError when the type has no such field
   */
  field(name: string): NDArray {
    const { dtype, shape, bytes } = this;
    const field = dtype.fields?.get(name);
    if (field === undefined) throw new RangeError(`No field ${JSON.stringify(name.slice(0, 100))} in the records`);
    if (bytes === undefined) {
      const place = [...dtype.fields!.keys()].indexOf(name);
      return new NDArray(
        (this.data as readonly unknown[][]).map((record) => record[place]),
        shape,
      );
    }
    const size = field.dtype.itemSize!;
    const records = NDArray.rowsFirst(this);
    const column = new Uint8Array(this.size * size);
    for (let i = 0; i < this.size; i++) {
      const start = i * dtype.itemSize! + field.offset;
      column.set(records.subarray(start, start + size), i * size);
    }
    const { subdtype } = field.dtype;
    if (subdtype === null) return new NDArray(column, shape, { dtype: field.dtype });
    return new NDArray(column, [...shape, ...subdtype.shape], { dtype: subdtype.dtype });
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
    return this.#nested((item) => jsonOf(this.dtype, item));
  }

  #nested(convert: (item: unknown) => unknown): unknown {
    const { shape, strides, dtype, data } = this;
    const build = (axis: number, offset: number): unknown => {
      if (axis === shape.length) return convert(itemAt(dtype, data, offset));
      return Array.from({ length: shape[axis]! }, (_, i) => build(axis + 1, offset + i * strides[axis]!));
    };
    return build(0, 0);
  }
}

/** One item as a JavaScript value; see {@link NDArray.at}. */
export function itemAt(dtype: DType, items: ArrayItems, index: number): unknown {
  const item = items[index];
  if (dtype.kind === "b") return item !== 0;
  if (dtype.kind === "c" && typeof items[0] === "number")
    return new Complex(items[2 * index] as number, items[2 * index + 1] as number);
  // A record that holds objects is a tuple already.
  return dtype.fields !== null && !dtype.hasObjects ? recordOf(dtype, item as Uint8Array) : item;
}

/** The values of a record's fields. Types are in one another only so deep as a call may be. */
function recordOf(dtype: DType, bytes: Uint8Array): Tuple {
  return Tuple.from(dtype.fields!.values(), ({ dtype: type, offset }) => {
    const contents = bytes.subarray(offset, offset + type.itemSize!);
    if (type.subdtype === null) return itemAt(type, itemsOf(type, contents, 1), 0);
    return new NDArray(contents, type.subdtype.shape, { dtype: type.subdtype.dtype });
  });
}

/** An item with ints as the codec decodes Python's own. */
export function jsonOf(dtype: DType, item: unknown): unknown {
  if (typeof item === "bigint") return plainInt(item);
  if (dtype.fields === null || dtype.hasObjects) return item;
  const types = [...dtype.fields.values()];
  return (item as Tuple).map((value, i) => jsonOf(types[i]!.dtype, value));
}

function misfit(shape: readonly number[], length: number): RangeError {
  return new RangeError(`Cannot make an array of shape (${shape.slice(0, 8).join(", ")}) of ${length} bytes or items`);
}

/** Whether numpy pickles an array's items one by one, not as bytes: objects, records that hold some, strings of any length. */
export function isListed(type: DType): boolean {
  return type.hasObjects || type.kind === "T";
}

/** numpy would convert each value; what is in a typed array has its type already. */
function listed(dtype: DType): RangeError {
  return new RangeError(
    `Cannot make an array of ${dtype} of a list: give a typed array, such as Float64Array.from(list)`,
  );
}

/** numpy would convert each item; the bytes of other numbers are not that. */
function otherItems(dtype: DType, data: ArrayBufferView): RangeError {
  const name = data.constructor.name;
  const advice = isListed(dtype)
    ? "give an array of its values"
    : "convert the items first, or give a Uint8Array of the memory to have its bytes taken as they are";
  return new RangeError(`Cannot make an array of ${dtype} of the items of a ${name}: ${advice}`);
}

function orderOf(order: unknown): "C" | "F" {
  if (order === undefined || order === "C" || order === "F") return order ?? "C";
  throw badValue("order", order, ["C", "F"]);
}

function dtypeOf(data: ArrayItems, dtype: DType | string | undefined): DType {
  if (dtype instanceof DType) return dtype;
  if (typeof dtype === "string") return DType.of(dtype);
  if (Array.isArray(data)) return DType.of("object");
  for (const [jsClass, name] of DTYPE_OF_TYPED) if (data instanceof jsClass) return DType.of(name);
  throw new RangeError("Cannot make an array: unknown typed array");
}
