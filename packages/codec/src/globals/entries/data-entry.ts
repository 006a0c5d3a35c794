/** Entries of classes whose instances are kept as data. */
import { checkOptions } from "../../options/check.js";
import { optionNames } from "../../options/option-names.js";
import { instanceClass, type PyInstance, type PyInstanceClass } from "../../python/objects/instance.js";
import { globalOfEntry } from "../global-of.js";
import { nestedClass } from "../outer-classes.js";
import type { EncodeContext, GlobalEntry, Reduction } from "../registry.js";

/** What {@link dataEntry} needs to know beyond the name. */
export interface DataEntryOptions<T extends PyInstance> {
  /** The JavaScript class; default: one made for the name. */
  readonly target?: PyInstanceClass<T> | undefined;
  /** Which Python strings its names are: see {@link GlobalEntry}. Default `"interned"`. */
  readonly nameStrings?: GlobalEntry["nameStrings"];
  /** Python makes the str that the arguments begin with for each call. Default false. */
  readonly ownsFirst?: boolean | undefined;
  /** Protocols 0 and 1: the builtin that the Python class extends, and its value. */
  base?(object: T, context: EncodeContext): Reduction["base"];
  /**
   * The items that Python gives of a subclass of dict. Its state must have them as well: those of a pickle are passed over.
   * Default: it is no dict.
   */
  dictItems?(object: T): Iterable<readonly [unknown, unknown]>;
}

const DATA_ENTRY_OPTIONS = /* @__PURE__ */ optionNames<DataEntryOptions<PyInstance>>({
  target: true,
  nameStrings: true,
  ownsFirst: true,
  base: true,
  dictItems: true,
});

/**
 * An entry that keeps what a pickle does with a class (what it is called with, state, items) as a {@link PyInstance}, and
 * writes it back. For classes whose instances need no behaviour here; register it with `registerEntry`.
 *
 * @throws PickleError `bad-option` for an option that there is not
 */
export function dataEntry<T extends PyInstance>(
  module: string,
  name: string,
  options: DataEntryOptions<T> = {},
): GlobalEntry {
  checkOptions(options, DATA_ENTRY_OPTIONS, "options of dataEntry()");
  const target = (options.target ?? instanceClass(module, name)) as PyInstanceClass<T>;
  const entry: GlobalEntry<T> = {
    module,
    name,
    target: target as never,
    nameStrings: options.nameStrings,
    // The arguments are the decoder's own array.
    call: (args) => new target("reduce", [...args]),
    create: (args) => new target("newobj", [...args]),
    reconstruct(base, value, context) {
      if (base === (options.dictItems === undefined ? "object" : "dict") || base === "tzinfo")
        return new target("newobj");
      throw context.fail(`Cannot create ${module}.${name}: ${base} is no base of it (${typeof value})`);
    },
    setState(object, state) {
      object.state = state;
    },
    extend(object, items) {
      object.items ??= [];
      for (let i = 0; i < items.length; i++) object.items.push(items[i]);
    },
    getAttribute: (attribute, context) => nestedClass(context.registry, module, `${name}.${attribute}`),
    reduce(object, context) {
      return {
        kind: object.kind,
        callable: globalOfEntry(entry),
        args: object.args,
        ownsFirst: options.ownsFirst,
        base: object.kind === "newobj" && context.protocol < 2 ? options.base?.(object, context) : undefined,
        state: object.state,
        listItems: object.items,
        dictItems: context.protocol < 2 ? undefined : options.dictItems?.(object),
      };
    },
  };
  if (options.dictItems !== undefined) entry.setItems = () => {};
  return entry as unknown as GlobalEntry;
}
