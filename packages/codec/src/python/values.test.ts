import { describe, expect, it } from "vitest";
import { dumps, loads } from "../index.js";
import { Range, Slice } from "./builtins.js";
import { Deque } from "./containers/collections.js";
import { PyDict } from "./containers/dict.js";
import { tuple } from "./containers/sequences.js";
import { hashEquals } from "./key-table.js";
import { IPv4Interface, IPv4Network, IPv6Address } from "./library/ipaddress.js";
import { JSONDecodeError } from "./library/json-decode-error.js";
import { PurePosixPath, PureWindowsPath } from "./library/pathlib.js";
import { UUID } from "./library/uuid.js";
import { Decimal } from "./numbers/decimal.js";
import { Fraction } from "./numbers/fraction.js";
import { Complex, floatRepr, PyFloat } from "./numbers/numbers.js";
import type { PyException } from "./objects/exception.js";
import { repr } from "./repr.js";

describe("numbers", () => {
  it.each([
    [1, "1.0"],
    [1e16, "1e+16"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1e-5, "1e-05"],
    [0.0001, "0.0001"],
    [-0, "-0.0"],
    [1e22, "1e+22"],
    [Number.NaN, "nan"],
    [-Infinity, "-inf"],
    [5e-324, "5e-324"],
  ])("floatRepr(%s) is %s", (value, text) => {
    expect(floatRepr(value)).toBe(text);
  });

  it.each([
    ["1.10", "1.10"],
    ["1e5", "1E+5"],
    ["0.0000001", "1E-7"],
    ["007.5", "7.5"],
    ["-0", "-0"],
    ["+Inf", "Infinity"],
    ["nan12", "NaN12"],
    [".5", "0.5"],
    ["1_000", "1000"],
    ["_1_._5_e_1_", "15"],
    ["in_f", "Infinity"],
    ["1E+999999999999999999", "1E+999999999999999999"],
    ["0.01e1000000000000000001", "1E+999999999999999999"],
    ["1E-1999999999999999997", "1E-1999999999999999997"],
    ["1e00000000000000000000000000000005", "1E+5"],
  ])("Decimal(%s) is %s", (text, shown) => {
    expect(new Decimal(text).toString()).toBe(shown);
  });

  it.each([
    "10E+999999999999999999",
    "1E+1000000000000000000",
    "1E-1999999999999999998",
    "0E-99999999999999999999",
    "1e",
    ".e5",
  ])("Decimal(%s) is none, as in CPython", (text) => {
    expect(() => new Decimal(text)).toThrow(SyntaxError);
  });

  it("compares numbers of every type by value", () => {
    expect(hashEquals(new Decimal("1.00"), 1)).toBe(true);
    expect(hashEquals(new Decimal("0.5"), 0.5)).toBe(true);
    expect(hashEquals(new Decimal("0.1"), 0.1)).toBe(false);
    expect(hashEquals(new Fraction(1, 2), new Decimal("0.5"))).toBe(true);
    expect(hashEquals(new Fraction(1, 3), new Fraction(2, 6))).toBe(true);
    expect(hashEquals(new Complex(2, 0), 2n)).toBe(true);
    expect(hashEquals(new Decimal("1E+1000000000"), new Decimal("10E+999999999"))).toBe(true);
    expect(() => new Decimal("x")).toThrow(SyntaxError);
    expect(new Decimal("1.0").equals(new Decimal("1.00"))).toBe(true);
  });

  // What CPython says of the same.
  it.each<[Decimal | Fraction | PyFloat | Complex, unknown, boolean]>([
    [new Decimal("0.5"), 0.5, true],
    [new Decimal("0.1"), 0.1, false],
    [new Decimal("2"), 2n, true],
    [new Decimal("1"), true, true],
    [new Decimal("0.5"), new Fraction(1, 2), true],
    [new Decimal("NaN"), new Decimal("NaN"), false],
    [new Decimal("2"), "2", false],
    [new Fraction(1, 2), 0.5, true],
    [new Fraction(1, 10), 0.1, false],
    [new Fraction(1, 2), new Complex(0.5, 0), true],
    [new Fraction(1, 2), new PyFloat(0.5), true],
    [new Fraction(2n ** 53n + 1n), 2 ** 53, false],
    [new Fraction(2n ** 53n + 1n), 2n ** 53n + 1n, true],
    [new Fraction(1), new Decimal("sNaN"), false],
    [new Fraction(1), null, false],
    [new PyFloat(0.5), new Decimal("0.50"), true],
    [new PyFloat(0.1), new Decimal("0.1"), false],
    [new PyFloat(0.5), new Fraction(1, 2), true],
    [new PyFloat(1), new Complex(1), true],
    [new PyFloat(2), 2n, true],
    [new PyFloat(2 ** 53), 2n ** 53n + 1n, false],
    [new PyFloat(1), true, true],
    [new PyFloat(Number.NaN), new PyFloat(Number.NaN), false],
    [new PyFloat(2), "2", false],
    [new Complex(0.5), new Decimal("0.5"), true],
    [new Complex(1, 1), 1, false],
    [new Complex(1, 1), new Complex(2, 1), false],
    [new Complex(Number.NaN), Number.NaN, false],
    [new Fraction(1n, 2n ** 1074n), Number.MIN_VALUE, true],
    [new Fraction(3n, 2n ** 1060n), 3 * 2 ** -1060, true],
    [new Fraction(1n, 2n ** 1080n), 0, false],
    [new Fraction(1, 3), new Decimal("0.3333333333333333"), false],
    [new Fraction(2n ** 60n + 1n, 2n ** 60n), new Decimal(`1.${String(5n ** 60n).padStart(60, "0")}`), true],
    [new Decimal("1E-300"), 1e-300, false],
    [new Decimal("1E+900"), 10n ** 900n, true],
    [new Decimal("1E+900"), 10n ** 900n + 1n, false],
    [new Decimal("1"), new Deque([1]), false],
    [new Fraction(1), new Slice([1]), false],
  ])("%s equals %s: %s", (own, other, expected) => {
    expect(own.equals(other)).toBe(expected);
  });

  it.each<[bigint, bigint, number]>([
    [10n ** 400n, 10n ** 399n + 1n, 10],
    [-(10n ** 400n), 3n * 10n ** 400n, -1 / 3],
    [2n ** 53n + 1n, 1n, 2 ** 53],
    [2n ** 54n + 3n, 2n, 2 ** 53 + 2],
    [1n, 2n ** 1074n, Number.MIN_VALUE],
    [1n, 2n ** 1075n, 0],
    [3n, 2n ** 1075n, 2 * Number.MIN_VALUE],
    [2n ** 1024n - 2n ** 970n - 1n, 1n, Number.MAX_VALUE],
    [2n ** 1024n, 1n, Number.POSITIVE_INFINITY],
    [10n ** 700n, 7n * 10n ** 350n, Number.POSITIVE_INFINITY],
    [10n ** 350n, 7n * 10n ** 700n, 0],
  ])("the Fraction %s/%s is the double %s", (numerator, denominator, double) => {
    expect(new Fraction(numerator, denominator).toNumber()).toBe(double);
  });
});

