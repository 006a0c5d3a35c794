/** `datetime.timedelta`. */
import { hashKey, type PyHashable } from "../hash.js";
import { pyBase } from "../objects/objects.js";
import { type TemporalLike, temporalOf } from "./temporal.js";

const MAX_DAYS = 999_999_999;

/** Parts of a duration, as `datetime.timedelta(...)` takes them. */
export interface TimeDeltaParts {
  /** Of 7 days. Default 0. Every part may be negative and have a fraction. */
  readonly weeks?: number | undefined;
  /** Of 24 hours. Default 0. */
  readonly days?: number | undefined;
  /** Of 60 minutes. Default 0. */
  readonly hours?: number | undefined;
  /** Of 60 seconds. Default 0. */
  readonly minutes?: number | undefined;
  /** The unit that Python's `total_seconds()` has. Default 0. */
  readonly seconds?: number | undefined;
  /** JavaScript's unit. Default 0. */
  readonly milliseconds?: number | undefined;
  /** The smallest unit. Default 0. Fractions of all parts are added up and rounded once, a half to the even number, as in Python. */
  readonly microseconds?: number | undefined;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}

/**
 * A duration with microseconds, normalised as Python does: `0 <= seconds < 86400`, `0 <= microseconds < 1000000`, and the
 * sign is that of `days`.
 *
 * @example
 * new TimeDelta(0, 90).toString() // => '0:01:30'
 * TimeDelta.from({ minutes: 1.5 }).totalSeconds() // => 90
 */
export class TimeDelta implements PyHashable {
  static readonly [pyBase] = true;

  /** -999,999,999 to 999,999,999; negative for every negative duration. */
  readonly days: number;
  /** 0 to 86,399, of a negative duration too: a microsecond less than nothing is -1 day, 86,399 seconds and 999,999 microseconds. */
  readonly seconds: number;
  /** 0 to 999,999, of a negative duration too. */
  readonly microseconds: number;

  /**
   * As Python's first three arguments, but whole numbers only; any size and sign, which are carried over. {@link TimeDelta.from}
   * takes fractions and other units.
   *
   * @throws RangeError when a part is no integer, or beyond 999,999,999 days
   */
  constructor(days = 0, seconds = 0, microseconds = 0) {
    if (
      !(
        Number.isSafeInteger(days) &&
        seconds >= 0 &&
        seconds < 86400 &&
        microseconds >= 0 &&
        microseconds < 1_000_000 &&
        Number.isInteger(seconds) &&
        Number.isInteger(microseconds)
      )
    ) {
      if (!Number.isSafeInteger(days) || !Number.isSafeInteger(seconds) || !Number.isSafeInteger(microseconds)) {
        throw new RangeError(`Cannot make a timedelta of ${days}, ${seconds}, ${microseconds}: integers wanted`);
      }
      const carried = Math.floor(microseconds / 1_000_000);
      microseconds -= carried * 1_000_000;
      seconds += carried;
      const carriedDays = Math.floor(seconds / 86400);
      seconds -= carriedDays * 86400;
      days += carriedDays;
    }
    if (days > MAX_DAYS || days < -MAX_DAYS) throw new RangeError(`Cannot make a timedelta of ${days} days`);
    this.days = days;
    this.seconds = seconds;
    this.microseconds = microseconds;
  }

  /**
   * Of parts with fractions, of milliseconds (a number), of an ISO 8601 duration of weeks and shorter units (`"PT90S"`), or of a
   * `Temporal.Duration` of the same. Rounded to microseconds; of a `Temporal.Duration` nanoseconds are cut.
   *
   * @throws RangeError for durations with years or months, whose length depends on the date, for other text, and beyond
   *   999,999,999 days
   */
  static from(value: TimeDelta | TimeDeltaParts | number | string): TimeDelta {
    if (value instanceof TimeDelta) return value;
    if (typeof value === "number") return TimeDelta.from({ milliseconds: value });
    if (typeof value === "string") return TimeDelta.from(parseDuration(value));
    const parts = value as TimeDeltaParts & { years?: number; months?: number; nanoseconds?: number };
    if ((parts.years ?? 0) !== 0 || (parts.months ?? 0) !== 0) {
      throw new RangeError("Cannot make a timedelta of years or months: their length depends on the date");
    }
    // Whole parts are added exactly; only the fractions are rounded, together and once.
    let micros = 0n;
    let fraction = 0;
    const add = (amount: number | undefined, size: number): void => {
      if (amount === undefined) return;
      if (!Number.isFinite(amount)) throw new RangeError(`Cannot make a timedelta of ${amount}`);
      const whole = Math.trunc(amount);
      const rest = (amount - whole) * size;
      const wholeRest = Math.trunc(rest);
      micros += BigInt(whole) * BigInt(size) + BigInt(wholeRest);
      fraction += rest - wholeRest;
    };
    // CPython's order, as sums of fractions depend on it. CPython 3.12 `_datetimemodule.c` delta_new, accum.
    add(parts.microseconds, 1);
    add(parts.milliseconds, 1000);
    add(parts.seconds, 1_000_000);
    add(parts.minutes, 60_000_000);
    add(parts.hours, 3_600_000_000);
    add(parts.days, 86_400_000_000);
    add(parts.weeks, 604_800_000_000);
    micros += BigInt(Math.trunc((parts.nanoseconds ?? 0) / 1000));
    return TimeDelta.fromMicroseconds(micros + roundedRest(micros, fraction));
  }

