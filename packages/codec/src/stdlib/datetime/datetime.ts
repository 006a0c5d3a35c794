/** `datetime`: each value is its bytes, and the zone. CPython 3.12 `_datetimemodule.c`. */
import { globalOfEntry } from "../../globals/global-of.js";
import type { AnyClass, DecodeContext, EncodeContext, GlobalEntry, Reduction } from "../../globals/registry.js";
import { bytesOf, intOf } from "../../python/coerce.js";
import { PyDate, PyDateTime, PyTime, TimeDelta, TimeZone } from "../../python/datetime/datetime.js";
import { BareTzInfo } from "../../python/datetime/tzinfo.js";
import { ZoneInfo } from "../../python/datetime/zoneinfo.js";
import { Decimal } from "../../python/numbers/decimal.js";
import { Fraction } from "../../python/numbers/fraction.js";
import { Complex, PyFloat } from "../../python/numbers/numbers.js";
import { PyGlobal } from "../../python/objects/objects.js";

const module = "datetime";

/** Since protocol 4 `fold` is the top bit of the first byte of the time, or of the month; before, it is lost. */
const FOLD_PROTOCOL = 4;

function refused(name: string, context: DecodeContext, cause?: unknown): Error {
  return context.fail(
    `Cannot make a datetime.${name}: ${cause instanceof Error ? cause.message : "bad arguments"}`,
    cause,
  );
}

/** Makes the value, with the class's own error turned into the decoder's. */
function made<T>(name: string, context: DecodeContext, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw refused(name, context, error);
  }
}

/** What `datetime: "temporal"` and `"date"` ask for. */
function converted(name: string, value: PyDateTime | PyDate | PyTime | TimeDelta, context: DecodeContext): object {
  if (context.datetime === "temporal") return made(name, context, () => value.toTemporal());
  return value instanceof PyDateTime ? made(name, context, () => value.toDate()) : value;
}

/** What can be no tzinfo is refused; a zone may be of a class of yours, so that nothing more can be asked of it. */
function zoneOf(value: unknown, name: string, context: DecodeContext): object | null {
  if (value === undefined || value === null) return null;
  if (value instanceof TimeZone || value instanceof ZoneInfo) return value;
  const isZone = typeof value === "object" && !NO_ZONES.some((type) => value instanceof type);
  if (!isZone || Object.getPrototypeOf(value) === Object.prototype) throw refused(name, context);
  return value;
}

const NO_ZONES: readonly AnyClass[] = [
  ...[Array, Map, Set, Uint8Array, PyGlobal],
  ...[PyFloat, Complex, Decimal, Fraction],
  ...[PyDate, PyDateTime, PyTime, TimeDelta],
];

/** Arguments that are ints, all of them. */
function intsOf(args: readonly unknown[], name: string, context: DecodeContext): number[] {
  return args.map((arg) => {
    const value = intOf(arg);
    if (value === undefined) throw refused(name, context);
    return value;
  });
}

const DATETIME_SIZE = 10;

/** The datetime of the state `bytes[at]` to `bytes[at + 9]`. */
function datetimeOfState(bytes: Uint8Array, at: number, zone: unknown, context: DecodeContext): unknown {
  const tzinfo = zoneOf(zone, "datetime", context);
  let value: PyDateTime;
  try {
    const month = bytes[at + 2]!;
    value = new PyDateTime(
      (bytes[at]! << 8) | bytes[at + 1]!,
      month & 0x7f,
      bytes[at + 3]!,
      bytes[at + 4],
      bytes[at + 5],
      bytes[at + 6],
      (bytes[at + 7]! << 16) | (bytes[at + 8]! << 8) | bytes[at + 9]!,
      tzinfo,
      month >> 7,
    );
  } catch (error) {
    throw refused("datetime", context, error);
  }
  return context.datetime === "python" ? value : converted("datetime", value, context);
}

const datetime: GlobalEntry<PyDateTime> = {
  module,
  name: "datetime",
  nameStrings: "static-name",
  target: PyDateTime,
  call(args, context) {
    const state = args.length <= 2 ? bytesOf(args[0]) : undefined;
    if (state?.length === DATETIME_SIZE) return datetimeOfState(state, 0, args[1], context);
    if (state !== undefined || args.length > 8) throw refused("datetime", context);
    const [year, month, day, hour, minute, second, micros] = intsOf(args.slice(0, 7), "datetime", context);
    const zone = zoneOf(args[7], "datetime", context);
    const value = made(
      "datetime",
      context,
      () => new PyDateTime(year!, month!, day!, hour, minute, second, micros, zone),
    );
    return context.datetime === "python" ? value : converted("datetime", value, context);
  },
  bytesCall: { size: DATETIME_SIZE, call: datetimeOfState, write: writeDatetime },
  reduce: (object, context) => callOnBytes(datetime, object, context),
};

