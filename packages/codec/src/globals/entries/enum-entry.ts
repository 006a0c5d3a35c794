/** Entries of enums. */
import { definitionOf, type EnumMember } from "../../python/objects/enum.js";
import { PyGlobal } from "../../python/objects/objects.js";
import { shortText } from "../../python/short-text.js";
import { globalOfEntry } from "../global-of.js";
import type { GlobalEntry } from "../registry.js";

/** How Python writes an enum's members: by value, as it does unless told otherwise, or with a function of `enum`. */
export type EnumPickleBy = "value" | "enumName" | "globalName";

const GETATTR = new PyGlobal("builtins", "getattr");

/**
 * The entry of an enum: read by value (`Color(1)`) and by name (`getattr(Color, 'RED')`, which Python 3.11 writes), written
 * as asked.
 */
export function enumEntry(
  { module, name }: { readonly module: string; readonly name: string },
  pyEnum: object,
  pickleBy: EnumPickleBy = "value",
): GlobalEntry {
  const definition = definitionOf(pyEnum);
  const entry: GlobalEntry<EnumMember> = {
    module,
    name,
    target: definition.memberClass as never,
    call(args, context) {
      const member = args.length === 1 ? definition.call(args[0]) : undefined;
      if (member === undefined) throw context.fail(`${shortText(args[0])} is no value of enum ${module}.${name}`);
      return member;
    },
    getAttribute(attribute, context) {
      const member = definition.byName(attribute);
      if (member === undefined) throw context.fail(`${shortText(attribute)} is no name in enum ${module}.${name}`);
      return member;
    },
    reduce(member, context) {
      if (pickleBy === "value") return { kind: "reduce", callable: globalOfEntry(entry), args: [member.value] };
      // A combination of flags is called by all their names, which no Python finds.
      if (member.name === null || definition.byName(member.name) !== member)
        throw context.fail(`Cannot pickle ${module}.${name}(${member.value}) by a name: it has none of its own`);
      if (pickleBy === "globalName") return new PyGlobal(module, member.name);
      return { kind: "reduce", callable: GETATTR, args: [globalOfEntry(entry), member.name] };
    },
  };
  return entry as unknown as GlobalEntry;
}

/** Entries of an enum's members under names of their own in its module: `socket.AF_INET`. */
export function memberEntries(module: string, pyEnum: object): readonly GlobalEntry[] {
  return Object.entries<EnumMember>(pyEnum as Record<string, EnumMember>).map(([name, value]) => ({
    module,
    name,
    value,
  }));
}
