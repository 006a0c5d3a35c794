/** `datetime.datetime`, `datetime.date` and `datetime.time`: values without arithmetic, which is Temporal's. */

import { HashParts, hashKey, type PyHashable } from "../hash.js";
import { pyBase } from "../objects/objects.js";
import { dateText, epochDays, isDate, isTime, offsetText, timeText } from "./calendar.js";
import { type TemporalLike, temporalOf } from "./temporal.js";
import { TimeDelta } from "./timedelta.js";
import { offsetOf, parseOffset, TimeZone, type TzInfo } from "./tzinfo.js";
import { ZoneInfo } from "./zoneinfo.js";

export { TimeDelta } from "./timedelta.js";
export { TimeZone, type TzInfo } from "./tzinfo.js";

/** Fields of a date. */
export interface DateFields {
  /** 1 to 9999. */
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** From 1 to the last of the month. */
  readonly day: number;
}

/** Fields of a time of day. */
export interface TimeFields {
  /** 0 to 23. Default 0. */
  readonly hour?: number | undefined;
  /** 0 to 59. Default 0. */
  readonly minute?: number | undefined;
  /** 0 to 59: Python has no leap seconds. Default 0. */
  readonly second?: number | undefined;
  /** 0 to 999,999. Default 0. */
  readonly microsecond?: number | undefined;
  /** 1 for the second occurrence of a wall clock time that happens twice. PEP 495. Default 0. */
  readonly fold?: number | undefined;
  /** The zone; `null`: naive. An object that is no {@link TzInfo} is kept, without an offset. Default `null`. */
  readonly tzinfo?: TzInfo | object | null | undefined;
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME =
  /^(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2}(?::?\d{2}(?:\.\d{1,6})?)?)?(?:\[([^\]]+)\])?$/i;

function parseDate(text: string): DateFields {
  const match = DATE.exec(text);
  if (match === null)
    throw new RangeError(`Cannot read the date ${JSON.stringify(text.slice(0, 80))}: not of the form YYYY-MM-DD`);
  return { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]) };
}

function parseTime(text: string): TimeFields {
  const match = TIME.exec(text);
  if (match === null)
    throw new RangeError(`Cannot read the time ${JSON.stringify(text.slice(0, 80))}: not of the form HH:MM:SS`);
  let tzinfo: TzInfo | null = null;
  if (match[6] !== undefined) tzinfo = new ZoneInfo(match[6].replace(/^!/, ""));
  else if (match[5] !== undefined) {
    const micros = parseOffset(match[5])!;
    tzinfo = micros === 0n ? TimeZone.utc : new TimeZone(TimeDelta.fromMicroseconds(micros));
  }
  return {
    hour: Number(match[1]),
    minute: Number(match[2]),
    second: Number(match[3] ?? 0),
    microsecond: Number((match[4] ?? "").slice(0, 6).padEnd(6, "0")),
    tzinfo,
  };
}

/**
 * `datetime.date`: a day of the calendar.
 *
 * @example
 * PyDate.from("2024-05-06").toString() // => '2024-05-06'
 */
export class PyDate implements PyHashable {
  static readonly [pyBase] = true;

  /** 1 to 9999. */
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** From 1 to the last of the month. */
  readonly day: number;

  /** @throws RangeError for a date that is none, or not in the years 1 to 9999 */
  constructor(year: number, month: number, day: number) {
    if (!isDate(year, month, day)) throw new RangeError(`Cannot make a date of ${year}, ${month}, ${day}`);
    this.year = year;
    this.month = month;
    this.day = day;
  }

  /**
   * Of fields, of ISO text (`YYYY-MM-DD`), of a `Date`'s day in UTC, or of a Temporal value that has a date.
   *
   * @throws RangeError for other text, a date that is none, or one not in the years 1 to 9999
   */
  static from(value: PyDate | Date | DateFields | string): PyDate {
    if (value instanceof PyDate) return value;
    if (value instanceof Date) return new PyDate(value.getUTCFullYear(), value.getUTCMonth() + 1, value.getUTCDate());
    const fields = typeof value === "string" ? parseDate(value) : value;
    return new PyDate(fields.year, fields.month, fields.day);
  }

