import { describe, expect, it } from "vitest";
import { dumps } from "../api-dump.js";
import { loads } from "../api-load.js";
import { raw } from "./written-by-hand.js";

/** Lists that hold two values each, of which the memo has `count` twice: once as it is met first, once again. */
function met(count: number): [first: unknown[], again: unknown[]] {
  const some = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? { i } : i % 3 === 1 ? [i, "x"] : `text ${i}`));
  return [some, some];
}

describe("the memo, which makes as much room as the input before has needed,", () => {
  // Small after large, and the other way round; beyond what it makes room for at once.
  it.each([3, 40, 3000, 30, 20_000, 500, 1, 20_001, 2, 41])("gives back each of %i values", (count) => {
    for (const protocol of [1, 2, 4] as const) {
      const [first, again] = loads(dumps(met(count), { protocol })) as [unknown[], unknown[]];
      expect(first).toEqual(met(count)[0]);
      expect(again).toBe(first);
      const pairs = loads(
        dumps(
          first.map((value) => [value, value]),
          { protocol },
        ),
      ) as [unknown, unknown][];
      expect(pairs.every(([one, other]) => one === other)).toBe(true);
    }
  });

  it.each([5, 31, 32, 33, 60, 400, 16_000])("takes %i values and no more if maxMemo says so", (count) => {
    // With the list itself, `count` of them; those of protocol 2 say under which index.
    const texts = Array.from({ length: count - 1 }, (_, i) => (i % 20 === 0 ? [] : `text ${i}`));
    for (const protocol of [2, 4] as const) {
      const pickle = dumps(texts, { protocol });
      for (let round = 0; round < 2; round++) {
        expect(loads(pickle, { limits: { maxMemo: count } })).toEqual(texts);
        expect(() => loads(pickle, { limits: { maxMemo: count - 1 } })).toThrow(
          expect.objectContaining({ code: "limit-exceeded" }),
        );
      }
    }
  });

  it("keeps values under indexes with gaps, beside those far away, and says which are empty", () => {
    const put = (index: number): string =>
      `r${String.fromCharCode(...[0, 8, 16, 24].map((by) => (index >> by) & 255))}`;
    const get = (index: number): string => `j${put(index).slice(1)}`;
    const entries = [0, 1, 5, 2, 40, 0x7fffffff, 41];
    const puts = entries.map((index) => `K${String.fromCharCode(index & 127)}${put(index)}`).join("");
    const load = (text: string): unknown => loads(raw(text));
    expect(load(`\x80\x02(${puts}${entries.map(get).join("")}t.`)).toEqual(
      expect.objectContaining([...entries, ...entries].map((index) => index & 127)),
    );
    for (const empty of [3, 4, 6, 39, 42, 0x7ffffffe]) {
      expect(() => load(`\x80\x02(${puts}${get(empty)}t.`)).toThrow(expect.objectContaining({ code: "bad-memo" }));
    }
  });
});
