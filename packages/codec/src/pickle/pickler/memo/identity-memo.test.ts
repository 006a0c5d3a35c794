import { describe, expect, it } from "vitest";
import { IdentityMemo, NO_PLACE } from "./identity-memo.js";

describe.each([3, 150, 2000, 9000, 20_000])("the memo of objects, with %i of them", (count) => {
  const objects = Array.from({ length: count }, (_, i) => ({ i }));

  it("finds each under its index, in any order, and also while more come", () => {
    const memo = new IdentityMemo();
    const found = objects.map((object, i) => [
      memo.find(object),
      memo.findOrAdd(object, i * 2),
      memo.findOrAdd(object, 9999),
      memo.find(objects[i >> 1]!),
    ]);
    expect(found).toEqual(objects.map((_, i) => [-1, -1, i * 2, (i >> 1) * 2]));
    expect(objects.map((object) => memo.find(object))).toEqual(objects.map((_, i) => i * 2));
  });

  it("keeps a place for an object that gets its index later", () => {
    const memo = new IdentityMemo();
    const places = objects.map((object) => memo.reserve(object));
    expect(places).toEqual(objects.map((_, i) => i));
    expect(objects.every((object) => memo.find(object) === -1)).toBe(true);
    // As of a value that is met again inside itself.
    expect(objects.map((object) => memo.reserve(object))).toEqual(places);
    for (const place of places) memo.settle(place, place + 7);
    expect(objects.map((object) => memo.find(object))).toEqual(places.map((place) => place + 7));
    expect(places.map((place) => memo.indexAt(place))).toEqual(places.map((place) => place + 7));
  });

  it("gives an object with a place the index under which it is added", () => {
    const memo = new IdentityMemo();
    const places = objects.map((object) => memo.reserve(object));
    expect(objects.every((object, i) => memo.findOrAdd(object, i + 1) === -1)).toBe(true);
    expect(places.map((place) => memo.indexAt(place))).toEqual(objects.map((_, i) => i + 1));
  });

  it("forgets all of it", () => {
    const memo = new IdentityMemo();
    for (const [i, object] of objects.entries()) memo.findOrAdd(object, i);
    memo.find(objects[0]!);
    memo.clear();
    expect(objects.every((object) => memo.find(object) === -1)).toBe(true);
    expect(memo.reserve(objects[1]!)).toBe(0);
    memo.clear();
    // As many again, for which it may be prepared.
    expect(objects.every((object, i) => memo.findOrAdd(object, i) === -1)).toBe(true);
    expect(objects.map((object) => memo.find(object))).toEqual(objects.map((_, i) => i));
  });
});

it("an object that is never looked up has no place and no index", () => {
  const memo = new IdentityMemo();
  memo.settle(NO_PLACE, 5);
  expect(memo.indexAt(NO_PLACE)).toBe(-1);
});