function writeDatetime(object: PyDateTime, bytes: Uint8Array, at: number, context: EncodeContext): unknown {
  const { year, microsecond } = object;
  bytes[at] = year >> 8;
  bytes[at + 1] = year;
  bytes[at + 2] = object.fold === 1 && context.protocol >= FOLD_PROTOCOL ? object.month | 0x80 : object.month;
  bytes[at + 3] = object.day;
  bytes[at + 4] = object.hour;
  bytes[at + 5] = object.minute;
  bytes[at + 6] = object.second;
  bytes[at + 7] = microsecond >> 16;
  bytes[at + 8] = microsecond >> 8;
  bytes[at + 9] = microsecond;
  return object.tzinfo ?? undefined;
}

/** What `bytesCall` writes, as a reduction. */
function callOnBytes<T extends object>(entry: GlobalEntry<T>, object: T, context: EncodeContext): Reduction {
  const { size, write } = entry.bytesCall!;
  const state = new Uint8Array(size);
  const second = write!(object, state, 0, context);
  return {
    kind: "reduce",
    callable: globalOfEntry(entry as unknown as GlobalEntry),
    args: second === undefined ? [state] : [state, second],
    ownsFirst: true,
  };
}

const DATE_SIZE = 4;

/** The date of the state `bytes[at]` to `bytes[at + 3]`. */
function dateOfState(bytes: Uint8Array, at: number, context: DecodeContext): unknown {
  let value: PyDate;
  try {
    value = new PyDate((bytes[at]! << 8) | bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!);
  } catch (error) {
    throw refused("date", context, error);
  }
  return context.datetime === "temporal" ? converted("date", value, context) : value;
}

const date: GlobalEntry<PyDate> = {
  module,
  name: "date",
  nameStrings: "static-name",
  target: PyDate,
  call(args, context) {
    const state = args.length === 1 ? bytesOf(args[0]) : undefined;
    if (state?.length === DATE_SIZE) return dateOfState(state, 0, context);
    if (args.length > 3) throw refused("date", context);
    const [year, month, day] = intsOf(args, "date", context);
    const value = made("date", context, () => new PyDate(year!, month!, day!));
    return context.datetime === "temporal" ? converted("date", value, context) : value;
  },
  bytesCall: {
    size: DATE_SIZE,
    call(bytes, at, second, context) {
      if (second !== undefined) throw refused("date", context);
      return dateOfState(bytes, at, context);
    },
    write(object, bytes, at) {
      bytes[at] = object.year >> 8;
      bytes[at + 1] = object.year;
      bytes[at + 2] = object.month;
      bytes[at + 3] = object.day;
    },
  },
  reduce: (object, context) => callOnBytes(date, object, context),
};

const TIME_SIZE = 6;

/** The time of the state `bytes[at]` to `bytes[at + 5]`. */
function timeOfState(bytes: Uint8Array, at: number, zone: unknown, context: DecodeContext): unknown {
  const tzinfo = zoneOf(zone, "time", context);
  let value: PyTime;
  try {
    const hour = bytes[at]!;
    const micros = (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!;
    value = new PyTime(hour & 0x7f, bytes[at + 1], bytes[at + 2], micros, tzinfo, hour >> 7);
  } catch (error) {
    throw refused("time", context, error);
  }
  return context.datetime === "temporal" ? converted("time", value, context) : value;
}

const time: GlobalEntry<PyTime> = {
  module,
  name: "time",
  nameStrings: "static-name",
  target: PyTime,
  call(args, context) {
    const state = args.length <= 2 ? bytesOf(args[0]) : undefined;
    if (state?.length === TIME_SIZE) return timeOfState(state, 0, args[1], context);
    if (state !== undefined || args.length > 5) throw refused("time", context);
    const [hour, minute, second, micros] = intsOf(args.slice(0, 4), "time", context);
    const zone = zoneOf(args[4], "time", context);
    const value = made("time", context, () => new PyTime(hour, minute, second, micros, zone));
    return context.datetime === "temporal" ? converted("time", value, context) : value;
  },
  bytesCall: { size: TIME_SIZE, call: timeOfState, write: writeTime },
  reduce: (object, context) => callOnBytes(time, object, context),
};

function writeTime(object: PyTime, bytes: Uint8Array, at: number, context: EncodeContext): unknown {
  const { microsecond } = object;
  bytes[at] = object.fold === 1 && context.protocol >= FOLD_PROTOCOL ? object.hour | 0x80 : object.hour;
  bytes[at + 1] = object.minute;
  bytes[at + 2] = object.second;
  bytes[at + 3] = microsecond >> 16;
  bytes[at + 4] = microsecond >> 8;
  bytes[at + 5] = microsecond;
  return object.tzinfo ?? undefined;
}

const timedelta: GlobalEntry<TimeDelta> = {
  module,
  name: "timedelta",
  nameStrings: "static-name",
  target: TimeDelta,
  call(args, context) {
    if (args.length > 3) throw refused("timedelta", context);
    const value = made("timedelta", context, () => {
      const part = (i: number) => (i < args.length ? (intOf(args[i]) ?? Number.NaN) : undefined);
      return new TimeDelta(part(0), part(1), part(2));
    });
    return context.datetime === "temporal" ? converted("timedelta", value, context) : value;
  },
  // Since 3.13 there is one timedelta of zero.
  singletonKey: (object, { python }) => (python === "3.13" && isZero(object) ? "0" : undefined),
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(timedelta),
    args: [object.days, object.seconds, object.microseconds],
  }),
};

