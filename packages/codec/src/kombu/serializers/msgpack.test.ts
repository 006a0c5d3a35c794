import * as withoutNative from "msgpackr/pack";
import { describe, expect, test } from "vitest";
import { collidingBits } from "../../python/collisions.vectors.js";
import { PyDict } from "../../python/containers/dict.js";
import { ByteArray, tuple } from "../../python/containers/sequences.js";
import { PyDateTime } from "../../python/datetime/datetime.js";
import { PyFloat } from "../../python/numbers/numbers.js";
import { DecodeError, EncodeError, SerializerNotInstalled } from "../errors.js";
import { type MsgpackOptions, msgpackSerializer } from "./msgpack.js";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const write = (value: unknown) => Buffer.from(msgpackSerializer().encode!(value)).toString("hex");
const read = (bytes: Uint8Array | string, options?: MsgpackOptions) =>
  msgpackSerializer(options).decode!(typeof bytes === "string" ? hex(bytes) : bytes);

describe("writes what msgpack-python writes", () => {
  test.each([
    [2 ** 32, "cf0000000100000000"],
    [2 ** 32 - 1, "ceffffffff"],
    [-(2 ** 31) - 1, "d3ffffffff7fffffff"],
    [2n ** 64n - 1n, "cfffffffffffffffff"],
    [-(2n ** 63n), "d38000000000000000"],
    [5n, "05"],
    [new PyFloat(2), "cb4000000000000000"],
    [-0, "cb8000000000000000"],
    [1e300, "cb7e37e43c8800759c"],
    [undefined, "c0"],
    [tuple(1, undefined), "9201c0"],
    [new ByteArray([0x78]), "c40178"],
    [new Uint8Array([1]).buffer, "c40101"],
    [JSON.parse('{"__proto__": 1}'), "81a95f5f70726f746f5f5f01"],
    [Object.assign(Object.create(null), { a: 1 }), "81a16101"],
    [{ toJSON: 1 }, "81a6746f4a534f4e01"],
    [
      new Map<unknown, unknown>([[2 ** 40, [new PyFloat(1), 2 ** 33]]]),
      "81cf000001000000000092cb3ff0000000000000cf0000000200000000",
    ],
  ])("%s", (value, bytes) => {
    expect(write(value)).toBe(bytes);
  });

  test.each([
    [new Set(), "an instance of Set has no form in msgpack; make a plain value of it, or use the serializer pickle"],
    [new Date(), "an instance of Date"],
    [() => 1, "a function has no form"],
    [2n ** 64n, "more than 64 bits"],
    ["\ud800", "lone surrogate"],
    [
      new Map<unknown, unknown>([
        [2, 0],
        [2n, 0],
      ]),
      "two keys of one form",
    ],
  ])("and refuses %s", (value, message) => {
    expect(() => write(value)).toThrow(EncodeError);
    expect(() => write([{ a: value }])).toThrow(message);
  });

  test("no value that contains itself, and none deeper than Python's 511", () => {
    const loop: unknown[] = [];
    loop.push(loop, loop);
    expect(() => write(loop)).toThrow("contains itself");
    let deep: unknown = [];
    for (let i = 0; i < 511; i++) deep = [deep];
    expect(read(msgpackSerializer().encode!(deep) as Uint8Array)).toEqual(deep);
    expect(() => write([deep])).toThrow(EncodeError);
  });
});

