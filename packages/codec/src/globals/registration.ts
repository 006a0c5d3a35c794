/** The names under which is registered, and what registering asks of its arguments. */
import { PickleError } from "../errors.js";
import { badValue } from "../options/check.js";

const NAME = /^[^\s.]+(\.[^\s.]+)+$/;

/** The module and qualified name of `"app.models.A"` (the last part is the name) or `{ module, name }`. */
export function splitName(name: string | { readonly module: string; readonly name: string }): {
  readonly module: string;
  readonly name: string;
} {
  if (typeof name !== "string") {
    if (typeof name?.module === "string" && typeof name.name === "string") return name;
    throw badRegistration('Cannot register without a name: want "module.ClassName" or { module, name }');
  }
  if (!NAME.test(name))
    throw badRegistration(`Cannot register ${JSON.stringify(name)}: not of the form "module.ClassName"`);
  const dot = name.lastIndexOf(".");
  return { module: name.slice(0, dot), name: name.slice(dot + 1) };
}

/** A global as one key of a Map: no module has a newline in its name. */
export function keyOf(module: string, name: string): string {
  return `${module}\n${name}`;
}

/** @throws PickleError `bad-option` for a value that an option of registering cannot have; `undefined` is its default */
export function assertChoice(option: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw badValue(option, value, choices);
}

/** A `bad-option` error: what was to be registered cannot be. */
export function badRegistration(message: string): PickleError {
  return new PickleError(message, { code: "bad-option" });
}
