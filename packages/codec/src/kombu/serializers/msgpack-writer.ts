/** msgpack as Python's `msgpack.packb(use_bin_type=True)` writes it, the smallest form of everything. Not recursive. */

import { PyFloat } from "../../python/numbers.js";
import { ByteArray } from "../../python/sequences.js";
import { EncodeError } from "../errors.js";
import { encodeUtf8 } from "../text.js";

interface Frame {
  readonly source: object;
  readonly items: Iterator<unknown>;
}

/** The msgpack form of a value; throws {@link EncodeError} for one that has none. */
export function packMsgpack(value: unknown): Uint8Array {
  return new MsgpackWriter().pack(value);
}

class MsgpackWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  readonly #open: Frame[] = [];
  readonly #active = new Set<object>();

  pack(value: unknown): Uint8Array {
    this.#value(value);
    for (let frame = this.#open.at(-1); frame !== undefined; frame = this.#open.at(-1)) {
      const next = frame.items.next();
      if (next.done) {
        this.#active.delete(frame.source);
        this.#open.pop();
      } else {
        this.#value(next.value);
      }
    }
    const result = this.#bytes.subarray(0, this.#length);
    return globalThis.Buffer === undefined ? result : Buffer.from(result.buffer, result.byteOffset, result.byteLength);
  }

  #value(value: unknown) {
    switch (typeof value) {
      case "string":
        return this.#string(value);
      case "number":
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? this.#int(value) : this.#float(value);
      case "bigint":
        return this.#long(value);
      case "boolean":
        return this.#code(value ? 0xc3 : 0xc2);
      case "undefined":
        return this.#code(0xc0);
      case "object":
        return value === null ? this.#code(0xc0) : this.#object(value);
      default:
        throw fail(`a ${typeof value} has no form in msgpack`);
    }
  }

  #object(value: object) {
    if (value instanceof PyFloat) return this.#float(value.value);
    if (value instanceof ArrayBuffer) return this.#binary(new Uint8Array(value));
    // Python packs a bytearray as bytes.
    if (value instanceof Uint8Array || value instanceof ByteArray) return this.#binary(value);
    if (Array.isArray(value)) {
      this.#header(value.length, 0x90, 0x0f, undefined, 0xdc, 0xdd);
      return this.#enter(value, value.values());
    }
    if (value instanceof Map) {
      this.#header(value.size, 0x80, 0x0f, undefined, 0xde, 0xdf);
      return this.#enter(value, flatten(value.entries()));
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype) {
      const entries = Object.entries(value);
      this.#header(entries.length, 0x80, 0x0f, undefined, 0xde, 0xdf);
      return this.#enter(value, flatten(entries));
    }
    throw fail(`an instance of ${value.constructor?.name || "a class"} has no form in msgpack`);
  }

  #enter(source: object, items: Iterator<unknown>): void {
    if (this.#active.has(source)) throw fail("the value contains itself");
    this.#active.add(source);
    this.#open.push({ source, items });
  }

  #int(value: number) {
    if (value >= 0) {
      if (value <= 0x7f) return this.#code(value);
      if (value <= 0xff) return this.#coded(0xcc, 1, (at) => this.#view.setUint8(at, value));
      if (value <= 0xffff) return this.#coded(0xcd, 2, (at) => this.#view.setUint16(at, value));
      if (value <= 0xffffffff) return this.#coded(0xce, 4, (at) => this.#view.setUint32(at, value));
    } else {
      if (value >= -0x20) return this.#code(value & 0xff);
      if (value >= -0x80) return this.#coded(0xd0, 1, (at) => this.#view.setInt8(at, value));
      if (value >= -0x8000) return this.#coded(0xd1, 2, (at) => this.#view.setInt16(at, value));
      if (value >= -0x80000000) return this.#coded(0xd2, 4, (at) => this.#view.setInt32(at, value));
    }
    this.#int64(BigInt(value));
  }

  #long(value: bigint) {
    if (value >= -0x80000000n && value <= 0xffffffffn) return this.#int(Number(value));
    this.#int64(value);
  }

  #int64(value: bigint): void {
    if (value > 0xffff_ffff_ffff_ffffn || value < -0x8000_0000_0000_0000n) {
      throw fail("an int needs more than 64 bits");
    }
    if (value >= 0n) this.#coded(0xcf, 8, (at) => this.#view.setBigUint64(at, value));
    else this.#coded(0xd3, 8, (at) => this.#view.setBigInt64(at, value));
  }

  #float(value: number): void {
    this.#coded(0xcb, 8, (at) => this.#view.setFloat64(at, value));
  }

  #string(value: string): void {
    let utf8: Uint8Array;
    try {
      utf8 = encodeUtf8(value);
    } catch (cause) {
      throw fail("a string has a lone surrogate", cause);
    }
    this.#header(utf8.length, 0xa0, 0x1f, 0xd9, 0xda, 0xdb);
    this.#append(utf8);
  }

  #binary(value: Uint8Array): void {
    this.#header(value.length, undefined, 0, 0xc4, 0xc5, 0xc6);
    this.#append(value);
  }

  /** A length in its smallest form: inside the code, or in 8, 16 or 32 bits after it. */
  #header(
    length: number,
    fix: number | undefined,
    fixMax: number,
    code8: number | undefined,
    code16: number,
    code32: number,
  ) {
    if (fix !== undefined && length <= fixMax) this.#code(fix | length);
    else if (code8 !== undefined && length <= 0xff) this.#coded(code8, 1, (at) => this.#view.setUint8(at, length));
    else if (length <= 0xffff) this.#coded(code16, 2, (at) => this.#view.setUint16(at, length));
    else if (length <= 0xffffffff) this.#coded(code32, 4, (at) => this.#view.setUint32(at, length));
    else throw fail("a value is longer than 4 GiB");
  }

  #code(code: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = code;
  }

  #coded(code: number, size: number, put: (at: number) => void): void {
    this.#reserve(1 + size);
    this.#bytes[this.#length] = code;
    put(this.#length + 1);
    this.#length += 1 + size;
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + size));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

function* flatten(entries: Iterable<readonly [unknown, unknown]>): Generator<unknown> {
  for (const [key, value] of entries) {
    yield key;
    yield value;
  }
}

function fail(what: string, cause?: unknown): EncodeError {
  return new EncodeError(`Cannot encode as msgpack: ${what}`, {
    code: "encode-failed",
    contentType: "application/x-msgpack",
    cause,
  });
}
