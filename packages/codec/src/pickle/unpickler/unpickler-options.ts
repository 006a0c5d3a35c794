/** The decoder's options with every default filled in. */
import type { ClassRegistryView } from "../../globals/registry.js";
import { DEFAULT_LIMITS, type Limits } from "../../limits.js";
import { badValue } from "../../options/check.js";
import { MODEL_CHOICES } from "../model-choices.js";
import { checkPickleOptions, limitOf, type PickleOptionNames, registryOf } from "../option-names.js";
import type { UnpicklerOptions } from "../options.js";

export interface ResolvedUnpicklerOptions {
  readonly registry: ClassRegistryView;
  readonly int: "auto" | "bigint";
  readonly float: "number" | "exact";
  readonly bytes: "copy" | "view";
  readonly tuple: "tuple" | "array";
  readonly dict: "auto" | "map" | "object";
  readonly datetime: "python" | "temporal" | "date";
  readonly buffers: UnpicklerOptions["buffers"];
  readonly encoding: "ASCII" | "latin1" | "utf-8" | "bytes";
  readonly errors: "strict" | "replace" | "ignore" | "surrogateescape" | "backslashreplace";
  readonly fixImports: boolean;
  readonly persistentLoad: ((id: unknown) => unknown) | undefined;
  readonly unregistered: "error" | "opaque";
  readonly limits: Limits;
}

const CHOICES = {
  ...MODEL_CHOICES,
  encoding: ["ASCII", "latin1", "utf-8", "bytes"],
  errors: ["strict", "replace", "ignore", "surrogateescape", "backslashreplace"],
  unregistered: ["error", "opaque"],
} as const;

/** The value given, or the first of the choices; V8 finds an option by a name in the code faster than by one in a variable. */
function choose<C extends readonly string[]>(value: unknown, choices: C, name: keyof typeof CHOICES): C[number] {
  if (value === undefined) return choices[0]!;
  for (let i = 0; i < choices.length; i++) if (choices[i] === value) return choices[i]!;
  throw badValue(name, value, choices);
}

/**
 * @param registry - the one to use when the options name none
 * @param names - those that the options may have; by default without those of files
 * @throws PickleError `bad-option`
 */
export function resolveUnpicklerOptions(
  options: UnpicklerOptions,
  registry: ClassRegistryView,
  names?: PickleOptionNames,
): ResolvedUnpicklerOptions {
  checkPickleOptions(options, names);
  if (options.persistentLoad !== undefined && typeof options.persistentLoad !== "function") {
    throw badValue("persistentLoad", options.persistentLoad, "a function");
  }
  return {
    registry: registryOf(options, registry),
    int: choose(options.int, CHOICES.int, "int"),
    float: choose(options.float, CHOICES.float, "float"),
    bytes: choose(options.bytes, CHOICES.bytes, "bytes"),
    tuple: choose(options.tuple, CHOICES.tuple, "tuple"),
    dict: choose(options.dict, CHOICES.dict, "dict"),
    datetime: choose(options.datetime, CHOICES.datetime, "datetime"),
    buffers: options.buffers,
    encoding: choose(options.encoding, CHOICES.encoding, "encoding"),
    errors: choose(options.errors, CHOICES.errors, "errors"),
    fixImports: options.fixImports ?? true,
    persistentLoad: options.persistentLoad,
    unregistered: choose(options.unregistered, CHOICES.unregistered, "unregistered"),
    limits: options.limits === undefined ? DEFAULT_LIMITS : resolveLimits(options.limits),
  };
}

function resolveLimits(limits: Partial<Limits>): Limits {
  const resolved: Record<keyof Limits, number> = { ...DEFAULT_LIMITS };
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof Limits)[]) resolved[name] = limitOf(limits, name);
  return resolved;
}
