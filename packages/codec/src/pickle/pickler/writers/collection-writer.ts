/** What Maps, sets, and objects that are written as a call contain, by recursion as in `plain-writer.ts`. */
import * as op from "../../opcodes.js";
import { keySegment } from "../trail.js";
import { BATCH_SIZE } from "./container-writer.js";
import { PlainWriter } from "./plain-writer.js";

export abstract class CollectionWriter extends PlainWriter {
  /** The pairs of a Map. CPython 3.12 `batch_dict_exact`. */
  protected saveMapPairs(map: ReadonlyMap<unknown, unknown>, depth: number): void {
    if (map.size === 0) return;
    const isSingle = map.size === 1;
    let count = 0;
    for (const [key, value] of map) {
      if (!isSingle && count % BATCH_SIZE === 0) this.openBatch(count, op.SETITEMS);
      count++;
      this.saveItem(key, value, depth);
      if (isSingle) this.writeOpcode(op.SETITEM);
    }
    if (isSingle) return;
    // Also after the last full batch, where CPython writes an empty one.
    if (count % BATCH_SIZE === 0) this.openBatch(count, op.SETITEMS);
    this.writeOpcode(op.SETITEMS);
  }

  /** The members of a set. CPython 3.12 `save_set`, protocol 4 and above. */
  protected saveMembers(set: ReadonlySet<unknown>, depth: number): void {
    if (set.size === 0) return;
    let count = 0;
    try {
      for (const item of set) {
        if (count % BATCH_SIZE === 0) this.openBatch(count, op.ADDITEMS);
        count++;
        this.save(this.checkKey(item), depth);
      }
    } catch (error) {
      this.note(`{${count - 1}}`);
      throw error;
    }
    if (count % BATCH_SIZE === 0) this.openBatch(count, op.ADDITEMS);
    this.writeOpcode(op.ADDITEMS);
  }

  /** CPython 3.12 `save_frozenset`, protocol 4 and above: no batches. */
  protected saveFrozenSet(set: ReadonlySet<unknown>, depth: number): void {
    const place = this.objectMemo.reserve(set);
    const before = this.objectMemo.indexAt(place);
    if (before >= 0) {
      this.get(before);
      return;
    }
    let count = 0;
    this.writeOpcode(op.MARK);
    try {
      for (const item of set) {
        count++;
        this.save(this.checkKey(item), depth);
      }
    } catch (error) {
      this.note(`{${count - 1}}`);
      throw error;
    }
    const known = this.objectMemo.indexAt(place);
    if (known >= 0) {
      // It contains itself and has been written inside.
      this.writeOpcode(op.POP_MARK);
      this.get(known);
    } else {
      this.writeOpcode(op.FROZENSET);
      this.putAt(place);
    }
  }

  /** The list items of a reduced object. CPython 3.12 `batch_list`, whose last item of a batch of one is a plain APPEND. */
  protected saveListItems(items: Iterable<unknown>, depth: number): void {
    let ahead: unknown;
    let count = 0;
    try {
      // Each item waits until the next one, or the end, shows whether it needs a MARK.
      for (const item of items) {
        if (count > 0) {
          if (count % BATCH_SIZE === 1) this.openBatch(count - 1, op.APPENDS);
          this.save(ahead, depth);
        }
        ahead = item;
        count++;
      }
      if (count === 0) return;
      const isAlone = count % BATCH_SIZE === 1;
      if (isAlone && count > 1) this.writeOpcode(op.APPENDS);
      this.save(ahead, depth);
      this.writeOpcode(isAlone ? op.APPEND : op.APPENDS);
    } catch (error) {
      this.note(`[${count - 1}]`);
      throw error;
    }
  }

  /** The dict items of a reduced object. CPython 3.12 `batch_dict`. */
  protected saveDictItems(pairs: Iterable<readonly [unknown, unknown]>, depth: number): void {
    let aheadKey: unknown;
    let aheadValue: unknown;
    let count = 0;
    for (const [key, value] of pairs) {
      if (count > 0) {
        if (count % BATCH_SIZE === 1) this.openBatch(count - 1, op.SETITEMS);
        this.saveItem(aheadKey, aheadValue, depth);
      }
      aheadKey = key;
      aheadValue = value;
      count++;
    }
    if (count === 0) return;
    const isAlone = count % BATCH_SIZE === 1;
    if (isAlone && count > 1) this.writeOpcode(op.SETITEMS);
    this.saveItem(aheadKey, aheadValue, depth);
    this.writeOpcode(isAlone ? op.SETITEM : op.SETITEMS);
  }

  /** Begins a batch, and ends the one before, if any. */
  private openBatch(count: number, end: number): void {
    if (count > 0) this.writeOpcode(end);
    this.writeOpcode(op.MARK);
  }

  /** A key and its value. */
  private saveItem(key: unknown, value: unknown, depth: number): void {
    let isAtValue = true;
    try {
      this.checkDefined(value);
      isAtValue = false;
      this.save(this.checkKey(key), depth);
      isAtValue = true;
      this.save(value, depth);
    } catch (error) {
      if (isAtValue) this.note(keySegment(key));
      throw error;
    }
  }
}