  /**
   * Of a duration in microseconds, exactly.
   *
   * @throws RangeError beyond 999,999,999 days
   */
  static fromMicroseconds(total: bigint): TimeDelta {
    let micros = total % 86_400_000_000n;
    if (micros < 0n) micros += 86_400_000_000n;
    const rest = Number(micros);
    const seconds = Math.floor(rest / 1_000_000);
    return new TimeDelta(Number((total - micros) / 86_400_000_000n), seconds, rest - seconds * 1_000_000);
  }

  /** The whole duration in microseconds, exactly. */
  totalMicroseconds(): bigint {
    return (BigInt(this.days) * 86400n + BigInt(this.seconds)) * 1_000_000n + BigInt(this.microseconds);
  }

  /** Python's `total_seconds()`: a double, exact to the microsecond up to 285 years. */
  totalSeconds(): number {
    return (this.days * 86400 * 1e6 + this.seconds * 1e6 + this.microseconds) / 1e6;
  }

  /** The whole duration in milliseconds, with a fraction for microseconds; a double, exact to the microsecond up to 285 years. */
  totalMilliseconds(): number {
    return Number(this.totalMicroseconds()) / 1000;
  }

  /** Whether `other` is a TimeDelta of the same length; never a number. */
  equals(other: unknown): boolean {
    return (
      other instanceof TimeDelta &&
      this.days === other.days &&
      this.seconds === other.seconds &&
      this.microseconds === other.microseconds
    );
  }

  /**
   * A `Temporal.Duration` of days and shorter units, all with the sign of the whole.
   *
   * @param temporal - the implementation; default the engine's own, or the one a polyfill made global
   * @throws TypeError when there is none
   */
  toTemporal(temporal?: TemporalLike): object {
    const factory = temporalOf(temporal);
    const total = this.totalMicroseconds();
    const sign = total < 0n ? -1 : 1;
    const micros = total < 0n ? -total : total;
    return factory.Duration.from({
      days: sign * Number(micros / 86_400_000_000n),
      hours: sign * Number((micros / 3_600_000_000n) % 24n),
      minutes: sign * Number((micros / 60_000_000n) % 60n),
      seconds: sign * Number((micros / 1_000_000n) % 60n),
      milliseconds: sign * Number((micros / 1000n) % 1000n),
      microseconds: sign * Number(micros % 1000n),
    });
  }

  /** Python's `str`: `1 day, 0:00:02.000003`. */
  toString(): string {
    const hours = Math.floor(this.seconds / 3600);
    const minutes = Math.floor(this.seconds / 60) % 60;
    const clock = `${hours}:${pad(minutes)}:${pad(this.seconds % 60)}`;
    const micros = this.microseconds === 0 ? "" : `.${pad(this.microseconds, 6)}`;
    if (this.days === 0) return clock + micros;
    return `${this.days} day${this.days === 1 || this.days === -1 ? "" : "s"}, ${clock}${micros}`;
  }

  /** An ISO 8601 duration: `P1DT2.000003S`. */
  toJSON(): string {
    const total = this.totalMicroseconds();
    const micros = total < 0n ? -total : total;
    const days = micros / 86_400_000_000n;
    const hours = (micros / 3_600_000_000n) % 24n;
    const minutes = (micros / 60_000_000n) % 60n;
    const seconds = (micros / 1_000_000n) % 60n;
    const fraction = Number(micros % 1_000_000n);
    let time = `${hours > 0n ? `${hours}H` : ""}${minutes > 0n ? `${minutes}M` : ""}`;
    if (seconds > 0n || fraction > 0 || (time === "" && days === 0n)) {
      time += `${seconds}${fraction === 0 ? "" : `.${pad(fraction, 6)}`}S`;
    }
    return `${total < 0n ? "-" : ""}P${days > 0n ? `${days}D` : ""}${time === "" ? "" : `T${time}`}`;
  }

  [hashKey](): unknown {
    return `D${this.days},${this.seconds},${this.microseconds}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `TimeDelta ${this.toString()}`;
  }
}

/** The whole number that is nearest to a fraction that comes to `whole`; of two as near the one with an even sum. */
function roundedRest(whole: bigint, fraction: number): bigint {
  const below = Math.floor(fraction);
  const above = fraction - below;
  if (above !== 0.5) return BigInt(Math.round(fraction));
  return (whole + BigInt(below)) % 2n === 0n ? BigInt(below) : BigInt(below + 1);
}

const DURATION = /^([+-])?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?$/i;

function parseDuration(text: string): TimeDeltaParts {
  const match = DURATION.exec(text);
  if (match === null || /[PT]$/i.test(text)) {
    throw new RangeError(
      `Cannot read the duration ${JSON.stringify(text.slice(0, 80))}: not ISO 8601 with days and shorter units`,
    );
  }
  const sign = match[1] === "-" ? -1 : 1;
  const part = (index: number): number => sign * Number(match[index] ?? 0);
  const fraction = match[7] === undefined ? 0 : sign * Math.round(Number(match[7].padEnd(9, "0")) / 1000);
  return { weeks: part(2), days: part(3), hours: part(4), minutes: part(5), seconds: part(6), microseconds: fraction };
}
