/** Runs the code of every page: what the documentation shows, works. */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { findPython } from "../cpython/find.js";
import { READY_MS } from "../services/patience.js";
import { compilerProblems } from "./compiler.js";
import { documentationPages, programsOfPage } from "./documentation.js";
import { javascriptOf } from "./javascript.js";
import { patient } from "./patient.js";
import { ROOT } from "./sources.js";

const run = promisify(execFile);

// Inside the workspace, so that the programs resolve @brine/* as a user's would.
const scratch = path.join(ROOT, "test-results/docs");
mkdirSync(scratch, { recursive: true });
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

it("the compiler takes the programs, also those that need services", () => {
  const places = new Map<string, string>();
  for (const page of documentationPages()) {
    for (const { language, code, line } of programsOfPage(page, "", "services", "services worker")) {
      if (language !== "ts") continue;
      const file = path.join(scratch, `${places.size}.mts`);
      // A module, also where it imports nothing.
      writeFileSync(file, `${code}export {};\n`);
      places.set(file, `${page}:${line}`);
    }
  }
  expect(places.size).toBeGreaterThan(100);
  expect(compilerProblems(places)).toEqual([]);
});

describe.each(documentationPages())("%s", (page) => {
  const programs = programsOfPage(page);
  if (programs.length === 0) {
    it("has no code to run", () => expect(programs).toEqual([]));
    return;
  }
  const folder = mkdtempSync(path.join(scratch, "page-"));
  // DataFrames, which not every Python here could make.
  for (const name of ["frame.pkl", "nullable.pkl"]) {
    copyFileSync(path.join(ROOT, "test/vectors", name), path.join(folder, name));
  }
  it.each(programs.map((program, index) => ({ ...program, index })))(
    "$language at line $line",
    async ({ language, code, index }) => {
      if (language === "ts") {
        const file = path.join(folder, `program-${index}.mjs`);
        writeFileSync(file, javascriptOf(patient(code)));
        await run(process.execPath, [file], { cwd: folder, timeout: READY_MS });
        return;
      }
      const python = findPython();
      const file = path.join(folder, `program_${index}.${language === "py" ? "py" : "txt"}`);
      writeFileSync(file, code);
      const command = language === "py" ? [file] : ["-m", "doctest", "-o", "NORMALIZE_WHITESPACE", file];
      await run(python, command, { cwd: folder, timeout: READY_MS });
    },
  );
});
