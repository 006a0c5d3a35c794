/** kombu's `pickle` serializer. */
import { dumps } from "../../pickle/api-dump.js";
import { loads } from "../../pickle/api-load.js";
import { checkPickleOptions } from "../../pickle/option-names.js";
import type { PicklerOptions, UnpicklerOptions } from "../../pickle/options.js";
import type { Serializer } from "../serialization.js";

/** Options of the pickle decoder and encoder behind a registry; both read `registry`, `fixImports` and `limits`. */
export interface PickleSerializerOptions extends UnpicklerOptions, PicklerOptions {}

/**
 * kombu's `pickle` serializer: bodies that `dumps` and `loads` write and read. kombu writes protocol 4 unless its environment
 * has `PICKLE_PROTOCOL`; this writes 4 unless the option `protocol` says otherwise.
 *
 * @throws PickleError `bad-option` for an option that there is not
 */
export function pickleSerializer(options: PickleSerializerOptions = {}): Serializer {
  checkPickleOptions(options);
  const frozen = Object.freeze({ ...options });
  return {
    contentType: "application/x-python-serialize",
    contentEncoding: "binary",
    encode: (value) => dumps(value, frozen),
    decode: (body) => loads(body, frozen),
  };
}
