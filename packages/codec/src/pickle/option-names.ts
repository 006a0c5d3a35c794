/** The names of the options of decoder and encoder. */
import { DEFAULT_LIMITS, type Limits } from "../limits.js";
import { checkOptions } from "../options/check.js";
import { optionNames } from "../options/option-names.js";
import type { PicklerOptions, UnpicklerOptions } from "./options.js";

/** Those of decoder and encoder alike: one object may be given to both. */
export const PICKLE_OPTIONS = /* @__PURE__ */ optionNames<UnpicklerOptions & PicklerOptions>({
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
});

/** Those of `limits`, which both have. */
export const PICKLE_LIMITS = /* @__PURE__ */ optionNames<Limits>(DEFAULT_LIMITS);

/** @throws PickleError `bad-option` for a name that neither decoder nor encoder has, in `options` or their limits */
export function checkPickleOptions(options: UnpicklerOptions | PicklerOptions): void {
  checkOptions(options, PICKLE_OPTIONS, "options of pickle");
  checkOptions(options.limits, PICKLE_LIMITS, "limits of pickle");
}
