/** The options of a class registry and of its ways to register, and their names. */
import { extendOptionNames, optionNames } from "../options/option-names.js";
import type { EnumKind, FlagBoundary } from "../python/objects/enum.js";
import type { PyExceptionClass } from "../python/objects/exception.js";
import type { EnumPickleBy } from "./entries/enum-entry.js";
import { EXCEPTION_ENTRY_OPTIONS, type ExceptionEntryOptions } from "./entries/exception-entry.js";
import { assertChoice } from "./registration.js";
import type { AnyClass, ClassRegistryView } from "./registry.js";

/** What {@link BaseRegistry} is made of. */
export interface ClassRegistryOptions {
  /**
   * Registries to look into for what this one does not have, in order. Default: none; of a {@link ClassRegistry} the standard
   * library's types, which `null` leaves out.
   */
  readonly extends?: ClassRegistryView | readonly ClassRegistryView[] | null | undefined;
  /** Classes marked with {@link pickled} to register at once. Default: none. */
  readonly classes?: Iterable<AnyClass> | undefined;
}

export const REGISTRY_OPTIONS = /* @__PURE__ */ optionNames<ClassRegistryOptions>({ extends: true, classes: true });

/** Options of {@link BaseRegistry.registerException}. */
export interface RegisterExceptionOptions extends ExceptionEntryOptions {
  /** The parent of the class that is made, where none is given. Default `pyExceptions.Exception`. */
  readonly extends?: PyExceptionClass | undefined;
}

export const EXCEPTION_OPTIONS = /* @__PURE__ */ extendOptionNames<RegisterExceptionOptions, ExceptionEntryOptions>(
  EXCEPTION_ENTRY_OPTIONS,
  { extends: true },
);

/** Options of {@link BaseRegistry.registerEnum}. */
export interface RegisterEnumOptions {
  /**
   * What Python's class extends: `"enum"` (default) is Enum, `"int"` IntEnum, `"str"` StrEnum, `"flag"` Flag and `"intflag"`
   * IntFlag. The last two have combinations; members of `"int"`, `"str"` and `"intflag"` equal their values as keys.
   */
  readonly kind?: EnumKind | undefined;
  /** `true` is short for `kind: "flag"`. Default false. */
  readonly flag?: boolean | undefined;
  /**
   * Of flags: what becomes of bits that no member has, as Python's `boundary`: `"strict"` refuses the value, `"conform"` drops
   * the bits, `"eject"` gives the int, `"keep"` keeps them. Default `"keep"` for `"intflag"`, else `"strict"`.
   */
  readonly boundary?: FlagBoundary | undefined;
  /**
   * How members are written: `"value"` (default), or as by Python's `enum.pickle_by_enum_name` or
   * `enum.pickle_by_global_name`, with which members are names of the module, too. All are read whatever it says.
   */
  readonly pickleBy?: EnumPickleBy | undefined;
}

export const ENUM_OPTIONS = /* @__PURE__ */ optionNames<RegisterEnumOptions>({
  kind: true,
  flag: true,
  boundary: true,
  pickleBy: true,
});

const ENUM_KINDS = ["enum", "int", "str", "flag", "intflag"] as const satisfies readonly EnumKind[];
const FLAG_BOUNDARIES = ["strict", "conform", "eject", "keep"] as const satisfies readonly FlagBoundary[];
const ENUM_PICKLE_BY = ["value", "enumName", "globalName"] as const satisfies readonly EnumPickleBy[];

/** @throws PickleError `bad-option` for a value that an option of an enum cannot have */
export function checkEnumChoices({ kind, boundary, pickleBy }: RegisterEnumOptions): void {
  assertChoice("kind", kind, ENUM_KINDS);
  assertChoice("boundary", boundary, FLAG_BOUNDARIES);
  assertChoice("pickleBy", pickleBy, ENUM_PICKLE_BY);
}
