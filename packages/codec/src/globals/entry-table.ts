/** What a registry finds: its own entries, by Python name and by JavaScript class, then those of the registries it extends. */
import { ExtensionCodes } from "./extension-codes.js";
import { OuterClasses } from "./outer-classes.js";
import { badRegistration } from "./registration.js";
import type { AnyClass, ClassRegistryView, EntrySource, GlobalEntry } from "./registry.js";

export class EntryTable {
  readonly #modules = new Map<string, Map<string, GlobalEntry>>();
  readonly #targets = new Map<AnyClass, GlobalEntry>();
  readonly #tags = new Map<string, GlobalEntry>();
  readonly #extensions = new ExtensionCodes();
  readonly #outers = new OuterClasses();
  readonly #parents: readonly ClassRegistryView[];
  /** Sources whose entries are not made yet, in the order in which a class is looked for in them. */
  readonly #sources = new Set<EntrySource>();

  /** @param parents - where to look for what is not here, in order */
  constructor(parents: readonly ClassRegistryView[]) {
    this.#parents = parents;
  }

  // ---- taking in

  /** @throws PickleError `bad-option` when its name or its class is taken */
  add(entry: GlobalEntry): void {
    let names = this.#modules.get(entry.module);
    if (names === undefined) {
      names = new Map();
      this.#modules.set(entry.module, names);
    }
    if (names.has(entry.name)) throw badRegistration(`Cannot register ${entry.module}.${entry.name} twice`);
    if (entry.target !== undefined) {
      const other = this.#targets.get(entry.target);
      if (other !== undefined) {
        throw badRegistration(
          `Cannot register ${entry.target.name} as ${entry.module}.${entry.name}: it is ${other.module}.${other.name} already`,
        );
      }
      this.#targets.set(entry.target, entry);
    }
    names.set(entry.name, entry);
    this.#outers.add(entry);
  }

  /** @throws PickleError `bad-option` when the class or tag is taken */
  addTwin(target: AnyClass | string, entry: GlobalEntry): void {
    const has = typeof target === "string" ? this.#tags.has(target) : this.#targets.has(target);
    if (has) {
      throw badRegistration(`Cannot register ${typeof target === "string" ? target : target.name} twice`);
    }
    if (typeof target === "string") this.#tags.set(target, entry);
    else this.#targets.set(target, entry);
  }

  addSource(source: EntrySource): void {
    this.#sources.add(source);
  }

  /** @throws PickleError `bad-option` when the code or the name is taken, or the code is out of range */
  addExtension(module: string, name: string, code: number): void {
    this.#extensions.add(module, name, code);
  }

  /** Makes a source's entries. Not a change of what is registered, so also of a frozen registry. */
  #make(source: EntrySource): void {
    this.#sources.delete(source);
    for (const entry of source.entries()) this.add(entry);
    for (const [target, entry] of source.twins?.() ?? []) this.addTwin(target, entry);
  }

  // ---- finding

  find(module: string, name: string): GlobalEntry | undefined {
    let own = this.#modules.get(module)?.get(name);
    if (own === undefined && this.#sources.size > 0) {
      for (const source of this.#sources) if (source.modules.includes(module)) this.#make(source);
      own = this.#modules.get(module)?.get(name);
    }
    if (own !== undefined) return own;
    for (const parent of this.#parents) {
      const entry = parent.find(module, name);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  findOuter(module: string, name: string): GlobalEntry | undefined {
    const own = this.#outers.find(module, name);
    if (own !== undefined) return own;
    for (const parent of this.#parents) {
      const entry = parent.findOuter?.(module, name);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  findByTarget(target: AnyClass): GlobalEntry | undefined {
    const own = this.#findOwnByTarget(target);
    if (own !== undefined) return own;
    for (const source of this.#sources) {
      if (source.makesItsClasses) continue;
      this.#make(source);
      const made = this.#findOwnByTarget(target);
      if (made !== undefined) return made;
    }
    for (const parent of this.#parents) {
      const entry = parent.findByTarget(target);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  #findOwnByTarget(target: AnyClass): GlobalEntry | undefined {
    return this.#targets.get(target) ?? (this.#tags.size === 0 ? undefined : this.#findByTag(target));
  }

  #findByTag(target: AnyClass): GlobalEntry | undefined {
    const prototype = target.prototype as { readonly [Symbol.toStringTag]?: unknown } | undefined;
    if (prototype === undefined || prototype === null || !Object.hasOwn(prototype, Symbol.toStringTag))
      return undefined;
    // A getter on the prototype, such as that of typed arrays, may want an instance.
    const tag = Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag)?.value;
    return typeof tag === "string" ? this.#tags.get(tag) : undefined;
  }

  findExtension(code: number): { readonly module: string; readonly name: string } | undefined {
    const own = this.#extensions.nameOf(code);
    if (own !== undefined) return own;
    for (const parent of this.#parents) {
      const found = parent.findExtension(code);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  extensionCode(module: string, name: string): number | undefined {
    const own = this.#extensions.codeOf(module, name);
    if (own !== undefined) return own;
    for (const parent of this.#parents) {
      const code = parent.extensionCode(module, name);
      if (code !== undefined) return code;
    }
    return undefined;
  }

  /** Its own entries, all of them made. */
  *entries(): IterableIterator<GlobalEntry> {
    for (const source of this.#sources) this.#make(source);
    for (const names of this.#modules.values()) yield* names.values();
  }

  /** Whether what the parents find stays so. */
  get hasSettledParents(): boolean {
    return this.#parents.every((parent) => parent.isSettled === true);
  }
}