function isZero({ days, seconds, microseconds }: TimeDelta): boolean {
  return days === 0 && seconds === 0 && microseconds === 0;
}

/** Whether it is a Temporal.Duration, which a timedelta has become with `datetime: "temporal"`. */
function hasNanoseconds(value: unknown): boolean {
  return typeof value === "object" && value !== null && "nanoseconds" in value;
}

const timezone: GlobalEntry<TimeZone> = {
  module,
  name: "timezone",
  nameStrings: "static-name",
  target: TimeZone,
  call(args, context) {
    const [offset, name] = args;
    if (args.length > 2 || (name !== undefined && typeof name !== "string")) throw refused("timezone", context);
    const isDelta = offset instanceof TimeDelta || (context.datetime === "temporal" && hasNanoseconds(offset));
    if (!isDelta) throw refused("timezone", context);
    return made("timezone", context, () => {
      const delta = TimeDelta.from(offset as TimeDelta);
      return name === undefined && isZero(delta) ? TimeZone.utc : new TimeZone(delta, name ?? null);
    });
  },
  // `timezone.utc`
  singletonKey: (object) => (object.name === null && isZero(object.offset) ? "0" : undefined),
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(timezone),
    args: object.name === null ? [object.offset] : [object.offset, object.name],
  }),
};

const tzinfo: GlobalEntry<BareTzInfo> = {
  module,
  name: "tzinfo",
  nameStrings: "static-name",
  target: BareTzInfo,
  call: () => new BareTzInfo(),
  create: () => new BareTzInfo(),
  reduce: () => ({ kind: "reduce", callable: globalOfEntry(tzinfo), args: [] }),
};

export function datetimeEntries(): readonly GlobalEntry[] {
  return [datetime, date, time, timedelta, timezone, tzinfo] as readonly GlobalEntry[];
}

/** Ways to write JavaScript's own dates and times, by class or by `Symbol.toStringTag`. */
export function datetimeTwins(): readonly (readonly [target: AnyClass | string, entry: GlobalEntry])[] {
  return [
    [Date, twin("datetime", (value: Date, context) => reduced(datetime, PyDateTime.from(value), context))],
    ["Temporal.PlainDate", twin("date", (value: PyDate, context) => reduced(date, PyDate.from(value), context))],
    ["Temporal.PlainTime", twin("time", (value: PyTime, context) => reduced(time, PyTime.from(value), context))],
    ...["Temporal.PlainDateTime", "Temporal.ZonedDateTime", "Temporal.Instant"].map(
      (tag): readonly [string, GlobalEntry] => [
        tag,
        twin("datetime", (value: Date, context) => reduced(datetime, PyDateTime.from(value), context)),
      ],
    ),
    [
      "Temporal.Duration",
      twin("timedelta", (value: TimeDelta, context) => reduced(timedelta, durationOf(value), context)),
    ],
  ];
}

function durationOf(value: TimeDelta): TimeDelta {
  return TimeDelta.from(value);
}

function reduced<T extends object>(entry: GlobalEntry<T>, value: T, context: EncodeContext): Reduction {
  return entry.reduce!(value, context) as Reduction;
}

function twin<T extends object>(name: string, reduce: (value: T, context: EncodeContext) => Reduction): GlobalEntry {
  const entry: GlobalEntry<T> = {
    module,
    name,
    reduce(value, context) {
      try {
        return reduce(value, context);
      } catch (error) {
        throw context.fail(`Cannot pickle as datetime.${name}: ${(error as Error).message}`, error);
      }
    },
  };
  return entry as unknown as GlobalEntry;
}
