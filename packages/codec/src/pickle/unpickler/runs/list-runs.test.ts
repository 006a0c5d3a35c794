/** Lists that are read in one go must be what the opcodes say one by one, whatever interrupts them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeUtf8Loop } from "../../../bytes/utf8-encode.js";
import { isPickleError } from "../../../errors.js";
import { dumps } from "../../api-dump.js";
import { loads, Unpickler } from "../../api-load.js";

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");
const frame = (text: string): string => `\x95${String.fromCharCode(text.length)}${"\0".repeat(7)}${text}`;
const str = (text: string): string => `\x8c${String.fromCharCode(text.length)}${text}\x94`;
const words = (count: number): string[] => Array.from({ length: count }, (_, i) => `word ${i}`);
const strs = (texts: readonly string[]): string => texts.map(str).join("");
const utf8 = (text: string): string => encodeUtf8(text).toString("latin1");

/** The UTF-8 of `text` with surrogates, which Buffer replaces. */
function encodeUtf8(text: string): Buffer {
  const bytes = Buffer.alloc(text.length * 3);
  return bytes.subarray(0, encodeUtf8Loop(text, bytes, 0));
}

/** A list of str, each of which is memoised even where an equal one came before. */
function listOf(texts: readonly string[]): Buffer {
  const items = texts.map((text) => {
    const bytes = utf8(text);
    if (bytes.length < 256) return str(bytes);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes.length);
    return `X${size.toString("latin1")}${bytes}\x94`;
  });
  return latin1(`](${items.join("")}e.`);
}

function refusal(pickle: string, options: Parameters<typeof loads>[1] = {}): unknown {
  try {
    return loads(latin1(pickle), options);
  } catch (error) {
    if (!isPickleError(error)) throw error;
    return [error.code, error.offset];
  }
}

describe("a list of numbers", () => {
  it("keeps ints, floats and long ints apart", () => {
    for (const list of [
      [1, 300, -70000, 2 ** 31 - 1],
      [1, 2.5, -0, 70000],
      [1, 2n ** 64n, 2.5, -(2n ** 63n), 300, -70000],
    ]) {
      expect(loads(dumps(list))).toStrictEqual(list);
    }
  });

  it("goes on over batches and frames", () => {
    const list = Array.from({ length: 30_000 }, (_, i) => i / 3);
    expect(loads(dumps(list))).toStrictEqual(list);
    const numbers = loads(latin1(`\x80\x04${frame("](K\x01")}${frame("K\x02eK\x03\x94")}0.`));
    expect(numbers).toStrictEqual([1, 2]);
  });

  it("may go on with anything", () => {
    expect(loads(latin1("](K\x01K\x02e(K\x03Ne."))).toStrictEqual([1, 2, 3, null]);
    expect(loads(latin1("](K\x01Ne(K\x03e."))).toStrictEqual([1, null, 3]);
    expect(loads(latin1("](K\x01K\x02eK\x03a."))).toStrictEqual([1, 2, 3]);
    expect(loads(latin1("](K\x01(K\x02le."))).toStrictEqual([1, [2]]);
  });

  it("is memoised before its items", () => {
    const list = loads(latin1("]\x94(K\x01K\x02eh\x00a.")) as unknown[];
    expect(list.slice(0, 2)).toEqual([1, 2]);
    expect(list[2]).toBe(list);
  });

  it("is refused where it stops", () => {
    expect(refusal("](K\x01K\x02")).toEqual(["truncated", 6]);
    expect(refusal("](K\x01M\x02")).toEqual(["truncated", 4]);
    expect(refusal("](K\x01\x8a\x05\x01e.")).toEqual(["truncated", 4]);
    expect(refusal(`\x80\x04${frame("](K\x01M\x02")}\x03e.`)).toEqual(["bad-frame", 15]);
    expect(refusal("](K\x01K\x02e.", { limits: { maxItems: 1 } })).toEqual(["limit-exceeded", 0]);
    // The second frame says that it is longer than what there is.
    const long = frame("K\x02e.").replace("\x04", "\x05");
    expect(refusal(`\x80\x04${frame("](K\x01")}${long}`)).toEqual(["truncated", 15]);
  });

  it("in a frame leaves frames as strict as they were", () => {
    const second = `K\x02e${frame("N0")}`;
    expect(refusal(`\x80\x04${frame("](K\x01")}${frame(second)}.`)).toEqual(["bad-frame", 27]);
  });
});

