/**
 * msgpack as Python's `msgpack.unpackb(raw=False)` reads it. Not recursive, and no length is believed before it is checked
 * against the bytes that remain; ext types, which kombu never writes, are an error.
 */
import { PyDict } from "../../python/dict.js";
import { PyFloat } from "../../python/numbers.js";
import { DecodeError, reasonOf } from "../errors.js";
import { decodeUtf8 } from "../text.js";

/** How decoded values are represented; the names and defaults are those of the pickle decoder. */
export interface MsgpackModel {
  readonly int: "auto" | "bigint";
  readonly float: "number" | "exact";
  readonly bytes: "copy" | "view";
  readonly dict: "auto" | "map" | "object";
}

interface Frame {
  readonly array: unknown[] | undefined;
  readonly map: PyDict<unknown, unknown> | undefined;
  /** Items still to come; of a map, keys and values each. */
  remaining: number;
  key: unknown;
}

const OPENED = Symbol("opened");

/** Reads one msgpack value that fills `bytes`. */
export function unpackMsgpack(bytes: Uint8Array, model: MsgpackModel): unknown {
  return new MsgpackReader(bytes, model).read();
}

class MsgpackReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #model: MsgpackModel;
  readonly #open: Frame[] = [];
  #position = 0;
  /** Offset of the value at hand, for errors. */
  #start = 0;

  constructor(bytes: Uint8Array, model: MsgpackModel) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#model = model;
  }

  read(): unknown {
    for (;;) {
      let value = this.#value();
      while (value !== OPENED) {
        const frame = this.#open.at(-1);
        if (frame === undefined) {
          if (this.#position !== this.#bytes.length) {
            throw this.#fail(`${this.#bytes.length - this.#position} bytes follow the value`);
          }
          return value;
        }
        this.#attach(frame, value);
        if (frame.remaining > 0) break;
        this.#open.pop();
        value = frame.array ?? this.#finish(frame.map!);
      }
    }
  }

  #attach(frame: Frame, value: unknown): void {
    frame.remaining--;
    if (frame.array !== undefined) {
      frame.array.push(value);
    } else if (frame.remaining % 2 === 1) {
      frame.key = value;
    } else {
      try {
        frame.map!.set(frame.key, value);
      } catch (error) {
        throw this.#fail(reasonOf(error));
      }
    }
  }

  /** A plain object where every key is a string, as the pickle decoder makes them. */
  #finish(map: PyDict<unknown, unknown>): unknown {
    if (this.#model.dict === "map") return map;
    for (const key of map.keys()) {
      if (typeof key !== "string") {
        if (this.#model.dict === "auto") return map;
        throw this.#fail("a map has a key that is not a string");
      }
    }
    return Object.fromEntries(map);
  }

  #value(): unknown {
    this.#start = this.#position;
    const code = this.#u8();
    if (code <= 0x7f) return this.#int(code);
    if (code >= 0xe0) return this.#int(code - 0x100);
    if (code <= 0x8f) return this.#map(code & 0x0f);
    if (code <= 0x9f) return this.#array(code & 0x0f);
    if (code <= 0xbf) return this.#string(code & 0x1f);
    switch (code) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.#u8());
      case 0xc5:
        return this.#binary(this.#view.getUint16(this.#take(2)));
      case 0xc6:
        return this.#binary(this.#view.getUint32(this.#take(4)));
      case 0xca:
        return this.#float(this.#view.getFloat32(this.#take(4)));
      case 0xcb:
        return this.#float(this.#view.getFloat64(this.#take(8)));
      case 0xcc:
        return this.#int(this.#u8());
      case 0xcd:
        return this.#int(this.#view.getUint16(this.#take(2)));
      case 0xce:
        return this.#int(this.#view.getUint32(this.#take(4)));
      case 0xcf:
        return this.#long(this.#view.getBigUint64(this.#take(8)));
      case 0xd0:
        return this.#int(this.#view.getInt8(this.#take(1)));
      case 0xd1:
        return this.#int(this.#view.getInt16(this.#take(2)));
      case 0xd2:
        return this.#int(this.#view.getInt32(this.#take(4)));
      case 0xd3:
        return this.#long(this.#view.getBigInt64(this.#take(8)));
      case 0xd9:
        return this.#string(this.#u8());
      case 0xda:
        return this.#string(this.#view.getUint16(this.#take(2)));
      case 0xdb:
        return this.#string(this.#view.getUint32(this.#take(4)));
      case 0xdc:
        return this.#array(this.#view.getUint16(this.#take(2)));
      case 0xdd:
        return this.#array(this.#view.getUint32(this.#take(4)));
      case 0xde:
        return this.#map(this.#view.getUint16(this.#take(2)));
      case 0xdf:
        return this.#map(this.#view.getUint32(this.#take(4)));
      case 0xc1:
        throw this.#fail("0xc1 is no msgpack type");
      default:
        throw this.#fail(`0x${code.toString(16)} is an ext type, which has no meaning here`);
    }
  }

  #array(length: number): unknown {
    // Every item takes at least a byte.
    this.#need(length);
    const array: unknown[] = [];
    if (length === 0) return array;
    this.#open.push({ array, map: undefined, remaining: length, key: undefined });
    return OPENED;
  }

  #map(length: number): unknown {
    this.#need(2 * length);
    const map = new PyDict<unknown, unknown>();
    if (length === 0) return this.#finish(map);
    this.#open.push({ array: undefined, map, remaining: 2 * length, key: undefined });
    return OPENED;
  }

  #int(value: number): number | bigint {
    return this.#model.int === "auto" ? value : BigInt(value);
  }

  #long(value: bigint): number | bigint {
    if (this.#model.int === "bigint") return value;
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  #float(value: number): number | PyFloat {
    return this.#model.float === "exact" ? new PyFloat(value) : value;
  }

  #string(length: number): string {
    const start = this.#take(length);
    try {
      return decodeUtf8(this.#bytes.subarray(start, start + length));
    } catch (error) {
      throw this.#fail("a string is not UTF-8", error);
    }
  }

  #binary(length: number): Uint8Array {
    const start = this.#take(length);
    const view = this.#bytes.subarray(start, start + length);
    if (this.#model.bytes === "view") return view;
    return globalThis.Buffer === undefined ? view.slice() : Buffer.from(view);
  }

  #u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  /** Steps over `length` bytes and gives where they start. */
  #take(length: number): number {
    this.#need(length);
    const start = this.#position;
    this.#position += length;
    return start;
  }

  #need(length: number): void {
    const remain = this.#bytes.length - this.#position;
    if (length > remain) throw this.#fail(`needs ${length} bytes, ${remain} remain`);
  }

  #fail(what: string, cause?: unknown): DecodeError {
    return new DecodeError(`Cannot decode msgpack: ${what} at byte ${this.#start}`, {
      code: "decode-failed",
      contentType: "application/x-msgpack",
      cause,
    });
  }
}
