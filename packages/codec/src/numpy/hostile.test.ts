/** Pickles that claim what no array of numpy's is: numpy trusts most of it, and reads or writes beyond its memory. */
import { describe, expect, it, test } from "vitest";
import { ClassRegistry, isPickleError, loads } from "../index.js";
import { type DType, type NDArray, registerNumpy } from "./index.js";

const registry = registerNumpy(new ClassRegistry());
const read = (pickle: string) => loads(Buffer.from(`${pickle}.`, "latin1"), { registry });

// Values as opcodes.
const NONE = "N";
const TRUE = "\x88";
const FALSE = "\x89";
const int = (value: number | bigint) => `L${value}L\n`;
const str = (text: string) => `\x8c${String.fromCharCode(text.length)}${text}`;
const bytes = (length: number) => `C${String.fromCharCode(length)}${"\x01".repeat(length)}`;
const tuple = (...items: string[]) => `(${items.join("")}t`;
const list = (...items: string[]) => `](${items.join("")}e`;
const dict = (...pairs: string[]) => `}(${pairs.join("")}u`;
const shapeOf = (...axes: (number | bigint)[]) => tuple(...axes.map(int));

const rawDType = (code: string, state: string) => `cnumpy\ndtype\n${tuple(code, FALSE, TRUE)}R${state}b`;
const state = (order: string, subdtype: string, names: string, fields: string, size: number | bigint) =>
  tuple(int(3), order, subdtype, names, fields, int(size), int(1), int(0));
const dtype = (code: string, size: number | bigint = -1) =>
  rawDType(str(code), state(str("<"), NONE, NONE, NONE, size));
const field = (type: string, offset: number | bigint) => tuple(type, int(offset));
const record = (size: number | bigint, names: string, fields: string) =>
  rawDType(str("V1"), state(str("|"), NONE, names, fields, size));
const subarray = (base: string, shape: string, size: number) =>
  rawDType(str("V1"), state(str("|"), tuple(base, shape), NONE, NONE, size));
const array = (type: string, shape: string, contents: string) =>
  `cnumpy.core.multiarray\n_reconstruct\n${tuple("cnumpy\nndarray\n", shapeOf(0), bytes(1))}R${tuple(int(1), shape, type, FALSE, contents)}b`;
const buffer = (...args: string[]) => `cnumpy.core.numeric\n_frombuffer\n${tuple(...args)}R`;
const string = (...args: string[]) => `cnumpy._core._internal\n_convert_to_stringdtype_kwargs\n${tuple(...args)}R`;
const scalar = (...args: string[]) => `cnumpy.core.multiarray\nscalar\n${tuple(...args)}R`;

const I1 = dtype("i1");

