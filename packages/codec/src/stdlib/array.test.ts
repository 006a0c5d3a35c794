/** Arrays as machines of every kind write them, against CPython 3.13: `test/vectors/generate_arrays.py`. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loads } from "../pickle/api-load.js";
import { PyArray } from "../python/containers/array.js";
import { repr } from "../python/repr.js";

interface Row {
  readonly typecode: string;
  readonly format: number;
  readonly bytes: string;
  readonly repr: string | null;
}

const url = new URL("../../../../test/vectors/arrays.json", import.meta.url);
const rows = JSON.parse(readFileSync(url, "utf8")) as Row[];

function pickleOf({ typecode, format, bytes }: Row): Buffer {
  const data = Buffer.from(bytes, "hex");
  return Buffer.concat([
    Buffer.from(`\x80\x03carray\n_array_reconstructor\n(carray\narray\nX\x01\0\0\0${typecode}K`, "latin1"),
    Buffer.from([format, 0x43, data.length]),
    data,
    Buffer.from("tR."),
  ]);
}

test.each(rows)("type code $typecode in machine format $format", (row) => {
  if (row.repr === null) {
    expect(() => loads(pickleOf(row))).toThrow(expect.objectContaining({ code: "construct-failed" }));
    return;
  }
  const made = loads(pickleOf(row));
  expect(made).toBeInstanceOf(PyArray);
  expect(repr(made)).toBe(row.repr);
});
