import { describe, expect, it } from "vitest";
import { dumps, Pickler } from "../../api-dump.js";
import { loads } from "../../api-load.js";
import { RepeatedStrings } from "./repeated-strings.js";

/** A string that is equal to `text` and another object. */
function copyOf(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

/** What has met `text` often enough to keep it. */
function holding(text: string, index: number): RepeatedStrings {
  const repeated = new RepeatedStrings();
  for (let i = 0; i < 8; i++) repeated.add(text, index);
  return repeated;
}

describe("strings that are repeated", () => {
  it("are found by value", () => {
    const repeated = holding("EUR", 7);
    expect(repeated.finds).toBe(true);
    expect([repeated.find(copyOf("EUR")), repeated.find("E-R"), repeated.find("USD")]).toEqual([7, -1, -1]);
  });

  it("are not kept while there are few, nor if they are long or empty", () => {
    const repeated = new RepeatedStrings();
    repeated.add("EUR", 7);
    expect(repeated.finds).toBe(false);
    expect([holding("-".repeat(49), 1).find("-".repeat(49)), holding("", 1).find("")]).toEqual([-1, -1]);
  });

  it("give way to others of the same ends, middle and length", () => {
    const repeated = holding("a1b-c", 1);
    repeated.add("a2b-c", 2);
    expect([repeated.find("a1b-c"), repeated.find("a2b-c")]).toEqual([-1, 2]);
  });

  it("are not looked for any more once most are new", () => {
    const repeated = holding("SUCCESS", 1);
    for (let i = 0; i < 1000 && repeated.finds; i++) repeated.find(`new ${i}`);
    expect([repeated.finds, repeated.takes]).toEqual([false, false]);
    repeated.clear();
    expect([repeated.finds, repeated.takes]).toEqual([false, true]);
  });

  it("are looked for as long as enough of them are found", () => {
    const repeated = holding("SUCCESS", 1);
    for (let i = 0; i < 1000; i++) {
      repeated.find(`new ${i}`);
      repeated.find("SUCCESS");
    }
    expect(repeated.finds).toBe(true);
  });

  it("are forgotten", () => {
    const repeated = holding("EUR", 7);
    repeated.clear();
    expect(repeated.find("EUR")).toBe(-1);
  });
});

describe("a pickle of strings that are repeated", () => {
  const words = [
    "",
    "x",
    "é",
    "я",
    "EUR",
    "SUCCESS",
    "données",
    "日本語",
    "a1b-c",
    "a2b-c",
    "-".repeat(48),
    "-".repeat(49),
  ];
  const rows = Array.from({ length: 900 }, (_, i) => ({
    word: copyOf(words[i % words.length]!),
    other: copyOf(words[(i * 5) % 7]!),
    // So many new ones at times that nothing is looked for any more.
    own: i % 300 < 200 ? `own ${i}` : "owned",
  }));

  it.each([1, 2, 4, 5] as const)("has each of them once, at protocol %i", (protocol) => {
    const bytes = dumps(rows, { protocol });
    const latin1 = bytes.toString("latin1");
    for (const word of ["EUR", "SUCCESS", "a1b-c", "a2b-c", "owned", "own 617"]) {
      expect(latin1.split(`${word}${protocol < 4 ? "" : "\x94"}`).length).toBe(2);
    }
    expect(loads(bytes)).toEqual(rows);
  });

  it("refers to those of the pickle before only from the same Pickler", () => {
    const first = dumps(rows);
    expect(dumps(["owned", "EUR"]).equals(dumps(["owned", "EUR"]))).toBe(true);
    expect(dumps(rows).equals(first)).toBe(true);
    const pickler = new Pickler();
    pickler.dump([{ a: "EUR" }, { a: "EUR" }, { a: "EUR" }]);
    expect(pickler.dump("EUR").includes("EUR")).toBe(false);
    pickler.clearMemo();
    expect(pickler.dump("EUR").includes("EUR")).toBe(true);
  });
});
