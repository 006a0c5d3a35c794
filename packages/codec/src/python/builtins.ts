/** Small builtin types: range, slice, object(), and the types of the singletons. */
import { HashParts, hashKey, type PyHashable } from "./hash.js";
import { PyGlobal } from "./objects/objects.js";

/** An int as Brine decodes it: a number while it is safe, else a bigint; always a bigint with `int: "bigint"`. */
export type PyInt = number | bigint;

/** A Python range: the numbers from `start` up to, but not including, `stop`. Iterable; bigints if one of the three is, or is no safe integer. */
export class Range implements Iterable<PyInt>, PyHashable {
  /** The first number. */
  readonly start: PyInt;
  /** The end, which is not among the numbers. */
  readonly stop: PyInt;
  /** Negative to count down. With 0, which Python refuses, there are no numbers. */
  readonly step: PyInt;

  /** @param start - also where it is 0: `new Range(0, 5)` is Python's `range(5)` */
  constructor(start: PyInt, stop: PyInt, step: PyInt = 1) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }

  /** How many numbers it has; a bigint when that is no safe integer. */
  get length(): PyInt {
    const { start, stop, step } = this;
    const [first, last, by] = [BigInt(start), BigInt(stop), BigInt(step)];
    if (by === 0n) return 0;
    const span = by > 0n ? last - first : first - last;
    if (span <= 0n) return 0;
    const size = by > 0n ? by : -by;
    const length = (span + size - 1n) / size;
    return length <= 9007199254740991n ? Number(length) : length;
  }

  *[Symbol.iterator](): IterableIterator<PyInt> {
    const { start, stop, step } = this;
    // Beyond them, `i + 1` may be `i`.
    if (Number.isSafeInteger(start) && Number.isSafeInteger(stop) && Number.isSafeInteger(step)) {
      const [end, each] = [Number(stop), Number(step)];
      if (each > 0) for (let i = Number(start); i < end; i += each) yield i;
      else if (each < 0) for (let i = Number(start); i > end; i += each) yield i;
      return;
    }
    const [first, last, by] = [BigInt(start), BigInt(stop), BigInt(step)];
    if (by > 0n) for (let i = first; i < last; i += by) yield i;
    else if (by < 0n) for (let i = first; i > last; i += by) yield i;
  }

  /** Whether both have the same numbers, as Python compares ranges. */
  equals(other: unknown): boolean {
    if (!(other instanceof Range)) return false;
    const length = BigInt(this.length);
    if (length !== BigInt(other.length)) return false;
    if (length === 0n) return true;
    return BigInt(this.start) === BigInt(other.start) && (length === 1n || BigInt(this.step) === BigInt(other.step));
  }

  /** Python's `repr`: `range(1, 10, 2)`. */
  toString(): string {
    const step = BigInt(this.step) === 1n ? "" : `, ${this.step}`;
    return `range(${this.start}, ${this.stop}${step})`;
  }

  [hashKey](): unknown {
    const { length, start, step } = this;
    // No text: the digits of a large int take longer than all else.
    return new HashParts("r", length === 0 ? [0] : length === 1 ? [1, start] : [length, start, step]);
  }
}

/** A Python slice, `a[start:stop:step]` apart from its `a`: data only. */
export class Slice implements PyHashable {
  /** `null`, Python's None: from the beginning. */
  readonly start: unknown;
  /** The end, not included; `null`: to the end. */
  readonly stop: unknown;
  /** From one index to the next, negative to go backwards; `null` is 1. */
  readonly step: unknown;

  /** Always begins with `start`: `new Slice(null, 5)` is Python's `slice(5)`. */
  constructor(start: unknown, stop: unknown = null, step: unknown = null) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }

  /** Python's `repr` of numbers and None: `slice(1, None, 2)`. */
  toString(): string {
    return `slice(${this.start}, ${this.stop}, ${this.step})`.replaceAll("null", "None");
  }

  [hashKey](): unknown {
    return new HashParts("l", [this.start, this.stop, this.step]);
  }
}

/** What `object()` makes in Python: equal only to itself. Often a marker such as "no value given". */
export class BareObject {
  /** Python's `repr`, without the address. */
  toString(): string {
    return "<object object>";
  }
}

/** The type of a Python singleton, which a pickle can only name as `type(None)`. */
export class SingletonType {
  /** Python's `__name__`: `"NoneType"`, `"ellipsis"`, `"NotImplementedType"`. */
  readonly name: string;
  /** `null` of {@link NoneType}, else {@link Ellipsis} or {@link NotImplemented}. */
  readonly value: null | PyGlobal;

  /** There are three, {@link NoneType}, {@link EllipsisType} and {@link NotImplementedType}: no other is written. */
  constructor(name: string, value: null | PyGlobal) {
    this.name = name;
    this.value = value;
    Object.freeze(this);
  }

  /** Python's `repr`: `<class 'NoneType'>`. */
  toString(): string {
    return `<class '${this.name}'>`;
  }
}

/** What Python's `...` decodes to, the one object `Ellipsis`. */
export const Ellipsis: PyGlobal = new PyGlobal("builtins", "Ellipsis");
/** What Python's `NotImplemented` decodes to: what its binary operators return to say that they cannot. */
export const NotImplemented: PyGlobal = new PyGlobal("builtins", "NotImplemented");
/** What Python's `type(None)` decodes to. */
export const NoneType: SingletonType = new SingletonType("NoneType", null);
/** What Python's `type(...)` decodes to. */
export const EllipsisType: SingletonType = new SingletonType("ellipsis", Ellipsis);
/** What Python's `type(NotImplemented)` decodes to. */
export const NotImplementedType: SingletonType = new SingletonType("NotImplementedType", NotImplemented);
