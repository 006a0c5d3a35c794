import { existsSync } from "node:fs";

/** The CPython to compare with: `BRINE_PYTHON`, or Debian's, whose build is optimised; a self-built one is no fair bar. */
export function findPython(): string {
  return process.env.BRINE_PYTHON ?? (existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3");
}
