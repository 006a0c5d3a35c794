/** Sets, Maps and objects of known classes: their opcodes and calls, around what `collection-writer.ts` writes. */
import type { BytesCall, EncodeContext, GlobalEntry, Reduction } from "../../../globals/registry.js";
import { PyDict } from "../../../python/containers/dict.js";
import { Tuple } from "../../../python/containers/sequences.js";
import { FrozenSet, PySet } from "../../../python/containers/sets.js";
import { PyGlobal } from "../../../python/objects/objects.js";
import * as op from "../../opcodes.js";
import { NO_PLACE } from "../memo/identity-memo.js";
import type { ResolvedPicklerOptions } from "../pickler-options.js";
import { hasMore, ReduceSaving } from "../saving/reduce-saving.js";
import { callForSet, lowerReduction } from "../saving/reductions.js";
import { saveBytes } from "../saving/save-bytes.js";
import { Saving } from "../saving/saving.js";
import { CollectionWriter } from "./collection-writer.js";

const ArrayPrototype = Array.prototype;
const MapPrototype = Map.prototype;
const PyDictPrototype = PyDict.prototype;
const SetPrototype = Set.prototype;
const PySetPrototype = PySet.prototype;
const FrozenSetPrototype = FrozenSet.prototype;

export abstract class ObjectWriter extends CollectionWriter implements EncodeContext {
  reducerOverride: ResolvedPicklerOptions["reducerOverride"];
  /** Levels that are written by recursion. */
  protected abstract readonly maxRecursion: number;
  /**
   * By prototype: the entries of classes that were met, and that are written as these say and nothing else. Weak, since it
   * outlives the pickle where nothing can change what a class is written as.
   */
  protected entries = new WeakMap<object, GlobalEntry>();
  private hasEntries = false;
  protected keepsEntries = false;

  /** Writes what `saving` holds, to the end. */
  abstract drive(saving: Saving, depth: number): void;
  /** The same of one whose call is written. */
  protected abstract driveOn(saving: Saving, depth: number): void;

  /** Says that all instances of the class with this prototype are written as `entry` says. */
  remember(prototype: object, entry: GlobalEntry): void {
    this.entries.set(prototype, entry);
    this.hasEntries = true;
  }

  protected forgetEntries(): void {
    if (!this.hasEntries) return;
    this.entries = new WeakMap();
    this.hasEntries = false;
  }

  /** Writes a set or a Map, if it is one. */
  protected saveCollection(value: object, prototype: unknown, depth: number): boolean {
    if (prototype === MapPrototype || prototype === PyDictPrototype) {
      if (this.protocol === 0 || this.undefinedMode === "omit") return false;
      if (!this.openOrGet(op.EMPTY_DICT, value)) this.saveMapPairs(value as Map<unknown, unknown>, depth);
      return true;
    }
    if (prototype === SetPrototype || prototype === PySetPrototype) {
      const set = value as Set<unknown>;
      if (this.protocol < 4) this.saveSetAsCall(set, depth);
      else if (!this.openOrGet(op.EMPTY_SET, set)) this.saveMembers(set, depth);
      return true;
    }
    if (prototype !== FrozenSetPrototype) return false;
    const set = value as Set<unknown>;
    if (this.protocol < 4) this.saveSetAsCall(set, depth);
    else this.saveFrozenSet(set, depth);
    return true;
  }

  private saveSetAsCall(set: Set<unknown>, depth: number): void {
    for (const member of set) this.checkKey(member);
    this.saveReduction(set, callForSet(set), depth);
  }

  /** Refers to an equal object that was written before and is the same in Python; says whether there was one. */
  getSingleton(value: object, entry: GlobalEntry): boolean {
    const key = entry.singletonKey!(value, this);
    if (key === undefined) return false;
    const first = this.singleton(entry, key, value);
    const known = first === value ? -1 : this.objectMemo.find(first);
    if (known >= 0) this.get(known);
    return known >= 0;
  }

  /** An object of a class whose entry is known. */
  protected saveReduced(value: object, entry: GlobalEntry, depth: number): void {
    const place = this.objectMemo.reserve(value);
    const known = this.objectMemo.indexAt(place);
    if (known >= 0) {
      this.get(known);
      return;
    }
    if (entry.singletonKey !== undefined && this.getSingleton(value, entry)) return;
    if (entry.bytesCall?.write !== undefined && this.protocol >= 2 && !this.asksForParts()) {
      this.saveBytesCall(value, entry, entry.bytesCall, place, depth);
      return;
    }
    const reduction = entry.reduce!(value, this);
    if (reduction instanceof PyGlobal) this.saveGlobal(reduction, value);
    else this.saveNew(value, place, lowerReduction(reduction, this), depth);
  }

  protected override asksForParts(): boolean {
    return this.persistentId !== undefined || this.reducerOverride !== undefined;
  }

