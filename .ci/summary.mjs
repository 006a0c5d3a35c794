// The last lines of a run: what failed, and the counts, from the runner's own reports.
// Usage: node summary.mjs REPORTS FAILED_STEPS FILE...  where REPORTS holds the log of each step as STEP.log.
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

const LINES_OF_A_FAILURE = 12;
const LINES_OF_A_STEP = 25;

const [reports, failedSteps, ...files] = process.argv.slice(2);
const steps = failedSteps.split("\n").filter(Boolean);
const total = { passed: 0, failed: 0, skipped: 0 };

/** The first lines of a message that may be a whole diff, without its colours. */
function shorten(message) {
  return stripVTControlCharacters(message ?? "")
    .split("\n")
    .slice(0, LINES_OF_A_FAILURE)
    .map((line) => `    ${line.slice(0, 300)}`)
    .join("\n");
}

function fail(what, message) {
  total.failed += 1;
  console.log(`FAILED ${what}\n${shorten(message)}`);
}

for (const step of steps) {
  const log = stripVTControlCharacters(readFileSync(join(reports, `${step}.log`), "utf8"));
  console.log(`\n== ${step} failed; its last lines:\n${log.trimEnd().split("\n").slice(-LINES_OF_A_STEP).join("\n")}`);
}

for (const file of files) {
  if (!existsSync(file)) {
    fail(`No report: ${file}`);
    continue;
  }
  const report = JSON.parse(readFileSync(file, "utf8"));
  total.passed += report.numPassedTests;
  total.skipped += report.numPendingTests + report.numTodoTests;
  for (const { name, status, message, assertionResults } of report.testResults) {
    const path = relative(process.cwd(), name);
    // A file that could not be loaded has no tests to count.
    if (status === "failed" && assertionResults.length === 0) fail(path, message);
    for (const test of assertionResults) {
      if (test.status === "failed") fail(`${path} > ${test.fullName}`, test.failureMessages?.join("\n"));
    }
  }
}
// A step that failed without a test that did is a failure of its own.
if (steps.length > 0 && total.failed === 0) total.failed = steps.length;
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
