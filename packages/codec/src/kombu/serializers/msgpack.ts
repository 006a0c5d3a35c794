/** kombu's `msgpack` serializer: `packb(use_bin_type=True)` and `unpackb(raw=False)`. */
import type * as msgpackr from "msgpackr";
import { optionNames } from "../../options/option-names.js";
import { MODEL_CHOICES } from "../../pickle/model-choices.js";
import type { ModelOptions } from "../../pickle/options.js";
import { requirePeer } from "../builtin-module.js";
import { checkOptions } from "../option-names.js";
import { checkChoices } from "../option-values.js";
import type { Serializer } from "../serialization.js";
import { decodeMsgpack } from "./msgpack-decode.js";
import { encodeMsgpack } from "./msgpack-encode.js";

/** The msgpackr package. Not its own types: they would be needed to compile, also by who does without it. */
export interface MsgpackModule {
  /** Writes plain msgpack: without the records that only msgpackr reads. */
  readonly Packr: new (options: {
    useRecords: false;
    mapsAsObjects: false;
  }) => object;
}

/** What {@link msgpackSerializer} takes. Everything is optional. */
export interface MsgpackOptions extends Pick<ModelOptions, "int" | "float" | "bytes" | "dict" | "datetime"> {
  /**
   * Whether points in time, a Date or a datetime with a zone, travel as msgpack's timestamps, and come back as datetimes in
   * UTC. Default false: they are refused both ways, as kombu reads them as no datetimes.
   */
  readonly timestamps?: boolean | undefined;
  /** The msgpackr package; by default it is loaded when first used, which only Node can. */
  readonly module?: MsgpackModule | undefined;
}

const MSGPACK_OPTIONS = /* @__PURE__ */ optionNames<MsgpackOptions>({
  int: true,
  float: true,
  bytes: true,
  dict: true,
  datetime: true,
  timestamps: true,
  module: true,
});

/**
 * kombu's `msgpack` serializer. Needs the package `msgpackr`, whose own additions to msgpack are neither written nor read.
 *
 * Ints of 64 bits stay ints both ways, and floats floats. A Set, a date or anything else msgpack has no form for is an
 * error, as in Python; tuples become arrays. Values may be as deep as msgpack-python takes them: 511 containers inside of
 * each other when written, 1,023 when read.
 *
 * @throws {@link KombuError} `bad-option` for an option that there is not, or a value that it cannot have
 */
export function msgpackSerializer(options: MsgpackOptions = {}): Serializer {
  checkOptions(options, MSGPACK_OPTIONS, "options of msgpackSerializer()");
  checkChoices(options, MODEL_CHOICES);
  const model = Object.freeze({
    int: options.int ?? "auto",
    float: options.float ?? "number",
    bytes: options.bytes ?? "copy",
    dict: options.dict ?? "auto",
    datetime: options.timestamps ? (options.datetime ?? "python") : undefined,
  });
  const given = options.module;
  let packr: msgpackr.Packr | undefined;
  const loaded = (): msgpackr.Packr => {
    if (packr === undefined) {
      const { Packr } = given ?? (requirePeer("msgpackr", "msgpack") as MsgpackModule);
      packr = new Packr({ useRecords: false, mapsAsObjects: false }) as msgpackr.Packr;
    }
    return packr;
  };
  return {
    contentType: "application/x-msgpack",
    contentEncoding: "binary",
    encode: (value) => encodeMsgpack(value, loaded(), options.timestamps),
    decode: (body) => decodeMsgpack(body, model, loaded()),
  };
}