  /** Whether `other` is the same date; never a {@link PyDateTime}, as in Python. */
  equals(other: unknown): boolean {
    return other instanceof PyDate && this.year === other.year && this.month === other.month && this.day === other.day;
  }

  /** Midnight UTC of that day. */
  toDate(): Date {
    return new Date(epochDays(this.year, this.month, this.day) * 86_400_000);
  }

  /**
   * A `Temporal.PlainDate`.
   *
   * @param temporal - the implementation; default the engine's own, or the one a polyfill made global
   * @throws TypeError when there is none
   */
  toTemporal(temporal?: TemporalLike): object {
    return temporalOf(temporal).PlainDate.from({ year: this.year, month: this.month, day: this.day });
  }

  /** Python's `isoformat()`: `2024-05-06`. */
  toString(): string {
    return dateText(this.year, this.month, this.day);
  }

  /** As {@link toString}: `"2024-05-06"`. */
  toJSON(): string {
    return this.toString();
  }

  [hashKey](): unknown {
    return `y${dayNumber(this)}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `PyDate ${this.toString()}`;
  }
}

/** `datetime.time`: a time of day, with or without a zone. */
export class PyTime implements PyHashable {
  static readonly [pyBase] = true;

  /** 0 to 23. */
  readonly hour: number;
  /** 0 to 59. */
  readonly minute: number;
  /** 0 to 59. */
  readonly second: number;
  /** 0 to 999,999. */
  readonly microsecond: number;
  /** `null`: naive. An object of a class of yours that is no {@link TzInfo} has no offset here. */
  readonly tzinfo: TzInfo | object | null;
  /** 1 for the second of two equal wall clock times, else 0. PEP 495. */
  readonly fold: number;

  /** @throws RangeError for a time that is none */
  constructor(hour = 0, minute = 0, second = 0, microsecond = 0, tzinfo: TzInfo | object | null = null, fold = 0) {
    if (!isTime(hour, minute, second, microsecond) || (fold !== 0 && fold !== 1)) {
      throw new RangeError(`Cannot make a time of ${hour}, ${minute}, ${second}, ${microsecond}, fold ${fold}`);
    }
    this.hour = hour;
    this.minute = minute;
    this.second = second;
    this.microsecond = microsecond;
    this.tzinfo = tzinfo;
    this.fold = fold;
  }

  /**
   * Of fields, of ISO text (`HH:MM`, with seconds and an offset or without), or of a `Temporal.PlainTime`. What is below a
   * microsecond is cut.
   *
   * @throws RangeError for other text, or a time that is none
   */
  static from(value: PyTime | TimeFields | string): PyTime {
    if (value instanceof PyTime) return value;
    const fields = typeof value === "string" ? parseTime(value) : plainTimeFields(value);
    return new PyTime(
      fields.hour,
      fields.minute,
      fields.second,
      fields.microsecond,
      fields.tzinfo ?? null,
      fields.fold,
    );
  }

  /** Python's `utcoffset()`: how far it is ahead of UTC; `null` when naive, and, as in Python, in a zone whose offset depends on the date. */
  utcOffset(): TimeDelta | null {
    const micros = offsetOf(this.tzinfo, undefined);
    return micros === undefined ? null : TimeDelta.fromMicroseconds(micros);
  }

  /** As Python's `==`: aware times less their offsets, naive ones by fields, never one of each; `fold` does not count. */
  equals(other: unknown): boolean {
    return other instanceof PyTime && this[hashKey]() === other[hashKey]();
  }

  /**
   * A `Temporal.PlainTime`, which has no zone.
   *
   * @param temporal - the implementation; default the engine's own, or the one a polyfill made global
   * @throws TypeError when there is none
   */
  toTemporal(temporal?: TemporalLike): object {
    return temporalOf(temporal).PlainTime.from(microsecondParts(this));
  }

  /** Python's `isoformat()`: `07:08:09.123456+02:00`; without offset in a zone whose offset depends on the date. */
  toString(): string {
    const micros = offsetOf(this.tzinfo, undefined);
    const clock = timeText(this.hour, this.minute, this.second, this.microsecond);
    return micros === undefined ? clock : clock + offsetText(micros);
  }

  /** As {@link toString}: `"07:08:09.123456+02:00"`. */
  toJSON(): string {
    return this.toString();
  }

  [hashKey](): unknown {
    const micros = offsetOf(this.tzinfo, undefined);
    const clock = ((this.hour * 60 + this.minute) * 60 + this.second) * 1e6 + this.microsecond;
    return micros === undefined ? `m${clock}` : `mz${BigInt(clock) - micros}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `PyTime ${this.toString()}`;
  }
}

