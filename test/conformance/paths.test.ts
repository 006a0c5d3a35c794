/** Paths of odd segments: what CPython takes them for, and how it writes them. */
import { dumps, loads, type PurePath, PurePosixPath, PureWindowsPath } from "@brine/codec";
import { expect, it } from "vitest";
import { answersOf } from "../cpython/answers.js";

const CLASSES = { PurePosixPath, PureWindowsPath };
type Row = readonly [name: keyof typeof CLASSES, segments: string[], text: string, parts: string[], pickle: string];

it("are taken apart and written as in CPython", () => {
  const rows = answersOf<readonly Row[]>("paths.py");
  for (const [name, segments, text, parts, pickle] of rows) {
    const path = new CLASSES[name](...segments);
    expect([path.toString(), path.parts], `${name}${JSON.stringify(segments)}`).toEqual([text, parts]);
    const data = Buffer.from(pickle, "base64");
    const python = data.includes("pathlib._local") ? "3.13" : "3.12";
    const back = loads(data) as PurePath;
    const again = loads(dumps(path, { python })) as PurePath;
    expect([again.toString(), again.segments]).toEqual([back.toString(), back.segments]);
  }
  expect(rows.length).toBeGreaterThan(1500);
});
