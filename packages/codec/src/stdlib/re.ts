/** `re`: `re._compile(pattern, flags)`. */
import { enumEntry } from "../globals/enum-entry.js";
import { globalOfEntry } from "../globals/global-of.js";
import type { GlobalEntry } from "../globals/registry.js";
import { intOf } from "../python/coerce.js";
import { defineEnum } from "../python/enum.js";
import { Pattern } from "../python/values.js";

const module = "re";

/** `re.RegexFlag` */
const RegexFlag = defineEnum(
  "RegexFlag",
  {
    NOFLAG: 0,
    ASCII: 256,
    IGNORECASE: 2,
    LOCALE: 4,
    UNICODE: 32,
    MULTILINE: 8,
    DOTALL: 16,
    VERBOSE: 64,
    DEBUG: 128,
    TEMPLATE: 1,
  },
  "intflag",
);

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
  return [compile as unknown as GlobalEntry, enumEntry({ module, name: "RegexFlag" }, RegexFlag)];
}
