/** Python's reduce values, as user code gives them, in Brine's form. */
import { PyGlobal } from "../python/objects/objects.js";
import { globalOfEntry } from "./global-of.js";
import type { EncodeContext, GlobalEntry, Reduction } from "./registry.js";

/**
 * What `__reduce__` returned, as a {@link Reduction}: one already, a global, the name of a global in the module of `entry`,
 * or Python's tuple `[callable, args, state?, listItems?, dictItems?, stateSetter?]`.
 */
export function toReduction(
  value: Reduction | PyGlobal | readonly unknown[] | string,
  entry: Pick<GlobalEntry, "module" | "name">,
  context: EncodeContext,
): Reduction | PyGlobal {
  if (value instanceof PyGlobal) return value;
  if (typeof value === "string") {
    const known = context.registry.find(entry.module, value);
    return known === undefined ? new PyGlobal(entry.module, value) : globalOfEntry(known);
  }
  if (!Array.isArray(value)) {
    if (typeof value === "object" && value !== null && "kind" in value && "callable" in value)
      return value as Reduction;
    throw context.fail(`Cannot pickle ${entry.module}.${entry.name}: __reduce__ must return a string or an array`);
  }
  if (value.length < 2 || value.length > 6) {
    throw context.fail(
      `Cannot pickle ${entry.module}.${entry.name}: __reduce__ must return 2 to 6 items, it returned ${value.length}`,
    );
  }
  const [callable, args, state, listItems, dictItems, stateSetter] = value;
  if (!Array.isArray(args)) {
    throw context.fail(`Cannot pickle ${entry.module}.${entry.name}: the second item of __reduce__ must be an array`);
  }
  if ((typeof callable !== "object" && typeof callable !== "function") || callable === null) {
    throw context.fail(`Cannot pickle ${entry.module}.${entry.name}: the first item of __reduce__ must be callable`);
  }
  return {
    kind: "reduce",
    callable,
    args,
    state: state === null ? undefined : state,
    listItems: listItems ?? undefined,
    dictItems: dictItems ?? undefined,
    stateSetter: stateSetter ?? undefined,
  };
}