describe("a range", () => {
  it("is written with ints, whatever the numbers would be alone", () => {
    const big = 2 ** 60;
    const cases: [Range, Range][] = [
      [new Range(-0, 5), new Range(0, 5)],
      [new Range(5, -0, -1), new Range(5, 0, -1)],
      [new Range(0n, 5n, 2n), new Range(0, 5, 2)],
      [new Range(0, big, big / 2), new Range(0, BigInt(big), BigInt(big) / 2n)],
    ];
    for (const [range, same] of cases) {
      for (const protocol of [0, 2, 4] as const) expect(dumps(range, { protocol })).toEqual(dumps(same, { protocol }));
      expect(range.equals(loads(dumps(range)))).toBe(true);
      expect(new PyDict([[range, 1]]).get(same)).toBe(1);
    }
  });

  it.each<[Range, RegExp]>([
    [new Range(0, 1.5), /its stop is no integer/],
    [new Range(Number.NaN, 1), /its start is no integer/],
    [new Range(0, 1, 0), /its step is 0/],
    [new Range(0, 1, 0n), /its step is 0/],
  ])("that Python cannot make is not written: %s", (range, message) => {
    expect(() => dumps({ a: range })).toThrow(
      expect.objectContaining({ name: "PicklingError", message: expect.stringMatching(message) }),
    );
  });

  it("ends where numbers are not safe", () => {
    const first = 2 ** 53;
    expect([...new Range(first, first + 4)]).toEqual([0n, 1n, 2n, 3n].map((i) => BigInt(first) + i));
    expect([...new Range(first - 2, first)]).toEqual([first - 2, BigInt(first) - 1n].map(BigInt));
    expect([...new Range(first - 1, first - 3, -1)]).toEqual([first - 1, first - 2]);
  });
});

