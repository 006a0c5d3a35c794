/** `functools.partial`: `partial(func)`, then everything as its state. */
import { globalOfEntry } from "../globals/global-of.js";
import type { GlobalEntry } from "../globals/registry.js";
import { itemsOfDict } from "../python/coerce.js";
import { Tuple } from "../python/containers/sequences.js";
import { PyPartial } from "../python/library/values.js";

const partial: GlobalEntry<PyPartial> = {
  module: "functools",
  name: "partial",
  nameStrings: "fresh",
  target: PyPartial,
  call(args, context) {
    if (args.length === 0) throw context.fail("Cannot make a partial: needs a function");
    return new PyPartial(args[0], args.slice(1));
  },
  setState(object, state, context) {
    const [func, args, keywords, attributes] = Array.isArray(state) && state.length === 4 ? state : [];
    if (!Array.isArray(args) || (keywords !== null && itemsOfDict(keywords) === undefined)) {
      throw context.fail(
        "Cannot set the state of a partial: needs function, arguments, keyword arguments and attributes",
      );
    }
    Object.assign(object, { func, args, keywords: keywords ?? {}, attributes });
  },
  reduce: (object) => ({
    kind: "reduce",
    callable: globalOfEntry(partial as unknown as GlobalEntry),
    args: [object.func],
    state: Tuple.of<unknown>(
      object.func,
      object.args instanceof Tuple ? object.args : Tuple.from(object.args),
      object.keywords,
      object.attributes ?? null,
    ),
  }),
};

export function functoolsEntries(): readonly GlobalEntry[] {
  return [partial as unknown as GlobalEntry];
}
