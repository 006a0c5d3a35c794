/** The options `encoding` and `errors` against CPython, on generated strings of Python 2. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { isPickleError, loads } from "@brine/codec";
import { expect, it } from "vitest";
import { findPython } from "../cpython/find.js";
import { Random } from "../fuzz/random.js";
import { ROOT } from "../package/sources.js";

const ENCODINGS = ["ASCII", "latin1", "utf-8", "bytes"] as const;
const ERRORS = ["strict", "replace", "ignore", "surrogateescape", "backslashreplace"] as const;

/** Bytes that start, continue, end and break UTF-8 sequences. */
const BYTES = [
  0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xf8, 0xff,
];

function stringOpcode(content: Buffer, form: number): Buffer {
  if (form === 0) return Buffer.concat([Buffer.from([0x55, content.length]), content]);
  if (form === 1) return Buffer.concat([Buffer.from([0x54, content.length, 0, 0, 0]), content]);
  const escaped = Array.from(content, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  return Buffer.from(`S'${escaped}'\n`);
}

function brine(pickle: Buffer, encoding: (typeof ENCODINGS)[number], errors: (typeof ERRORS)[number]): unknown {
  try {
    const value = loads(pickle, { encoding, errors });
    return value instanceof Uint8Array ? { bytes: Buffer.from(value).toString("hex") } : value;
  } catch (error) {
    if (!isPickleError(error)) throw error;
    return null;
  }
}

it.each(ENCODINGS)("%s gives what CPython gives, whatever is done about errors", (encoding) => {
  const random = new Random(27);
  const cases = Array.from({ length: 1500 }, () => {
    const content = Buffer.from(Array.from({ length: random.below(8) }, () => random.pick(BYTES)));
    return {
      pickle: Buffer.concat([stringOpcode(content, random.below(3)), Buffer.from(".")]),
      errors: random.pick(ERRORS),
    };
  });
  const { status, stdout, stderr } = spawnSync(findPython(), [path.join(ROOT, "test/cpython/strings.py")], {
    input: JSON.stringify(cases.map(({ pickle, errors }) => [pickle.toString("base64"), encoding, errors])),
    encoding: "utf8",
    maxBuffer: 1 << 24,
  });
  expect(status, stderr).toBe(0);
  const answers = JSON.parse(stdout) as readonly unknown[];
  expect(answers).toHaveLength(cases.length);
  for (const [i, { pickle, errors }] of cases.entries()) {
    expect(brine(pickle, encoding, errors), `${pickle.toString("latin1")} with ${errors}`).toEqual(answers[i]);
  }
});
