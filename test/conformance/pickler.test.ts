/** The pickler's options, hooks and memo against CPython's C pickler, byte for byte, on generated values. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { dis } from "@brine/codec/tools";
import { expect, it } from "vitest";
import { findPython } from "../cpython/find.js";
import { Random } from "../fuzz/random.js";
import { ROOT } from "../package/sources.js";
import { CASE_KINDS, type Case, randomCase } from "./pickler-cases.js";
import { type Answer, runCase } from "./pickler-sessions.js";

const CASES = 300;

function cpythonAnswers(cases: readonly Case[]): { version: [number, number]; answers: Answer[][] } {
  const { status, stdout, stderr } = spawnSync(findPython(), [path.join(ROOT, "test/cpython/pickler.py")], {
    input: JSON.stringify(cases),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** What a reader of the failure wants to see. */
const shown = (answer: Answer | undefined): unknown =>
  answer !== undefined && "pickle" in answer
    ? { dis: text(Buffer.from(answer.pickle, "base64")), buffers: answer.buffers }
    : answer;

function text(pickle: Buffer): string {
  const lines: string[] = [];
  try {
    // A pickle that refers to an earlier one of its pickler is whole, but not to itself.
    dis(pickle, { out: (line) => lines.push(line) });
  } catch (error) {
    lines.push(`${String(error)} of ${pickle.toString("latin1")}`);
  }
  return lines.join("\n");
}

it.each(CASE_KINDS)("%s: the same bytes as CPython's", (kind) => {
  const random = new Random(20_261_129);
  const cases = Array.from({ length: CASES }, () => randomCase(random, kind));
  const { version, answers } = cpythonAnswers(cases);
  const python = version[0] === 3 && version[1] < 13 ? "3.12" : "3.13";
  let dumps = 0;
  for (const [i, theirs] of answers.entries()) {
    const ours = runCase(cases[i]!, python);
    for (const [n, answer] of theirs.entries()) {
      const mine = ours[n];
      if ("error" in answer) {
        expect(mine, `case ${i}: CPython says ${answer.error}`).toHaveProperty("error");
        continue;
      }
      dumps++;
      if (JSON.stringify(mine) === JSON.stringify(answer)) continue;
      expect(shown(mine), `case ${i}: ${JSON.stringify(cases[i])}`).toEqual(shown(answer));
      expect(mine).toEqual(answer);
    }
  }
  // Most dumps are compared byte for byte; few are of what cannot be pickled.
  expect(dumps).toBeGreaterThan(CASES * 0.8);
});