  /** A call on bytes and perhaps a second argument. Protocol 2 and above. */
  private saveBytesCall(value: object, entry: GlobalEntry, call: BytesCall, place: number, depth: number): void {
    const { size } = call;
    this.saveOwnGlobal(this.registry.globalOf(entry));
    this.ready();
    let second: unknown;
    if (this.protocol >= 3) {
      this.room(size);
      const { buf, pos } = this;
      buf[pos] = op.SHORT_BINBYTES;
      buf[pos + 1] = size;
      second = call.write!(value, buf, pos + 2, this);
      this.pos = pos + 2 + size;
      this.put();
    } else {
      const bytes = new Uint8Array(size);
      second = call.write!(value, bytes, 0, this);
      saveBytes(this, bytes, undefined);
    }
    if (second !== undefined) this.saveSecond(second, depth + 1);
    this.closeTuple(second === undefined ? 1 : 2, NO_PLACE);
    this.closeCall("reduce", place);
  }

  private saveSecond(argument: unknown, depth: number): void {
    try {
      this.save(argument, depth);
    } catch (error) {
      this.note("[1]");
      throw error;
    }
  }

  /** An object that is written as this call. */
  private saveReduction(value: object, reduction: Reduction, depth: number): void {
    const place = this.objectMemo.reserve(value);
    const known = this.objectMemo.indexAt(place);
    if (known >= 0) this.get(known);
    else this.saveNew(value, place, reduction, depth);
  }

  private saveNew(value: object, place: number, reduction: Reduction, depth: number): void {
    if (!this.saveCall(reduction, place, depth) || !hasMore(reduction)) return;
    const { listItems, dictItems, state } = reduction;
    if (this.protocol === 0 || reduction.stateSetter !== undefined) {
      const saving = new ReduceSaving(value, reduction);
      saving.resume();
      this.driveOn(saving, depth);
      return;
    }
    if (listItems !== undefined) this.saveListItems(listItems, depth + 1);
    if (dictItems !== undefined) this.saveDictItems(dictItems, depth + 1);
    if (state === undefined || state === null) return;
    if (reduction.ownsState === true && this.persistentId === undefined) {
      this.saveOwnState(state as Record<string, unknown>, depth);
    } else {
      this.save(state, depth);
      this.writeOpcode(op.BUILD);
    }
  }

  private saveOwnState(state: Record<string, unknown>, depth: number): void {
    this.ready();
    this.writeOpcode(op.EMPTY_DICT);
    this.put();
    this.savePairs(state, depth);
    this.writeOpcode(op.BUILD);
  }

  /**
   * The callable, the arguments and REDUCE, as a {@link ReduceSaving} would hand them out, without asking for them one by
   * one: most objects are no more than that. False: the object contained itself and is complete.
   */
  protected saveCall(reduction: Reduction, place: number, depth: number): boolean {
    const { callable, args, kwargs, kind } = reduction;
    if (callable instanceof Saving) this.drive(callable, depth + 1);
    else if (callable instanceof PyGlobal && !this.asksForParts()) this.saveOwnGlobal(callable);
    else this.save(callable, depth);
    // The arguments are a value, before which a full frame ends.
    this.ready();
    if (args instanceof Tuple && kind !== "newobj") this.save(args, depth);
    else if (args.length === 0) this.saveEmptyTuple();
    else this.saveTupleItems(args, NO_PLACE, depth + 1, reduction.ownsFirst);
    if (kind === "newobj_ex") this.save(kwargs ?? new Map(), depth);
    return this.closeCall(kind, place);
  }

  /** As {@link save}, of a string, bytes, array or Map in nobody else's hands. */
  protected saveOwned(value: unknown, depth: number): void {
    if (this.pos >= this.limit) this.boundary();
    if (this.persistentId !== undefined && this.savePersistent(value, depth)) return;
    if (typeof value === "string") this.saveNewStr(value);
    else if (value instanceof Uint8Array) saveBytes(this, value, undefined);
    else if (this.protocol === 0 || depth >= this.maxRecursion) this.saveValue(value, depth);
    else this.saveOwnContainer(value, depth);
  }

  private saveOwnContainer(value: unknown, depth: number): void {
    const prototype: unknown = typeof value === "object" && value !== null && Object.getPrototypeOf(value);
    if (prototype === ArrayPrototype) this.saveOwnList(value as unknown[], depth + 1);
    else if (prototype === MapPrototype) this.saveOwnDict(value as Map<unknown, unknown>, depth + 1);
    else this.saveValue(value, depth);
  }

  private saveOwnList(items: readonly unknown[], depth: number): void {
    this.buf[this.pos++] = op.EMPTY_LIST;
    this.put();
    this.saveItems(items, depth);
  }

  private saveOwnDict(map: ReadonlyMap<unknown, unknown>, depth: number): void {
    this.buf[this.pos++] = op.EMPTY_DICT;
    this.put();
    this.saveMapPairs(map, depth);
  }
}
