import { describe, expect, test } from "vitest";
import { formatIsoTime, parseIsoTime } from "./iso8601.js";

describe("parseIsoTime()", () => {
  test.each([
    ["2030-01-02T03:04:05Z", "2030-01-02T03:04:05.000Z"],
    ["2030-01-02T03:04:05.678901+00:00", "2030-01-02T03:04:05.678Z"],
    ["2030-01-02T03:04:05", "2030-01-02T03:04:05.000Z"],
    ["2030-01-02 03:04", "2030-01-02T03:04:00.000Z"],
    ["2030-01-02", "2030-01-02T00:00:00.000Z"],
    ["2030-01-02T03:04:05+02:00", "2030-01-02T01:04:05.000Z"],
    ["2030-01-02T03:04:05-0530", "2030-01-02T08:34:05.000Z"],
    ["0001-01-01T00:00:00", "0001-01-01T00:00:00.000Z"],
  ])("reads %s", (text, iso) => {
    expect(new Date(parseIsoTime(text)!).toISOString()).toBe(iso);
  });

  test.each([
    "",
    "x",
    "tomorrow",
    "2030-13-01T00:00:00",
    "2030-02-31",
    "2030-01-02T25:00:00",
    "2030-01-02T03:04:05+",
    "1577836800",
  ])("refuses %j", (text) => {
    expect(parseIsoTime(text)).toBeUndefined();
  });
});

test("formatIsoTime() writes what Python's isoformat() writes", () => {
  expect(formatIsoTime(Date.UTC(2030, 0, 2, 3, 4, 5))).toBe("2030-01-02T03:04:05+00:00");
  expect(formatIsoTime(Date.UTC(2030, 0, 2, 3, 4, 5, 60))).toBe("2030-01-02T03:04:05.060000+00:00");
});
