/** Lists, tuples and plain objects: nearly all of what is written, by recursion, which is the fastest way. */

import * as op from "../../opcodes.js";
import type { ResolvedPicklerOptions } from "../pickler-options.js";
import { keySegment } from "../trail.js";
import { BATCH_SIZE } from "./container-writer.js";
import { ErrorWriter } from "./error-writer.js";

/** Pairs of one dict whose keys go through the cache of keys. */
const MAX_CACHED_KEYS = 128;

export abstract class PlainWriter extends ErrorWriter {
  protected persistentId: ResolvedPicklerOptions["persistentId"];
  /** Whether `for in` finds properties that an object does not have itself. */
  protected isPolluted = false;

  /** Writes any value; `depth` is how many levels of recursion it is in. */
  abstract save(value: unknown, depth: number): void;
  /** As {@link save}, of a value that has no persistent id. */
  protected abstract saveValue(value: unknown, depth: number): void;
  /** Writes the persistent id of `value`, if the hook gives it one. */
  protected abstract savePersistent(value: unknown, depth: number): boolean;
  /** As {@link save}, of bytes or a string that are in nobody else's hands. */
  protected abstract saveOwned(value: unknown, depth: number): void;

  /** Refers to a list or dict if it was written before, which it says; else writes its start and remembers it. */
  protected openOrGet(opcode: number, object: object): boolean {
    const known = this.objectMemo.findOrAdd(object, this.memoCount);
    if (known >= 0) {
      this.get(known);
      return true;
    }
    this.buf[this.pos++] = opcode;
    this.put();
    return false;
  }

  /** What a list holds. CPython 3.12 `batch_list_exact`. */
  protected saveItems(items: readonly unknown[], depth: number): void {
    let i = 0;
    try {
      if (items.length === 1) {
        this.save(items[0], depth);
        this.writeOpcode(op.APPEND);
        return;
      }
      while (i < items.length) {
        this.writeOpcode(op.MARK);
        const end = Math.min(i + BATCH_SIZE, items.length);
        if (typeof items[i] === "number" && this.persistentId === undefined) i = this.saveNumbers(items, i, end);
        while (typeof items[i] === "string" && this.persistentId === undefined && i < end) {
          const next = this.saveStrings(items, i, end);
          if (next === i) break;
          i = next;
        }
        for (; i < end && i < items.length; i++) this.save(items[i], depth);
        this.writeOpcode(op.APPENDS);
      }
    } catch (error) {
      this.note(`[${i}]`);
      throw error;
    }
  }

  protected saveTuple(tuple: readonly unknown[], depth: number): void {
    if (tuple.length === 0) {
      this.saveEmptyTuple();
      return;
    }
    const place = this.objectMemo.reserve(tuple);
    const known = this.objectMemo.indexAt(place);
    if (known >= 0) this.get(known);
    else this.saveTupleItems(tuple, place, depth);
  }

  /** `ownsFirst`: the bytes or the string that come first are in nobody else's hands. */
  protected saveTupleItems(items: readonly unknown[], place: number, depth: number, ownsFirst = false): void {
    const count = items.length;
    let i = 0;
    try {
      if (this.protocol < 2 || count > 3) this.writeOpcode(op.MARK);
      if (ownsFirst) {
        this.saveOwned(items[0], depth);
        i = 1;
      }
      for (; i < count; i++) this.save(items[i], depth);
    } catch (error) {
      this.note(`[${i}]`);
      throw error;
    }
    this.closeTuple(count, place);
  }

  /** The own properties of a plain object. CPython 3.12 `batch_dict_exact`. */
  protected savePairs(object: Record<string, unknown>, depth: number): void {
    const omits = this.undefinedMode === "omit";
    let at = "";
    // The first pair waits until a second one shows that the pairs need a MARK.
    let firstKey = "";
    let firstValue: unknown;
    let count = 0;
    try {
      for (const key in object) {
        if (this.isPolluted && !Object.hasOwn(object, key)) continue;
        at = key;
        const value = object[key];
        if (value === undefined && omits) continue;
        if (count === 0) {
          firstKey = key;
          firstValue = value;
          count = 1;
          continue;
        }
        if (count === 1) {
          this.writeOpcode(op.MARK);
          at = firstKey;
          this.savePair(firstKey, firstValue, depth);
          at = key;
        } else if (count % BATCH_SIZE === 0) {
          this.writeOpcode(op.SETITEMS);
          this.writeOpcode(op.MARK);
        }
        if (count < MAX_CACHED_KEYS) this.savePair(key, value, depth);
        else this.saveWidePair(key, value, depth);
        count++;
      }
      if (count === 1) {
        at = firstKey;
        this.savePair(firstKey, firstValue, depth);
        this.writeOpcode(op.SETITEM);
      }
    } catch (error) {
      this.note(keySegment(at));
      throw error;
    }
    if (count < 2) return;
    this.writeOpcode(op.SETITEMS);
    if (count % BATCH_SIZE === 0) {
      // CPython notices the end only in another batch, which is then empty.
      this.writeOpcode(op.MARK);
      this.writeOpcode(op.SETITEMS);
    }
  }

  /** A pair of a dict so wide that its keys are no field names: they would only fill the cache of keys. */
  private saveWidePair(key: string, value: unknown, depth: number): void {
    if (this.pos >= this.limit) this.boundary();
    if (this.persistentId === undefined || !this.savePersistent(key, depth)) this.saveSharedStr(key);
    if (value === undefined && this.undefinedMode !== "none") throw this.undefinedValue();
    this.save(value, depth);
  }

  private savePair(key: string, value: unknown, depth: number): void {
    if (this.pos >= this.limit) this.boundary();
    if (this.persistentId === undefined || !this.savePersistent(key, depth)) this.saveKey(key);
    if (value === undefined && this.undefinedMode !== "none") throw this.undefinedValue();
    this.save(value, depth);
  }
}
