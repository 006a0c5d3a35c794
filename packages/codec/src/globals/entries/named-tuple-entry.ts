/** Entries of named tuples. */
import { itemsOfDict } from "../../python/coerce.js";
import type { NamedTupleClass } from "../../python/containers/namedtuple.js";
import { Tuple } from "../../python/containers/sequences.js";
import { PyGlobal } from "../../python/objects/objects.js";
import { globalOfEntry } from "../global-of.js";
import type { DecodeContext, GlobalEntry } from "../registry.js";

const TUPLE = new PyGlobal("builtins", "tuple");

/** The entry of a class made by {@link namedTuple}: `Point.__new__(Point, 1, 2)`. */
export function namedTupleEntry<F extends string>(
  name: { readonly module: string; readonly name: string },
  jsClass: NamedTupleClass<F>,
): GlobalEntry {
  const count = jsClass.fields.length;
  const make = (items: readonly unknown[], context: DecodeContext): Tuple => {
    if (items.length !== count) {
      throw context.fail(`${name.module}.${name.name} has ${count} fields, the pickle gave ${items.length}`);
    }
    const object = new jsClass();
    for (let i = 0; i < count; i++) object[i] = items[i];
    return object;
  };
  const entry: GlobalEntry<Tuple> = {
    module: name.module,
    name: name.name,
    target: jsClass as never,
    call(args, context) {
      const [items, extra] = args;
      if (args.length === 2 && items instanceof Tuple && itemsOfDict(extra) !== undefined)
        throw context.fail(
          `${name.module}.${name.name} is no named tuple but a struct sequence: register it with registerStructSequence()`,
        );
      return make(args, context);
    },
    create: (args, _kwargs, context) => make(args, context),
    reconstruct(base, value, context) {
      if (base !== "tuple" || !Array.isArray(value))
        throw context.fail(`${name.module}.${name.name} must be made of a tuple`);
      return make(value, context);
    },
    reduce: (object, context) => ({
      kind: "newobj",
      callable: globalOfEntry(entry),
      args: Array.from(object),
      base: context.protocol < 2 ? { global: TUPLE, value: Tuple.from(object) } : undefined,
    }),
  };
  return entry as unknown as GlobalEntry;
}
