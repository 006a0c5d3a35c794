/** What the doc strings show, which users copy, can be compiled, and what needs no services is run. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { READY_MS } from "../services/patience.js";
import { compilerProblems } from "./compiler.js";
import { CONNECTS, examplesOf, givenOf, programOfExample } from "./docstring-examples.js";
import { javascriptOf } from "./javascript.js";
import { ROOT } from "./sources.js";

const execute = promisify(execFile);

// Inside the workspace, so that the programs resolve @brine/* as a user's would.
const results = path.join(ROOT, "test-results");
mkdirSync(results, { recursive: true });
const folder = mkdtempSync(path.join(results, "examples-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// The files that the examples read.
const auth = JSON.parse(readFileSync(path.join(ROOT, "test/vectors/auth.json"), "utf8")) as {
  readonly key: string;
  readonly certificate: string;
};
writeFileSync(path.join(folder, "worker.key"), auth.key);
writeFileSync(path.join(folder, "worker.pem"), auth.certificate);

const examples = ["codec", "celery", "amqp-adapter", "redis-adapter"].flatMap((name) => examplesOf(name));

const programs = examples.map((example, index) => {
  const code = programOfExample(example);
  const file = path.join(folder, `example-${index}.mts`);
  writeFileSync(file, code);
  return { ...example, file, code, isRun: givenOf(example) === "" && !CONNECTS.test(example.code) };
});

it("there are some", () => expect(programs.length).toBeGreaterThan(50));

it("the compiler takes them", () => {
  expect(compilerProblems(new Map(programs.map(({ file, place }) => [file, place])))).toEqual([]);
});

it("those that need no services give what they show", async () => {
  const run = programs.filter(({ isRun }) => isRun);
  expect(run.length).toBeGreaterThan(35);
  const files = run.map(({ place, file, code }) => {
    const program = file.replace(/\.mts$/, ".mjs");
    writeFileSync(program, javascriptOf(code));
    return { place, program: pathToFileURL(program).href };
  });
  // One process for all: starting Node takes a hundred times as long as an example.
  const driver = path.join(folder, "all.mjs");
  writeFileSync(
    driver,
    `import { writeFileSync } from "node:fs";
const failures = [];
for (const { place, program } of ${JSON.stringify(files)}) {
  await import(program).catch((error) => failures.push(place + ": " + error));
}
writeFileSync("failures.json", JSON.stringify(failures));
process.exit(0);
`,
  );
  await execute(process.execPath, [driver], { cwd: folder, timeout: READY_MS });
  expect(JSON.parse(readFileSync(path.join(folder, "failures.json"), "utf8"))).toEqual([]);
});