describe("a claim that does not hold is an error of numpy's entry", () => {
  const huge = 2n ** 40n;
  test.each([
    ["more axes than numpy has", array(I1, shapeOf(...Array(65).fill(1)), bytes(1)), /bad shape/],
    ["a negative axis", array(I1, shapeOf(-1), bytes(1)), /bad shape/],
    ["two negative axes", array(I1, shapeOf(-1, -1), bytes(1)), /bad shape/],
    ["an axis that is no int", array(I1, tuple(str("1")), bytes(1)), /bad shape/],
    ["an axis beyond 2 ** 53", array(I1, shapeOf(2n ** 64n + 1n), bytes(1)), /bad shape/],
    ["a shape that is no tuple", array(I1, int(1), bytes(1)), /bad shape/],
    ["a product that overflows to the size", array(I1, shapeOf(2n ** 32n, 2n ** 32n), bytes(0)), /of shape/],
    ["a product that overflows, with none of it", array(I1, shapeOf(2n ** 52n, 2n ** 52n, 0), bytes(0)), /of shape/],
    ["rows without items, more than there is room for", array(I1, shapeOf(2 ** 24 + 1, 0), bytes(0)), /of shape/],
    ["rows without items by the billion", array(I1, shapeOf(huge, 0), bytes(0)), /of shape/],
    ["items without bytes by the billion", array(dtype("V0", 0), shapeOf(huge), bytes(0)), /of shape/],
    ["objects by the billion", array(dtype("O8"), shapeOf(huge), list(NONE)), /of shape/],
    ["rows of no objects by the billion", array(dtype("O8"), shapeOf(huge, 0), "]"), /of shape/],
    ["fewer bytes than items", array(dtype("i8"), shapeOf(2), bytes(8)), /of shape/],
    ["more bytes than items", array(dtype("i8"), shapeOf(2), bytes(17)), /of shape/],
    ["an int64 of another size", array(dtype("i8", 1), shapeOf(2), bytes(2)), /of shape/],
    ["objects as bytes", array(dtype("O8"), shapeOf(1), bytes(8)), /no contents/],
    ["bytes as a list", array(I1, shapeOf(1), list(NONE)), /no contents/],
    ["no dtype", array(NONE, shapeOf(1), bytes(1)), /no dtype/],

    ["a code that is none", dtype("i3"), /needs its code/],
    ["a code of 200 digits", rawDType(str(`S${"9".repeat(200)}`), NONE), /needs its code/],
    ["an item of 2 ** 31 bytes and more", dtype("S4", 2n ** 31n + 1n), /item size/],
    ["an item of 2 ** 70 bytes", dtype("V4", 2n ** 70n), /item size/],
    [
      "an item size that is a list",
      rawDType(str("V1"), tuple(int(3), str("|"), NONE, NONE, NONE, "]", int(1), int(0))),
      /item size/,
    ],
    ["half a character", dtype("U1", 5), /number of characters/],
    ["a byte order that is none", rawDType(str("i4"), state(str("<>"), NONE, NONE, NONE, -1)), /byte order/],
    [
      "a state of the future",
      rawDType(str("i4"), tuple(int(5), str("<"), NONE, NONE, NONE, int(-1), int(-1), int(0))),
      /version/,
    ],
    ["a state of six", rawDType(str("i4"), tuple(int(3), str("<"), NONE, NONE, int(-1), int(-1))), /version/],
    ["a state that is none", rawDType(str("i4"), NONE), /needs a tuple/],
    ["two states", `${dtype("i4")}${state(str("<"), NONE, NONE, NONE, -1)}b`, /a state already/],

    ["a field beyond the item", record(4, tuple(str("a")), dict(str("a"), field(dtype("i4"), 1))), /beyond the item/],
    ["a field before the item", record(4, tuple(str("a")), dict(str("a"), field(I1, -1))), /no offset/],
    ["a field at 2 ** 60", record(4, tuple(str("a")), dict(str("a"), field(I1, 2n ** 60n))), /no offset/],
    ["a field that is not there", record(4, tuple(str("a")), dict(str("b"), field(I1, 0))), /no type/],
    ["a field of the prototype", record(4, tuple(str("constructor")), dict(str("b"), field(I1, 0))), /no type/],
    ["a field without a type", record(4, tuple(str("a")), dict(str("a"), field(NONE, 0))), /no type/],
    [
      "a field of a type without a state",
      record(4, tuple(str("a")), dict(str("a"), field(`cnumpy\ndtype\n${tuple(str("i1"), FALSE, TRUE)}R`, 0))),
      /no type/,
    ],
    ["a field twice", record(4, tuple(str("a"), str("a")), dict(str("a"), field(I1, 0))), /one name/],
    ["names without fields", record(4, tuple(str("a")), NONE), /no fields/],
    ["no names, and no fields", record(0, "]", NONE), /no fields/],
    ["names that are a number", record(4, int(1), "}"), /names/],
    ["names that are a str", record(1, str("a"), dict(str("a"), field(I1, 0))), /names/],
    [
      "fields of an int",
      rawDType(str("i4"), state(str("|"), NONE, tuple(str("a")), dict(str("a"), field(I1, 0)), 4)),
      /no parts/,
    ],
    ["a sub-array larger than its item", subarray(dtype("i4"), shapeOf(3), 8), /fit its shape/],
    ["a sub-array of items without bytes by the billion", subarray(dtype("V0", 0), shapeOf(huge), 0), /fit its shape/],
    ["a sub-array of nothing", subarray(NONE, shapeOf(1), 4), /no type/],

    ["a buffer in no order", buffer(bytes(2), I1, shapeOf(2), str("A")), /of a buffer/],
    ["a buffer with half an order", buffer(bytes(2), I1, shapeOf(2), str("K")), /of a buffer/],
    ["axes that are too few", buffer(bytes(2), I1, shapeOf(2, 1), str("K"), shapeOf(0)), /order of its axes/],
    ["an axis twice", buffer(bytes(4), I1, shapeOf(2, 2), str("K"), shapeOf(1, 1)), /order of its axes/],
    ["an axis that is not there", buffer(bytes(4), I1, shapeOf(2, 2), str("K"), shapeOf(0, 2)), /order of its axes/],
    ["axes that are none", buffer(bytes(4), I1, shapeOf(2, 2), str("K"), NONE), /order of its axes/],
    ["a scalar of too few bytes", scalar(dtype("i8"), bytes(7)), /dtype and its bytes/],
    ["a StringDType of nothing", string(), /needs coerce/],
    ["a StringDType of a str", string(str("a")), /needs coerce/],
    ["a StringDType of three", string(int(1), NONE, NONE), /needs coerce/],
    ["a scalar of no type", scalar(NONE, bytes(7)), /dtype and its bytes/],
  ] as const)("%s", (_what, pickle, message) => {
    let refused: unknown;
    try {
      read(pickle);
    } catch (error) {
      refused = error;
    }
    expect(isPickleError(refused) && refused.code).toBe("construct-failed");
    expect(String(refused)).toMatch(message);
  });

  it("and the same parts make arrays where they hold", () => {
    const type = record(
      6,
      tuple(str("a"), str("b")),
      dict(str("a"), field(I1, 5), str("b"), field(subarray(I1, shapeOf(2, 2), 4), 0)),
    );
    expect(JSON.stringify(read(array(type, shapeOf(1), bytes(6))))).toBe("[[1,[[1,1],[1,1]]]]");
    const exchanged = read(buffer(bytes(6), I1, shapeOf(1, 2, 3), str("K"), shapeOf(2, 0, 1))) as NDArray;
    expect(exchanged.shape).toEqual([3, 1, 2]);
    expect((read(array(I1, shapeOf(1000, 0), bytes(0))) as NDArray).toArray()).toHaveLength(1000);
    expect((read(array(I1, shapeOf(0, huge), bytes(0))) as NDArray).toArray()).toEqual([]);
    expect((read(array(dtype("U0", 0), shapeOf(3), bytes(0))) as NDArray).toArray()).toEqual(["", "", ""]);
  });
});

