import { Complex, Decimal, PyFloat, pyExceptions, Tuple, tuple } from "@brine/codec";
import { describe, expect, test } from "vitest";
import { saferepr } from "./saferepr.js";

describe("saferepr()", () => {
  test.each([
    [tuple(2, "a"), "(2, 'a')"],
    [tuple(1), "(1,)"],
    [new Tuple(), "()"],
    [{ k: [1] }, "{'k': [1]}"],
    [new Map<unknown, unknown>([[1, null]]), "{1: None}"],
    [new Set([1]), "{1}"],
    [new Set(), "set()"],
    [[true, false, 1.5, -0, 2n ** 70n], "[True, False, 1.5, -0.0, 1180591620717411303424]"],
    ["it's", '"it\'s"'],
    ["a\n\\", "'a\\n\\\\'"],
    [Uint8Array.of(0, 65, 255), "b'\\x00A\\xff'"],
    [new PyFloat(2), "2.0"],
    [new pyExceptions.ValueError("x", 1), "ValueError('x', 1)"],
    [new TypeError("no"), "TypeError('no')"],
    [new (class Plain {})(), "<Plain object>"],
    [new URL("http://h/"), "URL('http://h/')"],
    [[[[[[1]]]]], "[[[[...]]]]"],
  ])("%#", (value, expected) => {
    expect(saferepr(value)).toBe(expected);
  });

  test("is bounded whatever the value", () => {
    expect(saferepr(Array.from({ length: 1_000_000 }, (_, i) => i)).length).toBeLessThanOrEqual(1024);
    expect(saferepr("x".repeat(5_000_000)).length).toBeLessThanOrEqual(1024);
    expect(saferepr(10n ** 100_000n)).toContain("int");
    const self: unknown[] = [];
    self.push(self, self, self);
    expect(saferepr(self).length).toBeLessThanOrEqual(1024);
  });

  test("never throws", () => {
    const hostile = {
      toString() {
        throw new Error("no");
      },
    };
    class Odd {
      toString(): string {
        throw new Error("no");
      }
    }
    for (const value of [
      hostile,
      new Odd(),
      Object.create(null),
      Symbol("s"),
      () => 1,
      new Decimal("1.10"),
      new Complex(1, 2),
    ]) {
      expect(typeof saferepr(value)).toBe("string");
    }
  });
});
