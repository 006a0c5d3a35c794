/** Settings and options of tasks, calls, workers and results are checked by name, or they would be ignored without a word. */
import { optionChecker } from "@brine/codec/options";
import { CeleryError } from "../errors.js";

/** @throws CeleryError `bad-option` for what is no object, and for a name that is not among `names`, with what to write instead */
export const checkNames = optionChecker((message, path) => new CeleryError(message, { code: "bad-option", path }));
