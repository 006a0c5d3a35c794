/** Which values are one object in CPython, and which strings are not: the bytes are those of 3.12.1 and 3.13.0, protocol 4. */
import { describe, expect, it } from "vitest";
import {
  ByteArray,
  Decimal,
  dumps,
  IPv6Address,
  loads,
  Pattern,
  Range,
  StructTime,
  TimeDelta,
  TimeZone,
  tuple,
  ZoneInfo,
} from "../index.js";

interface Row {
  readonly python: string;
  readonly value: unknown;
  readonly bytes: string;
  /** Where 3.13 writes something else. */
  readonly bytes313?: string;
}

const ROWS: readonly Row[] = [
  {
    python: "b = b'zy'; [bytearray(b'z'), b[:1], bytearray(b'z'), b[:1], b[:0], bytearray()]",
    value: [
      ByteArray.of(122),
      Uint8Array.of(122),
      ByteArray.of(122),
      Uint8Array.of(122),
      new Uint8Array(),
      new ByteArray(),
    ],
    bytes: "gASVPgAAAAAAAABdlCiMCGJ1aWx0aW5zlIwJYnl0ZWFycmF5lJOUQwF6lIWUUpRDAXqUaANDAXqUhZRSlGgHQwCUaAMpUpRlLg==",
  },
  {
    python: "[decimal.Decimal('1.10'), decimal.Decimal('1.10'), decimal.Decimal('1'), decimal.Decimal('1')]",
    value: [new Decimal("1.10"), new Decimal("1.10"), new Decimal("1"), new Decimal("1")],
    bytes:
      "gASVRwAAAAAAAABdlCiMB2RlY2ltYWyUjAdEZWNpbWFslJOUjAQxLjEwlIWUUpRoA4wEMS4xMJSFlFKUaAOMATGUhZRSlGgDjAExlIWUUpRlLg==",
  },
  {
    python: "[ipaddress.ip_address('::1'), ipaddress.ip_address('::1')]",
    value: [new IPv6Address("::1"), new IPv6Address("::1")],
    bytes: "gASVNwAAAAAAAABdlCiMCWlwYWRkcmVzc5SMC0lQdjZBZGRyZXNzlJOUjAM6OjGUhZRSlGgDjAM6OjGUhZRSlGUu",
  },
  {
    python: "[zoneinfo.ZoneInfo('UTC'), zoneinfo.ZoneInfo('UTC'), range(1)]",
    value: [new ZoneInfo("UTC"), new ZoneInfo("UTC"), new Range(0, 1, 1)],
    bytes:
      "gASVcQAAAAAAAABdlCiMCGJ1aWx0aW5zlIwHZ2V0YXR0cpSTlIwIem9uZWluZm+UjAhab25lSW5mb5STlIwJX3VucGlja2xllIaUUpSMA1VUQ5RLAYaUUpRoDIwIYnVpbHRpbnOUjAVyYW5nZZSTlEsASwFLAYeUUpRlLg==",
  },
  {
    python: "[datetime.timezone(datetime.timedelta(0)), datetime.timezone.utc]",
    value: [new TimeZone(new TimeDelta(0)), TimeZone.utc],
    bytes: "gASVPQAAAAAAAABdlCiMCGRhdGV0aW1llIwIdGltZXpvbmWUk5RoAYwJdGltZWRlbHRhlJOUSwBLAEsAh5RSlIWUUpRoCWUu",
  },
  {
    python: "[re.compile('a+'), re.compile('a+'), re.compile(b'a')]",
    value: [new Pattern("a+"), new Pattern("a+"), new Pattern(Uint8Array.of(97))],
    bytes: "gASVMAAAAAAAAABdlCiMAnJllIwIX2NvbXBpbGWUk5SMAmErlEsghpRSlGgGaANDAWGUSwCGlFKUZS4=",
  },
  {
    python: "[datetime.timedelta(0), datetime.timedelta(0), datetime.timedelta(1), datetime.timedelta(1)]",
    value: [new TimeDelta(0), new TimeDelta(0), new TimeDelta(1), new TimeDelta(1)],
    bytes:
      "gASVTAAAAAAAAABdlCiMCGRhdGV0aW1llIwJdGltZWRlbHRhlJOUSwBLAEsAh5RSlGgDSwBLAEsAh5RSlGgDSwFLAEsAh5RSlGgDSwFLAEsAh5RSlGUu",
    bytes313:
      "gASVQgAAAAAAAABdlCiMCGRhdGV0aW1llIwJdGltZWRlbHRhlJOUSwBLAEsAh5RSlGgFaANLAUsASwCHlFKUaANLAUsASwCHlFKUZS4=",
  },
  {
    python: "time.struct_time((2024, 1, 1, 0, 0, 0, 0, 1, 0))",
    value: new StructTime([2024, 1, 1, 0, 0, 0, 0, 1, 0]),
    bytes:
      "gASVTgAAAAAAAACMBHRpbWWUjAtzdHJ1Y3RfdGltZZSTlChN6AdLAUsBSwBLAEsASwBLAUsAdJR9lCiMB3RtX3pvbmWUTowJdG1fZ210b2ZmlE51hpRSlC4=",
  },
];

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

describe.each(ROWS)("$python", ({ value, bytes, bytes313 }) => {
  it("is written as CPython writes it", () => {
    expect(base64(dumps(value, { python: "3.12" }))).toBe(bytes);
    expect(base64(dumps(value, { python: "3.13" }))).toBe(bytes313 ?? bytes);
  });

  it("is written so beyond the depth of recursion", () => {
    const nested = (value: unknown) => {
      let outer = value;
      for (let i = 0; i < 200; i++) outer = [outer];
      return outer;
    };
    const decoded = loads(Buffer.from(bytes, "base64"));
    expect(dumps(nested(value))).toEqual(dumps(nested(decoded)));
  });
});

it("asks for a persistent id of a text that was made for the call", () => {
  const seen: unknown[] = [];
  const persistentId = (value: unknown) => {
    seen.push(value);
    return value === "1.10" ? "text" : undefined;
  };
  const bytes = dumps([new Decimal("1.10")], { persistentId });
  expect(seen.filter((value) => typeof value === "string")).toEqual(["1.10"]);
  expect(loads(bytes, { persistentLoad: (id) => (id === "text" ? "1.10" : id) })).toEqual([new Decimal("1.10")]);
});

it("forgets what it has written with the memo", () => {
  expect(dumps(tuple(new ZoneInfo("UTC")))).toEqual(dumps(tuple(new ZoneInfo("UTC"))));
});
