/** A Pickler's state: its memo, and doing without. */
import { describe, expect, it } from "vitest";
import { Pickler } from "../api-dump.js";

describe("Pickler", () => {
  it("keeps its memo between dumps until it is cleared", () => {
    const pickler = new Pickler();
    const value = ["text", "text"];
    const first = Buffer.from(pickler.dump(value));
    expect(Buffer.from(pickler.dump(value)).toString("hex")).toBe("80046800" + "2e");
    expect(Buffer.from(pickler.dump(["text"])).toString("hex")).toContain("6801");
    pickler.clearMemo();
    expect(Buffer.from(pickler.dump(value))).toEqual(first);
  });

  // CPython 3.12 writes the same: its strings of one character are one object each, whatever made them.
  it.each(["all", "keys"] as const)(
    "refers to strings of one character that it wrote before it was fast: %s",
    (memoizeStrings) => {
      const letters = [..."abcdefgh"];
      const again = (protocol: 2 | 4, first: unknown, second: unknown) => {
        const pickler = new Pickler({ protocol, memoizeStrings });
        if (first !== undefined) pickler.dump(first);
        pickler.fast = true;
        return Buffer.from(pickler.dump(second)).toString("hex");
      };
      const references = letters.map((_, i) => `68${String(i + 1).padStart(2, "0")}`).join("");
      expect(again(2, ["a"], ["a", "b", "b"])).toBe("80025d286801580100000062580100000062652e");
      expect(again(2, letters, [...letters, ...letters])).toBe(`80025d28${references.repeat(2)}652e`);
      expect(again(4, ["a"], ["a", "b", "b"])).toBe("8004950c000000000000005d2868018c01628c0162652e");
      expect(again(4, letters, [...letters, ...letters])).toBe(`80049524000000000000005d28${references.repeat(2)}652e`);
      const others = [..."ijklmnop"];
      const unshared = others.map((letter) => `8c01${Buffer.from(letter).toString("hex")}`).join("");
      expect(again(4, ["a"], [...others, ...others])).toBe(`80049534000000000000005d28${unshared.repeat(2)}652e`);
      const written = letters.map((letter) => `8c01${Buffer.from(letter).toString("hex")}`).join("");
      expect(again(4, undefined, [...letters, ...letters, "a"])).toBe(
        `80049537000000000000005d28${written.repeat(2)}8c0161652e`,
      );
    },
  );

  it("remembers nothing more once it is fast, however much it remembers", () => {
    const pickler = new Pickler();
    const words = (kind: string) => Array.from({ length: 20_000 }, (_, i) => `${kind} ${i}`);
    pickler.dump(words("old"));
    pickler.fast = true;
    const again = Buffer.from(pickler.dump([...words("new"), "new 0", "old 0"])).toString("latin1");
    // MEMOIZE is no ASCII, and no length of these strings.
    expect(again.slice(2)).not.toContain("\x94");
    expect(again.endsWith("\x8c\x05new 0h\x01e.")).toBe(true);
  });

  it("writes no memo when fast", () => {
    const pickler = new Pickler({ protocol: 2 });
    pickler.fast = true;
    const shared = ["a"];
    expect(Buffer.from(pickler.dump([shared, shared])).toString("hex")).toBe(
      `80025d28${"5d58010000006161".repeat(2)}652e`,
    );
  });
});