describe("reads what msgpack-python reads", () => {
  test("ints, floats, text and bytes of every size, in every model", () => {
    const text = `\ufeff${"é".repeat(200)}`;
    const value = [2 ** 40, 2n ** 63n, new PyFloat(2), 0.5, text, "\ufeff", Buffer.alloc(300, 1), { __proto__: 1 }];
    const bytes = msgpackSerializer().encode!(value) as Uint8Array;
    const before = Buffer.from(bytes);
    expect(read(bytes)).toEqual([2 ** 40, 2n ** 63n, 2, 0.5, text, "\ufeff", Buffer.alloc(300, 1), {}]);
    const firstFive = (options: MsgpackOptions) => (read(bytes, options) as unknown[]).slice(0, 5);
    expect(firstFive({ int: "bigint" })).toEqual([2n ** 40n, 2n ** 63n, 2, 0.5, text]);
    expect(firstFive({ float: "exact" })).toEqual([2 ** 40, 2n ** 63n, new PyFloat(2), new PyFloat(0.5), text]);
    expect(read("ca3fc00000", { float: "exact" })).toEqual(new PyFloat(1.5));
    expect(Buffer.compare(before, bytes)).toBe(0);
    expect(Object.keys(bytes).length).toBe(bytes.length);
  });

  // msgpackr's native part, which not every machine has, keeps a byte order mark that its JavaScript drops.
  test.each([
    ["native", undefined],
    ["JavaScript", withoutNative],
  ])("text that begins with a byte order mark, of every size, by msgpackr's %s", (_, module) => {
    for (const length of [1, 10, 20, 100, 300, 70_000]) {
      const text = `\ufeff${"é".repeat(length)}`;
      const value = [0.5, text, Buffer.alloc(3 + 2 * length, "\ufeff"), text];
      const bytes = msgpackSerializer().encode!(value) as Uint8Array;
      for (const options of [{}, { float: "exact" }] as const) {
        const [, first, buffer, second] = read(bytes, { ...options, module }) as unknown[];
        expect([first, second]).toEqual([text, text]);
        expect(buffer).toEqual(value[2]);
      }
    }
  });

  test("maps as the options say, without a way to a prototype", () => {
    const own = read("81a95f5f70726f746f5f5f8101 02") as Record<string, unknown>;
    expect(Object.keys(own)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(own)).toBe(Object.prototype);
    expect(read("820102a161 03")).toEqual(
      new PyDict<unknown, unknown>([
        [1, 2],
        ["a", 3],
      ]),
    );
    expect(read("81a16103", { dict: "map" })).toEqual(new PyDict([["a", 3]]));
    expect(() => read("810102", { dict: "object" })).toThrow("not a string");
    expect(() => read("819001")).toThrow(DecodeError);
  });

  test.each([15, 16, 65_535, 65_536])("maps and arrays of %i items", (count) => {
    const map = Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]));
    const value = [map, Object.values(map), "end"];
    expect(read(msgpackSerializer().encode!(value) as Uint8Array)).toEqual(value);
  });

  test("bytes as copies, or as views of the body", () => {
    const body = hex("c4026162");
    const view = read(body, { bytes: "view" }) as Uint8Array;
    const copy = read(body) as Uint8Array;
    body[2] = 0x7a;
    expect(Buffer.from(view).toString()).toBe("zb");
    expect(Buffer.from(copy).toString()).toBe("ab");
  });

  test.each([
    ["", "needs 1 bytes"],
    ["c1", "no msgpack type"],
    ["c0c0", "1 bytes follow the value at byte 1"],
    ["d6ff00000001", "ext type"],
    ["d47240", "ext type"],
    ["c70342010203", "ext type"],
    ["ddffffffff", "values announced"],
    ["dfffffffff", "values announced"],
    ["dbffffffff", "needs 4294967295 bytes"],
    ["a180", "not UTF-8"],
    ["a2c328", "not UTF-8"],
    ["a3eda080", "not UTF-8"],
    ["d901ff", "not UTF-8 at byte 2"],
    ["da0001ff", "not UTF-8 at byte 3"],
    ["db00000001ff", "not UTF-8 at byte 5"],
    ["92", "values announced"],
  ])("and refuses %s", (bytes, message) => {
    expect(() => read(bytes)).toThrow(DecodeError);
    expect(() => read(bytes)).toThrow(message);
  });

  test("as deep as Python does, in linear time", () => {
    const nested = (depth: number) => Buffer.concat([Buffer.alloc(depth, 0x91), hex("c0")]);
    expect(() => read(nested(1023))).not.toThrow();
    expect(() => read(nested(1024))).toThrow("more than 1023 containers");
    expect(() => read(nested(10_000_000))).toThrow(DecodeError);
    // Every array announces all of the rest.
    const wide = Buffer.alloc(5 * 1000);
    for (let at = 0; at < wide.length; at += 5) wide.set([0xdd, 0, 0, 0x13, 0x88 - (at >> 8)], at);
    expect(() => read(wide)).toThrow(DecodeError);
  });
});

describe("timestamps", () => {
  // As msgpack-python writes them with `datetime=True`.
  const TIMESTAMPS = [
    ["2024-02-29T12:30:45+00:00", "d6ff65e078f5"],
    ["1970-01-01T00:00:00+00:00", "d6ff00000000"],
    ["2106-02-07T06:28:16+00:00", "d7ff0000000100000000"],
    ["2024-02-29T06:45:45.123456+00:00", "d7ff1d6f280065e02819"],
    ["1969-12-31T23:59:59.999999+00:00", "c70cff3b9ac618ffffffffffffffff"],
    ["0001-01-01T00:00:00+00:00", "c70cff00000000fffffff1886e0900"],
    ["9999-12-31T23:59:59.999999+00:00", "c70cff3b9ac6180000003afff4417f"],
    ["2514-05-30T01:53:03+00:00", "d7ff00000003ffffffff"],
    ["2514-05-30T01:53:04+00:00", "c70cff000000000000000400000000"],
  ] as const;
  const serializer = msgpackSerializer({ timestamps: true });
  const beside = (value: unknown) => [Buffer.alloc(4), value, Buffer.alloc(13), 2 ** 40, value, "x".repeat(300)];

  test.each(TIMESTAMPS)("%s", (text, bytes) => {
    const value = PyDateTime.from(text);
    expect(Buffer.from(serializer.encode!(value)).toString("hex")).toBe(bytes);
    expect(serializer.decode!(hex(bytes))).toEqual(value);
    expect(serializer.decode!(serializer.encode!(beside(value)))).toEqual(beside(value));
  });

  test("of Dates and other zones, as Dates", () => {
    const bytes = serializer.encode!([new Date(1.5e12), PyDateTime.from("2017-07-14T08:25:00+05:45")]);
    const noon = new Date(1.5e12);
    expect(msgpackSerializer({ timestamps: true, datetime: "date" }).decode!(bytes)).toEqual([noon, noon]);
  });

  test.each([
    "d7ffee6b280000000000",
    "c70cff3b9aca000000000000000000",
    "c70cff000000000000003afff44180",
    "d6fe00000000",
    "c70c00",
    "d6ff00",
    "c70cff00",
    "c70bff",
  ])("and refuses %s", (bytes) => {
    expect(() => serializer.decode!(hex(bytes))).toThrow(DecodeError);
  });

  test("and refuses times without a zone, and no times", () => {
    expect(() => serializer.encode!(PyDateTime.from("2024-02-29T12:30:45"))).toThrow(EncodeError);
    expect(() => serializer.encode!(new Date(Number.NaN))).toThrow(EncodeError);
  });
});

