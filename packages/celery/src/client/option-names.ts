/** Options of tasks, calls, workers and results are checked by name, as settings are. */
import { CeleryError } from "../errors.js";
import { checkSettingNames } from "./known-settings.js";

/** The names of an interface; the compiler sees to it that they are all there, and no others. */
export function namesOf<T extends object>(names: Readonly<Record<keyof T, true>>): ReadonlySet<string> {
  return new Set(Object.keys(names));
}

/**
 * @param what - that which was given, for the message
 * @throws CeleryError `bad-option` for what is no object, and for a name that is not in `known`, with what to write instead
 */
export function checkNames(given: object, known: ReadonlySet<string>, what: string): void {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    const some = [...known].slice(0, 3).join(", ");
    throw new CeleryError(`Cannot use ${what}: want an object with any of ${some}, ...`, { code: "bad-option" });
  }
  checkSettingNames(given, known, what);
}
