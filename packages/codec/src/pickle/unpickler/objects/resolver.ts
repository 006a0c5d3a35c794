/**
 * What the names, ids and buffers of a pickle stand for: the registry's word, the options', or a subclass's. A name is
 * looked up exactly as it is; nothing is imported.
 */
import { globalOfEntry } from "../../../globals/global-of.js";
import { keyOf } from "../../../globals/registration.js";
import type { AnyClass } from "../../../globals/registry.js";
import { type BufferLike, bytesOfBuffer, PickleBuffer } from "../../../python/containers/buffers.js";
import { ByteArray } from "../../../python/containers/sequences.js";
import { PyGlobal } from "../../../python/objects/objects.js";
import { fixImport } from "../../fix-imports.js";
import { typeName } from "../../type-name.js";
import { badOperand, fault, hookFailed } from "../faults.js";
import type { ResolvedUnpicklerOptions } from "../unpickler-options.js";
import { machineryOf } from "./machinery.js";
import { isBeforeRawBytes, unregistered } from "./unregistered.js";

/** Characters. A pickle names a global with three bytes, again and again, and each time all of its name is looked at. */
const MAX_NAME = 1000;

/** The same memory as Python's bytearray. */
function writable(bytes: Uint8Array): ByteArray {
  return new ByteArray(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

/** What names and ids mean: what a subclass of Unpickler may decide. */
export interface UnpicklerHooks {
  findClass(module: string, name: string): PyGlobal | AnyClass;
  persistentLoad(id: unknown): unknown;
  getExtension(code: number): PyGlobal | AnyClass;
}

/** The names of one input's pickles. */
export class Resolver implements UnpicklerHooks {
  readonly options: ResolvedUnpicklerOptions;
  /** Of the pickle at hand: Python 2's names are mapped up to 2. */
  protocol = 0;
  readonly #hooks: UnpicklerHooks;
  /** Globals that the registry does not know, with `unregistered: "opaque"`. */
  readonly #opaqueGlobals = new Map<string, PyGlobal>();
  #buffers: Iterator<BufferLike | PickleBuffer> | undefined = undefined;

  /** @param hooks - the resolver's own when absent */
  constructor(options: ResolvedUnpicklerOptions, hooks?: UnpicklerHooks) {
    this.options = options;
    this.#hooks = hooks ?? this;
  }

  /** The global of two operands. */
  global(module: unknown, name: unknown): object {
    if (typeof module !== "string" || typeof name !== "string") {
      throw badOperand(`the name is ${typeName(typeof name === "string" ? module : name)}, not a str`);
    }
    let found: unknown;
    try {
      found = this.#hooks.findClass(module, name);
    } catch (error) {
      throw hookFailed("findClass", error);
    }
    return this.#adopt(found);
  }

  extension(code: number): object {
    if (code <= 0) throw fault("bad-argument", `extension code ${code} is not positive`);
    let found: unknown;
    try {
      found = this.#hooks.getExtension(code);
    } catch (error) {
      throw hookFailed("getExtension", error);
    }
    return this.#adopt(found);
  }

  /** What a `findClass` returned, as a global; the value itself of a constant. */
  #adopt(found: unknown): object {
    if (found instanceof PyGlobal) return PyGlobal.entryOf(found)?.value ?? found;
    if (typeof found === "function") {
      const { registry } = this.options;
      const entry = registry.findByTarget(found as AnyClass);
      if (entry !== undefined) return registry.globalOf(entry);
      throw fault("hook-failed", `findClass returned ${found.name}, which is not registered`);
    }
    throw fault("hook-failed", `findClass returned ${typeName(found)}, not a class or a PyGlobal`);
  }

  persistent(id: unknown): unknown {
    let value: unknown;
    try {
      value = this.#hooks.persistentLoad(id);
    } catch (error) {
      throw hookFailed("persistentLoad", error);
    }
    if (value === undefined) throw fault("persistent-id", "persistentLoad returned undefined");
    return value;
  }

  // ---- what is meant unless a subclass says otherwise

  findClass(module: string, name: string): PyGlobal | AnyClass {
    if (this.protocol < 3 && this.options.fixImports) {
      const [newModule, newName] = fixImport(module, name);
      return this.#resolve(newModule, newName);
    }
    return this.#resolve(module, name);
  }

  /** The global of exactly this name (Python 3's). @throws UnpicklingError `unregistered-global` */
  #resolve(module: string, name: string): PyGlobal {
    const length = module.length + name.length;
    if (length > MAX_NAME) throw fault("unregistered-global", `nothing has a name of ${length} characters`);
    const machinery = machineryOf(module, name);
    if (machinery !== undefined) return globalOfEntry(machinery);
    const { registry } = this.options;
    const entry = registry.find(module, name) ?? registry.findOuter?.(module, name);
    if (entry !== undefined) return registry.globalOf(entry);
    const isOpaque = this.options.unregistered === "opaque" && !isBeforeRawBytes(module, name);
    if (isOpaque) return this.#opaqueGlobal(module, name);
    throw unregistered(module, name, registry);
  }

  #opaqueGlobal(module: string, name: string): PyGlobal {
    const key = keyOf(module, name);
    let global = this.#opaqueGlobals.get(key);
    if (global === undefined) {
      global = new PyGlobal(module, name);
      this.#opaqueGlobals.set(key, global);
    }
    return global;
  }

  persistentLoad(id: unknown): unknown {
    const load = this.options.persistentLoad;
    if (load === undefined) throw fault("persistent-id", "a persistent id needs persistentLoad");
    return load(id);
  }

  getExtension(code: number): PyGlobal | AnyClass {
    const name = this.options.registry.findExtension(code);
    if (name === undefined) throw fault("unregistered-extension", `extension code ${code} is not registered`);
    return this.#hooks.findClass(name.module, name.name);
  }

  // ---- buffers

  /** NEXT_BUFFER: the next of the option `buffers`. */
  nextBuffer(): Uint8Array {
    const { buffers } = this.options;
    if (buffers === undefined) throw fault("missing-buffer", "out-of-band data needs the option buffers");
    let next: IteratorResult<BufferLike | PickleBuffer>;
    try {
      this.#buffers ??= buffers[Symbol.iterator]();
      next = this.#buffers.next();
    } catch (error) {
      throw hookFailed("buffers", error);
    }
    if (next.done) throw fault("missing-buffer", "the option buffers has no buffer left");
    const { value } = next;
    // What bufferCallback got may be handed over as it is.
    if (value instanceof PickleBuffer) return value.readonly ? value.bytes : writable(value.bytes);
    const bytes = bytesOfBuffer(value);
    if (bytes === undefined) throw fault("missing-buffer", `buffers gave ${typeName(value)}, not bytes`);
    return bytes;
  }
}
