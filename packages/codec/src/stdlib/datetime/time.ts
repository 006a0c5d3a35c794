/** `time.struct_time` and `os.stat_result`: a tuple, and a dict of what has a name only. */
import { globalOfEntry } from "../../globals/global-of.js";
import type { GlobalEntry } from "../../globals/registry.js";
import { Tuple } from "../../python/containers/sequences.js";
import { StatResult, StructTime } from "../../python/library/values.js";

function structEntry(
  module: string,
  name: string,
  count: number,
  jsClass: new (items: readonly unknown[], extra?: unknown) => Tuple & { readonly extra: unknown },
): GlobalEntry {
  const entry: GlobalEntry<Tuple & { readonly extra: unknown }> = {
    module,
    name,
    nameStrings: "fresh",
    target: jsClass,
    call(args, context) {
      const [items, extra] = args;
      if (
        args.length > 2 ||
        !Array.isArray(items) ||
        items.length < count ||
        (extra !== undefined && typeof extra !== "object") ||
        extra === null
      ) {
        throw context.fail(`Cannot make a ${name}: needs ${count} numbers and a dict`);
      }
      return new jsClass(items, extra);
    },
    reduce: (object) => ({
      kind: "reduce",
      callable: globalOfEntry(entry as unknown as GlobalEntry),
      args: [Tuple.from(object), object.extra],
    }),
  };
  return entry as unknown as GlobalEntry;
}

export function timeEntries(): readonly GlobalEntry[] {
  return [structEntry("time", "struct_time", 9, StructTime)];
}
export function osEntries(): readonly GlobalEntry[] {
  return [structEntry("os", "stat_result", 10, StatResult)];
}
