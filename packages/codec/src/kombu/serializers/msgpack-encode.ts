/**
 * msgpack as Python's `msgpack.packb(use_bin_type=True)` writes it, by msgpackr. It is given nothing but arrays, maps and
 * scalars, so it calls no method of the value's. What it has no way to write is given as an int of 64 bits, which takes the
 * same room, and gets its code afterwards.
 */
import type { Packr } from "msgpackr";
import { reasonOf } from "../../coded-error.js";
import { DEFAULT_LIMITS } from "../../limits.js";
import { PyDateTime } from "../../python/datetime/datetime.js";
import { PyFloat } from "../../python/numbers/numbers.js";
import { builtinValue } from "../../python/objects/builtin-value.js";
import { EncodeError, howElse } from "../errors.js";
import { expandedSize, WORTH_KNOWING } from "./expanded-size.js";
import { timestampHeader, timestampPayload } from "./msgpack-timestamp.js";
import { walkMsgpack } from "./msgpack-walk.js";

/** `DEFAULT_RECURSE_LIMIT` of msgpack-python's packer: no value is inside of more containers than this. */
const MAX_DEPTH = 511;
const FLOAT64 = 0xcb;
const UINT64 = 0xcf;
const INT64 = 0xd3;

/** What writes: an instance of msgpackr's Packr. */
export type MsgpackPacker = Pick<Packr, "pack">;

/** The msgpack form of a value; throws {@link EncodeError} for one that has none. */
export function encodeMsgpack(value: unknown, packer: MsgpackPacker, hasTimestamps = false): Uint8Array {
  const source = new MsgpackSource(value, hasTimestamps);
  const plain = source.of(value, 0);
  try {
    const bytes: Uint8Array = packer.pack(plain);
    let [next, nextBytes] = [0, 0];
    walkMsgpack(
      bytes,
      (code, payload, length) => {
        if (code === INT64 || code === UINT64) bytes[payload - 1] = source.codes[next++]!;
        else if (code >= 0xc4 && code <= 0xc6 && source.timestamps.has(nextBytes++))
          bytes.set(timestampHeader(length)!, payload - 2);
      },
      fail,
    );
    return bytes;
  } catch (error) {
    throw error instanceof EncodeError ? error : fail(reasonOf(error), undefined, error);
  }
}

/** Makes of a value what msgpackr writes as Python does. Recurses at most {@link MAX_DEPTH} deep. */
class MsgpackSource {
  /** The codes of the ints of 64 bits, in the order they are written. */
  readonly codes: number[] = [];
  /** Which of the bytes, in the order they are written, are timestamps. */
  readonly timestamps = new Set<number>();
  readonly #active = new Set<object>();
  readonly #root: unknown;
  readonly #hasTimestamps: boolean;
  #values = 0;
  #bytes = 0;

  constructor(root: unknown, hasTimestamps: boolean) {
    this.#root = root;
    this.#hasTimestamps = hasTimestamps;
  }

  of(value: unknown, depth: number): unknown {
    if (depth > MAX_DEPTH) throw fail(`a value is inside of more than ${MAX_DEPTH} others`);
    if (++this.#values === WORTH_KNOWING && expandedSize(this.#root) > DEFAULT_LIMITS.maxBytes) throw tooLarge();
    switch (typeof value) {
      case "string":
        if (/\p{Surrogate}/u.test(value)) throw fail("a string has a lone surrogate");
        return value;
      case "number":
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? this.#int(value) : this.#float(value);
      case "bigint":
        return this.#int(value);
      case "boolean":
        return value;
      case "undefined":
        return null;
      case "object":
        return value === null ? null : this.#object(value, depth);
      default:
        throw fail(`a ${typeof value} has no form in msgpack`);
    }
  }

  #object(value: object, depth: number): unknown {
    if (value instanceof PyFloat) return this.#float(value.value);
    const builtin = builtinValue(value);
    if (builtin !== value) return this.of(builtin, depth);
    if (value instanceof ArrayBuffer) {
      this.#bytes++;
      return new Uint8Array(value);
    }
    // Python packs a bytearray as bytes; a plain view, since msgpackr would ask a class for its toJSON.
    if (value instanceof Uint8Array) {
      this.#bytes++;
      return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    }
    const micros = this.#hasTimestamps ? epochMicroseconds(value) : undefined;
    if (micros !== undefined) {
      this.timestamps.add(this.#bytes++);
      return timestampPayload(micros);
    }
    if (this.#active.has(value)) throw fail("the value contains itself");
    this.#active.add(value);
    const made = this.#container(value, depth + 1);
    this.#active.delete(value);
    return made;
  }

  #container(value: object, depth: number): unknown {
    if (Array.isArray(value)) return Array.from(value, (item) => this.of(item, depth));
    const prototype: unknown = Object.getPrototypeOf(value);
    const isPlain = prototype === null || prototype === Object.prototype;
    if (!isPlain && !(value instanceof Map)) {
      throw fail(`an instance of ${value.constructor?.name || "a class"} has no form in msgpack${howElse(value)}`);
    }
    const entries: Iterable<readonly [unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
    const map = new Map<unknown, unknown>();
    for (const [key, item] of entries) {
      const known = map.size;
      map.set(this.of(key, depth), this.of(item, depth));
      // Such as 2 and 2n: one of the two would be lost.
      if (map.size === known) throw fail("a map has two keys of one form in msgpack");
    }
    return map;
  }

  #int(value: number | bigint): unknown {
    if (value >= -0x80000000 && value <= 0xffffffff) return Number(value);
    const int = BigInt(value);
    if (int > 0xffff_ffff_ffff_ffffn || int < -0x8000_0000_0000_0000n) throw fail("an int needs more than 64 bits");
    this.codes.push(int < 0n ? INT64 : UINT64);
    return BigInt.asIntN(64, int);
  }

  /** msgpackr writes integral floats as ints. */
  #float(value: number): unknown {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    this.codes.push(FLOAT64);
    return view.getBigInt64(0);
  }
}

/** Of a Date or a datetime with a zone. */
function epochMicroseconds(value: object): bigint | undefined {
  if (value instanceof PyDateTime) return value.utcOffset() === null ? undefined : value.epochMicroseconds();
  return value instanceof Date && !Number.isNaN(value.getTime()) ? BigInt(value.getTime()) * 1000n : undefined;
}

function fail(what: string, _offset?: number, cause?: unknown): EncodeError {
  return new EncodeError(`Cannot encode as msgpack: ${what}`, {
    code: "encode-failed",
    contentType: "application/x-msgpack",
    cause,
  });
}

function tooLarge(): EncodeError {
  return new EncodeError(`Cannot encode as msgpack: it needs more than ${DEFAULT_LIMITS.maxBytes} bytes`, {
    code: "too-large",
    contentType: "application/x-msgpack",
  });
}
