/** Which keys are equal: numbers of all types, times in all zones, and what holds them, against CPython's dict. */
import { loads, PyDict } from "@brine/codec";
import { expect, it } from "vitest";
import { answersOf } from "../cpython/answers.js";

type Row = readonly [shown: string, pickle: string, first: number];

it("are those that CPython takes for one", () => {
  const rows = answersOf<Row[]>("keys.py");
  const first = new PyDict<unknown, number>();
  for (const [i, [shown, pickle, expected]] of rows.entries()) {
    const key = loads(Buffer.from(pickle, "base64"), { float: "exact" });
    if (!first.has(key)) first.set(key, i);
    const found = first.get(key)!;
    expect(found, `${shown} is taken for ${rows[found]![0]}, in CPython for ${rows[expected]![0]}`).toBe(expected);
  }
  const distinct = rows.filter(([, , at], i) => at === i).length;
  expect(distinct).toBeGreaterThan(1000);
  expect(rows.length - distinct).toBeGreaterThan(1000);
});