/**
 * `datetime.datetime`: every field that Python has, microseconds, `fold` and any `tzinfo` included. `tzinfo` is `null` for
 * a naive datetime.
 *
 * @example
 * PyDateTime.from("2024-05-06T07:08:09+00:00").toDate().getTime() // => 1714979289000
 */
export class PyDateTime implements PyHashable {
  static readonly [pyBase] = true;

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
  /** `null`: naive. An object of a class of yours that is no {@link TzInfo} has no offset here. */
  readonly tzinfo: TzInfo | object | null;
  /** 1 for the second of two equal wall clock times, else 0. PEP 495. */
  readonly fold: number;

  /** @throws RangeError for a date or time that is none, or not in the years 1 to 9999 */
  constructor(
    year: number,
    month: number,
    day: number,
    hour = 0,
    minute = 0,
    second = 0,
    microsecond = 0,
    tzinfo: TzInfo | object | null = null,
    fold = 0,
  ) {
    if (
      !isDate(year, month, day) ||
      !isTime(hour, minute, second, microsecond) ||
      (fold !== 0 && fold !== 1) ||
      typeof tzinfo !== "object"
    ) {
      throw new RangeError(
        `Cannot make a datetime of ${year}, ${month}, ${day}, ${hour}, ${minute}, ${second}, ${microsecond}, fold ${fold}`,
      );
    }
    this.year = year;
    this.month = month;
    this.day = day;
    this.hour = hour;
    this.minute = minute;
    this.second = second;
    this.microsecond = microsecond;
    this.tzinfo = tzinfo;
    this.fold = fold;
  }

  /**
   * Of a `Date` (aware, in UTC), of fields, of ISO text (with offset or `[Zone/Name]`, or naive), or of a Temporal value that has
   * a date: an Instant is in UTC, a ZonedDateTime in its zone, the others naive. What is below a microsecond is cut.
   *
   * @throws RangeError when it is none, or not in the years 1 to 9999
   */
  static from(value: PyDateTime | Date | (DateFields & TimeFields) | string): PyDateTime {
    if (value instanceof PyDateTime) return value;
    if (value instanceof Date) return PyDateTime.fromEpochMicroseconds(BigInt(dateMilliseconds(value)) * 1000n);
    if (typeof value === "string") {
      const date = parseDate(value.slice(0, 10));
      const time = value.length === 10 ? {} : parseTime(value.slice(11));
      return PyDateTime.from({ ...date, ...time });
    }
    const tag = (value as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag];
    if (tag === "Temporal.Instant") {
      const { epochNanoseconds } = value as unknown as { readonly epochNanoseconds: bigint };
      return PyDateTime.fromEpochMicroseconds(floorDivide(epochNanoseconds, 1000n));
    }
    if (tag === "Temporal.ZonedDateTime") return fromZoned(value as unknown as ZonedLike);
    const fields = plainTimeFields(value);
    const { year, month, day } = value as DateFields;
    const { hour, minute, second, microsecond, tzinfo, fold } = fields;
    return new PyDateTime(year, month, day, hour, minute, second, microsecond, tzinfo ?? null, fold);
  }

  /**
   * Of microseconds since 1970 UTC: the moment in UTC, or in the zone of a fixed offset.
   *
   * @throws RangeError when it is not in the years 1 to 9999
   */
  static fromEpochMicroseconds(micros: bigint, zone: TimeZone = TimeZone.utc): PyDateTime {
    const local = micros + zone.utcOffsetMicroseconds();
    const milliseconds = floorDivide(local, 1000n);
    const date = new Date(Number(milliseconds));
    return new PyDateTime(
      date.getUTCFullYear(),
      date.getUTCMonth() + 1,
      date.getUTCDate(),
      date.getUTCHours(),
      date.getUTCMinutes(),
      date.getUTCSeconds(),
      date.getUTCMilliseconds() * 1000 + Number(local - milliseconds * 1000n),
      zone,
    );
  }

