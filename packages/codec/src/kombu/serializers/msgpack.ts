/** kombu's `msgpack` serializer: `packb(use_bin_type=True)` and `unpackb(raw=False)`. */
import type { ModelOptions } from "../../pickle/options.js";
import type { Serializer } from "../serialization.js";
import { unpackMsgpack } from "./msgpack-reader.js";
import { packMsgpack } from "./msgpack-writer.js";

export type MsgpackOptions = Pick<ModelOptions, "int" | "float" | "bytes" | "dict">;

/**
 * kombu's `msgpack` serializer. Needs no library: what kombu uses of msgpack is small, and the fast packages for JavaScript
 * recurse on the data, write ints above 32 bits as floats and run extensions of their own that Python does not have.
 *
 * Ints of 64 bits stay ints both ways. A Set, a date or anything else msgpack has no form for is an error, as in Python;
 * tuples become arrays.
 */
export function msgpackSerializer(options: MsgpackOptions = {}): Serializer {
  const model = Object.freeze({
    int: options.int ?? "auto",
    float: options.float ?? "number",
    bytes: options.bytes ?? "copy",
    dict: options.dict ?? "auto",
  });
  return {
    contentType: "application/x-msgpack",
    contentEncoding: "binary",
    encode: packMsgpack,
    decode: (body) => unpackMsgpack(body, model),
  };
}
