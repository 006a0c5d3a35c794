/** `pathlib`: the parts up to Python 3.12; in 3.13 what it was made of, under the name `pathlib._local`. */
import { globalOfEntry } from "../globals/global-of.js";
import type { DecodeContext, GlobalEntry } from "../globals/registry.js";
import { PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath } from "../python/library/pathlib.js";

// Python's names are written out: a bundler may rename a class.
const CLASSES = { PurePosixPath, PosixPath, PureWindowsPath, WindowsPath } as const;

/** Spread into one call. */
const MAX_SEGMENTS = 10_000;

function entriesOf(name: string, jsClass: (typeof CLASSES)[keyof typeof CLASSES]): readonly GlobalEntry[] {
  const call = (args: readonly unknown[], context: DecodeContext): PurePath => {
    for (const arg of args) {
      if (typeof arg !== "string" && !(arg instanceof PurePath)) throw context.fail(`Cannot make a ${name}: no path`);
    }
    if (args.length > MAX_SEGMENTS)
      throw context.fail(`Cannot make a ${name}: ${args.length} segments exceed ${MAX_SEGMENTS}`);
    return new jsClass(...(args as string[]));
  };
  const local: GlobalEntry = { module: "pathlib._local", name, nameStrings: "submodule", call };
  const entry: GlobalEntry<PurePath> = {
    module: "pathlib",
    name,
    target: jsClass,
    call,
    reduce: (object, context) =>
      context.python === "3.13"
        ? { kind: "reduce", callable: globalOfEntry(local), args: object.segments }
        : { kind: "reduce", callable: globalOfEntry(entry as unknown as GlobalEntry), args: object.parts },
  };
  return [entry as unknown as GlobalEntry, local];
}

export function pathlibEntries(): readonly GlobalEntry[] {
  return Object.entries(CLASSES).flatMap(([name, jsClass]) => entriesOf(name, jsClass));
}
