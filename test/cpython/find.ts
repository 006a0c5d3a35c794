/** Finds a CPython 3 for what needs no more than its standard library. */
import { spawnSync } from "node:child_process";

let found: string | undefined;

/**
 * Path or name of a `python3`: `BRINE_PYTHON`, then the first on PATH, then Debian's.
 *
 * @throws Error saying what to install when there is none
 */
export function findPython(): string {
  if (found !== undefined) return found;
  for (const candidate of [process.env.BRINE_PYTHON, "python3", "/usr/bin/python3"]) {
    if (candidate === undefined) continue;
    const probe = spawnSync(candidate, ["-c", "import pickle, sys; print(sys.version_info[0])"], { encoding: "utf8" });
    if (probe.status === 0 && probe.stdout.trim() === "3") {
      found = candidate;
      return candidate;
    }
  }
  throw new Error("No python3 found: install it (Debian: apt-get install python3) or set BRINE_PYTHON to its path");
}

/** Path or name of a Python 2.7: `BRINE_PYTHON2`, or the one on PATH. `undefined`: there is none, as on most machines. */
export function findPython2(): string | undefined {
  return [process.env.BRINE_PYTHON2, "python2.7"].find(
    (candidate) => candidate !== undefined && spawnSync(candidate, ["-c", "import cPickle"]).status === 0,
  );
}
