/** YAML as PyYAML's `safe_load` reads it: YAML 1.1 with PyYAML's own ideas of what is a number, a bool or a date. */
import type * as yaml from "yaml";
import { reasonOf } from "../../coded-error.js";
import { PyDict } from "../../python/containers/dict.js";
import { Tuple } from "../../python/containers/sequences.js";
import { PyDate, PyDateTime } from "../../python/datetime/datetime.js";
import { PyFloat } from "../../python/numbers/numbers.js";
import { fromBase64 } from "../base64.js";
import { DecodeError } from "../errors.js";
import { boundMerges } from "./yaml-merges.js";

/** The yaml package. Not its own types: they would be needed to compile, also by who does without it. */
export interface YamlModule {
  /**
   * Called for one document of YAML 1.1, with the schema `failsafe`: what scalars mean is decided here, as PyYAML does.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what is given and taken are types of the package.
  parseDocument(text: string, options?: any): unknown;
}

/** How decoded values are represented; the names and defaults are those of the pickle decoder. */
export interface YamlModel {
  readonly int: "auto" | "bigint";
  readonly float: "number" | "exact";
  readonly dict: "auto" | "map" | "object";
  readonly maxIntDigits: number;
  readonly maxAliases: number;
}

/** PyYAML 6 `reader.py` NON_PRINTABLE; a byte order mark is one only at the start. */
const NOT_PRINTABLE = /[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** Reads one document; throws {@link DecodeError} for what `safe_load` refuses. */
export function parseYaml(text: string, model: YamlModel, module: YamlModule): unknown {
  const unprintable = NOT_PRINTABLE.exec(text);
  if (unprintable !== null) {
    throw fail(`U+${unprintable[0].codePointAt(0)!.toString(16).padStart(4, "0").toUpperCase()} is not allowed`);
  }
  try {
    // Maps throughout: keys of any type, and no way to a prototype.
    const options = { mapAsMap: true, maxAliasCount: model.maxAliases };
    return represent(documentOf(text, model, module).toJS(options), model);
  } catch (error) {
    // The package's own: an alias of nothing, a merge of no mapping, a RangeError where the document is too deep for it.
    throw error instanceof DecodeError ? error : fail(reasonOf(error), error);
  }
}

function documentOf(text: string, model: YamlModel, module: YamlModule): yaml.Document {
  // YAML 1.1 has one more line break, which the package does not know.
  const document = (module as Pick<typeof yaml, "parseDocument">).parseDocument(text.replaceAll("\x85", "\n"), {
    version: "1.1",
    schema: "failsafe",
    customTags: ["merge", "set", pairsTag("omap"), pairsTag("pairs"), ...scalarTags(model), ...explicitTags(model)],
    // A warning is an unknown tag, such as `!!python/object`: safe_load refuses it.
    logLevel: "warn",
    prettyErrors: false,
    uniqueKeys: false,
    stringKeys: false,
  });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) throw fail(problem.message, problem);
  boundMerges(document.contents, () => fail("merge keys ask for too many copies"));
  return document;
}

const TIMESTAMP =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(?:(Z)|([-+])(\d\d?)(?::(\d\d))?))?)?$/;

/** PyYAML 6 `resolver.py`, the implicit resolvers of `Resolver`. */
function scalarTags(model: YamlModel): yaml.ScalarTag[] {
  return [
    { tag: "tag:yaml.org,2002:null", default: true, test: /^(?:~|null|Null|NULL|)$/, resolve: () => null },
    {
      tag: "tag:yaml.org,2002:bool",
      default: true,
      test: /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
      resolve: (text) => /^(?:yes|true|on)$/i.test(text),
    },
    {
      tag: "tag:yaml.org,2002:int",
      default: true,
      test: /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
      resolve: (text) => yamlInt(text, model),
    },
    {
      tag: "tag:yaml.org,2002:float",
      default: true,
      test: /^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
      resolve: (text) => new PyFloat(yamlFloat(text)),
    },
    {
      tag: "tag:yaml.org,2002:timestamp",
      default: true,
      test: TIMESTAMP,
      resolve: (text, onError) => yamlTimestamp(text) ?? onError("there is no such day or time"),
    },
  ];
}

