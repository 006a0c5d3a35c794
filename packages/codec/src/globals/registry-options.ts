/** The options of a class registry and of its ways to register, and their names. */
import { extendOptionNames, optionNames } from "../options/option-names.js";
import type { EnumKind, FlagBoundary } from "../python/objects/enum.js";
import type { PyExceptionClass } from "../python/objects/exceptions.js";
import type { EnumPickleBy } from "./enum-entry.js";
import { EXCEPTION_ENTRY_OPTIONS, type ExceptionEntryOptions } from "./exception-entry.js";
import type { AnyClass, ClassRegistryView } from "./registry.js";

/** What {@link BaseRegistry} is made of. */
export interface ClassRegistryOptions {
  /** Registries to look into for what this one does not have, in order. Default: none. */
  readonly extends?: ClassRegistryView | readonly ClassRegistryView[] | null | undefined;
  /** Classes marked with {@link pickled} to register at once. Default: none. */
  readonly classes?: Iterable<AnyClass> | undefined;
}

export const REGISTRY_OPTIONS = /* @__PURE__ */ optionNames<ClassRegistryOptions>({ extends: true, classes: true });

/** Of {@link BaseRegistry.registerException}. */
export interface RegisterExceptionOptions extends ExceptionEntryOptions {
  /** The parent of the class that is made. Default `pyExceptions.Exception`. */
  readonly extends?: PyExceptionClass | undefined;
}

export const EXCEPTION_OPTIONS = /* @__PURE__ */ extendOptionNames<RegisterExceptionOptions, ExceptionEntryOptions>(
  EXCEPTION_ENTRY_OPTIONS,
  { extends: true },
);

/** Of {@link BaseRegistry.registerEnum}. */
export interface RegisterEnumOptions {
  /** Default `"enum"`. `"flag"` and `"intflag"` have combinations; members of `"int"`, `"str"` and `"intflag"` equal their values as keys. */
  readonly kind?: EnumKind | undefined;
  /** `true` is short for `kind: "flag"`. Default false. */
  readonly flag?: boolean | undefined;
  /** Of flags: what becomes of bits that no member has. Default `"keep"` for `"intflag"`, else `"strict"`. */
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
