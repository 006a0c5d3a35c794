/** `repr()` of values of each type against CPython's. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { loads, repr } from "@brine/codec";
import { expect, it } from "vitest";
import { findPython } from "../cpython/find.js";
import { ROOT } from "../package/sources.js";

it("shows values as CPython does", () => {
  const { status, stdout, stderr } = spawnSync(findPython(), [path.join(ROOT, "test/cpython/repr.py")], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  expect(status, stderr).toBe(0);
  const rows = JSON.parse(stdout) as (readonly [pickle: string, shown: string])[];
  for (const [pickle, shown] of rows) {
    expect(repr(loads(Buffer.from(pickle, "base64"), { float: "exact", dict: "map" }))).toBe(shown);
  }
  expect(rows.length).toBeGreaterThan(2000);
});
