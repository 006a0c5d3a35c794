/** CPython's extension registry (`copyreg`): small numbers that protocol 2 and above write in place of names. */
import { badRegistration, keyOf } from "./registration.js";

interface Name {
  readonly module: string;
  readonly name: string;
}

/** Codes and names, one to one. */
export class ExtensionCodes {
  readonly #names = new Map<number, Name>();
  readonly #codes = new Map<string, number>();

  /** @throws PickleError `bad-option` when the code or the name is taken, or the code is not from 1 to 2^31-1 */
  add(module: string, name: string, code: number): void {
    if (!Number.isInteger(code) || code < 1 || code > 0x7fffffff) {
      throw badRegistration(`Cannot register extension code ${code}: must be an integer from 1 to 2147483647`);
    }
    const key = keyOf(module, name);
    if (this.#names.has(code)) throw badRegistration(`Cannot register extension code ${code} twice`);
    if (this.#codes.has(key)) throw badRegistration(`Cannot register an extension code for ${module}.${name} twice`);
    this.#names.set(code, Object.freeze({ module, name }));
    this.#codes.set(key, code);
  }

  nameOf(code: number): Name | undefined {
    return this.#names.get(code);
  }

  codeOf(module: string, name: string): number | undefined {
    // Asked for each global that is written, and nearly always of no codes at all: makes no key then.
    return this.#codes.size === 0 ? undefined : this.#codes.get(keyOf(module, name));
  }
}
