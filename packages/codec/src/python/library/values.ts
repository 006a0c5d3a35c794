/** `functools.partial`, `re.Pattern` and other small values of the standard library. */

import { structSequence } from "../containers/struct-sequence.js";
import { HashParts, hashKey, type PyHashable, unhashable } from "../hash.js";
import { keepsTuples, pyBase } from "../objects/objects.js";

/** `functools.partial`: a function with arguments, as data. Nothing here ever calls it. */
export class PyPartial {
  static readonly [pyBase] = true;

  /** A reference to the function: a {@link PyGlobal}, or what is registered for it. */
  readonly func: unknown;
  /** Positional arguments, put before those of a call. A plain array is written as the tuple that Python wants. */
  readonly args: readonly unknown[];
  /** Keyword arguments: a plain object or a Map. */
  readonly keywords: unknown;
  /** Attributes set on it, an object or a Map; `null` without. */
  readonly attributes: unknown;

  constructor(func: unknown, args: readonly unknown[] = [], keywords: unknown = {}, attributes: unknown = null) {
    this.func = func;
    this.args = args;
    this.keywords = keywords;
    this.attributes = attributes;
  }
}

/** `re.Pattern`, a compiled regular expression: Python's pattern and flags. Not translated to JavaScript's, which differ. */
export class Pattern implements PyHashable {
  /** As it was given to `re.compile`; bytes for a pattern of bytes. */
  readonly pattern: string | Uint8Array;
  /** `re.IGNORECASE` is 2, `re.MULTILINE` 8, `re.DOTALL` 16, `re.UNICODE` 32, `re.VERBOSE` 64, `re.ASCII` 256. */
  readonly flags: number;

  /** @param flags - default: 32 (`re.UNICODE`, which Python adds) for text, 0 for bytes */
  constructor(pattern: string | Uint8Array, flags = typeof pattern === "string" ? 32 : 0) {
    this.pattern = pattern;
    this.flags = flags;
  }

  [hashKey](): unknown {
    return new HashParts("p", [this.pattern, this.flags]);
  }
}

/** `types.SimpleNamespace`: attributes only, kept as own properties. */
export class SimpleNamespace {
  static readonly [pyBase] = true;

  [name: string]: unknown;

  constructor(attributes: Readonly<Record<string, unknown>> = {}) {
    for (const [name, value] of Object.entries(attributes)) {
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
    }
  }

  [hashKey](): never {
    throw unhashable("types.SimpleNamespace");
  }
}

/** `list[int]`: a generic type, as data. */
export class GenericAlias {
  /** Python's `__origin__`: a reference to a class, such as `list`. */
  readonly origin: unknown;
  /** Python's `__args__`: a tuple, also of one. A plain array is written as one. */
  readonly args: unknown;

  constructor(origin: unknown, args: unknown) {
    this.origin = origin;
    this.args = args;
  }
}

/** `typing.List[int]`, `typing.Optional[int]`: a subscript, as data. */
export class Subscript {
  static readonly [keepsTuples] = true;
  /** A reference into `typing`. Python writes `Optional[int]` as `Union[int, None]`. */
  readonly origin: unknown;
  /** One type, or a tuple of several. */
  readonly parameters: unknown;

  constructor(origin: unknown, parameters: unknown) {
    this.origin = origin;
    this.parameters = parameters;
  }
}

const StructTimeBase = structSequence("time.struct_time", [
  "tm_year",
  "tm_mon",
  "tm_mday",
  "tm_hour",
  "tm_min",
  "tm_sec",
  "tm_wday",
  "tm_yday",
  "tm_isdst",
]);

/** `time.struct_time`: nine numbers, and the zone's name and offset by name only. */
export class StructTime extends StructTimeBase {
  /** `tm_zone` and `tm_gmtoff` (seconds east of UTC), `null` where not given. */
  declare readonly extra: unknown;

  /**
   * @param items - the nine numbers, `tm_year` to `tm_isdst`; a tenth and eleventh are `tm_zone` and `tm_gmtoff`
   * @param extra - see {@link StructTime.extra}
   */
  constructor(items: readonly unknown[], extra: unknown = { tm_zone: items[9] ?? null, tm_gmtoff: items[10] ?? null }) {
    super(items, extra);
  }
}

const StatResultBase = structSequence("os.stat_result", [
  "st_mode",
  "st_ino",
  "st_dev",
  "st_nlink",
  "st_uid",
  "st_gid",
  "st_size",
  "st_atime",
  "st_mtime",
  "st_ctime",
]);

/** `os.stat_result`: ten numbers, `st_mode` to `st_ctime` in whole seconds since 1970 UTC, and others by name only. */
export class StatResult extends StatResultBase {
  /** What has no place among the ten, by name: `st_mtime` with its fraction, `st_mtime_ns`, `st_blocks`. Default `{}`. */
  declare readonly extra: unknown;
}
