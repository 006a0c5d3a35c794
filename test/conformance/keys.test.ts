/** Which keys are equal: numbers of all types, times in all zones, and what holds them, against CPython's dict. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { loads, PyDict } from "@brine/codec";
import { expect, it } from "vitest";
import { findPython } from "../cpython/find.js";
import { ROOT } from "../package/sources.js";

type Row = readonly [shown: string, pickle: string, first: number];

it("are those that CPython takes for one", () => {
  const { status, stdout, stderr } = spawnSync(findPython(), [path.join(ROOT, "test/cpython/keys.py")], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  expect(status, stderr).toBe(0);
  const rows = JSON.parse(stdout) as Row[];
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
