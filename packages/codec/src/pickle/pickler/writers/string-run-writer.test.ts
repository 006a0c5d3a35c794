import { describe, expect, it } from "vitest";
import { encodeUtf8Loop } from "../../../bytes/utf8-encode.js";
import { dumps, loads } from "../../../index.js";

/** Text of `length` units, different for each `seed`. */
function textOf(pattern: string, length: number, seed: number): string {
  return `${seed} ${pattern.repeat(length)}`.slice(0, length);
}

/** The list of `texts` as CPython writes it at protocol 4: one frame, equal strings once. */
function written(texts: readonly string[]): Buffer {
  const bytes: number[] = [0x5d, 0x94, 0x28];
  const memo = new Map<string, number>();
  for (const text of texts) {
    const known = memo.get(text);
    if (known !== undefined) {
      bytes.push(...(known < 256 ? [0x68, known] : [0x6a, known & 255, known >> 8, 0, 0]));
      continue;
    }
    memo.set(text, memo.size + 1);
    const utf8 = new Uint8Array(text.length * 3);
    const size = encodeUtf8Loop(text, utf8, 0);
    bytes.push(...(size < 256 ? [0x8c, size] : [0x58, size & 255, size >> 8, 0, 0]), ...utf8.subarray(0, size), 0x94);
  }
  bytes.push(0x65, 0x2e);
  return Buffer.of(0x80, 4, 0x95, bytes.length & 255, bytes.length >> 8, 0, 0, 0, 0, 0, 0, ...bytes);
}

const PATTERNS = ["данные ", "数据库，连接池", "naïve façade ", "ab😀🚀", "\u07ff\u0800\uffff", "\uee00\uefff\ueeed"];
const LENGTHS = [0, 1, 2, 3, 15, 16, 17, 64, 85, 86, 127, 128, 200, 255];

const lists = new Map<string, readonly string[]>([
  ["of every script", Array.from({ length: 200 }, (_, i) => textOf(PATTERNS[i % 6]!, LENGTHS[i % 14]!, i))],
  ["with equal ones", Array.from({ length: 200 }, (_, i) => textOf(PATTERNS[i % 6]!, 60, i % 50))],
  ["of a few scripts among ASCII", Array.from({ length: 600 }, (_, i) => textOf(i % 9 === 8 ? "é" : "e", 40, i))],
  ["in ASCII, at last", Array.from({ length: 600 }, (_, i) => textOf(i < 60 ? "数" : "e", 80, i))],
  ["with lone surrogates", Array.from({ length: 100 }, (_, i) => textOf("数\ud83d", 100, i))],
  [
    "with halves of a pair at the ends of neighbours",
    Array.from({ length: 100 }, (_, i) => `\ude00${i}数据库连接池\ud83d`),
  ],
  ["with the unit that ends them", Array.from({ length: 100 }, (_, i) => textOf(i === 50 ? "\ueeee" : "数据", 100, i))],
  ["whose units together look like it", Array.from({ length: 100 }, (_, i) => textOf("\uee00\u00ee", 100, i))],
]);

describe("dumps()", () => {
  it.each([...lists])("writes a list of strings %s as CPython does", (_, texts) => {
    expect(dumps(texts, { protocol: 4 })).toEqual(written(texts));
    expect(loads(dumps(texts, { protocol: 2 }))).toEqual(texts);
  });

  it("writes it so whatever the list before it held", () => {
    for (const [, first] of lists)
      for (const [, second] of lists) {
        dumps(first, { protocol: 4 });
        expect(Buffer.compare(dumps(second, { protocol: 4 }), written(second))).toBe(0);
      }
  });
});
