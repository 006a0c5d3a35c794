/** The options that decoder and encoder share. */
import { PickleError } from "../errors.js";
import type { ClassRegistryView } from "../globals/registry.js";
import { DEFAULT_LIMITS, type Limits } from "../limits.js";
import { badValue, checkOptions } from "../options/check.js";
import { extendOptionNames, optionNames } from "../options/option-names.js";
import { BOUND, isBound } from "../options/option-values.js";
import type { DumpOptions, LoadOptions, PicklerOptions, UnpicklerOptions } from "./options.js";

/** The names of the options of decoder and encoder alike: one object may be given to both. For checks of options that hold these. */
export const PICKLE_OPTIONS = /* @__PURE__ */ optionNames<UnpicklerOptions & PicklerOptions>(
  {
    protocol: true,
    registry: true,
    int: true,
    float: true,
    bytes: true,
    tuple: true,
    dict: true,
    datetime: true,
    buffers: true,
    encoding: true,
    errors: true,
    fixImports: true,
    persistentLoad: true,
    unregistered: true,
    limits: true,
    bufferCallback: true,
    memoizeStrings: true,
    fast: true,
    python: true,
    undefined: true,
    opaque: true,
    persistentId: true,
    reducerOverride: true,
    dispatchTable: true,
  },
  { instead: [["signal", "only load, loadAll and dump wait for anything"]] },
);

/** Those of `load`, `loadAll` and `dump`. */
export const FILE_OPTIONS = /* @__PURE__ */ extendOptionNames<
  LoadOptions & DumpOptions,
  UnpicklerOptions & PicklerOptions
>(PICKLE_OPTIONS, { signal: true });

/** {@link PICKLE_OPTIONS} or {@link FILE_OPTIONS}. */
export type PickleOptionNames = typeof PICKLE_OPTIONS | typeof FILE_OPTIONS;

/** The names in `limits`, an option that decoder and encoder have. */
export const PICKLE_LIMITS = /* @__PURE__ */ optionNames<Limits>(DEFAULT_LIMITS);

/**
 * @param names - those that there are; by default without those of files
 * @throws PickleError `bad-option` for a name that neither decoder nor encoder has, in `options` or their limits
 */
export function checkPickleOptions(
  options: LoadOptions | DumpOptions,
  names: PickleOptionNames = PICKLE_OPTIONS,
): void {
  checkOptions(options, names, "options of pickle");
  checkOptions(options.limits, PICKLE_LIMITS, "limits of pickle");
}

/** The limit of that name, or its default. @throws PickleError `bad-option` for what is no number from 0 on */
export function limitOf(limits: Partial<Limits> | undefined, name: keyof Limits): number {
  const value: unknown = limits?.[name];
  if (value === undefined) return DEFAULT_LIMITS[name];
  if (!isBound(value)) throw badValue(`limits.${name}`, value, BOUND);
  return value;
}

/** The registry of the options, or the one to use when they name none. @throws PickleError `bad-option` for what is no registry */
export function registryOf(
  { registry }: UnpicklerOptions | PicklerOptions,
  defaultRegistry: ClassRegistryView,
): ClassRegistryView {
  if (registry === undefined || registry === null) return defaultRegistry;
  if (typeof registry.find === "function" && typeof registry.findByTarget === "function") return registry;
  throw new PickleError("Cannot use option registry: must be a ClassRegistry", { code: "bad-option" });
}

/** The signal of the options of a file. @throws PickleError `bad-option` for what is no AbortSignal */
export function signalOf(options: LoadOptions | DumpOptions | undefined): AbortSignal | undefined {
  const signal: unknown = options?.signal;
  if (signal === undefined) return undefined;
  if (typeof signal === "object" && signal !== null && "aborted" in signal && "addEventListener" in signal) {
    return signal as AbortSignal;
  }
  throw new PickleError("Cannot use option signal: must be an AbortSignal", { code: "bad-option" });
}
