/** The scripts that people start by hand say what they take, and what was wrong. */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./sources.js";

const SCRIPTS = {
  fuzz: "test/fuzz/main.ts",
  "fuzz:crash": "test/fuzz/crash.ts",
  "test:nodes": "test/nodes.ts",
  "test:soak": "test/soak/main.ts",
  bench: "bench/codec/main.ts",
  "bench:celery": "bench/celery/main.ts",
  "bench:redis": "bench/redis/main.ts",
} as const;
const tsx = createRequire(import.meta.url).resolve("tsx/cli");

function start(script: keyof typeof SCRIPTS, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsx, path.join(ROOT, SCRIPTS[script]), ...args], {
    encoding: "utf8",
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

describe("scripts", () => {
  it.each(Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[])("%s says what it takes", (script) => {
    const usage = start(script, "--help");
    expect(usage).toMatchObject({ status: 0, stderr: "" });
    expect(usage.stdout).toMatch(`npm run ${script} -- [`);
    const refused = start(script, "--unknown");
    expect(refused).toMatchObject({ status: 2, stdout: "" });
    expect(refused.stderr).toMatch(/^Unknown option '--unknown'/);
    expect(refused.stderr).toContain(usage.stdout.trim());
  });

  it.each([
    ["fuzz", ["--seconds", "1h"], '--seconds takes a whole number from 1 on, not "1h"'],
    ["fuzz", ["--keep", "0"], '--keep takes a whole number from 1 on, not "0"'],
    ["fuzz:crash", ["--seed", ""], '--seed takes a whole number from 0 on, not ""'],
    ["test:soak", ["--broker", "kafka"], '--broker takes amqp, redis, not "kafka"'],
    ["bench", ["--protocol", "3"], '--protocol takes 2, 4, 5, not "3"'],
    ["bench", ["--workload", "a,zz"], 'not "zz"'],
    ["bench", ["--rounds", "1.5"], '--rounds takes a whole number from 1 on, not "1.5"'],
    ["bench", ["a"], "Unexpected argument 'a'"],
  ] as const)("%s refuses %j", (script, args, message) => {
    const { status, stderr } = start(script, ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
