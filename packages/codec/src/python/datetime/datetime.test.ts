import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import { dumps, loads, repr } from "../../index.js";
import { PyDict } from "../containers/dict.js";
import { PyDate, PyDateTime, PyTime, TimeDelta, TimeZone, type TzInfo } from "./datetime.js";
import { ZoneInfo } from "./zoneinfo.js";
import { PytzZone } from "./zones.js";

const paris = new ZoneInfo("Europe/Paris");

describe("PyDateTime", () => {
  it.each([
    ["2024-05-06T07:08:09.123456+00:00", "2024-05-06T07:08:09.123456+00:00"],
    ["2024-05-06T07:08:09Z", "2024-05-06T07:08:09+00:00"],
    ["2024-05-06 07:08", "2024-05-06T07:08:00"],
    ["0001-01-01T00:00:00-03:00:07", "0001-01-01T00:00:00-03:00:07"],
    ["2024-05-06", "2024-05-06T00:00:00"],
  ])("reads %s", (text, iso) => {
    expect(PyDateTime.from(text).toString()).toBe(iso);
  });

  it.each(["2024-13-01", "2024-02-30T00:00:00", "2024-05-06T24:00:00", "now", "2024-05-06T07"])(
    "refuses %s",
    (text) => {
      expect(() => PyDateTime.from(text)).toThrow(RangeError);
    },
  );

  it("is the same moment as a Date", () => {
    const date = new Date(Date.UTC(2024, 4, 6, 7, 8, 9, 123));
    expect(PyDateTime.from(date).toDate().getTime()).toBe(date.getTime());
    expect(new PyDateTime(1, 1, 1, 0, 0, 0, 0, TimeZone.utc).toDate().toISOString()).toBe("0001-01-01T00:00:00.000Z");
    expect(() => PyDateTime.from(new Date(Number.NaN))).toThrow(RangeError);
  });

  it("finds the offset of an IANA zone, and with fold of a time that happens twice", () => {
    expect(new PyDateTime(2024, 5, 6, 12, 0, 0, 0, paris).toString()).toBe("2024-05-06T12:00:00+02:00");
    expect(new PyDateTime(2024, 1, 6, 12, 0, 0, 0, paris).toString()).toBe("2024-01-06T12:00:00+01:00");
    expect(new PyDateTime(2024, 10, 27, 2, 30, 0, 0, paris, 0).toString()).toBe("2024-10-27T02:30:00+02:00");
    expect(new PyDateTime(2024, 10, 27, 2, 30, 0, 0, paris, 1).toString()).toBe("2024-10-27T02:30:00+01:00");
    // In the gap of spring fold 0 is read with the offset before it. PEP 495.
    expect(new PyDateTime(2024, 3, 31, 2, 30, 0, 0, paris, 0).toString()).toBe("2024-03-31T02:30:00+01:00");
    expect(new PyDateTime(2024, 3, 31, 2, 30, 0, 0, paris, 1).toString()).toBe("2024-03-31T02:30:00+02:00");
  });

  it("compares aware datetimes by moment and naive ones by fields", () => {
    const utc = PyDateTime.from("2024-05-06T10:00:00+00:00");
    expect(utc.equals(PyDateTime.from("2024-05-06T12:00:00+02:00"))).toBe(true);
    expect(utc.equals(PyDateTime.from("2024-05-06T10:00:00"))).toBe(false);
    expect(utc.equals(new PyDateTime(2024, 5, 6, 12, 0, 0, 0, paris))).toBe(true);
  });

  it("goes to Temporal and back", () => {
    for (const text of ["2024-05-06T07:08:09.123456", "2024-05-06T07:08:09.123456+05:30"]) {
      const value = PyDateTime.from(text);
      expect(PyDateTime.from(value.toTemporal(Temporal) as never).toString()).toBe(text);
    }
    const folded = new PyDateTime(2024, 10, 27, 2, 30, 0, 0, paris, 1);
    const zoned = folded.toTemporal(Temporal) as Temporal.ZonedDateTime;
    expect(zoned.toString()).toBe("2024-10-27T02:30:00+01:00[Europe/Paris]");
    expect(PyDateTime.from(zoned as never).fold).toBe(1);
    expect(() => PyDateTime.from("2024-05-06T00:00:00+01:00:01").toTemporal(Temporal)).toThrow(RangeError);
  });

  it("has its fold before the zone in a datetime's repr, and behind it in a time's", () => {
    const zone = ", tzinfo=datetime.timezone.utc";
    const pickle = (name: string, bytes: string) =>
      `cdatetime\n${name}\n(C${bytes}cdatetime\ntimezone\n(cdatetime\ntimedelta\n(I0\nI0\nI0\ntRtRtR.`;
    const load = (name: string, bytes: string) => loads(Buffer.from(pickle(name, bytes), "latin1"));
    expect(repr(load("time", "\x06\x82\x1e\0\0\0\x07"))).toBe(`datetime.time(2, 30, 0, 7${zone}, fold=1)`);
    expect(repr(load("datetime", "\x0a\x07\xe8\x8a\x1b\x02\x1e\0\0\0\x07"))).toBe(
      `datetime.datetime(2024, 10, 27, 2, 30, 0, 7, fold=1${zone})`,
    );
  });

  it("is what Date and every Temporal type are written as", () => {
    const values: [object, string][] = [
      [new Date(0), "datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)"],
      [Temporal.PlainDate.from("2024-05-06"), "datetime.date(2024, 5, 6)"],
      [Temporal.PlainTime.from("07:08:09.000005"), "datetime.time(7, 8, 9, 5)"],
      [Temporal.PlainDateTime.from("2024-05-06T07:08"), "datetime.datetime(2024, 5, 6, 7, 8)"],
      [
        Temporal.ZonedDateTime.from("2024-05-06T07:08+02:00[Europe/Paris]"),
        "datetime.datetime(2024, 5, 6, 7, 8, tzinfo=zoneinfo.ZoneInfo(key='Europe/Paris'))",
      ],
      [
        Temporal.Instant.from("2024-05-06T07:08:00Z"),
        "datetime.datetime(2024, 5, 6, 7, 8, tzinfo=datetime.timezone.utc)",
      ],
      [Temporal.Duration.from({ hours: 25, seconds: -0 }), "datetime.timedelta(days=1, seconds=3600)"],
    ];
    for (const [value, text] of values) expect(repr(loads(dumps(value)))).toBe(text);
    expect(() => dumps(Temporal.Duration.from({ months: 1 }))).toThrow(/months/);
  });

  it('decodes to Date with datetime: "date"', () => {
    const bytes = dumps([PyDateTime.from("2024-05-06T07:08:09+00:00"), PyDate.from("2024-05-06")]);
    const [date, day] = loads(bytes, { datetime: "date" }) as [Date, PyDate];
    expect(date).toEqual(new Date("2024-05-06T07:08:09Z"));
    expect(day).toBeInstanceOf(PyDate);
  });
});

