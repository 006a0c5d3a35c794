import { expect, test } from "vitest";
import { LargeMap } from "./large-map.js";
import { Memo } from "./memo.js";

test("a LargeMap is a Map, in several of them", () => {
  const map = new LargeMap<number, string>(3);
  for (let i = 0; i < 10; i++) map.set(i, `${i}`);
  map.set(1, "one");
  expect(map.size).toBe(10);
  expect([map.get(1), map.get(9), map.get(10), map.has(9), map.has(10)]).toEqual(["one", "9", undefined, true, false]);
  expect([...map.values()]).toEqual(["0", "one", ..."23456789"]);
  expect([map.delete(1), map.delete(1), map.size, map.has(1)]).toEqual([true, false, 9, false]);
  map.set(1, "again");
  expect([map.get(1), map.size]).toEqual(["again", 10]);
});

test("a Memo takes indices in any order, counts each once, and holds what is falsy", () => {
  const memo = new Memo<number>();
  for (const index of [3, 0, 1, 2, 3, 1, 7, -1]) memo.set(index, memo.size);
  expect(memo.size).toBe(6);
  expect([0, 1, 2, 3, 4, 7, -1].map((index) => memo.get(index))).toEqual([1, 4, 3, 4, undefined, 4, 5]);
  expect([-1, 0, 3, 4, 7, 8, 0.5].map((index) => memo.has(index))).toEqual([
    true,
    true,
    true,
    false,
    true,
    false,
    false,
  ]);
  expect([...memo.values()].sort()).toEqual([1, 3, 4, 4, 4, 5]);
});