describe("a list of so many that it is made in parts", () => {
  // Around the size of a part, and of several.
  const counts = [8191, 8192, 8193, 16_384, 16_385, 40_000];

  it.each(counts)("keeps %i numbers in order", (count) => {
    const list = Array.from({ length: count }, (_, i) =>
      i % 3 === 0 ? 2n ** 60n + BigInt(i) : i % 3 === 1 ? i / 7 : i,
    );
    const pickle = dumps([list, list]);
    const [first, second] = loads(pickle) as unknown[][];
    expect(first).toStrictEqual(list);
    expect(second).toBe(first);
    expect(Array.isArray(first) && Object.keys(first).length).toBe(count);
  });

  /** Of one, two and four bytes. */
  const ints = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => (i % 3 === 0 ? i % 256 : i % 3 === 1 ? i : -i * 40_000));

  it.each(counts)("keeps %i ints in order", (count) => {
    const list = ints(count);
    const [first, second] = loads(dumps([list, list])) as unknown[][];
    expect(first).toStrictEqual(list);
    expect(second).toBe(first);
  });

  it.each([2.5, 2 ** 40, 2n ** 62n, 2n ** 80n, "text", null])("keeps 20,000 ints and %s", (other) => {
    for (const list of [
      [...ints(20_000), other],
      [...ints(19_500), other, ...ints(5000), other, other, other],
    ]) {
      expect(loads(dumps(list))).toStrictEqual(list);
    }
  });

  it("reads ints whatever their batches and frames are", () => {
    const batch = `(${"K\x05".repeat(10)}M\x01\x02e`;
    const list = loads(latin1(`]${batch.repeat(3000)}.`)) as unknown[];
    expect(list.length).toBe(33_000);
    expect(list.at(-1)).toBe(513);
    const items = Array.from({ length: 11 }, (_, i) => (i < 10 ? 5 : 513));
    expect(list.slice(8 * 1024, 8 * 1024 + 22)).toEqual(
      [...items.slice(8), ...items, ...items.slice(0, 8)].slice(0, 22),
    );
    const framed = `\x80\x04${frame(`](${"K\x01".repeat(100)}`)}${frame("K\x01".repeat(120)).repeat(100)}${frame("e")}`;
    expect(loads(latin1(`${framed}.`))).toEqual(Array.from({ length: 12_100 }, () => 1));
    expect(loads(latin1(`](${"K\x01".repeat(9000)}e(${"K\x02".repeat(9000)}eK\x03a.`))).toHaveLength(18_001);
  });

  it.each([0, 1, 2, 3, 4, 5] as const)("keeps str at protocol %i, short and long, and each in the memo", (protocol) => {
    const texts = words(3000).map((word, i) =>
      i % 500 === 40 ? word.repeat(60) : i % 7 === 6 ? `${word} é 日本` : word,
    );
    for (const list of [texts, texts.slice(40), texts.slice(0, 300)]) {
      const [first, some] = loads(dumps([list, [list[0], list[299]]], { protocol })) as unknown[][];
      expect(first).toStrictEqual(list);
      expect(some).toStrictEqual([list[0], list[299]]);
      expect(loads(dumps(list, { protocol }))).toStrictEqual(list);
    }
  });

  it("of str can be referred to by an Unpickler's next pickle", () => {
    const texts = words(40);
    const unpickler = new Unpickler(Buffer.concat([dumps(texts), latin1("h\x01h\x28\x86.")]));
    expect(unpickler.load()).toEqual(texts);
    expect(unpickler.load()).toEqual([texts[0], texts[39]]);
  });

  it("refuses ints where they are wrong", () => {
    const start = `](${"K\x01".repeat(9000)}e(${"K\x01".repeat(9000)}`;
    expect(refusal(`${start}J\x01\x01\x01`)).toEqual(["truncated", start.length]);
    expect(refusal(`${start}\xff`)).toEqual(["unknown-opcode", start.length]);
    expect(refusal(`${start}K\x01e.`, { limits: { maxItems: 18_000 } })).toEqual(["limit-exceeded", 0]);
    expect(loads(latin1(`${start}K\x01e.`), { limits: { maxItems: 18_001 } })).toHaveLength(18_001);
  });

  it.each(counts)("keeps %i str in order, and each in the memo", (count) => {
    const list = words(count).map((word, i) =>
      i % 8192 > 8100 || i % 8192 < 50 ? `${word} ${"日本".repeat(30)}` : word,
    );
    const places = [0, 8190, 8191, 8192, count - 1].filter((place) => place < count);
    const value = loads(dumps([list, places.map((place) => list[place])]));
    expect(value).toStrictEqual([list, places.map((place) => list[place])]);
  });

  it("is refused where it is wrong", () => {
    const start = `](${strs(words(10_000))}`;
    expect(refusal(`${start}\x8c\x01\xff\x94e.`)).toEqual(["bad-argument", start.length]);
    expect(refusal(`${start}e.`, { limits: { maxMemo: 9999 } })).toEqual(["limit-exceeded", start.length - 1]);
    expect(refusal(`](${"K\x01".repeat(10_000)}\x8a\x09${"\xff".repeat(8)}`)).toEqual(["truncated", 20_002]);
  });
});