test("says what to install, and takes the module itself", () => {
  class Packr {
    pack(): Buffer {
      return hex("c0");
    }
  }
  const given = msgpackSerializer({ module: { Packr } as never });
  expect(Buffer.from(given.encode!(1))).toEqual(hex("c0"));
  const { process } = globalThis;
  Reflect.set(globalThis, "process", undefined);
  try {
    expect(() => msgpackSerializer().encode!(1)).toThrow(SerializerNotInstalled);
    expect(() => msgpackSerializer().encode!(1)).toThrow("npm install msgpackr");
  } finally {
    Reflect.set(globalThis, "process", process);
  }
});

describe("numbers that are keys of a map", () => {
  /** A map whose keys are of 4 or 8 bytes after their code, and whose values are 0, 1, ... */
  const mapOf = (keys: readonly Buffer[]) => {
    const head = Buffer.from([0xdf, 0, 0, 0, 0]);
    head.writeUInt32BE(keys.length, 1);
    return Buffer.concat([head, ...keys.flatMap((key, i) => [key, hex(`cd${i.toString(16).padStart(4, "0")}`)])]);
  };
  const of64 = (code: number, bits: bigint) => {
    const key = Buffer.from([code, 0, 0, 0, 0, 0, 0, 0, 0]);
    key.writeBigUInt64BE(bits, 1);
    return key;
  };
  const of32 = (code: number, bits: number) => {
    const key = Buffer.from([code, 0, 0, 0, 0]);
    key.writeUInt32BE(bits >>> 0, 1);
    return key;
  };

  // Of 32,000 floats, 400 KB, a Map takes three seconds, and four times that for twice as many.
  test.each([
    ["floats", 0xcb],
    ["ints", 0xcf],
  ])("%s that V8 cannot tell apart are refused", (_what, code) => {
    const keys = collidingBits(30_000).map((bits) => of64(code, bits));
    expect(() => read(mapOf(keys))).toThrow("too many numbers collide in a Map");
    expect(() => read(Buffer.concat([hex("81a16192"), mapOf(keys), hex("c0")]))).toThrow(DecodeError);
  });

  const COUNT = 1200;
  const numbers = Array.from({ length: COUNT }, (_, i) => i);
  test.each<[string, (i: number) => Buffer, (i: number) => number | bigint]>([
    ["floats of 64 bits", (i) => of64(0xcb, BigInt(`0x${doubleHex(i + 0.5)}`)), (i) => i + 0.5],
    ["floats of 32 bits", (i) => of32(0xca, 0x3f800000 + i), (i) => Math.fround(1 + i * 2 ** -23)],
    ["ints of 64 bits", (i) => of64(0xd3, BigInt.asUintN(64, BigInt(-i - 2 ** 40))), (i) => -i - 2 ** 40],
    ["unsigned ints of 64 bits", (i) => of64(0xcf, 2n ** 64n - 1n - BigInt(i)), (i) => 2n ** 64n - 1n - BigInt(i)],
    ["ints of 32 bits", (i) => of32(0xd2, -i - 100_000), (i) => -i - 100_000],
    ["unsigned ints of 32 bits", (i) => of32(0xce, 2 ** 31 + i), (i) => 2 ** 31 + i],
  ])("%s are what they were, however many there are", (what, key, expected) => {
    const whole = mapOf(numbers.map(key));
    const nested = Buffer.concat([hex("92"), whole, hex("82c0ce0000000107cf0000000000000001")]);
    const dict = read(whole) as PyDict;
    expect([...dict.entries()]).toStrictEqual(numbers.map((i) => [expected(i), i]));
    const [again, small] = read(nested) as [PyDict, PyDict];
    expect([...again.keys()]).toStrictEqual([...dict.keys()]);
    // Numbers in the values of large maps, and in small maps, are no such keys.
    expect([...small.entries()]).toStrictEqual([
      [null, 1],
      [7, 1],
    ]);
    const exact = read(whole, { int: "bigint", float: "exact" }) as PyDict;
    const first = expected(0);
    expect([...exact.keys()][0]).toStrictEqual(what.startsWith("floats") ? new PyFloat(Number(first)) : BigInt(first));
  });
});

function doubleHex(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString("hex");
}
