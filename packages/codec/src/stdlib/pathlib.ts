/** `pathlib`: the parts up to Python 3.12; in 3.13 what it was made of, under the name `pathlib._local`. */
import { globalOfEntry } from "../globals/global-of.js";
import type { DecodeContext, GlobalEntry } from "../globals/registry.js";
import { PosixPath, PurePath, PurePosixPath, PureWindowsPath, WindowsPath } from "../python/pathlib.js";

const CLASSES = [PurePosixPath, PosixPath, PureWindowsPath, WindowsPath] as const;

function entriesOf(jsClass: (typeof CLASSES)[number]): readonly GlobalEntry[] {
  const call = (args: readonly unknown[], context: DecodeContext): PurePath => {
    for (const arg of args) {
      if (typeof arg !== "string" && !(arg instanceof PurePath))
        throw context.fail(`Cannot make a ${jsClass.name}: no path`);
    }
    return new jsClass(...(args.slice(0, 10_000) as string[]));
  };
  const local: GlobalEntry = { module: "pathlib._local", name: jsClass.name, nameStrings: "submodule", call };
  const entry: GlobalEntry<PurePath> = {
    module: "pathlib",
    name: jsClass.name,
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
  return CLASSES.flatMap(entriesOf);
}
