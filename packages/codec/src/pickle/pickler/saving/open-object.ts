/**
 * Finds out how an object is written, by its class: a container is opened, an object of a registered class becomes a call.
 * What it holds is left to the encoder, as a {@link Saving}; `undefined` says that all of it is written.
 */
import { normalizeReduction } from "../../../globals/reduction.js";
import type { AnyClass, Reduction } from "../../../globals/registry.js";
import { PickleBuffer } from "../../../python/containers/buffers.js";
import { PyDict } from "../../../python/containers/dict.js";
import { ByteArray, Tuple } from "../../../python/containers/sequences.js";
import { FrozenSet, PySet } from "../../../python/containers/sets.js";
import { PyFloat } from "../../../python/numbers/numbers.js";
import { FreshBytes, FreshString, PyGlobal, PyObject } from "../../../python/objects/objects.js";
import * as op from "../../opcodes.js";
import type { Encoder } from "../encoder.js";
import { classOf, foreignType } from "../foreign-values.js";
import { DictSaving, FrozenSetSaving, ListSaving, SetSaving, TupleSaving } from "./container-saving.js";
import { ReduceSaving } from "./reduce-saving.js";
import { callForSet, lowerReduction, savingOfPyObject } from "./reductions.js";
import { saveBuffer, saveBytearray, saveBytes } from "./save-bytes.js";
import type { Saving } from "./saving.js";

const ObjectPrototype = Object.prototype;
const ArrayPrototype = Array.prototype;
const MapPrototype = Map.prototype;
const TuplePrototype = Tuple.prototype;
const BufferPrototype = (globalThis as { readonly Buffer?: AnyClass }).Buffer?.prototype;

/** Writes `value`, which is in no memo yet, or as much of it as comes before what it holds. */
export function openObject(encoder: Encoder, value: object): Saving | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    if (prototype === ArrayPrototype) return openList(encoder, value);
    if (prototype === TuplePrototype) return openTuple(encoder, value);
  } else if (prototype === ObjectPrototype || prototype === null) {
    return openDict(encoder, value);
  } else if (prototype === MapPrototype || prototype === PyDict.prototype) {
    return openMap(encoder, value as Map<unknown, unknown>);
  } else if (prototype === Set.prototype || prototype === PySet.prototype) {
    return openSet(encoder, value as Set<unknown>);
  } else if (prototype === FrozenSet.prototype) {
    return openFrozenSet(encoder, value as FrozenSet);
  } else if (prototype === Uint8Array.prototype || prototype === BufferPrototype) {
    saveBytes(encoder, value as Uint8Array, value);
    return undefined;
  } else if (prototype === PyFloat.prototype) {
    encoder.saveFloat((value as PyFloat).value);
    return undefined;
  } else if (prototype === ByteArray.prototype) {
    return saveBytearray(encoder, value as ByteArray, value);
  } else if (prototype === ArrayBuffer.prototype) {
    saveBytes(encoder, new Uint8Array(value as ArrayBuffer), value);
    return undefined;
  } else if (prototype === PickleBuffer.prototype) {
    return saveBuffer(encoder, value as PickleBuffer);
  }
  return openReduced(encoder, value, prototype as object);
}

function openList(encoder: Encoder, items: readonly unknown[]): Saving | undefined {
  encoder.openContainer(op.EMPTY_LIST, op.LIST, items);
  return items.length === 0 ? undefined : new ListSaving(items);
}

function openTuple(encoder: Encoder, items: readonly unknown[]): Saving | undefined {
  if (items.length > 0) return new TupleSaving(items, items, encoder.protocol);
  encoder.saveEmptyTuple();
  return undefined;
}

function openDict(encoder: Encoder, object: object): Saving | undefined {
  encoder.openContainer(op.EMPTY_DICT, op.DICT, object);
  return openPairs(encoder, Object.entries(object));
}

function openMap(encoder: Encoder, map: Map<unknown, unknown>): Saving | undefined {
  encoder.openContainer(op.EMPTY_DICT, op.DICT, map);
  if (encoder.undefinedMode === "omit") return openPairs(encoder, [...map]);
  return map.size === 0 ? undefined : new DictSaving(map, map.size);
}

function openPairs(encoder: Encoder, pairs: readonly (readonly [unknown, unknown])[]): Saving | undefined {
  const kept = encoder.undefinedMode === "omit" ? pairs.filter((pair) => pair[1] !== undefined) : pairs;
  return kept.length === 0 ? undefined : new DictSaving(kept, kept.length);
}

function openSet(encoder: Encoder, set: Set<unknown>): Saving | undefined {
  if (encoder.protocol < 4) return new ReduceSaving(set, callForSet(set));
  encoder.openContainer(op.EMPTY_SET, op.EMPTY_SET, set);
  return set.size === 0 ? undefined : new SetSaving(set);
}

function openFrozenSet(encoder: Encoder, set: FrozenSet): Saving {
  if (encoder.protocol >= 4) return new FrozenSetSaving(set);
  return new ReduceSaving(set, callForSet(set));
}

// -- objects that are written as a call, and references to classes

