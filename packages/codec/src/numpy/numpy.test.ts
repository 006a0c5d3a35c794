import { describe, expect, it } from "vitest";
import { ClassRegistry, Complex, dumps, loads, type PickleBuffer, PyDict, tuple } from "../index.js";
import { type ArrayItems, DType, NDArray, NumpyScalar, registerNumpy, StringDType } from "./index.js";

const registry = registerNumpy(new ClassRegistry());

describe("NDArray", () => {
  it("travels out of band without a copy", () => {
    const data = Float64Array.of(1, 2, 3, 4);
    const buffers: PickleBuffer[] = [];
    const bytes = dumps(new NDArray(data, [2, 2]), {
      registry,
      protocol: 5,
      bufferCallback: (buffer) => {
        buffers.push(buffer);
      },
    });
    expect(buffers).toHaveLength(1);
    expect(buffers[0]!.bytes.buffer).toBe(data.buffer);
    const back = loads(bytes, { registry, buffers: buffers.map((buffer) => buffer.bytes) }) as NDArray;
    expect((back.data as Float64Array).buffer).toBe(data.buffer);
    expect(back.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("round-trips at every protocol, in both orders", () => {
    for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
      const array = new NDArray(Int32Array.of(0, 2, 1, 3), [2, 2], { order: "F" });
      const back = loads(dumps(array, { registry, protocol }), { registry }) as NDArray;
      expect(back.toArray()).toEqual([
        [0, 1],
        [2, 3],
      ]);
      expect(back.order).toBe("F");
    }
  });

  it("reads objects rows first whatever the order, as numpy pickles them", () => {
    const array = new NDArray([1, null, "a", 2], [2, 2], { order: "F" });
    const back = loads(dumps(array, { registry }), { registry }) as NDArray;
    expect(back.order).toBe("F");
    expect(back.toArray()).toEqual([
      [1, null],
      ["a", 2],
    ]);
  });

  it("holds the dict that holds it, though that became a PyDict later", () => {
    const dict = new PyDict<unknown, unknown>();
    dict.set(1, new NDArray([dict, null], [2]));
    const back = loads(dumps(dict, { registry }), { registry }) as PyDict<number, NDArray>;
    expect(back.get(1)!.at(0)).toBe(back);
  });

  it("gives bytes without the zeros at their end, as numpy does", () => {
    const dtype = new DType("S3", [3, "|", null, null, null, 3, 1, 0]);
    const array = new NDArray(Buffer.from("a\0\0a\0b\0\0\0abc"), [4], { dtype });
    const items = array.toArray() as readonly Uint8Array[];
    expect(items.map((item) => Buffer.from(item).toString())).toEqual(["a", "a\0b", "", "abc"]);
  });

  it("has items at as many indices as axes, none of them negative or beyond", () => {
    const array = new NDArray(Int32Array.of(0, 1, 2, 3), [2, 2]);
    expect([array.at(0, 1), array.at(1, 0)]).toEqual([1, 2]);
    for (const indices of [[], [0], [0, 0, 0], [2, 0], [0, 2], [-1, 0], [0, 0.5]])
      expect(() => array.at(...indices), `${indices}`).toThrow(RangeError);
    expect(() => array.field("a")).toThrow(RangeError);
  });

  it("refuses contents that do not fit the shape", () => {
    expect(() => new NDArray(Float64Array.of(1), [2])).toThrow(RangeError);
    expect(() => new NDArray(Float64Array.of(1), [2 ** 53, 2 ** 53])).toThrow(RangeError);
    expect(() => new NDArray([1], [-1])).toThrow(RangeError);
    for (const dtype of ["float64", "bool", ">i4"]) {
      expect(() => new NDArray([1], [1], { dtype })).toThrow("of a list: give a typed array");
    }
    for (const name of ["x9", "<i42", "xi4", "i4 "]) expect(() => DType.of(name), name).toThrow(RangeError);
    expect(() => new DType("i4", [3])).toThrow("of no version of numpy's");
    const order = { order: "f" as never };
    expect(() => new NDArray(Float64Array.of(1), [1], order)).toThrow('option order "f": must be "C" or "F"');
    expect(() => new NumpyScalar("float64", new Uint8Array(3))).toThrow("of type <f8: needs 8 bytes, not 3");
  });
});

describe("a typed array with a dtype", () => {
  const make = (data: ArrayItems, dtype: string) => new NDArray(data, undefined, { dtype });

  it("is refused where its items are not of that type: nothing is converted", () => {
    for (const [data, dtype] of [
      [Float64Array.of(1, 2), "int64"],
      [Float64Array.of(1, 2), "float32"],
      [Int32Array.of(1, 2), "float32"],
      [Int32Array.of(1, 2), "uint32"],
      [Int8Array.of(1, 2), "float16"],
      [BigInt64Array.of(1n), "float64"],
      [Float64Array.of(1, 2), ">f8"],
    ] as const)
      expect(() => make(data, dtype), dtype).toThrow(
        `of the items of a ${data.constructor.name}: convert the items first, or give a Uint8Array of the memory`,
      );
    for (const data of [Float64Array.of(1), new Uint8Array(8)])
      expect(() => make(data, "object")).toThrow("give an array of its values");
  });

  it("is taken as it is where the memory is the same, and a Uint8Array as bytes for any type", () => {
    expect(make(Float64Array.of(1, 2), "complex128").at(0)).toEqual(new Complex(1, 2));
    expect(make(Float32Array.of(1, 2), "complex64").at(0)).toEqual(new Complex(1, 2));
    expect(make(Int32Array.of(-1), "<i4").at(0)).toBe(-1);
    expect(make(Uint8Array.of(1, 0), "bool").toArray()).toEqual([true, false]);
    expect(make(Uint8Array.of(0, 0, 1, 0), ">i4").toArray()).toEqual([256]);
    const days = new DType("M8", [4, "<", null, null, null, -1, -1, 0, [null, ["D", 1, 1, 1]]]);
    expect(new NDArray(BigInt64Array.of(19_000n), undefined, { dtype: days }).at(0)).toBe(19_000n);
  });
});

describe("StringDType", () => {
  it("round-trips at every protocol, with missing items", () => {
    for (const naObject of [null, Number.NaN]) {
      for (const protocol of [0, 1, 2, 3, 4, 5] as const) {
        const array = new NDArray(["a", naObject], [2], { dtype: new StringDType({ naObject, coerce: false }) });
        const back = loads(dumps(array, { registry, protocol }), { registry }) as NDArray;
        expect(back.toArray()).toEqual(["a", naObject]);
        expect(back.dtype).toEqual(array.dtype);
      }
    }
  });

  it("refuses items that are no strings", () => {
    const array = (items: unknown[], dtype: StringDType) => dumps(new NDArray(items, [1], { dtype }), { registry });
    for (const item of [1, null, ["a"]])
      expect(() => loads(array([item], new StringDType()), { registry })).toThrow(/an item is none/);
    expect(() => loads(array([1], new StringDType({ naObject: null })), { registry })).toThrow(/an item is none/);
  });
});

describe("NumpyScalar", () => {
  it("keeps its type", () => {
    const back = loads(dumps(NumpyScalar.of(1.5, "float32"), { registry }), { registry }) as NumpyScalar;
    expect(back.value).toBe(1.5);
    expect(back.dtype.toString()).toBe("<f4");
    expect(NumpyScalar.of(7, "int64").value).toBe(7n);
  });

  it("is of the number given, rounded to floats as IEEE 754 says", () => {
    for (const dtype of ["int8", ">i2", "int32", "int64", "uint8", "uint16", ">u4", "uint64", ">u8"]) {
      const { bytes, dtype: type } = NumpyScalar.of(0, dtype);
      const bits = BigInt(8 * bytes!.length);
      const [min, max] = type.kind === "u" ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
      for (const value of [min, max, 1n]) expect(BigInt(NumpyScalar.of(value, dtype).value as bigint)).toBe(value);
      for (const value of [min - 1n, max + 1n, 2n ** 70n, -(2n ** 5000n)])
        expect(() => NumpyScalar.of(value, dtype), `${dtype} ${value}`).toThrow(
          new RegExp(`^Cannot make a numpy scalar of type .${type.code}: needs ${min} to ${max}, not `),
        );
      for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY])
        expect(() => NumpyScalar.of(value, dtype)).toThrow(/is no integer$/);
    }
    expect(() => NumpyScalar.of(300, "uint8")).toThrow(
      "Cannot make a numpy scalar of type |u1: needs 0 to 255, not 300",
    );
    expect(NumpyScalar.of(5, "bool").bytes).toEqual(Uint8Array.of(1));
    expect(NumpyScalar.of(true, "float32").value).toBe(1);
    expect(NumpyScalar.of(1e39, "float32").value).toBe(Number.POSITIVE_INFINITY);
    expect(() => NumpyScalar.of(2n ** 2000n, "float64")).toThrow(/beyond any double/);
    expect(() => NumpyScalar.of(1, "complex64")).toThrow(/out of a number/);
    expect(() => NumpyScalar.of(1, new DType("S1", []))).toThrow(/out of a number/);
  });

  it("rounds to half-precision floats, of two as near to the even one", () => {
    const bytes = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);
    const halves = new NDArray(new Uint8Array(bytes.buffer), undefined, { dtype: "float16" }).data as Float32Array;
    const wrong = bytes.filter((bits) => {
      const half = halves[bits]!;
      const [low, high] = Number.isNaN(half) ? [0x00, 0x7e] : [bits & 0xff, bits >> 8];
      const { bytes: little } = NumpyScalar.of(half, "float16");
      const { bytes: big } = NumpyScalar.of(half, ">f2");
      return little![0] !== low || little![1] !== high || big![0] !== high || big![1] !== low;
    });
    expect(wrong).toHaveLength(0);
    const rounded = (value: number) => NumpyScalar.of(value, "float16").value;
    expect([1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -25, 3 * 2 ** -25, 65519.9, 65520, 1e300].map(rounded)).toEqual([
      1,
      1 + 2 ** -9,
      0,
      2 ** -23,
      65504,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
    expect(rounded(Number.NaN)).toBeNaN();
  });

  it("is JSON as an array's item is: 64-bit ints as numbers where these hold them", () => {
    const items = new NDArray(new BigInt64Array([1n, -(2n ** 53n - 1n)]), [2, 1]);
    expect(JSON.stringify([items, NumpyScalar.of(7, "int64")])).toBe("[[[1],[-9007199254740991]],7]");
    const beyond = [new NDArray(new BigUint64Array([2n ** 53n]), [1]), NumpyScalar.of(2n ** 53n, "int64")];
    for (const value of beyond) expect(() => JSON.stringify(value)).toThrow(TypeError);
  });
});

// As numpy 2.4 says it.
describe("an exception of numpy", () => {
  const made = (module: string, name: string, ...args: unknown[]) => {
    const error = new (registry.find(module, name)!.target as unknown as new (...args: unknown[]) => Error)(...args);
    return (loads(dumps(error, { registry }), { registry }) as Error).message;
  };

  it("says which axis there is not", () => {
    const axisError = (...args: unknown[]) => made("numpy.exceptions", "AxisError", ...args);
    expect(axisError(3, 2)).toBe("axis 3 is out of bounds for array of dimension 2");
    expect(axisError(5, 2, "source")).toBe("source: axis 5 is out of bounds for array of dimension 2");
    expect(axisError("no such axis")).toBe("no such axis");
  });

  it.each([
    [[1_000_000, 10_000_000], "float64", "72.8 TiB for an array with shape (1000000, 10000000) and data type float64"],
    [[1023], "|b1", "1023 bytes for an array with shape (1023,) and data type bool"],
    [[1_048_575], "int8", "1.00 MiB for an array with shape (1048575,) and data type int8"],
    [[1_022_976], "uint8", "999. KiB for an array with shape (1022976,) and data type uint8"],
    [[1_024_000], "uint8", "1000. KiB for an array with shape (1024000,) and data type uint8"],
    [
      [10 ** 15, 10 ** 7],
      "uint8",
      "8674. EiB for an array with shape (1000000000000000, 10000000) and data type uint8",
    ],
    [[], ">f8", "8 bytes for an array with shape () and data type >f8"],
  ])("says how much it cannot allocate: %j of %s", (shape, dtype, said) => {
    const message = made("numpy._core._exceptions", "_ArrayMemoryError", tuple(...shape), DType.of(dtype));
    expect(message).toBe(`Unable to allocate ${said}`);
  });
});