  /** Python's `utcoffset()`: how far the wall clock is ahead of UTC; `null` for a naive datetime, or when its zone cannot tell. */
  utcOffset(): TimeDelta | null {
    const micros = offsetOf(this.tzinfo, this);
    return micros === undefined ? null : TimeDelta.fromMicroseconds(micros);
  }

  /** Microseconds since 1970 UTC. A naive datetime is taken for UTC. `undefined` when the zone cannot tell its offset. */
  epochMicroseconds(): bigint | undefined {
    const wall = epochDays(this.year, this.month, this.day) * 86400 + this.hour * 3600 + this.minute * 60 + this.second;
    const micros = BigInt(wall) * 1_000_000n + BigInt(this.microsecond);
    if (this.tzinfo === null) return micros;
    const offset = offsetOf(this.tzinfo, this);
    return offset === undefined ? undefined : micros - offset;
  }

  /**
   * The moment, cut to milliseconds. A naive datetime is taken for UTC: this machine's own zone has no say.
   *
   * @throws RangeError when the zone's offset is not known here
   */
  toDate(): Date {
    if (this.tzinfo === null || this.tzinfo === TimeZone.utc) {
      const date = new Date(
        Date.UTC(
          2000,
          this.month - 1,
          this.day,
          this.hour,
          this.minute,
          this.second,
          Math.floor(this.microsecond / 1000),
        ),
      );
      // Date.UTC reads years below 100 as 19xx.
      date.setUTCFullYear(this.year, this.month - 1, this.day);
      return date;
    }
    const micros = this.epochMicroseconds();
    if (micros === undefined)
      throw new RangeError(`Cannot tell the moment of ${this}: the offset of its zone is not known`);
    return new Date(Number(floorDivide(micros, 1000n)));
  }

  /**
   * A `Temporal.PlainDateTime` when naive, else a `Temporal.ZonedDateTime` in the IANA zone or at the fixed offset.
   *
   * @param temporal - the implementation; default the engine's own, or the one a polyfill made global
   * @throws RangeError for an offset that Temporal cannot hold: it knows whole minutes only
   * @throws TypeError when there is no implementation
   */
  toTemporal(temporal?: TemporalLike): object {
    const implementation = temporalOf(temporal);
    const fields = { year: this.year, month: this.month, day: this.day, ...microsecondParts(this) };
    if (this.tzinfo === null) return implementation.PlainDateTime.from(fields);
    const iana = (this.tzinfo as Partial<TzInfo>).ianaName;
    if (iana !== undefined) {
      const offset = offsetOf(this.tzinfo, this);
      return implementation.ZonedDateTime.from(
        offset === undefined
          ? { ...fields, timeZone: iana }
          : { ...fields, timeZone: iana, offset: offsetText(offset) },
        { offset: "prefer", disambiguation: this.fold === 1 ? "later" : "earlier" },
      );
    }
    const micros = offsetOf(this.tzinfo, this);
    if (micros === undefined || micros % 60_000_000n !== 0n) {
      throw new RangeError(`Cannot make a Temporal.ZonedDateTime of ${this}: its offset is not known in whole minutes`);
    }
    return implementation.ZonedDateTime.from({ ...fields, timeZone: micros === 0n ? "UTC" : offsetText(micros) });
  }

  /** Python's `date()`: the date alone. */
  date(): PyDate {
    return new PyDate(this.year, this.month, this.day);
  }

  /** Python's `time()`: the time of day alone, without zone; `fold` is kept. */
  time(): PyTime {
    return new PyTime(this.hour, this.minute, this.second, this.microsecond, null, this.fold);
  }

  /**
   * Python's `==`: aware datetimes by moment, naive ones by fields, never one of each. A time that a clock skips or shows twice
   * equals those of its own zone with the same fields, whatever their `fold`, and none of another zone.
   */
  equals(other: unknown): boolean {
    if (!(other instanceof PyDateTime)) return false;
    const [a, b] = [this[hashKey](), other[hashKey]()];
    if (typeof a === "string" || typeof b === "string") return a === b;
    const isOneZone =
      this.tzinfo === other.tzinfo ||
      (this.tzinfo instanceof ZoneInfo && !this.tzinfo.noCache && this.tzinfo.equals(other.tzinfo));
    return isOneZone && this.#fields() === other.#fields();
  }

