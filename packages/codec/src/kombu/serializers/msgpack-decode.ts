/**
 * msgpack as Python's `msgpack.unpackb(raw=False)` reads it, by msgpackr. What msgpackr would do otherwise is settled
 * before it sees the bytes: their structure is checked, and in a copy of them floats and text that it cannot give back
 * faithfully stand as bytes of the same length.
 */
import type { Packr } from "msgpackr";
import { reasonOf } from "../../coded-error.js";
import { PyDict } from "../../python/containers/dict.js";
import { beginSharing, endSharing } from "../../python/hash.js";
import { PyFloat } from "../../python/numbers/numbers.js";
import { DecodeError } from "../errors.js";
import { decodeUtf8 } from "../text.js";
import { timestampHeader, timestampOf } from "./msgpack-timestamp.js";
import { walkMsgpack } from "./msgpack-walk.js";

/** How decoded values are represented; the names and defaults are those of the pickle decoder. */
export interface MsgpackModel {
  readonly int: "auto" | "bigint";
  readonly float: "number" | "exact";
  readonly bytes: "copy" | "view";
  readonly dict: "auto" | "map" | "object";
  /** How timestamps are represented; `undefined`: they are refused. */
  readonly datetime: "python" | "temporal" | "date" | undefined;
}

/** What reads: an instance of msgpackr's Packr. */
export type MsgpackUnpacker = Pick<Packr, "unpack">;

/** Reads one msgpack value that fills `bytes`; throws {@link DecodeError} for anything else. */
export function decodeMsgpack(bytes: Uint8Array, model: MsgpackModel, unpacker: MsgpackUnpacker): unknown {
  const readable = prepare(bytes, model);
  try {
    // The keys are the sender's choice, as those of a pickle.
    const outer = beginSharing();
    try {
      return new MsgpackValues(bytes, readable, model).of(unpacker.unpack(readable));
    } finally {
      endSharing(outer);
    }
  } catch (error) {
    // Also a RangeError where little of the call stack was left: msgpackr recurses as deep as was checked.
    throw error instanceof DecodeError ? error : fail(reasonOf(error), undefined, error);
  }
}

/**
 * Checks `bytes`, and gives a view or copy to be read instead. Numbers are told apart where the model does so: msgpackr
 * gives 2.0 and 2 alike. A byte order mark that starts a string is dropped by msgpackr. Many numbers that are keys would
 * come together in one Map, which looks through all that V8 hashes alike.
 */
function prepare(bytes: Uint8Array, model: MsgpackModel): Uint8Array {
  const keepsFloats = model.float === "exact" || model.int === "bigint";
  // A view of our own: msgpackr leaves a property on the array it is given.
  const own = bytes.subarray();
  let readable = own;
  const mark = (at: number, ...header: readonly number[]): void => {
    if (readable === own) readable = copyOf(bytes);
    readable.set(header, at);
  };
  walkMsgpack(
    bytes,
    (code, payload, length, isOneOfManyKeys) => {
      if ((code === 0xcb || code === 0xca) && (keepsFloats || isOneOfManyKeys)) mark(payload - 1, 0xc4, length - 1);
      else if ((code === 0xce || code === 0xd2 || code === 0xcf || code === 0xd3) && isOneOfManyKeys)
        mark(payload - 1, 0xc4, length - 1);
      else if (code === 0xd6 || code === 0xd7 || code === 0xc7) mark(payload - 2, 0xc4, length);
      else if ((code >= 0xa0 && code <= 0xbf) || code === 0xd9 || code === 0xda || code === 0xdb) {
        checkUtf8(bytes, payload, length);
        if (code >= 0xd9 && bytes[payload] === 0xef) {
          mark(code === 0xd9 ? payload - 2 : code === 0xda ? payload - 3 : payload - 5, code - 0xd9 + 0xc4);
        }
      }
    },
    fail,
    model.datetime !== undefined,
  );
  return readable;
}

/** msgpackr reads U+FFFD where text is not UTF-8. */
function checkUtf8(bytes: Uint8Array, start: number, length: number): void {
  for (let at = start; at < start + length; at++) {
    if (bytes[at]! < 0x80) continue;
    try {
      decodeUtf8(bytes.subarray(at, start + length));
    } catch (cause) {
      throw fail("a string is not UTF-8", start, cause);
    }
    return;
  }
}

