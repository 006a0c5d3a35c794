/** Names of globals between Python 2 and 3, as `fix_imports` maps them in pickles of protocol 0 to 2. */
import { IMPORT_MAPPING, NAME_MAPPING, REVERSE_IMPORT_MAPPING, REVERSE_NAME_MAPPING } from "./fix-imports-data.js";

type QualifiedName = readonly [module: string, name: string];

/** What became of one module. */
interface Moved {
  /** Its new name; `undefined`: the same. */
  module: string | undefined;
  /** Names in it that went elsewhere than the module. */
  readonly names: Map<string, QualifiedName>;
}

class Renames {
  readonly #modules = new Map<string, Moved>();

  /** Each row of a table is a line, its fields apart by spaces. */
  constructor(modules: string, names: string) {
    for (const [from, to] of rows(modules)) this.#of(from!).module = to!;
    for (const [module, name, toModule, toName] of rows(names)) {
      this.#of(module!).names.set(name!, [toModule!, toName!]);
    }
  }

  #of(module: string): Moved {
    let moved = this.#modules.get(module);
    if (moved === undefined) {
      moved = { module: undefined, names: new Map() };
      this.#modules.set(module, moved);
    }
    return moved;
  }

  rename(module: string, name: string): QualifiedName {
    const moved = this.#modules.get(module);
    if (moved === undefined) return [module, name];
    return moved.names.get(name) ?? [moved.module ?? module, name];
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
