/** Brine's verdict on a pickle, with the globals of `shared.json` and no others. */
import {
  ByteArray,
  ClassRegistry,
  isPickleError,
  type PickleError,
  type PicklerOptions,
  PyGlobal,
  Tuple,
  Unpickler,
  type UnpicklerOptions,
} from "@brine/codec";
import { canonical, Plain, State, TooBig } from "./canonical.js";
import shared from "./shared.json" with { type: "json" };

export type BrineVerdict =
  | { readonly value: string }
  | { readonly error: PickleError }
  | { readonly skip: string }
  /** Something that must never leave the decoder. */
  | { readonly crash: unknown };

const ALLOWED: ReadonlySet<string> = new Set(shared.globals.map(([module, name]) => `${module}.${name}`));

const registry = new ClassRegistry();
registry.register("app.Plain", Plain);
registry.register("app.State", State);
for (const [module, name, code] of shared.extensions as [string, string, number][]) {
  registry.registerExtension(module, name, code);
}

class Restricted extends Unpickler {
  override findClass(module: string, name: string) {
    const found = super.findClass(module, name);
    if (found instanceof PyGlobal && ALLOWED.has(String(found))) return found;
    throw new Error(`forbidden: ${module}.${name}`);
  }
}

function options(): UnpicklerOptions {
  return {
    registry,
    encoding: "latin1",
    persistentLoad: (id) => Tuple.of<unknown>("persistent", id),
    buffers: [Buffer.from(shared.buffers[0]!, "base64"), ByteArray.from(Buffer.from(shared.buffers[1]!, "base64"))],
  };
}

function verdict(load: () => unknown, isLoose: boolean): BrineVerdict {
  let value: unknown;
  try {
    value = load();
  } catch (error) {
    return isPickleError(error) ? { error } : { crash: error };
  }
  try {
    return { value: canonical(value, { isLoose }) };
  } catch (error) {
    return error instanceof TooBig ? { skip: "TooBig" } : { crash: error };
  }
}

/** With the model options that keep every type and order, as CPython's value is. @throws PickleError */
export function loadExact(pickle: Uint8Array): unknown {
  return new Restricted(pickle, { ...options(), dict: "map", float: "exact" }).load();
}

/** With the default options. @throws PickleError */
export function loadDefault(pickle: Uint8Array): unknown {
  return new Restricted(pickle, options()).load();
}

/** What writing needs to know of the classes that reading knows. */
export const WRITE_OPTIONS: PicklerOptions = { registry };

export function exactVerdict(pickle: Uint8Array): BrineVerdict {
  return verdict(() => loadExact(pickle), false);
}

/** With the default options, compared without what they are meant to forget. */
export function looseVerdict(pickle: Uint8Array): BrineVerdict {
  return verdict(() => loadDefault(pickle), true);
}

/** As {@link exactVerdict}, but of the same looseness as {@link looseVerdict}. */
export function looseExactVerdict(pickle: Uint8Array): BrineVerdict {
  return verdict(() => loadExact(pickle), true);
}
