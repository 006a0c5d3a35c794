/** The value that stands for a registered name. */
import { PyGlobal } from "../python/objects/objects.js";
import type { GlobalEntry } from "./registry.js";

/** One PyGlobal an entry: an entry is one Python name, whichever registries hold it. */
const GLOBALS = new WeakMap<GlobalEntry, PyGlobal>();

/** The one {@link PyGlobal} that stands for an entry in decoded values and reductions, whichever registries have the entry. */
export function globalOfEntry(entry: GlobalEntry): PyGlobal {
  let global = GLOBALS.get(entry);
  if (global === undefined) {
    global = new PyGlobal(entry.module, entry.name, entry);
    GLOBALS.set(entry, global);
  }
  return global;
}

/** Lets a PyGlobal that exists already stand for an entry: constants such as `Ellipsis`. */
export function adoptGlobal(entry: GlobalEntry, global: PyGlobal): GlobalEntry {
  GLOBALS.set(entry, global);
  return entry;
}