function openReduced(encoder: Encoder, value: object, prototype: object | null): Saving | undefined {
  if (value instanceof FreshString) {
    encoder.saveFreshStr(value.text);
    return undefined;
  }
  if (value instanceof FreshBytes) {
    saveBytes(encoder, value.bytes, undefined);
    return undefined;
  }
  if (encoder.reducerOverride !== undefined) {
    const reduced: unknown = encoder.reducerOverride(value);
    if (reduced !== undefined) return openReduction(encoder, value, normalized(encoder, reduced, value));
  }
  if (value instanceof PyGlobal) {
    encoder.saveGlobal(value);
    return undefined;
  }
  if (typeof value === "function") {
    saveFunction(encoder, value as AnyClass);
    return undefined;
  }
  const jsClass = classOf(prototype);
  const reducer = jsClass === undefined ? undefined : encoder.dispatchTable?.get(jsClass);
  if (reducer !== undefined) return openReduction(encoder, value, normalized(encoder, reducer(value as never), value));
  const entry = jsClass === undefined ? undefined : encoder.registry.findByTarget(jsClass);
  if (entry?.reduce !== undefined) {
    if (encoder.reducerOverride === undefined) encoder.remember(prototype as object, entry);
    if (entry.singletonKey !== undefined && encoder.getSingleton(value, entry)) return undefined;
    return openReduction(encoder, value, entry.reduce(value, encoder));
  }
  if (value instanceof PyObject) return openPyObject(encoder, value);
  return openUnregistered(encoder, value, jsClass);
}

function normalized(encoder: Encoder, reduced: unknown, value: object): Reduction | PyGlobal {
  const jsClass = classOf(Object.getPrototypeOf(value));
  const entry = jsClass === undefined ? undefined : encoder.registry.findByTarget(jsClass);
  const name = entry ?? { module: "builtins", name: jsClass?.name ?? "object" };
  return normalizeReduction(reduced as Reduction, name, encoder);
}

function openReduction(encoder: Encoder, value: object, reduction: Reduction | PyGlobal): Saving | undefined {
  if (!(reduction instanceof PyGlobal)) return new ReduceSaving(value, lowerReduction(reduction, encoder));
  encoder.saveGlobal(reduction, value);
  return undefined;
}

/** A class or function of JavaScript that the registry knows by a Python name. */
function saveFunction(encoder: Encoder, value: AnyClass): void {
  const entry = encoder.registry.findByTarget(value);
  if (entry !== undefined) {
    encoder.saveGlobal(encoder.registry.globalOf(entry), value);
    return;
  }
  const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "function";
  const register = kind === "class" ? "registry.register" : "registry.registerFunction";
  throw encoder.fail(
    `Cannot pickle ${kind} ${JSON.stringify(value.name)}: only registered ones have a name in Python; leave it out, or use ${register}("module.${value.name || "name"}", ...)`,
  );
}

function openPyObject(encoder: Encoder, value: PyObject): Saving {
  if (encoder.opaque === "refuse") {
    throw encoder.fail(
      `Cannot pickle a PyObject of ${String(value.callable)}: register its class, or pass the option opaque: "allow"`,
    );
  }
  return savingOfPyObject(value, encoder);
}

/** What to do about classes of JavaScript and the web whose instances have no properties that a registration would find. */
const INSTEAD: Readonly<Record<string, string>> = {
  Promise: "await it first",
  URL: "use its href, or an adapter: registry.register(name, URL, { ... })",
  URLSearchParams: "use Object.fromEntries(it)",
  Headers: "use Object.fromEntries(it)",
  FormData: "use Object.fromEntries(it)",
  RegExp: "use a Pattern, Python's re.compile()",
  String: "use a plain string",
  Number: "use a plain number",
  Boolean: "use a plain boolean",
  BigInt: "use a plain bigint",
  Symbol: "use its description",
  // Those of this realm are registered.
  Date: "it is of another realm (node:vm, Jest); use new Date(it.getTime())",
  Generator: "use [...it]",
  "Array Iterator": "use [...it]",
  "Map Iterator": "use [...it]",
  "Set Iterator": "use [...it]",
  AsyncGenerator: "collect its items first",
  DataView: "use a Uint8Array of its bytes",
  SharedArrayBuffer: "use a Uint8Array of its bytes",
  Blob: "use the bytes: await it.bytes(), or it.arrayBuffer()",
  WeakMap: "nobody can list what it holds",
  WeakSet: "nobody can list what it holds",
};

function openUnregistered(encoder: Encoder, value: object, jsClass: AnyClass | undefined): Saving | undefined {
  const { __reduce_ex__: reduceEx, __reduce__: reduce } = value as {
    readonly __reduce_ex__?: unknown;
    readonly __reduce__?: unknown;
  };
  if (typeof reduceEx === "function") {
    return openReduction(
      encoder,
      value,
      normalized(encoder, Reflect.apply(reduceEx, value, [encoder.protocol]), value),
    );
  }
  if (typeof reduce === "function") {
    return openReduction(encoder, value, normalized(encoder, Reflect.apply(reduce, value, []), value));
  }
  const name = jsClass?.name ?? "";
  switch (foreignType(value)) {
    case "Array":
      if (name === "Array") return openList(encoder, value as unknown[]);
      break;
    case "Object":
      // A plain object of another realm: its prototype is that realm's Object.prototype.
      if (name === "Object" && Object.getPrototypeOf(jsClass!.prototype) === null) return openDict(encoder, value);
      break;
    case "Map":
      if (name === "Map") return openMap(encoder, value as Map<unknown, unknown>);
      break;
    case "Set":
      if (name === "Set") return openSet(encoder, value as Set<unknown>);
      break;
    case "Uint8Array":
      if (name === "Uint8Array" || name === "Buffer" || name === "FastBuffer") {
        saveBytes(encoder, value as Uint8Array, value);
        return undefined;
      }
      break;
  }
  const shown = name === "" ? "an object of an anonymous class" : `an instance of class ${name}`;
  const known = name === "" ? foreignType(value) : name;
  const instead = Object.hasOwn(INSTEAD, known) ? INSTEAD[known] : undefined;
  if (instead !== undefined) throw encoder.fail(`Cannot pickle ${shown}: ${instead}`);
  throw encoder.fail(
    `Cannot pickle ${shown}: it is not registered; use registry.register("module.${name || "ClassName"}", ${name || "TheClass"})`,
  );
}
