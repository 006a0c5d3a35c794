/** Names of globals between Python 2 and 3, as `fix_imports` maps them in pickles of protocol 0 to 2. */
import { IMPORT_MAPPING, NAME_MAPPING, REVERSE_IMPORT_MAPPING, REVERSE_NAME_MAPPING } from "./fix-imports-data.js";

type QualifiedName = readonly [module: string, name: string];

class Renames {
  readonly #modules: ReadonlyMap<string, string>;
  // A newline cannot be part of a GLOBAL's module line, so the joined key is unambiguous.
  readonly #names: ReadonlyMap<string, QualifiedName>;

  /** Each row of a table is a line, its fields apart by spaces. */
  constructor(modules: string, names: string) {
    this.#modules = new Map(rows(modules).map(([from, to]) => [from!, to!]));
    this.#names = new Map(
      rows(names).map(([module, name, toModule, toName]) => [`${module}\n${name}`, [toModule!, toName!]]),
    );
  }

  rename(module: string, name: string): QualifiedName {
    const renamed = this.#names.get(`${module}\n${name}`);
    return renamed ?? [this.#modules.get(module) ?? module, name];
  }
}

function rows(table: string): string[][] {
  return table
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
}

// Built on first use: most pickles are protocol 3 and above and never need them.
let toPython3: Renames | undefined;
let toPython2: Renames | undefined;

/**
 * Python 3's name of what Python 2 calls `module.name`; the same name where nothing moved.
 * CPython 3.12 `pickle.py` _Unpickler.find_class.
 */
export function fixImport(module: string, name: string): QualifiedName {
  toPython3 ??= new Renames(IMPORT_MAPPING, NAME_MAPPING);
  return toPython3.rename(module, name);
}

/**
 * Python 2's name of what Python 3 calls `module.name`. Lossy, as in CPython: `builtins.FileNotFoundError` becomes
 * `exceptions.OSError`. CPython 3.12 `pickle.py` _Pickler.save_global.
 */
export function reverseFixImport(module: string, name: string): QualifiedName {
  toPython2 ??= new Renames(REVERSE_IMPORT_MAPPING, REVERSE_NAME_MAPPING);
  return toPython2.rename(module, name);
}
