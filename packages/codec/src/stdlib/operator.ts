/** `operator`: getters as data, and the two functions that enums and `typing` are written with. */
import { dataEntry } from "../globals/entries/data-entry.js";
import { globalOfEntry } from "../globals/global-of.js";
import type { GlobalEntry, Reduction } from "../globals/registry.js";
import { bigintOf, plainInt } from "../python/coerce.js";
import { MethodCaller } from "../python/library/method-caller.js";
import { PyPartial, Subscript } from "../python/library/values.js";
import { EnumMember, isEqualToValue } from "../python/objects/enum.js";
import { PyGlobal } from "../python/objects/objects.js";

const module = "_operator";

/** `or_(a, b)` of two flags of one enum, or of an IntFlag and an int: how Python 3.11 writes combinations. */
const or: GlobalEntry = {
  module,
  name: "or_",
  nameStrings: "static-name",
  call(args, context) {
    const [flag, other] = args;
    if (args.length === 2 && flag instanceof EnumMember) {
      const bits = bitsOfBoth(flag, other);
      const entry = context.registry.findByTarget(flag.constructor as never);
      if (bits !== undefined && entry?.call !== undefined) return entry.call([plainInt(bits)], context);
    }
    throw context.fail("Cannot call operator.or_: only flags of one enum can be combined");
  },
};

function bitsOfBoth(flag: EnumMember, other: unknown): bigint | undefined {
  const bits = bigintOf(flag.value);
  let others: bigint | undefined;
  if (!(other instanceof EnumMember)) others = isEqualToValue(flag) ? bigintOf(other) : undefined;
  else if (other.constructor === flag.constructor) others = bigintOf(other.value);
  return bits === undefined || others === undefined ? undefined : bits | others;
}

/** `getitem(typing.List, int)`, and the same of a generic class. */
const getitem: GlobalEntry<Subscript> = {
  module,
  name: "getitem",
  nameStrings: "static-name",
  target: Subscript,
  call(args, context) {
    const [origin, parameters] = args;
    if (args.length !== 2 || !(origin instanceof PyGlobal)) {
      throw context.fail("Cannot call operator.getitem: only types can be subscripted");
    }
    return new Subscript(origin, parameters);
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(getitem as unknown as GlobalEntry),
    args: [object.origin, object.parameters],
  }),
};

/** With keywords it is written as the call of a partial. CPython 3.12 `_operator.c` `methodcaller_reduce`. */
const methodcaller: GlobalEntry = Object.assign(
  dataEntry("operator", "methodcaller", { nameStrings: "fresh", target: MethodCaller }),
  {
    callWithKeywords: (args: readonly unknown[], keywords: ReadonlyMap<string, unknown>) =>
      new MethodCaller("reduce", [...args], Object.fromEntries(keywords)),
    reduce({ args, keywords }: MethodCaller): Reduction {
      const callable = globalOfEntry(methodcaller);
      return keywords === undefined
        ? { kind: "reduce", callable, args }
        : { kind: "reduce", callable: new PyPartial(callable, args, keywords), args: [] };
    },
  } as Partial<GlobalEntry>,
);

export function operatorEntries(): readonly GlobalEntry[] {
  return [
    or,
    getitem as unknown as GlobalEntry,
    dataEntry("operator", "itemgetter", { nameStrings: "fresh" }),
    dataEntry("operator", "attrgetter", { nameStrings: "fresh" }),
    methodcaller,
  ];
}
