/** Files that CPython and Node write and read pickle by pickle. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { dump, load, PyFloat, tuple } from "@brine/codec";
import { afterAll, expect, test } from "vitest";
import { findPython } from "../cpython/find.js";

const folder = mkdtempSync(path.join(tmpdir(), "brine-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

function python(program: string, file: string, protocol: number): void {
  execFileSync(findPython(), ["-c", program, file, String(protocol)], { stdio: ["ignore", "ignore", "inherit"] });
}

const WRITE = `
import pickle, sys
with open(sys.argv[1], "wb") as f:
    for value in [1, ("two", 2.0), "3" * 100000]:
        pickle.dump(value, f, int(sys.argv[2]))
`;

const READ = `
import pickle, sys
with open(sys.argv[1], "rb") as f:
    values = [pickle.load(f), pickle.load(f), pickle.load(f)]
    assert values == [1, ("two", 2.0), "3" * 100000], values
    try:
        pickle.load(f)
    except EOFError:
        pass
    else:
        raise AssertionError("a fourth")
`;

const VALUES = [1, tuple("two", new PyFloat(2)), "3".repeat(100_000)];

test.each([0, 1, 2, 3, 4, 5] as const)("three pickles of protocol %i in one file, one by one", async (protocol) => {
  const file = path.join(folder, `python-${protocol}`);
  python(WRITE, file, protocol);
  const reading = await open(file);
  try {
    for (const value of VALUES) expect(await load(reading, { float: "exact" })).toStrictEqual(value);
    await expect(load(reading)).rejects.toMatchObject({ code: "truncated", offset: 0 });
  } finally {
    await reading.close();
  }

  const back = path.join(folder, `node-${protocol}`);
  const writing = await open(back, "w");
  try {
    for (const value of VALUES) await dump(value, writing, { protocol });
  } finally {
    await writing.close();
  }
  python(READ, back, protocol);
});
