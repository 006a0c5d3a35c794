import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { isPickleError, UnpicklingError } from "../errors.js";
import * as op from "../pickle/opcodes.js";
import { dis } from "./dis.js";
import { optimize } from "./optimize.js";
import { scan } from "./scan/scan.js";

interface DisOutcome {
  readonly text: string;
  readonly error?: string;
  readonly type?: string;
  /** Of the whole text, where only its start is stored. */
  readonly sha256?: string;
}
interface Row {
  readonly name: string;
  readonly pickle: string;
  readonly dis: DisOutcome;
  readonly annotated?: DisOutcome;
  readonly narrow?: DisOutcome;
  readonly optimize: { readonly bytes?: string; readonly error?: string };
}

/** Made by CPython: `test/vectors/generate_tools.py`. */
const { rows } = JSON.parse(readFileSync(new URL("../../../../test/vectors/tools.json", import.meta.url), "utf8")) as {
  readonly rows: readonly Row[];
};

/** Messages that name a codec of Python's: what is wrong is found, its wording is not copied. */
const CODEC_MESSAGE = /codec can't decode|invalid \\x escape|list index out of range|not supported between/;

function bytesOf(text: string): Buffer {
  return text.startsWith("z:") ? inflateSync(Buffer.from(text.slice(2), "base64")) : Buffer.from(text, "base64");
}

function run(bytes: Uint8Array, options: Parameters<typeof dis>[1]): DisOutcome {
  const lines: string[] = [];
  try {
    return { text: dis(bytes, { ...options, out: (line) => lines.push(line) }) };
  } catch (error) {
    if (!isPickleError(error)) throw error;
    return { text: lines.map((line) => `${line}\n`).join(""), error: error.message };
  }
}

function expectSame(found: DisOutcome, wanted: DisOutcome): void {
  expect(wanted.sha256 === undefined ? found.text : found.text.slice(0, 2000)).toBe(wanted.text);
  if (wanted.sha256 !== undefined) expect(createHash("sha256").update(found.text).digest("hex")).toBe(wanted.sha256);
  if (wanted.error === undefined) expect(found.error).toBeUndefined();
  else if (CODEC_MESSAGE.test(wanted.error)) expect(found.error).toBeDefined();
  else expect(found.error).toBe(wanted.error);
}

describe("against CPython's pickletools", () => {
  test.each(rows)("dis() prints what CPython prints: $name", (row) => {
    const bytes = bytesOf(row.pickle);
    expectSame(run(bytes, {}), row.dis);
    if (row.annotated) expectSame(run(bytes, { annotate: 30 }), row.annotated);
    if (row.narrow) expectSame(run(bytes, { indentLevel: 1, annotate: 1 }), row.narrow);
  });

  test("dis() says where it stopped, beside the message that CPython has", () => {
    const where = (pickle: string) => {
      try {
        return dis(Buffer.from(pickle, "latin1"));
      } catch (error) {
        const { code, offset, opcode } = error as UnpicklingError;
        return [code, offset, opcode];
      }
    };
    expect(where("Nh\0.")).toEqual(["bad-memo", 1, "BINGET"]);
    expect(where("N0N(.")).toEqual(["bad-operand", 4, "STOP"]);
  });

  test.each(rows)("optimize() makes the bytes CPython makes: $name", (row) => {
    const bytes = bytesOf(row.pickle);
    // CPython writes `gNone` for a GET of nothing at protocol 0, where it raises at the others.
    if (row.optimize.bytes === undefined || bytesOf(row.optimize.bytes).includes("gNone")) {
      expect(() => optimize(bytes)).toThrow(UnpicklingError);
    } else {
      expect(Buffer.from(optimize(bytes)).equals(bytesOf(row.optimize.bytes))).toBe(true);
    }
  });
});

describe("optimize()", () => {
  const char = String.fromCharCode;
  test("is longer where one index is put again and again under new numbers, as CPython 3.12's is", () => {
    const puts = Array.from({ length: 300 }, (_, i) => (i < 256 ? `q${char(i)}` : `r${char(i & 0xff)}\x01\0\0`));
    const pickle = Buffer.from(`\x80\x02${"Nq\x000".repeat(300)}h\0.`, "latin1");
    const expected = `\x80\x02${puts.map((put) => `N${put}0`).join("")}j+\x01\0\0.`;
    expect(Buffer.from(optimize(pickle)).toString("latin1")).toBe(expected);
  });

  // No unpickler takes such an index, but MEMOIZE goes by how many there are.
  test("counts what is put under a negative index, as CPython 3.12's does", () => {
    const optimized = optimize(Buffer.from("Np-1\n0K\x07\x94K\x08\x94h\x01\x86.", "latin1"));
    expect(Buffer.from(optimized).toString("latin1")).toBe("N0K\x07q\0K\x08h\0\x86.");
    const unknown = Buffer.from("Np-1\n0K\x07\x94h\0\x86.", "latin1");
    expect(() => optimize(unknown)).toThrow("memo key 0 has never been stored into");
  });
});

// One None, in the memo more often than a Map of V8 has room for.
test("scan() takes more memo entries than a Map holds", () => {
  const pickle = new Uint8Array(2 ** 24 + 5).fill(op.MEMOIZE);
  pickle.set([op.PROTO, 4, op.NONE]);
  pickle[pickle.length - 1] = op.STOP;
  expect(scan(pickle)).toMatchObject({ verdict: "allowed", findings: [] });
});

test("dis() says that a text is longer than a string can be, after `out` got what fits", () => {
  let lines = 0;
  const options = { indentLevel: 10_000_000, out: () => lines++ };
  const make = () => dis(Buffer.from(`(${"N".repeat(60)}t.`), options);
  expect(make).toThrow(UnpicklingError);
  expect(make).toThrow("longer than a string can be: use genops()");
  expect(lines).toBeGreaterThan(100);
});
