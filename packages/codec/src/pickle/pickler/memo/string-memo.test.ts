import { describe, expect, it } from "vitest";
import { HASH_REACH, hashBytes } from "./string-hash.js";
import { StringMemo } from "./string-memo.js";

/** Bytes of each string, enough for all numbers below; behind the last one, what `hashBytes` may read. */
const SIZE = 6;
const buffer = new Uint8Array(SIZE * 50_000 * 2 + HASH_REACH);
const view = new DataView(buffer.buffer);

/** Writes the string that stands for `number` in the given place, and looks for it. */
function findOrAdd(memo: StringMemo, number: number, place: number, index: number): number {
  const text = String(number).padStart(SIZE);
  const start = place * SIZE;
  buffer.set(Buffer.from(text), start);
  return memo.findOrAdd(view, start, start + SIZE, hashBytes(view, start, SIZE), text, index);
}

describe.each([3, 700, 5000, 50_000])("the memo of strings, with %i of them", (count) => {
  const numbers = Array.from({ length: count }, (_, i) => i);
  /** Indexes of strings that are met for the first time, and again. */
  const meetTwice = (memo: StringMemo, some: readonly number[]): [number[], number[]] => [
    some.map((number, i) => findOrAdd(memo, number, i, number * 2)),
    some.map((number, i) => findOrAdd(memo, number, some.length + i, 9999)),
  ];
  const expected = (some: readonly number[]): [number[], number[]] => [some.map(() => -1), some.map((i) => i * 2)];

  it("finds each under its index", () => {
    expect(meetTwice(new StringMemo(), numbers)).toEqual(expected(numbers));
  });

  it("forgets all of them, whether many or few come next", () => {
    const memo = new StringMemo();
    for (const next of [numbers, numbers.slice(-3), numbers.slice(-2), numbers]) {
      expect(meetTwice(memo, next)).toEqual(expected(next));
      memo.clear();
    }
  });
});

describe("the memo of strings, with many whose hashes lead to one place", () => {
  const few = Array.from({ length: 160 }, (_, i) => 10_000 + i);
  /** Equal in all bits that choose the place, different in those that choose the bit of the filter. */
  const hashOf = (number: number): number => ((number % 8) << 29) | 5;
  const place = (number: number, at: number): [start: number, end: number, text: string] => {
    const text = String(number).padStart(SIZE);
    buffer.set(Buffer.from(text), at * SIZE);
    return [at * SIZE, (at + 1) * SIZE, text];
  };

  it("finds each, whichever way it came", () => {
    const memo = new StringMemo();
    for (let number = 0; number < 1000; number++) findOrAdd(memo, number, number, number);
    for (const number of [...few.filter((each) => each % 8 === 0), ...few.filter((each) => each % 8 !== 0)]) {
      const [start, end, text] = place(number, number);
      if (memo.addIfNew(start, hashOf(number), number)) continue;
      expect(memo.findOrAdd(view, start, end, hashOf(number), text, number)).toBe(-1);
    }
    for (const number of few) {
      const [start, end, text] = place(number, 20_000);
      expect(memo.findOrAdd(view, start, end, hashOf(number), text, 9999)).toBe(number);
    }
  });
});

it("finds each of many long texts of one length, which V8 does not hash", () => {
  const memo = new StringMemo();
  const texts = (end: string) =>
    Array.from({ length: 100 }, (_, i) => `${"x".repeat(40_000)}${i % 50}`.padEnd(40_002, end));
  for (const [i, text] of texts("y").slice(0, 50).entries()) {
    expect(memo.findText(text)).toBe(-1);
    memo.addText(text, i);
  }
  expect(texts("y").map((text) => memo.findText(text))).toEqual(Array.from({ length: 100 }, (_, i) => i % 50));
  expect(memo.findText(`${"x".repeat(40_000)}zz`)).toBe(-1);
  memo.clear();
  expect(memo.findText(texts("y")[0]!)).toBe(-1);
});
