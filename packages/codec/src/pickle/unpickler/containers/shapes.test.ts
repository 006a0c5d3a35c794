/** Dicts whose keys come together again and again, which are filled in another way from the sixty-fourth on. */
import { describe, expect, it } from "vitest";
import { dumps } from "../../api-dump.js";
import { loads } from "../../api-load.js";

/** So many are filled in the ordinary way, and as many in the other. */
const ROWS = 200;

function rowsOf(row: (i: number) => object): object[] {
  return Array.from({ length: ROWS }, (_, i) => row(i));
}

const VALUES: readonly unknown[] = [1, 2.5, "text", null, true, 2n ** 70n, [1], { nested: 1 }];

describe("dicts of the same keys", () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 64])("decode as they were written, with %i keys", (count) => {
    const rows = rowsOf((i) =>
      Object.fromEntries(Array.from({ length: count }, (_, k) => [`of ${count}, ${k}`, VALUES[(i * 3 + k) % 8]])),
    );
    expect(loads(dumps(rows))).toEqual(rows);
  });

  it("keep the order of their keys", () => {
    const rows = rowsOf((i) => (i % 2 === 0 ? { first: i, second: 0, third: 1 } : { third: i, second: 0, first: 1 }));
    const keys = (loads(dumps(rows)) as object[]).map((row) => Object.keys(row));
    expect(keys).toEqual(rows.map((row) => Object.keys(row)));
  });

  it("keep keys that are names of properties every object has, and those that look like indices", () => {
    const rows = rowsOf((i) => ({ constructor: i, toString: i + 1, 7: i + 2, "": i + 3 }));
    expect(loads(dumps(rows))).toEqual(rows);
  });

  it("keep the last of two values of a key, and change no prototype", () => {
    // protocol 2, a list of dicts (a: i, b: 1, a: 2, __proto__: {})
    const pair = (key: string, value: string) => `X${String.fromCharCode(key.length)}\0\0\0${key}${value}`;
    const plain = `}(${pair("a", "K\u0007")}${pair("b", "K\u0001")}${pair("a", "K\u0002")}u`;
    const withProto = `}(${pair("b", "K\u0001")}${pair("__proto__", "}")}u`;
    const all = loads(Buffer.from(`\x80\x02](${(plain + withProto).repeat(ROWS)}e.`, "latin1")) as object[];
    expect(all).toHaveLength(2 * ROWS);
    for (const [i, object] of all.entries()) {
      expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
      expect(Object.entries(object)).toEqual(
        i % 2 === 0
          ? [
              ["a", 2],
              ["b", 1],
            ]
          : [
              ["b", 1],
              ["__proto__", {}],
            ],
      );
    }
  });
});