describe("a list of str", () => {
  it("goes on over batches and frames", () => {
    const list = words(30_000).map((word, i) => (i % 7 === 0 ? `${word} é 日本 ${"x".repeat(i % 400)}` : word));
    expect(loads(dumps(list))).toStrictEqual(list);
    expect(loads(dumps(list, { memoizeStrings: "none" }))).toStrictEqual(list);
    expect(loads(dumps(list, { protocol: 2 }))).toStrictEqual(list);
  });

  it("puts each into the memo", () => {
    const list = words(40);
    const pickle = latin1(`](${strs(list)}eh\x00h\x27\x86\x86.`);
    expect(loads(pickle)).toEqual([list, ["word 0", "word 39"]]);
    const unpickler = new Unpickler(latin1(`]\x94(${strs(list)}e.h\x28.`));
    expect(unpickler.load()).toEqual(list);
    expect(unpickler.load()).toBe("word 39");
  });

  it("puts each under the index that its opcode says", () => {
    const list = words(300);
    const put = (index: number): string =>
      index < 256 ? `q${String.fromCharCode(index)}` : `r${String.fromCharCode(index & 0xff, index >> 8)}\0\0`;
    const written = (offset: (i: number) => number): string =>
      list.map((word, i) => `${str(word).slice(0, -1)}${put(i + offset(i))}`).join("");
    const asked = "h\x01h\x28j\x2c\x01\0\0\x87";
    const first = list[0];
    expect(loads(latin1(`]q\0(${written(() => 1)}e${asked}\x86.`))).toEqual([list, [first, list[39], list[299]]]);
    // A gap behind the fortieth, and one at the start.
    expect(loads(latin1(`]q\0(${written((i) => (i < 40 ? 1 : 2))}eh\x28h\x2a\x86\x86.`))).toEqual([
      list,
      [list[39], list[40]],
    ]);
    expect(loads(latin1(`](${written(() => 3)}eh\x03h\x04\x86\x86.`))).toEqual([list, [first, list[1]]]);
    expect(refusal(`](${written(() => 0)}`)).toEqual(["truncated", 2 + written(() => 0).length]);
    expect(refusal(`](${written(() => 0).slice(0, -2)}`)).toEqual(["truncated", 2 + written(() => 0).length - 5]);
  });

  it("may go on with anything", () => {
    const list = words(40);
    expect(loads(latin1(`](${strs(list)}e(${str("end")}Ne.`))).toStrictEqual([...list, "end", null]);
    expect(loads(latin1(`](${strs(list)}Ne.`))).toStrictEqual([...list, null]);
  });

  it("may be in any script, whatever stands in it", () => {
    const part = fc.constantFrom(
      "日本",
      "Ж",
      "\u00e9",
      "\u{1f600}",
      "a",
      "\uffff",
      "\ufeff",
      "\0",
      "\ud800",
      "語".repeat(90),
    );
    const text = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(""));
    const foreign = fc.constantFrom("日本", "данные", "\u00ff", "\u{1f600}", "テ".repeat(30), "テ".repeat(90));
    // Mostly such as are decoded together, so that the others come between them.
    const list = fc.array(fc.oneof({ weight: 30, arbitrary: foreign }, text), { minLength: 32, maxLength: 300 });
    fc.assert(
      fc.property(list, (texts) => {
        expect(loads(listOf(texts))).toStrictEqual(texts);
      }),
      { numRuns: 200 },
    );
  });

  it("may hold what ends a str among those decoded together", () => {
    const list = Array.from({ length: 80 }, (_, i) =>
      i % 9 === 4 ? `${"é".repeat(50)}\uffff${"é".repeat(5)}` : "é".repeat(60),
    );
    expect(loads(listOf(list))).toStrictEqual(list);
  });

  it("may hold long ones in other scripts", () => {
    const list = Array.from({ length: 200 }, (_, i) => `${"ж".repeat(i * i)}日本${i}`);
    expect(loads(dumps(list))).toStrictEqual(list);
  });

  it("is refused where it is wrong among other scripts", () => {
    for (const count of [0, 3, 40]) {
      const start = `](${str(utf8("日本".repeat(40))).repeat(count)}`;
      for (const wrong of ["\xff", "\xe6\x97", "\xc0\x80", "\xf5\x80\x80\x80"]) {
        const pickle = `${start}${str(wrong)}${str(utf8("語".repeat(80))).repeat(40)}e.`;
        expect(refusal(pickle)).toEqual(["bad-argument", start.length]);
      }
    }
  });

  it("is refused where it is wrong", () => {
    const start = `](${strs(words(40))}`;
    expect(refusal(`${start}\x8c\x01\xff\x94e.`)).toEqual(["bad-argument", start.length]);
    expect(refusal(`${start}\x8c\x09abc`)).toEqual(["truncated", start.length]);
    expect(refusal(`${start}e.`, { limits: { maxItems: 39 } })).toEqual(["limit-exceeded", 0]);
    // The limit is met by the str that is one too many.
    expect(refusal(`${start}e.`, { limits: { maxMemo: 39 } })).toEqual(["limit-exceeded", start.length - 1]);
  });
});
