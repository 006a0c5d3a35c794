/** `types`: SimpleNamespace and generic types. */
import { globalOfEntry } from "../globals/global-of.js";
import type { GlobalEntry } from "../globals/registry.js";
import { Tuple } from "../python/containers/sequences.js";
import { GenericAlias, SimpleNamespace } from "../python/library/values.js";
import { attributesOf, setOwn } from "../python/objects/attributes.js";

const module = "types";

const simpleNamespace: GlobalEntry<SimpleNamespace> = {
  module,
  name: "SimpleNamespace",
  nameStrings: "static-name",
  target: SimpleNamespace,
  call(args, context) {
    if (args.length > 0)
      throw context.fail("Cannot make a SimpleNamespace: its attributes are its state, no arguments");
    return new SimpleNamespace();
  },
  setState(object, state, context) {
    const attributes = attributesOf(state);
    if (attributes === undefined) throw context.fail("Cannot set the state of a SimpleNamespace: it is no dict");
    for (const [name, value] of attributes) setOwn(object, name, value);
  },
  // Its dict is the state even when it is empty.
  reduce: (object) => ({ kind: "reduce", callable: globalOfEntry(simpleNamespace), args: [], state: { ...object } }),
};

const genericAlias: GlobalEntry<GenericAlias> = {
  module,
  name: "GenericAlias",
  nameStrings: "static-name",
  target: GenericAlias,
  call(args, context) {
    if (args.length !== 2) throw context.fail("Cannot make a GenericAlias: needs a class and its parameters");
    return new GenericAlias(args[0], args[1]);
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(genericAlias),
    args: [
      object.origin,
      Array.isArray(object.args) && !(object.args instanceof Tuple) ? Tuple.from(object.args) : object.args,
    ],
  }),
};

export function typesEntries(): readonly GlobalEntry[] {
  return [simpleNamespace, genericAlias] as readonly GlobalEntry[];
}
