/** The check of options by name in kombu's layer. */
import { optionChecker } from "../options/option-names.js";
import { KombuError } from "./errors.js";

/** @throws KombuError `bad-option` for what is no object, and for a name that is not among `names` */
export const checkOptions = /* @__PURE__ */ optionChecker((message) => new KombuError(message, { code: "bad-option" }));
