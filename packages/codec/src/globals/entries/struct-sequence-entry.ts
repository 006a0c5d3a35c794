/** Entries of struct sequences: a call with a tuple of the items, and a dict of what has a name only. */
import { itemsOfDict } from "../../python/coerce.js";
import { Tuple } from "../../python/containers/sequences.js";
import type { StructSequence, StructSequenceClass } from "../../python/containers/struct-sequence.js";
import { globalOfEntry } from "../global-of.js";
import type { GlobalEntry } from "../registry.js";

/** @param maxItems - how many Python's class takes: fields that have a name only come after the others */
export function structSequenceEntry<F extends string>(
  { module, name }: { readonly module: string; readonly name: string },
  jsClass: StructSequenceClass<F>,
  maxItems = jsClass.fields.length,
): GlobalEntry {
  const count = jsClass.fields.length;
  const entry: GlobalEntry<StructSequence> = {
    module,
    name,
    nameStrings: "fresh",
    target: jsClass,
    call(args, context) {
      const [items, extra] = args;
      const isDict = extra === undefined || itemsOfDict(extra) !== undefined;
      if (args.length > 2 || !Array.isArray(items) || items.length < count || items.length > maxItems || !isDict)
        throw context.fail(
          `Cannot make an instance of ${module}.${name}: needs a sequence of its ${count} fields, and a dict`,
        );
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
