/** The `celery` command as a process of its own, asked about a worker. */
import { expect } from "vitest";
import type { ServiceSet } from "../../../services/index.js";

/** Seconds. A worker that meets a command later than that drops it; one that answers at once is not waited for any longer. */
const PATIENCE = "30";
const PROGRAM = "import sys; from celery.__main__ import main; sys.argv[0] = 'celery'; main()";

export interface CommandLine {
  /** The command's output. Each takes Python's start, and, but for `--timeout`, the second that it waits for replies. */
  celery(...args: string[]): Promise<{ readonly text: string; readonly exitCode: number; readonly stderr: string }>;
  /** `celery inspect` or `celery control`: what the worker of that name answered. */
  ask(command: "inspect" | "control", method: string, ...args: string[]): Promise<unknown>;
}

/** @param env - as `celery_app.py` reads it */
export function commandLine(set: ServiceSet, env: Readonly<Record<string, string>>, hostname: string): CommandLine {
  const celery: CommandLine["celery"] = async (...args) => {
    const result = await set.python.run(PROGRAM, ["-A", "celery_app", ...args], { env });
    return { text: result.stdout.toString(), exitCode: result.exitCode, stderr: result.stderr };
  };
  return {
    celery,
    ask: async (command, method, ...args) => {
      const { text, stderr } = await celery(
        ...[command, "--json", "--timeout", PATIENCE, "--destination", hostname, method],
        ...args,
      );
      const line = text.split("\n").find((each) => /^[{[]/.test(each));
      expect(line, stderr).toBeDefined();
      // `inspect` prints replies by node, `control` a list of them.
      const replies = JSON.parse(line!) as Record<string, unknown> | Record<string, unknown>[];
      return (Array.isArray(replies) ? replies[0] : replies)?.[hostname];
    },
  };
}
