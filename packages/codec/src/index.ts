/** `@brine/codec`: Python's pickle for JavaScript. Public names only; no logic. */
export * from "./errors.js";
export { DEFAULT_LIMITS, type Limits } from "./limits.js";
export { DEFAULT_PROTOCOL, HIGHEST_PROTOCOL, type OpcodeName, type Protocol } from "./pickle/opcodes.js";
export type { ModelOptions, PicklerOptions, UnpicklerOptions } from "./pickle/options.js";
export { PyGlobal, PyObject, type PyObjectStep } from "./python/objects.js";
export type * from "./globals/registry.js";
