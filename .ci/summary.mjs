// The last lines of a run: what failed, and the counts, from the runner's own reports.
// Usage: node summary.mjs REPORTS FAILED_STEPS KIND...  where REPORTS holds the log of each step as STEP.log, and, of the
// steps "tests, KIND" and, if files of it ran once more, "tests again, KIND", the runner's report as STEP.json.
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

const LINES_OF_A_FAILURE = 12;
const LINES_OF_A_STEP = 25;

const [reports, failedSteps, ...kinds] = process.argv.slice(2);
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

const readLog = (step) => stripVTControlCharacters(readFileSync(join(reports, `${step}.log`), "utf8"));

function readReport(step) {
  const file = join(reports, `${step}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

/** What failed outside a test: a hook, whose tests the report calls skipped without a word, or a file that was not loaded. */
function readSuiteFailures(log) {
  const section = log.split(/^⎯+ Failed Suites \d+ ⎯+$/m)[1]?.split(/^⎯+ Failed Tests \d+ ⎯+$/m)[0] ?? "";
  return section.split(/^ FAIL +/m).slice(1);
}

/** What failed in a step, a line and what it says about it. */
function describeFailures(step, files) {
  const tests = files.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "failed")
      .map(
        (test) => `${relative(process.cwd(), name)} > ${test.fullName}\n${shorten(test.failureMessages?.join("\n"))}`,
      ),
  );
  const suites = readSuiteFailures(readLog(step)).map((block) => {
    const [suite, ...message] = block.split("\n");
    return `${suite}\n${shorten(message.join("\n"))}`;
  });
  return [...suites, ...tests];
}

for (const step of steps) {
  console.log(
    `\n== ${step} failed; its last lines:\n${readLog(step).trimEnd().split("\n").slice(-LINES_OF_A_STEP).join("\n")}`,
  );
}

for (const kind of kinds) {
  const [step, stepAgain] = [`tests, ${kind}`, `tests again, ${kind}`];
  const report = readReport(step);
  const again = readReport(stepAgain);
  if (report === undefined) {
    total.failed += 1;
    console.log(`FAILED No report: ${step}`);
    continue;
  }
  const first = describeFailures(step, report.testResults);
  const last = again === undefined ? first : describeFailures(stepAgain, again.testResults);
  if (again !== undefined) for (const failure of first) console.log(`Run once more: ${failure}`);
  for (const failure of last) console.log(`FAILED ${failure}`);
  total.failed += last.length;
  const results = new Map([...report.testResults, ...(again?.testResults ?? [])].map((file) => [file.name, file]));
  for (const { status } of [...results.values()].flatMap(({ assertionResults }) => assertionResults)) {
    if (status === "passed") total.passed += 1;
    else if (status !== "failed") total.skipped += 1;
  }
}
// A step that failed without a test that did is a failure of its own.
if (steps.length > 0 && total.failed === 0) total.failed = steps.length;
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);
