/**
 * `@brine/codec/options`: how options are checked by name, for packages built upon the codec. Public names only; no logic.
 */
export { PICKLE_LIMITS, PICKLE_OPTIONS } from "../pickle/option-names.js";
export {
  camelCase,
  extendOptionNames,
  type NameHints,
  type OptionNames,
  optionChecker,
  optionNames,
} from "./option-names.js";
