import { describe, expect, it } from "vitest";
import { HASH_REACH, hashBytes } from "./string-hash.js";

/** The hash of `text` where the bytes `rest` come after it. */
function hashOf(text: string, rest = 0): number {
  const bytes = new Uint8Array(3 + text.length + HASH_REACH).fill(rest);
  bytes.set(Buffer.from(text), 3);
  return hashBytes(new DataView(bytes.buffer), 3, text.length);
}

describe("the hash of a string's bytes", () => {
  const texts = Array.from({ length: 65 }, (_, length) => "\0".repeat(length));

  it("does not depend on the bytes that follow", () => {
    expect(texts.map((text) => hashOf(text, 255))).toEqual(texts.map((text) => hashOf(text)));
  });

  it("depends on how many there are", () => {
    expect(new Set(texts.map((text) => hashOf(text))).size).toBe(texts.length);
  });

  it("depends on each of up to 64", () => {
    for (const text of texts) {
      const changed = Array.from(text, (_, i) => `${text.slice(0, i)}x${text.slice(i + 1)}`);
      expect(changed.map((each) => hashOf(each))).not.toContain(hashOf(text));
    }
  });

  it.each([0, 4, 8, 16, 24])("tells 20,000 numbers apart that are padded to %i digits", (width) => {
    const hashes = Array.from({ length: 20_000 }, (_, number) => hashOf(String(number).padStart(width, "0")));
    expect(new Set(hashes).size).toBeGreaterThan(19_990);
  });
});
