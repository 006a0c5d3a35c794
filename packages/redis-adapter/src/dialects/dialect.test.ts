import { PyFloat } from "@brine/codec";
import { describe, expect, test } from "vitest";
import { cachelib } from "./cachelib.js";
import { type Dialect, decodeDigits, encodeDigits, lifetime } from "./dialect.js";
import { django } from "./django.js";
import { djangoRedis } from "./django-redis.js";
import { dogpile } from "./dogpile.js";
import { plain } from "./plain.js";
import { flaskSession } from "./sessions.js";
import { signed } from "./signed.js";

describe("decodeDigits()", () => {
  // What CPython's int(bytes) says.
  test.each([
    ["42", 42],
    [" 42\n", 42],
    ["\t+7 ", 7],
    ["-7", -7],
    ["-0", 0],
    ["1_000", 1000],
    ["9007199254740993", 9007199254740993n],
    ["18446744073709551616", 18446744073709551616n],
  ])("reads %j", (text, value) => {
    expect(decodeDigits(Buffer.from(text), undefined)).toBe(value);
  });

  test.each(["", " ", "-", "0x10", "1.0", "1__0", "_1", "1_", "4 2", "\u0661", "1e3", "9".repeat(4301)])(
    "refuses %j",
    (text) => {
      expect(decodeDigits(Buffer.from(text), undefined)).toBeUndefined();
    },
  );

  test("reads as many digits as CPython, and no more", () => {
    expect(decodeDigits(Buffer.from("9".repeat(4300)), undefined)).toBe(BigInt("9".repeat(4300)));
  });

  test("gives bigints when asked to", () => {
    expect(decodeDigits(Buffer.from("+5"), "bigint")).toBe(5n);
  });
});

test.each([
  [5, "5"],
  [-0, undefined],
  [2 ** 53, undefined],
  [1.5, undefined],
  [Number.NaN, undefined],
  [2n ** 70n, String(2n ** 70n)],
  [true, undefined],
  [new PyFloat(5), undefined],
  ["5", undefined],
])("encodeDigits(%s) is %s", (value, digits) => {
  expect(encodeDigits(value)).toBe(digits);
});

test("a value that is an int in Python has an int's form in every dialect with digits", () => {
  for (const dialect of [
    django(),
    djangoRedis({ compressor: "zlib" }),
    djangoRedis({ serializer: "json" }),
    cachelib(),
  ]) {
    expect([dialect.name, String(dialect.encode(7))]).toEqual([dialect.name, "7"]);
    expect(dialect.decode(Buffer.from("7"))).toBe(7);
    expect(String(dialect.encode(true))).not.toBe("1");
  }
});

test.each([
  [django(), "user:7", ":1:user:7"],
  [django({ prefix: "a:b", version: 3 }), "k:x", "a:b:3:k:x"],
  [cachelib({ prefix: "p_" }), "k", "p_k"],
  [dogpile(), "k", "k"],
  [dogpile({ mangle: "sha1" }), "k", "13fbd79c3d390e5d6585a21e11ff5ec1970cff0c"],
  [plain({ prefix: "p:" }), "k", "p:k"],
] satisfies [Dialect, string, string][])("$name names keys as the library does", (dialect, key, redisKey) => {
  expect(dialect.key(key)).toBe(redisKey);
  if (redisKey.endsWith(key)) expect(dialect.unkey(redisKey)).toBe(key);
});

test("patterns escape what belongs to the dialect", () => {
  expect(django({ prefix: "a*[b]?" }).pattern("x*", 2)).toBe("a[*][[]b][?]:2:x*");
});

describe("lifetime()", () => {
  test.each([
    [undefined, { px: 300_000 }],
    [null, "persist"],
    [Number.POSITIVE_INFINITY, "persist"],
    [1500.9, { px: 1500 }],
    [0, "delete"],
    [-1, "delete"],
  ])("%s", (ttl, result) => {
    expect(lifetime(300_000).ttl(ttl)).toEqual(result);
  });

  test("cachelib's 0 means for ever", () => {
    expect(cachelib().ttl(0)).toBe("persist");
    expect(cachelib({ defaultTtl: 0 }).ttl(undefined)).toBe("persist");
    expect(cachelib({ defaultTtl: 0 }).ttl(5000)).toEqual({ px: 5000 });
    expect([undefined, null].map((ttl) => cachelib().ttl(ttl))).toEqual([{ px: 300_000 }, "persist"]);
  });
});

test("flaskSession() reads every form that Flask-Session has had", () => {
  const value = { user: 7 };
  for (const format of ["pickle", "msgpack", "json"] as const) {
    expect(flaskSession().decode(Buffer.from(flaskSession({ format }).encode(value)))).toEqual(value);
  }
  expect(flaskSession().decode(Buffer.from([0x80]))).toEqual({});
});

describe.each(["brine", "huey", "itsdangerous", "django"] as const)("signed() as %s", (format) => {
  const old = signed(django(), { keys: ["old"], format });
  const raw = Buffer.from(old.encode({ a: 1 }, "k"));

  test("reads what it signed, with a key that is being retired, too", () => {
    expect(old.decode(raw, "k")).toEqual({ a: 1 });
    expect(signed(django(), { keys: ["new", "old"], format }).decode(raw, "k")).toEqual({ a: 1 });
  });

  test("refuses altered, cut, foreign and unsigned values before they are decoded", () => {
    const altered = Buffer.from(raw);
    altered[altered.length >> 1]! ^= 1;
    for (const bad of [
      altered,
      raw.subarray(0, -1),
      raw.subarray(1),
      Buffer.alloc(0),
      Buffer.from("5"),
      Buffer.from(plain().encode(1)),
    ]) {
      expect(() => old.decode(bad, "k")).toThrow(/signature does not match/);
    }
    expect(() => signed(django(), { keys: ["other"], format }).decode(raw, "k")).toThrow(/signature/);
    expect(() => signed(django(), { keys: ["old"], format, salt: "other" }).decode(raw, "k")).toThrow(/signature/);
  });

  if (format === "brine")
    test("refuses a value that was moved to another key", () => {
      expect(() => old.decode(raw, "k2")).toThrow(/signature/);
    });
});

test("signed() equals Python's itsdangerous and Django", () => {
  // itsdangerous.Signer("secret", salt="cache").sign(b"value"); django.core.signing.Signer("secret").sign("dmFsdWU")
  const raw: Dialect = { ...plain(), encode: () => Buffer.from("value"), decode: (bytes) => bytes.toString() };
  expect(String(signed(raw, { keys: ["secret"], format: "itsdangerous", salt: "cache" }).encode(0))).toBe(
    "value.cE9Xp3zMLq5f_WhFZRdJA3W5DvQ",
  );
  expect(String(signed(raw, { keys: ["secret"], format: "django" }).encode(0))).toBe(
    "dmFsdWU:0HhDCI4GOxbdaSmymsKIiS2BDBWechDQJpIY9jfjrDE",
  );
});
