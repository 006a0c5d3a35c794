import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UnpicklingError } from "../errors.js";
import { decodeUtf8 } from "./utf8-decode.js";

function decode(bytes: Uint8Array): string {
  return decodeUtf8(bytes, 0, bytes.length);
}

describe("decodeUtf8", () => {
  test("gives back any text, whatever scripts follow each other", () => {
    const part = fc.constantFrom(
      "x".repeat(300),
      "テ".repeat(400),
      "\u00ff",
      "e\u0301t\u00e9",
      "\u0416",
      "\u65e5\u672c",
      "\u{1f600}",
      "\u007f",
      "\u0080",
    );
    const texts = fc.array(part, { maxLength: 60 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(texts, (text) => decode(Buffer.from(text)) === text),
      { numRuns: 300 },
    );
  });

  test("lets surrogates pass in a long text too", () => {
    const bytes = Buffer.concat([Buffer.from("テ".repeat(400)), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from("テ")]);
    expect(decode(bytes)).toBe(`${"テ".repeat(400)}\ud800テ`);
  });

  test("takes and refuses any two bytes as the platform does", () => {
    const judge = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const told = (action: () => string): string | undefined => {
      try {
        return action();
      } catch {
        return undefined;
      }
    };
    // Long enough to be taken for Latin-1, and once at the end.
    const bytes = new Uint8Array(520).fill(0x61);
    for (const at of [300, 518]) {
      for (let pair = 0; pair < 0x10000; pair++) {
        bytes[at] = pair >> 8;
        bytes[at + 1] = pair & 0xff;
        const expected = told(() => judge.decode(bytes));
        const got = told(() => decode(bytes));
        if (got !== expected) expect.fail(`bytes ${pair.toString(16)} at ${at}: ${got} instead of ${expected}`);
      }
    }
  });

  test("reads no further than told", () => {
    for (const length of [65, 127, 254, 255, 256, 257, 300]) {
      for (const tail of ["a", "\u00e9"]) {
        const text = `${"\u00e9".repeat(length)}${tail}`;
        const bytes = Buffer.from(`<${text}>`);
        expect(decodeUtf8(bytes, 1, bytes.length - 1)).toBe(text);
      }
    }
  });

  test.each([
    ["a second byte alone", [0x80]],
    ["a first byte alone", [0xc3]],
    ["a first byte before ASCII", [0xc3, 0x41]],
    ["an overlong form", [0xc1, 0x81]],
    ["a character above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a byte that no character has", [0xff, 0x80]],
  ])("refuses %s, wherever it stands", (_, wrong) => {
    for (const before of [0, 3, 64, 510, 511, 512, 513, 600, 1200]) {
      for (const after of [0, 1, 600]) {
        const bytes = new Uint8Array([...new Array(before).fill(0x61), ...wrong, ...new Array(after).fill(0x62)]);
        expect(() => decode(bytes)).toThrow(UnpicklingError);
        expect(() => decode(bytes)).toThrow(`at byte ${before}`);
      }
    }
  });
});
