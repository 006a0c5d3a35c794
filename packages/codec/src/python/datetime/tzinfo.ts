/** Time zones: `datetime.timezone`, and what every other zone has in common with it. */

import { hashKey, type PyHashable } from "../hash.js";
import { offsetText } from "./calendar.js";
import { TimeDelta } from "./timedelta.js";

/** A wall clock time, as zones need it to look up their offset. */
export interface WallTime {
  /** 1 to 9999. */
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** From 1 to the last of the month. */
  readonly day: number;
  /** 0 to 23. */
  readonly hour: number;
  /** 0 to 59. */
  readonly minute: number;
  /** 0 to 59. */
  readonly second: number;
  /** 0 to 999,999. */
  readonly microsecond: number;
  /** 1 for the second of two equal wall clock times, else 0. PEP 495. */
  readonly fold: number;
}

/** A Python `tzinfo`: anything that can say how far a wall clock time is from UTC. */
export interface TzInfo {
  /**
   * Microseconds east of UTC at that wall clock time, which is `undefined` of a time of day without a date; `undefined` when the
   * zone cannot tell (without a time, or at all). Python's `utcoffset(dt)`.
   */
  utcOffsetMicroseconds(time: WallTime | undefined): bigint | undefined;
  /** The IANA name, where the zone has one. */
  readonly ianaName?: string | undefined;
}

/** The offset by which `tzinfo` is east of UTC at that time; `undefined` for objects that are no {@link TzInfo}. */
export function offsetOf(tzinfo: unknown, time: WallTime | undefined): bigint | undefined {
  if (typeof tzinfo !== "object" || tzinfo === null) return undefined;
  const zone = tzinfo as Partial<TzInfo>;
  return typeof zone.utcOffsetMicroseconds === "function" ? zone.utcOffsetMicroseconds(time) : undefined;
}

const DAY_MICROSECONDS = 86_400_000_000n;

/**
 * `datetime.timezone`: a fixed offset from UTC, to the microsecond.
 *
 * @example
 * new TimeZone(TimeDelta.from({ hours: 5.5 })).toString() // => 'UTC+05:30'
 */
export class TimeZone implements TzInfo, PyHashable {
  /** Ahead of UTC; more than -24 and less than 24 hours. */
  readonly offset: TimeDelta;
  /** What {@link toString} gives instead of `UTC+05:30`; `null`: none was given. */
  readonly name: string | null;
  readonly #micros: bigint;

  /** @throws RangeError unless the offset is between -24 and 24 hours, exclusive */
  constructor(offset: TimeDelta, name: string | null = null) {
    const micros = offset.totalMicroseconds();
    if (micros <= -DAY_MICROSECONDS || micros >= DAY_MICROSECONDS) {
      throw new RangeError(`Cannot make a timezone of ${offset}: must be between -24 and 24 hours`);
    }
    this.offset = offset;
    this.name = name;
    this.#micros = micros;
  }

  /** Python's `timezone.utc`. Zero offsets without a name decode to this object. */
  static get utc(): TimeZone {
    TimeZone.#utc ??= new TimeZone(new TimeDelta(0));
    return TimeZone.#utc;
  }

  static #utc: TimeZone | undefined;

  /**
   * Of an offset such as `"+05:30"` or `"Z"`, or of minutes east of UTC. An offset of zero is {@link TimeZone.utc}.
   *
   * @throws RangeError for other text, or an offset that is not between -24 and 24 hours
   */
  static from(offset: string | number): TimeZone {
    const micros = typeof offset === "number" ? BigInt(Math.round(offset * 60_000_000)) : parseOffset(offset);
    if (micros === undefined)
      throw new RangeError(`Cannot read the offset ${JSON.stringify(offset)}: not of the form +HH:MM`);
    return micros === 0n ? TimeZone.utc : new TimeZone(TimeDelta.fromMicroseconds(micros));
  }

  /** The offset, whatever the time: microseconds east of UTC. */
  utcOffsetMicroseconds(): bigint {
    return this.#micros;
  }

  /** Whether `other` has the same offset, as Python compares them: names do not count. */
  equals(other: unknown): boolean {
    return other instanceof TimeZone && other.#micros === this.#micros;
  }

  /** Python's `str`: the name, or `UTC+05:30`. */
  toString(): string {
    if (this.name !== null) return this.name;
    return this.#micros === 0n ? "UTC" : `UTC${offsetText(this.#micros)}`;
  }

  /** As {@link toString}. */
  toJSON(): string {
    return this.toString();
  }

  [hashKey](): unknown {
    return `z${this.#micros}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `TimeZone ${this.toString()}`;
  }
}

const OFFSET = /^([+-])(\d{2}):?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?$/;

/** Microseconds of `+HH:MM[:SS[.ffffff]]` or `Z`; `undefined` for other text. */
export function parseOffset(text: string): bigint | undefined {
  if (text === "Z" || text === "z") return 0n;
  const match = OFFSET.exec(text);
  if (match === null) return undefined;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0);
  const micros = BigInt(seconds) * 1_000_000n + BigInt((match[5] ?? "").padEnd(6, "0"));
  return match[1] === "-" ? -micros : micros;
}

/** An instance of the abstract `datetime.tzinfo` itself: protocols 0 and 1 write one as the base of every Python zone class. */
export class BareTzInfo implements TzInfo {
  utcOffsetMicroseconds(): undefined {
    return undefined;
  }
}