describe("what is referred to often is looked at once", () => {
  const put = (index: number, value: string) => `${value}p${index}\n0`;
  const get = (index: number) => `h${String.fromCharCode(index)}`;

  it("types in one another are refused beyond a depth that a call reaches, and reading 100 is no matter", () => {
    const nested = (depth: number) => {
      let pickle = put(0, I1);
      for (let i = 1; i < depth; i++) pickle += put(0, record(1, tuple(str("a")), dict(str("a"), field(get(0), 0))));
      return `${pickle}${array(get(0), shapeOf(1), bytes(1))}`;
    };
    expect(JSON.stringify(read(nested(100)))).toBe(`${"[".repeat(100)}1${"]".repeat(100)}`);
    expect(() => read(nested(101))).toThrow(/more than 100 types/);
    expect(() => read(nested(20_000))).toThrow(/more than 100 types/);
  });

  it("a type with two fields of the one below, 99 times", () => {
    let pickle = put(0, I1);
    for (let i = 1; i < 99; i++) {
      const fields = dict(str("a"), field(get(0), 0), str("b"), field(get(0), 0));
      pickle += put(0, record(1, tuple(str("a"), str("b")), fields));
    }
    expect((read(`${pickle}${array(get(0), shapeOf(1), bytes(1))}`) as NDArray).dtype.depth).toBe(99);
  });

  it("20,000 arrays of one list of a million strings, of types with one dict of fields, and of one buffer with its axes exchanged", () => {
    const N = 20_000;
    const many = (prelude: string, one: string) => {
      const made = read(`${prelude}](${one.repeat(N)}e`) as unknown[];
      expect(made).toHaveLength(N);
      return [made[0], made[N - 1]];
    };
    const M = 1_000_000;
    const items = put(1, `](${str("a").repeat(M)}e`);
    const strings = put(2, `cnumpy._core._internal\n_convert_to_stringdtype_kwargs\n${tuple(int(1))}R`);
    many(items + strings, array(get(2), shapeOf(M), get(1)));

    const names = Array.from({ length: N }, (_, i) => str(`f${i}`));
    const nothing = put(3, dtype("V0", 0));
    const fields = put(4, dict(...names.map((name) => name + field(get(3), 0)))) + put(5, tuple(...names));
    const types = many(nothing + fields, record(0, get(5), get(4))) as DType[];
    expect(types[0]!.fields).toBe(types[1]!.fields);

    const block = `B${String.fromCharCode(N & 255, N >> 8, 0, 0)}${"\0".repeat(N)}`;
    const exchanged = buffer(get(6), get(7), shapeOf(N, 1), str("K"), shapeOf(1, 0));
    const arrays = many(put(6, block) + put(7, I1), exchanged) as NDArray[];
    expect(arrays[0]!.bytes!.buffer).toBe(arrays[1]!.bytes!.buffer);
  });
});
