import { describe, expect, it } from "vitest";
import { ClassRegistry, dumps, loads, type PickleBuffer } from "../index.js";
import { DType, NDArray, NumpyScalar, registerNumpy, StringDType } from "./index.js";

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

  it("refuses contents that do not fit the shape", () => {
    expect(() => new NDArray(Float64Array.of(1), [2])).toThrow(RangeError);
    expect(() => new NDArray(Float64Array.of(1), [2 ** 53, 2 ** 53])).toThrow(RangeError);
    expect(() => new NDArray([1], [-1])).toThrow(RangeError);
    expect(() => DType.of("x9")).toThrow(RangeError);
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

  it("is JSON as an array's item is: 64-bit ints as numbers where these hold them", () => {
    const items = new NDArray(new BigInt64Array([1n, -(2n ** 53n - 1n)]), [2, 1]);
    expect(JSON.stringify([items, NumpyScalar.of(7, "int64")])).toBe("[[[1],[-9007199254740991]],7]");
    const beyond = [new NDArray(new BigUint64Array([2n ** 53n]), [1]), NumpyScalar.of(2n ** 53n, "int64")];
    for (const value of beyond) expect(() => JSON.stringify(value)).toThrow(TypeError);
  });
});