describe("equality where a clock is put forward or back", () => {
  const at = (month: number, day: number, hour: number, fold: number, zone: TzInfo = paris) =>
    new PyDateTime(2024, month, day, hour, 30, 0, 0, zone, fold);

  // What CPython says of the same.
  it.each<[string, PyDateTime, PyDateTime, boolean]>([
    ["both occurrences of an hour", at(10, 27, 2, 0), at(10, 27, 2, 1), true],
    ["the first of them, in UTC", at(10, 27, 2, 0), at(10, 27, 0, 0, TimeZone.utc), false],
    ["a skipped time and the one that is shown", at(3, 31, 2, 0), at(3, 31, 3, 0), false],
    [
      "a skipped time in another object for the zone",
      at(3, 31, 2, 0),
      at(3, 31, 2, 1, new ZoneInfo("Europe/Paris")),
      true,
    ],
    ["a skipped time in another zone", at(3, 31, 2, 0), at(3, 31, 2, 0, new ZoneInfo("Europe/Rome")), false],
    ["any other time, in UTC", at(10, 27, 3, 0), at(10, 27, 2, 0, TimeZone.utc), true],
  ])("%s", (_what, a, b, expected) => {
    expect(a.equals(b)).toBe(expected);
    expect(new PyDict([[a, 1]]).has(b)).toBe(expected);
  });
});

