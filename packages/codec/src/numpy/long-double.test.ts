/** Doubles of longdoubles against those of numpy, in `test/vectors/longdoubles.json`. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ClassRegistry, loads } from "../index.js";
import { doublesOfLongDouble, NDArray, NumpyScalar, registerNumpy } from "./index.js";

interface Row {
  readonly type: string;
  readonly pickle: string;
  readonly doubles: string;
}

const url = new URL("../../../../test/vectors/longdoubles.json", import.meta.url);
const rows = JSON.parse(readFileSync(url, "utf8")) as readonly Row[];
const registry = registerNumpy(new ClassRegistry());

/** numpy keeps the sign and digits of a NaN, which JavaScript's doubles need not. */
const doublesOf = (bytes: Uint8Array) => [...new Float64Array(new Uint8Array(bytes).buffer)];

it.each(rows)("$type: the doubles that numpy makes of them", ({ pickle, doubles }) => {
  const value = loads(Buffer.from(pickle, "base64"), { registry }) as NDArray;
  const read = doublesOfLongDouble(value);
  expect(read).toBeInstanceOf(value instanceof NDArray ? NDArray : NumpyScalar);
  expect(doublesOf(read.bytes!)).toEqual(doublesOf(Buffer.from(doubles, "hex")));
  expect(read.dtype.kind).toBe(value.dtype.kind);
  if (value instanceof NDArray) expect([read.shape, read.order]).toEqual([value.shape, value.order]);
});

it("is not for other types, nor for what is no number on x86", () => {
  expect(() => doublesOfLongDouble(new NDArray(Float64Array.of(1)))).toThrow(/Cannot read <f8 as longdouble/);
  const value = loads(Buffer.from(rows[0]!.pickle, "base64"), { registry }) as NDArray;
  for (const hex of ["0000000000000040ff3f", "0000000000000000ff7f", "0000000000000000ffff"]) {
    const item = new NumpyScalar(value.dtype, Buffer.from(hex.padEnd(32, "0"), "hex"));
    expect(doublesOfLongDouble(item).value).toBeNaN();
  }
});
