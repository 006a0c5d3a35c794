/** The checks of what options of kombu's layer are set to. Each takes `undefined` for an option that is not given. */
import { BOUND, badValueText, isBound } from "../options/option-values.js";
import { KombuError } from "./errors.js";

/** @throws KombuError `bad-option` for a value that is none of its option's choices */
export function checkChoices(options: object, choices: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, allowed] of Object.entries(choices)) {
    const value: unknown = (options as Record<string, unknown>)[name];
    if (value === undefined || allowed.includes(value as string)) continue;
    throw bad(name, value, allowed);
  }
}

/** @throws KombuError `bad-option` for what is no number from 0 on */
export function checkBound(name: string, value: unknown): void {
  if (value !== undefined && !isBound(value)) throw bad(name, value, BOUND);
}

/**
 * Of a list of names: a text is one of its letters.
 *
 * @throws KombuError `bad-option` for a text
 */
export function checkList(name: string, value: unknown): void {
  if (typeof value === "string") throw bad(name, value, `a list, such as [${JSON.stringify(value.slice(0, 80))}]`);
}

function bad(name: string, value: unknown, wanted: string | readonly string[]): KombuError {
  return new KombuError(badValueText(name, value, wanted), { code: "bad-option" });
}
