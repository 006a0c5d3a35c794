/** Entries of enums. */
import { definitionOf, type EnumMember } from "../python/objects/enum.js";
import { shortText } from "../python/short-text.js";
import { globalOfEntry } from "./global-of.js";
import type { GlobalEntry } from "./registry.js";

/**
 * The entry of an enum: read by value (`Color(1)`) and by name (`getattr(Color, 'RED')`, which only Python 3.11 writes),
 * written by value.
 */
export function enumEntry(name: { readonly module: string; readonly name: string }, pyEnum: object): GlobalEntry {
  const definition = definitionOf(pyEnum);
  const entry: GlobalEntry<EnumMember> = {
    module: name.module,
    name: name.name,
    target: definition.memberClass as never,
    call(args, context) {
      const member = args.length === 1 ? definition.byValue(args[0]) : undefined;
      if (member === undefined)
        throw context.fail(`${shortText(args[0])} is no value of enum ${name.module}.${name.name}`);
      return member;
    },
    getAttribute: (attribute) => definition.byName(attribute),
    reduce: (member) => ({ kind: "reduce", callable: globalOfEntry(entry), args: [member.value] }),
  };
  return entry as unknown as GlobalEntry;
}
