/** `repr()` of values of each type against CPython's. */
import { loads, repr } from "@brine/codec";
import { expect, it } from "vitest";
import { answersOf } from "../cpython/answers.js";

it("shows values as CPython does", () => {
  const rows = answersOf<(readonly [pickle: string, shown: string])[]>("repr.py");
  for (const [pickle, shown] of rows) {
    expect(repr(loads(Buffer.from(pickle, "base64"), { float: "exact", dict: "map" }))).toBe(shown);
  }
  expect(rows.length).toBeGreaterThan(2000);
});
