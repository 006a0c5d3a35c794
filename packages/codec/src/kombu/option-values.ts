/** The checks of what options of kombu's layer are set to. Each takes `undefined` for an option that is not given. */
import { KombuError } from "./errors.js";

/** @throws KombuError `bad-option` for a value that is none of its option's choices */
export function checkChoices(options: object, choices: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, allowed] of Object.entries(choices)) {
    const value: unknown = (options as Record<string, unknown>)[name];
    if (value === undefined || allowed.includes(value as string)) continue;
    const wanted = allowed.map((choice) => JSON.stringify(choice)).join(" or ");
    throw bad(name, value, wanted);
  }
}

/**
 * Of a bound: NaN, which `Number(undefined)` is, would be none at all.
 *
 * @throws KombuError `bad-option` for what is no number from 0 on
 */
export function checkBound(name: string, value: unknown): void {
  if (value === undefined || (typeof value === "number" && value >= 0)) return;
  throw bad(name, value, "a number from 0");
}

/**
 * Of a list of names: a text is one of its letters.
 *
 * @throws KombuError `bad-option` for a text
 */
export function checkList(name: string, value: unknown): void {
  if (typeof value === "string") throw bad(name, value, `a list, such as [${JSON.stringify(value.slice(0, 80))}]`);
}

function bad(name: string, value: unknown, wanted: string): KombuError {
  const shown = typeof value === "string" ? JSON.stringify(value.slice(0, 80)) : String(value);
  return new KombuError(`Cannot use option ${name} ${shown}: must be ${wanted}`, { code: "bad-option" });
}