/** What a tag makes of text that would be something else without it. PyYAML 6 `constructor.py` */
function explicitTags(model: YamlModel): yaml.ScalarTag[] {
  return [
    { tag: "tag:yaml.org,2002:null", resolve: () => null },
    {
      tag: "tag:yaml.org,2002:int",
      resolve(text, onError) {
        const plain = text.trim();
        const isInt = /^[-+]?(?:0b[01_]*[01][01_]*|0x[\da-f_]*[\da-f][\da-f_]*|0o?[0-7_]*|[1-9][\d_]*(?::\d[\d_]*)*)$/i;
        return isInt.test(plain) ? yamlInt(plain, model) : onError("is not an int");
      },
    },
    {
      tag: "tag:yaml.org,2002:float",
      resolve(text, onError) {
        const plain = text.trim();
        const named = /^([-+]?)\.?(inf|infinity|nan)$/i.exec(plain);
        if (named !== null) return new PyFloat(yamlFloat(`${named[1]}.${named[2]!.slice(0, 3)}`));
        // Number() takes "" and "0x1f" too, which Python's float() does not.
        if (/^[-+]?[\d._:]*\d[\d._:]*(?:[eE][-+]?\d+)?$/.test(plain)) {
          const value = yamlFloat(plain);
          if (!Number.isNaN(value)) return new PyFloat(value);
        }
        return onError("is not a float");
      },
    },
    {
      tag: "tag:yaml.org,2002:timestamp",
      resolve: (text, onError) => yamlTimestamp(text, true) ?? onError("there is no such day or time"),
    },
    {
      tag: "tag:yaml.org,2002:binary",
      resolve(text, onError) {
        if (/[^\0-\x7f]/.test(text)) return onError("base64 is not ASCII");
        try {
          return fromBase64(text);
        } catch (error) {
          return onError(reasonOf(error));
        }
      },
    },
  ];
}

/** One item of `!!omap` or `!!pairs`. */
class Pair {
  readonly key: unknown;
  readonly value: unknown;

  constructor(key: unknown, value: unknown) {
    this.key = key;
    this.value = value;
  }
}

/** Python has lists of tuples for both. PyYAML 6 `constructor.py` construct_yaml_omap and construct_yaml_pairs. */
function pairsTag(name: "omap" | "pairs"): yaml.CollectionTag {
  return {
    tag: `tag:yaml.org,2002:${name}`,
    collection: "seq",
    resolve(node, onError) {
      const seq = node as yaml.YAMLSeq;
      const isPair = (item: unknown): boolean => Array.isArray((item as yaml.YAMLMap | null)?.items);
      if (!seq.items.every((item) => isPair(item) && (item as yaml.YAMLMap).items.length === 1)) {
        onError("expected mappings of one item each");
        return seq;
      }
      const toJSON = seq.toJSON.bind(seq);
      seq.toJSON = (arg, context) => {
        // Changed in place: aliases refer to this array.
        const items = toJSON(arg, context);
        for (const [i, item] of items.entries()) {
          if (item instanceof Map) for (const [key, value] of item) items[i] = new Pair(key, value);
        }
        return items;
      };
      return seq;
    },
  };
}

/** PyYAML 6 `constructor.py` construct_yaml_int. */
function yamlInt(text: string, model: YamlModel): bigint {
  if (text.length > model.maxIntDigits) throw fail(`an int has more than ${model.maxIntDigits} digits`);
  const sign = text.startsWith("-") ? -1n : 1n;
  const plain = text.replaceAll("_", "").replace(/^[-+]/, "");
  if (plain.includes(":")) return sign * plain.split(":").reduce((value, part) => value * 60n + BigInt(part), 0n);
  return sign * BigInt(/^0[0-7]+$/.test(plain) ? `0o${plain.slice(1)}` : plain);
}

