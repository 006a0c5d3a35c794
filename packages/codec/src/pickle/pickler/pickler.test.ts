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

  it("writes no memo when fast", () => {
    const pickler = new Pickler({ protocol: 2 });
    pickler.fast = true;
    const shared = ["a"];
    expect(Buffer.from(pickler.dump([shared, shared])).toString("hex")).toBe(
      `80025d28${"5d58010000006161".repeat(2)}652e`,
    );
  });
});
