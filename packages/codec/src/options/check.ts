/** The check of options by name outside of kombu's layer. */
import { PickleError } from "../errors.js";
import { optionChecker } from "./option-names.js";

/** @throws PickleError `bad-option` for what is no object, and for a name that is not among `names` */
export const checkOptions = /* @__PURE__ */ optionChecker(
  (message) => new PickleError(message, { code: "bad-option" }),
);