/** PyYAML 6 `constructor.py` construct_yaml_float. */
function yamlFloat(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const plain = text.replaceAll("_", "").replace(/^[-+]/, "").toLowerCase();
  if (plain === ".inf") return sign * Number.POSITIVE_INFINITY;
  if (plain === ".nan") return Number.NaN;
  return sign * plain.split(":").reduce((value, part) => value * 60 + Number(part), 0);
}

/**
 * PyYAML 6 `constructor.py` construct_yaml_timestamp; `undefined` for a day or time there is not.
 *
 * @param isTagged - whether the text says that it is one
 */
function yamlTimestamp(text: string, isTagged = false): PyDate | PyDateTime | string | undefined {
  const match = TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = "", utc, sign, offsetHours, offsetMinutes = "00"] = match;
  const date = `${year}-${month!.padStart(2, "0")}-${day!.padStart(2, "0")}`;
  try {
    if (hour === undefined) {
      // Days and months of one digit are a timestamp only with a time.
      return text.length === 10 || isTagged ? PyDate.from(date) : text;
    }
    const time = `${hour.padStart(2, "0")}:${minute}:${second}.${fraction.slice(0, 6).padEnd(6, "0")}`;
    const zone =
      utc !== undefined
        ? "+00:00"
        : sign === undefined
          ? ""
          : `${sign}${offsetHours!.padStart(2, "0")}:${offsetMinutes}`;
    return PyDateTime.from(`${date}T${time}${zone}`);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Turns what the package gives into the model, in place where others may refer to it; not recursive. */
function represent(root: unknown, model: YamlModel): unknown {
  const done = new Map<object, unknown>();
  const pending: (() => void)[] = [];
  const convert = (value: unknown): unknown => {
    if (typeof value === "bigint") {
      const number = Number(value);
      return model.int === "auto" && Number.isSafeInteger(number) ? number : value;
    }
    if (value instanceof Pair) return Tuple.of(convert(value.key), convert(value.value));
    if (value instanceof PyFloat) return model.float === "exact" ? value : value.value;
    if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
      const known = done.get(value);
      if (known !== undefined) return known;
      const made = shellOf(value, model);
      done.set(value, made);
      pending.push(() => fill(made, value, convert));
      return made;
    }
    return value;
  };
  const result = convert(root);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) next();
  return result;
}

function shellOf(value: object, model: YamlModel): object {
  if (Array.isArray(value)) return [];
  if (value instanceof Set) return new Set();
  const plain = [...(value as Map<unknown, unknown>).keys()].every((key) => typeof key === "string");
  if (!plain && model.dict === "object") throw fail("a mapping has a key that is not a string");
  return plain && model.dict !== "map" ? {} : new PyDict();
}

function fill(made: object, source: object, convert: (value: unknown) => unknown): void {
  if (Array.isArray(made)) {
    for (const item of source as unknown[]) made.push(convert(item));
  } else if (made instanceof Set) {
    for (const item of source as Set<unknown>) {
      if (!isHashable(item)) throw fail("a set has an unhashable member");
      made.add(convert(item));
    }
  } else if (made instanceof PyDict) {
    for (const [key, item] of source as Map<unknown, unknown>) {
      if (!isHashable(key)) throw fail("a mapping has an unhashable key");
      made.set(convert(key), convert(item));
    }
  } else {
    for (const [key, item] of source as Map<string, unknown>) {
      Object.defineProperty(made, key, { value: convert(item), writable: true, enumerable: true, configurable: true });
    }
  }
}

function isHashable(value: unknown): boolean {
  return !(Array.isArray(value) || value instanceof Map || value instanceof Set);
}

function fail(what: string, cause?: unknown): DecodeError {
  return new DecodeError(`Cannot decode yaml: ${what}`, {
    code: "decode-failed",
    contentType: "application/x-yaml",
    cause,
  });
}
