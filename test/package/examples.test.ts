/** Runs the examples that need no services. */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { ROOT } from "./sources.js";

it("custom-class stores a report and reads it back", async () => {
  const file = path.join(ROOT, "examples/custom-class/main.ts");
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", file]);
  expect(stdout).toBe("true May 6\n");
});
