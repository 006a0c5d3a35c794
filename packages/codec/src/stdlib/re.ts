/** `re`: `re._compile(pattern, flags)`. */
import { latin1 } from "../bytes/utf8-decode.js";
import { globalOfEntry } from "../globals/global-of.js";
import type { GlobalEntry } from "../globals/registry.js";
import { intOf } from "../python/coerce.js";
import { Pattern } from "../python/library/values.js";

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
  // `re` keeps what it has compiled.
  singletonKey: ({ pattern, flags }) =>
    typeof pattern === "string" ? `s${flags} ${pattern}` : `b${flags} ${latin1(pattern, 0, pattern.length)}`,
  reduce: (object) => ({ kind: "reduce", callable: globalOfEntry(compile), args: [object.pattern, object.flags] }),
};

export function reEntries(): readonly GlobalEntry[] {
  return [compile as unknown as GlobalEntry];
}