describe("small values", () => {
  it("UUID reads and shows every form", () => {
    const uuid = UUID.from("{12345678-1234-5678-1234-567812345678}");
    expect(uuid.toString()).toBe("12345678-1234-5678-1234-567812345678");
    expect(UUID.from(uuid.bytes).equals(uuid)).toBe(true);
    expect(() => UUID.from("x")).toThrow(SyntaxError);
  });

  it("paths join as Python's", () => {
    expect(new PurePosixPath("/a", "b", "/c/./d/").toString()).toBe("/c/d");
    expect(new PureWindowsPath("c:/a", "\\b").toString()).toBe("c:\\b");
    expect(new PureWindowsPath("c:\\", "a", "b").parts).toEqual(["c:\\", "a", "b"]);
  });

  it("a backslash is a separator on Windows alone", () => {
    expect(new PureWindowsPath("c:\\a\\b").asPosix()).toBe("c:/a/b");
    expect(new PurePosixPath("a\\b", "c").asPosix()).toBe("a\\b/c");
  });

  it("IPv6Address is written in its shortest form", () => {
    expect(new IPv6Address("2001:0db8:0:0:1:0:0:1").toString()).toBe("2001:db8::1:0:0:1");
    expect(new IPv6Address("::ffff:1.2.3.4").toString()).toBe("::ffff:102:304");
    expect(() => new IPv6Address("1::2::3")).toThrow(RangeError);
  });

  // As CPython 3.13 writes them.
  it.each([
    "gASVNAAAAAAAAACMCWlwYWRkcmVzc5SMC0lQdjZBZGRyZXNzlJOUjBA6OmZmZmY6MTkyLjAuMi4xlIWUUpQu",
    "gASVOgAAAAAAAACMCWlwYWRkcmVzc5SMDUlQdjZJbnRlcmZhY2WUk5SMFDo6ZmZmZjowLjAuMi4xJWEvMTIwlIWUUpQu",
    "gASVNQAAAAAAAACMCWlwYWRkcmVzc5SMC0lQdjZOZXR3b3JrlJOUjBE6OmZmZmY6MC4wLjAuMC85NpSFlFKULg==",
    "gASVMAAAAAAAAACMCWlwYWRkcmVzc5SMC0lQdjZBZGRyZXNzlJOUjAw6OmZmZmY6MToyOjOUhZRSlC4=", // ::ffff:1:2:3, which is none
  ])("an IPv4 address in an IPv6 one is written with dots for Python 3.13: %#", (pickle) => {
    expect(dumps(loads(Buffer.from(pickle, "base64")), { python: "3.13" }).toString("base64")).toBe(pickle);
  });

  it("a network equals those of its class with its address and prefix", () => {
    const network = new IPv4Network("1.2.3.0/24");
    expect(network.equals(new IPv4Network("1.2.3.0/24"))).toBe(true);
    for (const other of [new IPv4Interface("1.2.3.0/24"), new IPv4Network("1.2.3.0/25"), new IPv4Network("1.2.2.0/24")])
      expect(network.equals(other)).toBe(false);
  });

  it("typed arrays are written as array.array, bytes stay bytes", () => {
    expect(repr(loads(dumps([Float64Array.of(1.5), Int16Array.of(-1), new Uint8Array([97])])))).toBe(
      "[array('d', [1.5]), array('h', [-1]), b'a']",
    );
  });
});

describe("exceptions", () => {
  it("an OSError is of the class of its errno, which is an int", () => {
    const classOf = (errno: string) => {
      const error = loads(Buffer.from(`\x80\x02cbuiltins\nOSError\n${errno}X\x01\x00\x00\x00x\x86R.`, "latin1"), {
        float: "exact",
      });
      return (error as PyException).className;
    };
    expect(classOf("K\x02")).toBe("FileNotFoundError");
    expect(classOf("\x88")).toBe("PermissionError");
    // A float, a str, a list of the number, a class.
    for (const errno of ["F2.0\n", "X\x01\x00\x00\x002", "]K\x02a", "cbuiltins\nint\n"]) {
      expect(classOf(errno), errno).toBe("OSError");
    }
  });

  it("a JSONDecodeError counts characters, and from the end when its position is negative", () => {
    const text = (doc: string, pos: number) => new JSONDecodeError("m", doc, pos).message;
    expect(text("{\n  x", 4)).toBe("m: line 2 column 3 (char 4)");
    expect(text("\u{1f600}\u{1f600}\n\u{1f600}x", 4)).toBe("m: line 2 column 2 (char 4)");
    expect(text("a", 10)).toBe("m: line 1 column 11 (char 10)");
    expect(text("xyz", -1)).toBe("m: line 1 column 0 (char -1)");
    expect(() => new JSONDecodeError("m", ["x"], 0)).toThrow(TypeError);
    expect(() => new JSONDecodeError("m", "x", 1.5)).toThrow(TypeError);
  });
});

describe("repr()", () => {
  it("shows cycles and depth without recursion", () => {
    const list: unknown[] = [1];
    list.push(list, { list });
    expect(repr(list)).toBe("[1, [...], {'list': [...]}]");
    let deep: unknown = new PyFloat(2);
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(repr(deep)).toContain("2.0");
    expect(repr(tuple("it's", 'a"b', "\u0000\u00e9\n"))).toBe(`("it's", 'a"b', '\\x00é\\n')`);
    expect(repr("\t\r\\'\"")).toBe(`'\\t\\r\\\\\\'"'`);
    expect([new Complex(0, 2), new Complex(-0, 2)].map(repr)).toEqual(["2j", "(-0+2j)"]);
    expect(repr(loads(Buffer.from("cbuiltins\ntype\nN\x85R.", "latin1")))).toBe("<class 'NoneType'>");
  });
});
