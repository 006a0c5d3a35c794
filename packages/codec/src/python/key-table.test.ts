/** Canonical forms of keys, and what is kept to give them. */
import { describe, expect, it } from "vitest";
import { Tuple } from "./containers/sequences.js";
import { FrozenSet } from "./containers/sets.js";
import { beginSharing, endSharing } from "./hash.js";
import { KeyTable, Structure } from "./key-table.js";

const tuple = (...items: unknown[]) => Tuple.of(...items);
const wide = (last: unknown) => tuple(1, 2, 3, 4, 5, 6, 7, 8, last);

/** Keys of every kind of structure, with a part that no other has. */
const keysWith = (part: unknown) => [
  tuple(part),
  tuple(part, 1),
  tuple("a", tuple(part)),
  wide(part),
  new FrozenSet([part, 1]),
  new FrozenSet([tuple(part)]),
  tuple(Buffer.from(String(part))),
];

describe("a KeyTable", () => {
  it("gives equal structures one form, and finds only those it gave", () => {
    const table = new KeyTable();
    const forms = keysWith("x").map((key) => table.canonical(key));
    expect(new Set(forms).size).toBe(forms.length);
    expect(forms.every((form) => form instanceof Structure)).toBe(true);
    expect(keysWith("x").map((key) => table.canonical(key))).toEqual(forms);
    for (const [i, key] of keysWith("x").entries()) expect(table.find(key)).toBe(forms[i]);
    for (const key of keysWith("y")) expect(table.find(key)).toBe(undefined);
  });

  it("gives out no code for a key that is only looked for", () => {
    const codesOf = (table: KeyTable) => ["p", "q"].map((part) => (table.canonical(tuple(part)) as Structure).code);
    const asked = new KeyTable();
    for (const part of ["y", 2 ** 40, 1.5]) for (const key of keysWith(part)) asked.find(key);
    expect(codesOf(asked)).toEqual(codesOf(new KeyTable()));
  });

  it("refuses what Python could not hash also where it could not be there", () => {
    const table = new KeyTable();
    table.canonical(tuple(1));
    for (const key of [[1], tuple("y", [1]), tuple("y", tuple("z", new Map())), wide(new Set())]) {
      expect(() => table.find(key)).toThrow("unhashable type");
    }
    expect(table.find(tuple(1))).toBeInstanceOf(Structure);
  });

  it("shares with the others of one decoding what is long or nested, and no form", () => {
    const key = wide(tuple("x"));
    const outer = beginSharing();
    try {
      const tables = [new KeyTable(), new KeyTable()];
      const [one, other] = tables.map((table) => table.canonical(key));
      expect(one).not.toBe(other);
      for (const table of tables) expect(table.find(wide(tuple("x")))).toBe(table.canonical(key));
      expect(tables[0]!.find(wide(tuple("y")))).toBe(undefined);
      tables[1]!.canonical(wide(tuple("y")));
      expect(tables[0]!.find(wide(tuple("y")))).toBe(undefined);
    } finally {
      endSharing(outer);
    }
  });
});
