import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { findPython } from "./find.js";

/**
 * What a script of this folder prints, which is one JSON document.
 *
 * @throws Error with what Python complains of
 */
export function answersOf<Answers>(script: string): Answers {
  const { status, stdout, stderr } = spawnSync(findPython(), [fileURLToPath(new URL(script, import.meta.url))], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Answers;
}
