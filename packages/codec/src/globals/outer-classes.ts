/**
 * Classes that nobody registered but those within them are. Up to protocol 3 a pickle names a nested class by way of the ones
 * around it, `getattr(Outer, 'Inner')`, so they must have a name, too; nothing else can be done with them.
 */
import type { PyGlobal } from "../python/objects/objects.js";
import { keyOf } from "./registration.js";
import type { ClassRegistryView, GlobalEntry } from "./registry.js";

/** The classes around those of one registry. */
export class OuterClasses {
  readonly #entries = new Map<string, GlobalEntry>();

  /** Remembers the classes around one that is registered. */
  add({ module, name }: GlobalEntry): void {
    for (let dot = name.indexOf("."); dot > 0; dot = name.indexOf(".", dot + 1)) {
      const outer = name.slice(0, dot);
      const key = keyOf(module, outer);
      if (!this.#entries.has(key)) this.#entries.set(key, outerEntry(module, outer));
    }
  }

  find(module: string, name: string): GlobalEntry | undefined {
    return this.#entries.get(keyOf(module, name));
  }
}

function outerEntry(module: string, name: string): GlobalEntry {
  return {
    module,
    name,
    getAttribute: (attribute, { registry }) => nestedClass(registry, module, `${name}.${attribute}`),
  };
}

/** The class of a qualified name, registered or around one that is. */
export function nestedClass(registry: ClassRegistryView, module: string, name: string): PyGlobal | undefined {
  const entry = registry.find(module, name) ?? registry.findOuter?.(module, name);
  return entry === undefined ? undefined : registry.globalOf(entry);
}
