/** The checks of options outside of kombu's layer. */
import { PickleError } from "../errors.js";
import { optionChecker } from "./option-names.js";
import { badValueText } from "./option-values.js";

/** @throws PickleError `bad-option` for what is no object, and for a name that is not among `names` */
export const checkOptions = /* @__PURE__ */ optionChecker(
  (message) => new PickleError(message, { code: "bad-option" }),
);

/** The error of an option that cannot be what it is set to. @param wanted - in words, or the values that there are */
export function badValue(name: string, value: unknown, wanted: string | readonly string[]): PickleError {
  return new PickleError(badValueText(name, value, wanted), { code: "bad-option" });
}
