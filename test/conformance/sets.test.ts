/** What two sets have in common and what not, against CPython's operators. */
import { FrozenSet, hashEquals, loads, PySet } from "@brine/codec";
import { expect, it } from "vitest";
import { answersOf } from "../cpython/answers.js";

type Row = readonly [shown: string, pickle: string, isSubset: boolean, isSuperset: boolean, isDisjoint: boolean];

it("are those of CPython", () => {
  const rows = answersOf<Row[]>("sets.py");
  for (const [shown, pickle, isSubset, isSuperset, isDisjoint] of rows) {
    const [first, other, ...expected] = loads(Buffer.from(pickle, "base64"), { float: "exact" }) as Set<unknown>[];
    const set = first instanceof FrozenSet ? first : new PySet(first);
    const made = [
      set.union(other!),
      set.intersection(other!),
      set.difference(other!),
      set.symmetricDifference(other!),
    ] as const;
    for (const [i, result] of made.entries()) {
      expect(result instanceof FrozenSet, shown).toBe(set instanceof FrozenSet);
      expect(hashEquals(new FrozenSet(result), new FrozenSet(expected[i])), `${shown}: ${i}`).toBe(true);
    }
    expect([set.isSubsetOf(other!), set.isSupersetOf(other!), set.isDisjointFrom(other!)], shown).toEqual([
      isSubset,
      isSuperset,
      isDisjoint,
    ]);
  }
  expect(rows.length).toBeGreaterThan(300);
});