  /** Python's `isoformat()`: `2024-05-06T07:08:09.123456+02:00`; without offset when the zone's is not known here. */
  toString(): string {
    const micros = offsetOf(this.tzinfo, this);
    return micros === undefined ? this.#fields() : this.#fields() + offsetText(micros);
  }

  /** As {@link toString}, which has an IANA zone's offset and not its name: `"2024-05-06T07:08:09+02:00"`. */
  toJSON(): string {
    return this.toString();
  }

  [hashKey](): unknown {
    if (this.tzinfo === null) {
      const seconds = (this.hour * 60 + this.minute) * 60 + this.second;
      return `n${dayNumber(this)},${seconds},${this.microsecond}`;
    }
    const micros = this.epochMicroseconds();
    return micros === undefined || this.#isOffsetByFold()
      ? new HashParts("e", [this.#fields(), this.tzinfo])
      : `d${micros}`;
  }

  /** ISO text without the offset. */
  #fields(): string {
    return `${dateText(this.year, this.month, this.day)}T${timeText(this.hour, this.minute, this.second, this.microsecond)}`;
  }

  /** Whether the clock skips this time or shows it twice. CPython 3.12 `_datetimemodule.c` pep495_eq_exception. */
  #isOffsetByFold(): boolean {
    if (this.tzinfo instanceof TimeZone) return false;
    const { year, month, day, hour, minute, second, microsecond, fold } = this;
    const other = { year, month, day, hour, minute, second, microsecond, fold: 1 - fold };
    return offsetOf(this.tzinfo, this) !== offsetOf(this.tzinfo, other);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    const iana = (this.tzinfo as Partial<TzInfo> | null)?.ianaName;
    return `PyDateTime ${this.toString()}${iana === undefined ? "" : `[${iana}]`}`;
  }
}

/** Different for different dates. */
function dayNumber({ year, month, day }: DateFields): number {
  return (year * 12 + month) * 31 + day;
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}

function dateMilliseconds(date: Date): number {
  const milliseconds = date.getTime();
  if (Number.isNaN(milliseconds)) throw new RangeError("Cannot make a datetime of an invalid Date");
  return milliseconds;
}

interface ZonedLike extends DateFields {
  readonly timeZoneId: string;
  readonly offset: string;
  readonly offsetNanoseconds: number;
}

/** Fixed offsets become a TimeZone, others a ZoneInfo, with `fold` where the wall clock time happens twice. */
function fromZoned(value: ZonedLike): PyDateTime {
  const { year, month, day, timeZoneId } = value;
  const { hour, minute, second, microsecond } = plainTimeFields(value as unknown as TimeFields);
  if (timeZoneId === "UTC" || /^[+-]\d/.test(timeZoneId)) {
    const zone = timeZoneId === "UTC" ? TimeZone.utc : TimeZone.from(timeZoneId);
    return new PyDateTime(year, month, day, hour, minute, second, microsecond, zone);
  }
  const zone = new ZoneInfo(timeZoneId);
  const first = new PyDateTime(year, month, day, hour, minute, second, microsecond, zone);
  const offset = zone.utcOffsetMicroseconds(first);
  if (offset === undefined || offset * 1000n === BigInt(value.offsetNanoseconds)) return first;
  return new PyDateTime(year, month, day, hour, minute, second, microsecond, zone, 1);
}

/** Temporal counts milliseconds and microseconds apart, Python microseconds up to 999999. */
function plainTimeFields(value: TimeFields & { readonly millisecond?: number }): TimeFields {
  if (typeof value.millisecond !== "number") return value;
  const { hour, minute, second } = value;
  return { hour, minute, second, microsecond: value.millisecond * 1000 + (value.microsecond ?? 0) };
}

function microsecondParts(time: {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly microsecond: number;
}): object {
  return {
    hour: time.hour,
    minute: time.minute,
    second: time.second,
    millisecond: Math.floor(time.microsecond / 1000),
    microsecond: time.microsecond % 1000,
  };
}