it("dates, times and lengths are equal in all of their parts", () => {
  const makers: [(a: number, b: number, c: number) => PyDate | PyTime | TimeDelta, string][] = [
    [(year, month, day) => new PyDate(year, month, day), "PyDate"],
    [(hour, minute, second) => new PyTime(hour, minute, second), "PyTime"],
    [(minute, second, micros) => new PyTime(1, minute, second, micros), "PyTime below the hour"],
    [(days, seconds, micros) => new TimeDelta(days, seconds, micros), "TimeDelta"],
  ];
  for (const [make, name] of makers) {
    expect(make(4, 5, 6).equals(make(4, 5, 6))).toBe(true);
    for (const i of [0, 1, 2]) {
      const [a = 0, b = 0, c = 0] = [4, 5, 6].with(i, 7);
      expect(make(4, 5, 6).equals(make(a, b, c)), `${name}, part ${i}`).toBe(false);
      // Nor is there one of half a part.
      const [x = 0, y = 0, z = 0] = [4, 5, 6].with(i, 0.5);
      expect(() => make(x, y, z), `${name}, part ${i}`).toThrow(RangeError);
    }
  }
});

it("timezones are equal by their offset, and to nothing else", () => {
  const [hour, named] = [new TimeZone(new TimeDelta(0, 3600)), new TimeZone(new TimeDelta(0, 3600), "x")];
  expect(hour.equals(named)).toBe(true);
  for (const other of [TimeZone.utc, new TimeDelta(0, 3600), 3600, null, undefined])
    expect(hour.equals(other)).toBe(false);
  const day = 86_400;
  for (const seconds of [day, -day]) expect(() => new TimeZone(new TimeDelta(0, seconds))).toThrow(RangeError);
  for (const seconds of [day - 1, 1 - day])
    expect(new TimeZone(new TimeDelta(0, seconds)).offset.totalSeconds()).toBe(seconds);
});

describe("TimeDelta", () => {
  it("is normalised as in Python", () => {
    expect(repr(new TimeDelta(0, 0, -1))).toBe("datetime.timedelta(days=-1, seconds=86399, microseconds=999999)");
    expect(repr(TimeDelta.from({ hours: 25, minutes: 1.5 }))).toBe("datetime.timedelta(days=1, seconds=3690)");
    expect(new TimeDelta(1, 2, 3).toString()).toBe("1 day, 0:00:02.000003");
    expect(new TimeDelta(-1, 86399).toString()).toBe("-1 day, 23:59:59");
    expect(() => new TimeDelta(1e9)).toThrow(RangeError);
    expect(() => new TimeDelta(0.5)).toThrow(RangeError);
  });

  // What `datetime.timedelta(...)` of CPython 3.11 is of the same.
  it.each([
    [{ microseconds: 0.5 }, 0],
    [{ microseconds: 1.5 }, 2],
    [{ microseconds: 2.5 }, 2],
    [{ microseconds: -0.5 }, 0],
    [{ microseconds: -1.5 }, -2],
    [{ milliseconds: 0.0005, microseconds: 3 }, 4],
    [{ seconds: 0.0000025 }, 2],
    [{ days: 0.1, hours: 0.1, seconds: 0.1 }, 9_000_100_000],
    [{ weeks: 0.123456789, milliseconds: 0.7777, microseconds: 0.25 }, 74_666_666_765],
  ])("of %j has %i microseconds", (parts, microseconds) => {
    expect(TimeDelta.from(parts).totalMicroseconds()).toBe(BigInt(microseconds));
  });

  it.each(["P1DT2H3M4.000005S", "PT0S", "-PT1S", "P2D"])("reads and writes %s", (text) => {
    expect(TimeDelta.from(text).toJSON()).toBe(text);
  });
});

describe("PyTime", () => {
  it("keeps offset and fold", () => {
    expect(PyTime.from("07:08:09.5+01:00").toString()).toBe("07:08:09.500000+01:00");
    expect(new PyTime(1, 2, 3, 4, null, 1).fold).toBe(1);
    expect(() => new PyTime(24)).toThrow(RangeError);
  });

  // As of CPython's time(7, 8, tzinfo=...).
  it.each([
    [new ZoneInfo("UTC"), "07:08:00+00:00"],
    [new ZoneInfo("Etc/GMT-3"), "07:08:00+03:00"],
    [new PytzZone("Etc/GMT+3"), "07:08:00-03:00"],
    [new ZoneInfo("Europe/Paris"), "07:08:00"],
  ])("in a zone: %s, %s", (zone, text) => {
    expect(new PyTime(7, 8, 0, 0, zone).toString()).toBe(text);
  });
});
