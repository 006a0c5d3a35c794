/** `zoneinfo.ZoneInfo`. */
import { hashKey, type PyHashable } from "../hash.js";
import type { TzInfo, WallTime } from "./tzinfo.js";
import { ianaOffset, isFixed } from "./zone-offset.js";

/**
 * An IANA time zone by name, such as `Europe/Paris`. Python compares zones by identity, so one key decodes to one object
 * within a pickle only; compare `key`.
 */
export class ZoneInfo implements TzInfo, PyHashable {
  /** The IANA name. Not checked: a zone that the engine does not know has no offsets here. */
  readonly key: string;
  /** Made with `ZoneInfo.no_cache`: Python then makes a new object on every load. */
  readonly noCache: boolean;

  /**
   * @param options - `noCache`: as made by Python's `ZoneInfo.no_cache`; default false
   * @throws TypeError for a key that is empty or no string
   */
  constructor(key: string, options: { readonly noCache?: boolean | undefined } = {}) {
    if (typeof key !== "string" || key === "") throw new TypeError("Cannot make a ZoneInfo: key must be a string");
    this.key = key;
    this.noCache = options.noCache === true;
  }

  /** The `key`. */
  get ianaName(): string {
    return this.key;
  }

  /**
   * Microseconds east of UTC at that time, from the engine's time zone data; `undefined` when it does not know the zone, or
   * without a time, unless the zone is one such as `UTC` that has only one offset.
   */
  utcOffsetMicroseconds(time: WallTime | undefined): bigint | undefined {
    return time === undefined && !isFixed(this.key) ? undefined : ianaOffset(this.key, time);
  }

  /** Whether `other` has the same `key` and `noCache`, where Python compares by identity. */
  equals(other: unknown): boolean {
    return other instanceof ZoneInfo && other.key === this.key && other.noCache === this.noCache;
  }

  /** Python's `str`: the `key`. */
  toString(): string {
    return this.key;
  }

  /** The `key`. */
  toJSON(): string {
    return this.key;
  }

  [hashKey](): unknown {
    return this.noCache ? this : `Z${this.key}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `ZoneInfo ${this.key}`;
  }
}
