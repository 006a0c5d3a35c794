/** `operator`: getters as data, and the two functions that enums and `typing` are written with. */
import { dataEntry } from "../globals/data-entry.js";
import { globalOfEntry } from "../globals/global-of.js";
import type { GlobalEntry } from "../globals/registry.js";
import { EnumMember } from "../python/enum.js";
import { PyGlobal } from "../python/objects.js";
import { Subscript } from "../python/values.js";

const module = "_operator";

/** `or_(a, b)` of two flags of one enum: how Python 3.11 writes combinations. */
const or: GlobalEntry = {
  module,
  name: "or_",
  nameStrings: "static-name",
  call(args, context) {
    const [a, b] = args;
    if (args.length === 2 && a instanceof EnumMember && b instanceof EnumMember && a.constructor === b.constructor) {
      const entry = context.registry.findByTarget(a.constructor as never);
      if (typeof a.value === "number" && typeof b.value === "number" && entry?.call !== undefined) {
        return entry.call([a.value | b.value], context);
      }
    }
    throw context.fail("Cannot call operator.or_: only flags of one enum can be combined");
  },
};

/** `getitem(typing.List, int)`. */
const getitem: GlobalEntry<Subscript> = {
  module,
  name: "getitem",
  nameStrings: "static-name",
  target: Subscript,
  call(args, context) {
    const [origin, parameters] = args;
    if (args.length !== 2 || !(origin instanceof PyGlobal) || origin.module !== "typing") {
      throw context.fail("Cannot call operator.getitem: only types of typing can be subscripted");
    }
    return new Subscript(origin, parameters);
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(getitem as unknown as GlobalEntry),
    args: [object.origin, object.parameters],
  }),
};

export const operatorEntries: readonly GlobalEntry[] = [
  or,
  getitem as unknown as GlobalEntry,
  dataEntry("operator", "itemgetter", { nameStrings: "fresh" }),
  dataEntry("operator", "attrgetter", { nameStrings: "fresh" }),
  dataEntry("operator", "methodcaller", { nameStrings: "fresh" }),
];
