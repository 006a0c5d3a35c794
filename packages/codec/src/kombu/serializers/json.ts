/** kombu's JSON: Python's, with the types that kombu adds. */
import { DEFAULT_LIMITS } from "../../limits.js";
import { optionNames } from "../../options/option-names.js";
import { MODEL_CHOICES } from "../../pickle/model-choices.js";
import type { ModelOptions } from "../../pickle/options.js";
import { EncodeError } from "../errors.js";
import { checkOptions } from "../option-names.js";
import { checkBound, checkChoices } from "../option-values.js";
import type { Serializer } from "../serialization.js";
import { decodeUtf8 } from "../text.js";
import { type JsonModel, type ObjectHook, parseJson } from "./json-parser.js";
import { type JsonDialect, objectHook, toJsonForm } from "./json-types.js";
import { UNSUPPORTED, writeJson } from "./json-writer.js";

/** What {@link jsonSerializer} takes. Everything is optional. */
export interface JsonOptions extends Pick<ModelOptions, "int" | "float" | "dict" | "datetime"> {
  /**
   * Whose JSON is read and written. `"5.3"` (default): kombu 5.3 and later, where dates, times, Decimal, UUID and bytes
   * travel as `{"__type__", "__value__"}` and come back as themselves. `"5.2"`: kombu up to 5.2, where they are written as
   * plain strings, bytes are an error, and such an object is just an object.
   */
  readonly dialect?: JsonDialect | undefined;
  /** What `undefined` is as a value of an object: an `"error"` (default), null with `"none"`, or `"omit"`ted. In arrays and at the top level it is null. */
  readonly undefined?: "error" | "none" | "omit" | undefined;
  /** Asked for values that have no form in JSON, as Python's `default=`; `undefined` means there is none. Default: nobody is asked. */
  readonly default?: ((value: object) => unknown) | undefined;
  /** Digits of one int read, at most. Default 4300, as in CPython since 3.11. */
  readonly maxIntDigits?: number | undefined;
  /** Characters written at most. Default 512 MiB less 1 KiB, about the longest string there can be, for whoever reads it. */
  readonly maxLength?: number | undefined;
}

const JSON_OPTIONS = /* @__PURE__ */ optionNames<JsonOptions>({
  int: true,
  float: true,
  dict: true,
  datetime: true,
  dialect: true,
  undefined: true,
  default: true,
  maxIntDigits: true,
  maxLength: true,
});

const JSON_CHOICES = { ...MODEL_CHOICES, undefined: ["error", "none", "omit"] } as const;

/**
 * kombu's `json` serializer.
 *
 * Reads ints beyond the safe ones as bigints, NaN and Infinity as what they are. Writes what Python's `json.dumps` writes, byte
 * for byte; a value without a form in JSON (a Set, Complex, an instance of a class without `__json__()`) is an error.
 *
 * @throws {@link EncodeError} `bad-option` for a dialect that does not exist, {@link KombuError} for an option that there is
 *   not, or a value that it cannot have
 */
export function jsonSerializer(options: JsonOptions = {}): Serializer {
  checkOptions(options, JSON_OPTIONS, "options of jsonSerializer()");
  checkChoices(options, JSON_CHOICES);
  checkBound("maxIntDigits", options.maxIntDigits);
  checkBound("maxLength", options.maxLength);
  const dialect = options.dialect ?? "5.3";
  if (dialect !== "5.3" && dialect !== "5.2") {
    throw new EncodeError(`Cannot use JSON dialect "${String(dialect)}": there are "5.3" and "5.2"`, {
      code: "bad-option",
    });
  }
  const model: JsonModel = Object.freeze({
    int: options.int ?? "auto",
    float: options.float ?? "number",
    dict: options.dict ?? "auto",
    maxIntDigits: options.maxIntDigits ?? DEFAULT_LIMITS.maxIntDigits,
  });
  const hook = dialect === "5.3" ? objectHook(options.datetime ?? "python") : undefined;
  const fallback = options.default;
  const writer = Object.freeze({
    undefined: options.undefined ?? "error",
    maxLength: options.maxLength ?? DEFAULT_LIMITS.maxBytes - 1024,
    replace(value: object): unknown {
      const form = toJsonForm(value, dialect);
      if (form !== UNSUPPORTED || fallback === undefined) return form;
      const replaced = fallback(value);
      return replaced === undefined ? UNSUPPORTED : replaced;
    },
  });
  return {
    contentType: "application/json",
    contentEncoding: "utf-8",
    encode: (value) => writeJson(value, writer),
    decode: (body) => readJson(decodeUtf8(body), model, hook),
  };
}

function readJson(text: string, model: JsonModel, hook: ObjectHook | undefined): unknown {
  if (isCommonJson(text, model)) {
    try {
      return JSON.parse(text);
    } catch {
      // NaN and Infinity, or really broken: the parser below knows, and says where.
    }
  }
  return parseJson(text, model, hook);
}

/**
 * Whether `JSON.parse` gives what the parser would. It may say no for text where it does, never the reverse: long ints, -0
 * (an int in Python, so 0) and envelopes, whose keys can also hide behind escapes. Numbers are told by what stands before
 * them: base64 and UUIDs, of which messages are full, have the same digits inside.
 */
function isCommonJson(text: string, model: JsonModel): boolean {
  if (model.int !== "auto" || model.float !== "number" || model.dict === "map") return false;
  return !text.includes("__type__") && !/(?:^|[:,[\s])(?:-?[0-9]{16}|-0(?![.0-9]))|\\u00[567]/.test(text);
}
