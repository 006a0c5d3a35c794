/** `collections` */
import type { ClassAdapter } from "../globals/entries/class-adapter.js";
import { classEntry } from "../globals/entries/class-entry.js";
import { globalOfEntry } from "../globals/global-of.js";
import type { AnyClass, DecodeContext, GlobalEntry } from "../globals/registry.js";
import { intOf, itemsOfDict } from "../python/coerce.js";
import {
  ChainMap,
  Counter,
  DefaultDict,
  Deque,
  OrderedDict,
  UserDict,
  UserList,
  UserString,
} from "../python/containers/collections.js";
import type { PyDict } from "../python/containers/dict.js";
import { Tuple } from "../python/containers/sequences.js";
import { setAttributes } from "../python/objects/attributes.js";

const module = "collections";

/** Sets items; a key that Python cannot hash throws a TypeError, which the decoder reports. */
function setItems(dict: PyDict, items: readonly unknown[]): void {
  for (let i = 0; i + 1 < items.length; i += 2) dict.set(items[i], items[i + 1]);
}

/** Attributes that were set on the object itself. */
function setState(object: object, state: unknown, context: DecodeContext): void {
  if (!setAttributes(object, state)) throw context.fail("Cannot set the state: it is no dict");
}

/** Own enumerable properties, `undefined` without any. */
function attributesState(object: object): Record<string, unknown> | undefined {
  const names = Object.keys(object);
  return names.length === 0 ? undefined : { ...(object as Record<string, unknown>) };
}

const orderedDict: GlobalEntry<OrderedDict> = {
  module,
  name: "OrderedDict",
  nameStrings: "static-name",
  copiesArguments: true,
  target: OrderedDict,
  call(args, context) {
    const dict = new OrderedDict();
    if (args.length === 0) return dict;
    // Python 2.7 gives the items as a list of lists.
    const [items] = args;
    const pairs = Array.isArray(items) ? items : itemsOfDict(items);
    if (args.length !== 1 || pairs === undefined) throw context.fail("Cannot make an OrderedDict: needs its items");
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2)
        throw context.fail("Cannot make an OrderedDict: an item is no pair");
      dict.set(pair[0], pair[1]);
    }
    return dict;
  },
  create: () => new OrderedDict(),
  setItems,
  setState,
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(orderedDict),
    args: [],
    dictItems: object,
    state: attributesState(object),
  }),
};

const defaultdict: GlobalEntry<DefaultDict> = {
  module,
  name: "defaultdict",
  nameStrings: "fresh",
  target: DefaultDict,
  call(args, context) {
    const [factory = null] = args;
    if (args.length > 1 || typeof factory !== "object") throw context.fail("Cannot make a defaultdict: bad factory");
    return new DefaultDict(factory);
  },
  setItems,
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(defaultdict),
    args: object.factory === null ? [] : [object.factory],
    dictItems: object,
  }),
};

const counter: GlobalEntry<Counter> = {
  module,
  name: "Counter",
  copiesArguments: true,
  target: Counter,
  call(args, context) {
    const counts = args.length === 0 ? new Map() : args.length === 1 ? itemsOfDict(args[0]) : undefined;
    if (counts === undefined) throw context.fail("Cannot make a Counter: needs a dict");
    return new Counter(counts);
  },
  create: () => new Counter(),
  setItems,
  setState,
  reduce: (object) => ({ kind: "reduce", callable: globalOfEntry(counter), args: [new Map(object)], ownsFirst: true }),
};

const deque: GlobalEntry<Deque> = {
  module,
  name: "deque",
  nameStrings: "fresh",
  copiesArguments: true,
  target: Deque,
  call(args, context) {
    const [items = [], maxlen = null] = args;
    const max = maxlen === null ? null : intOf(maxlen);
    if (args.length > 2 || !Array.isArray(items) || max === undefined || (max !== null && max < 0)) {
      throw context.fail("Cannot make a deque: needs items and maxlen");
    }
    return new Deque(items, max);
  },
  extend: (object, items) => object.extend(items),
  setState(object, state, context) {
    // A deque itself has no attributes in Python; an instance of a subclass does.
    if (state !== null && Object.getPrototypeOf(object) === Deque.prototype) {
      throw context.fail("Cannot set the state of a deque: it has no attributes");
    }
    setState(object, state, context);
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(deque),
    args: object.maxlen === null ? [] : [new Tuple(), object.maxlen],
    listItems: object,
    state: attributesState(object),
  }),
};

function plain<T extends object>(
  name: string,
  jsClass: AnyClass & { readonly prototype: T },
  adapter?: ClassAdapter<T>,
): GlobalEntry {
  return classEntry({ module, name }, jsClass, adapter) as unknown as GlobalEntry;
}

export function collectionsEntries(): readonly GlobalEntry[] {
  return [
    orderedDict,
    defaultdict,
    counter,
    deque,
    plain("ChainMap", ChainMap),
    plain("UserDict", UserDict),
    plain("UserList", UserList),
    plain("UserString", UserString),
  ] as readonly GlobalEntry[];
}
