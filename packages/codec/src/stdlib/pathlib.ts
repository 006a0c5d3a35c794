/** `pathlib`: the parts up to Python 3.12; in 3.13 what it was made of, under the name `pathlib._local`. */
import { globalOfEntry } from "../globals/global-of.js";
import type { DecodeContext, GlobalEntry } from "../globals/registry.js";
import { PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath } from "../python/library/pathlib.js";

// Python's names are written out: a bundler may rename a class.
const CLASSES = { PurePosixPath, PosixPath, PureWindowsPath, WindowsPath } as const;

/** A path of paths has the segments of all of them, so that a few calls could make one of billions. */
const MAX_SEGMENTS = 10_000;

function entriesOf(name: string, jsClass: (typeof CLASSES)[keyof typeof CLASSES]): readonly GlobalEntry[] {
  const call = (args: readonly unknown[], context: DecodeContext): PurePath => {
    let count = 0;
    for (const arg of args) {
      if (typeof arg !== "string" && !(arg instanceof PurePath)) throw context.fail(`Cannot make a ${name}: no path`);
      count += typeof arg === "string" ? 1 : arg.segments.length;
      if (count > MAX_SEGMENTS) throw context.fail(`Cannot make a ${name}: it has more than ${MAX_SEGMENTS} segments`);
    }
    return new jsClass(...(args as string[]));
  };
  const local: GlobalEntry = { module: "pathlib._local", name, nameStrings: "submodule", copiesArguments: true, call };
  const entry: GlobalEntry<PurePath> = {
    module: "pathlib",
    name,
    copiesArguments: true,
    target: jsClass,
    call,
    reduce(object, context) {
      const isNewer = context.python === "3.13";
      // A class of yours stays in its own module.
      const isLocal = isNewer && object.constructor === jsClass;
      return {
        kind: "reduce",
        callable: globalOfEntry(isLocal ? local : (entry as unknown as GlobalEntry)),
        args: isNewer ? object.segments : object.parts,
      };
    },
  };
  return [entry as unknown as GlobalEntry, local];
}

export function pathlibEntries(): readonly GlobalEntry[] {
  return Object.entries(CLASSES).flatMap(([name, jsClass]) => entriesOf(name, jsClass));
}
