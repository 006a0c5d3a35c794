/** `re`: `re._compile(pattern, flags)`. */
import { globalOfEntry } from "../globals/global-of.js";
import type { GlobalEntry } from "../globals/registry.js";
import { intOf } from "../python/coerce.js";
import { Pattern } from "../python/values.js";

const module = "re";

const compile: GlobalEntry<Pattern> = {
  module,
  name: "_compile",
  target: Pattern,
  call(args, context) {
    const [pattern, flags] = args;
    const bits = intOf(flags);
    if (args.length !== 2 || (typeof pattern !== "string" && !(pattern instanceof Uint8Array)) || bits === undefined) {
      throw context.fail("Cannot make a Pattern: needs pattern and flags");
    }
    return new Pattern(pattern, bits);
  },
  reduce: (object) => ({ kind: "reduce", callable: globalOfEntry(compile), args: [object.pattern, object.flags] }),
};

export function reEntries(): readonly GlobalEntry[] {
  return [compile as unknown as GlobalEntry];
}
