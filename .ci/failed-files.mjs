// The files with real services of which something failed, test or hook: what is worth a second try, on lines of their own.
// Usage: node failed-files.mjs REPORT
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";

/** What waits for a service can be late; everything else that fails has failed. */
const WITH_SERVICES = /^test\/(interop|services)\//;
/** More than a slow moment explains. */
const MAX_FILES = 5;

const [report] = process.argv.slice(2);
if (!existsSync(report)) process.exit(0);
const failed = JSON.parse(readFileSync(report, "utf8"))
  .testResults.filter(({ status }) => status === "failed")
  .map(({ name }) => relative(process.cwd(), name));
if (failed.length > MAX_FILES || !failed.every((file) => WITH_SERVICES.test(file))) process.exit(0);
for (const file of failed) console.log(file);
