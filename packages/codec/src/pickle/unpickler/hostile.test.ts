/** Input that is made to be costly. */
import { describe, expect, test } from "vitest";
import type { PyDict } from "../../python/containers/dict.js";
import { tuple } from "../../python/containers/sequences.js";
import { loads } from "../api-load.js";
import { failure, raw } from "./written-by-hand.js";

describe("hostile input costs no more than its size", () => {
  const repeat = (text: string, count: number) => text.repeat(count);

  test("a million nested lists", () => {
    let value = loads(raw(`${repeat("]", 1_000_000)}${repeat("a", 999_999)}.`));
    let depth = 0;
    while (Array.isArray(value)) {
      depth++;
      value = value[0];
    }
    expect(depth).toBe(1_000_000);
  });

  test("lengths that are not there are not allocated", () => {
    for (const opcode of ["\x8d", "\x8e", "\x96"]) {
      expect(failure(() => loads(raw(`${opcode}\0\0\0\0\0\0\0\x40.`))).code).toBe("truncated");
    }
  });

  test("a memo index of four billion is one entry", () => {
    expect(loads(raw("Nr\xff\xff\xff\xffK\x05q\x07j\xff\xff\xff\xffh\x07\x86."))).toStrictEqual(tuple(null, 5));
    expect(loads(raw("Nr\xff\xff\xff\xff0K\x05\x940h\x01."))).toBe(5);
  });

  test("200,000 items in one APPENDS", () => {
    expect((loads(raw(`](${repeat("N", 200_000)}e.`)) as unknown[]).length).toBe(200_000);
  });

  test("a pair of pairs of pairs as a key is hashed once for each pair", () => {
    const dag = `K\x01${repeat("2\x86", 60)}`;
    const dict = loads(raw(`}${dag}K\x05s.`)) as PyDict;
    expect(dict.size).toBe(1);
  });

  test("ten lists of ten lists of ten lists stay references", () => {
    let pickle = "]\x94";
    for (let level = 0; level < 50; level++) {
      const get = `h${String.fromCharCode(level)}`;
      pickle += `0](${repeat(get, 10)}e\x94`;
    }
    expect(loads(raw(`${pickle}.`))).toHaveLength(10);
  });

  test("an INT line of spaces, a FLOAT of digits, a STRING of backslashes", () => {
    const n = 300_000;
    failure(() => loads(raw(`I1${repeat(" ", n)}x\n.`)));
    failure(() => loads(raw(`F${repeat("1", n)}x\n.`)));
    expect(loads(raw(`V${repeat("\\", n)}x\n.`))).toHaveLength(n + 1);
    expect(failure(() => loads(raw(`I${repeat("9", 5000)}\n.`))).limit).toEqual({ name: "maxIntDigits", max: 4300 });
  });
});