/** Turns what msgpackr made into the model. Recurses only as deep as {@link walkMsgpack} lets values be. */
class MsgpackValues {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** What `byteOffset` of a payload counts from. */
  readonly #origin: number;
  readonly #model: MsgpackModel;

  constructor(bytes: Uint8Array, readable: Uint8Array, model: MsgpackModel) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#origin = readable.byteOffset;
    this.#model = model;
  }

  of(value: unknown): unknown {
    switch (typeof value) {
      case "number":
        // Floats are marked where ints are to be bigints.
        return this.#model.int === "bigint" ? BigInt(value) : value;
      case "bigint":
        return this.#model.int === "auto" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
      case "object":
        if (Array.isArray(value)) {
          for (let i = 0; i < value.length; i++) value[i] = this.of(value[i]);
          return value;
        }
        if (value instanceof Map) return this.#map(value);
        if (value instanceof Uint8Array) return this.#payload(value.byteOffset - this.#origin, value.length);
    }
    return value;
  }

  /** A plain object where every key is a string, as the pickle decoder makes them. */
  #map(map: ReadonlyMap<unknown, unknown>): unknown {
    const dict = new PyDict<unknown, unknown>();
    let isPlain = this.#model.dict !== "map";
    for (const [key, item] of map) {
      const made = this.of(key);
      if (isPlain && typeof made !== "string") {
        if (this.#model.dict === "object") throw fail("a map has a key that is not a string");
        isPlain = false;
      }
      dict.set(made, this.of(item));
    }
    // Not by assignment: a key may be `__proto__`.
    return isPlain ? Object.fromEntries(dict) : dict;
  }

  /**
   * What stands as bytes in what msgpackr read. The header in the original bytes tells: no header of real bytes has the
   * code of a number, a timestamp or text at the same distance along with the same length.
   */
  #payload(offset: number, length: number): unknown {
    const bytes = this.#bytes;
    if (length === 7) {
      if (bytes[offset - 2] === 0xcb) return this.#float(this.#view.getFloat64(offset - 1));
      if (bytes[offset - 2] === 0xcf) return this.of(this.#view.getBigUint64(offset - 1));
      if (bytes[offset - 2] === 0xd3) return this.of(this.#view.getBigInt64(offset - 1));
    } else if (length === 3) {
      if (bytes[offset - 2] === 0xca) return this.#float(this.#view.getFloat32(offset - 1));
      if (bytes[offset - 2] === 0xce) return this.of(this.#view.getUint32(offset - 1));
      if (bytes[offset - 2] === 0xd2) return this.of(this.#view.getInt32(offset - 1));
    }
    const header = timestampHeader(length);
    if (header !== undefined && bytes[offset - 2] === header[0] && bytes[offset - 1] === header[1])
      return this.#timestamp(offset, length);
    const payload = bytes.subarray(offset, offset + length);
    const isText =
      (bytes[offset - 2] === 0xd9 && bytes[offset - 1] === length) ||
      (bytes[offset - 3] === 0xda && this.#view.getUint16(offset - 2) === length) ||
      (bytes[offset - 5] === 0xdb && this.#view.getUint32(offset - 4) === length);
    if (isText) return decodeUtf8(payload);
    return this.#model.bytes === "view" ? payload : copyOf(payload);
  }

  #timestamp(offset: number, length: number): object {
    const value = timestampOf(this.#view, offset, length);
    if (this.#model.datetime === "temporal") return value.toTemporal();
    return this.#model.datetime === "date" ? value.toDate() : value;
  }

  #float(value: number): number | PyFloat {
    return this.#model.float === "exact" ? new PyFloat(value) : value;
  }
}

function copyOf(bytes: Uint8Array): Uint8Array {
  return globalThis.Buffer === undefined ? bytes.slice() : Buffer.from(bytes);
}

function fail(what: string, offset?: number, cause?: unknown): DecodeError {
  const where = offset === undefined ? "" : ` at byte ${offset}`;
  return new DecodeError(`Cannot decode msgpack: ${what}${where}`, {
    code: "decode-failed",
    contentType: "application/x-msgpack",
    cause,
  });
}
