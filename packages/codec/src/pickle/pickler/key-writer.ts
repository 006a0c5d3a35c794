/** Dict keys and attribute names, most of which were written before. */

import * as op from "../opcodes.js";
import { KeyCache, KeyEntry, MAX_KEY_LENGTH } from "./key-cache.js";
import { StringWriter } from "./string-writer.js";

export abstract class KeyWriter extends StringWriter {
  /** Whether keys have memo entries and a binary form. */
  cachesKeys = true;
  private readonly keyCache = new KeyCache();
  protected lastKey: KeyEntry = new KeyEntry("");
  /** Which pickle this is, for {@link KeyEntry.epoch}. */
  protected epoch = 1;

  override clearMemos(): void {
    super.clearMemos();
    this.epoch++;
  }

  saveKey(key: string): void {
    if (!this.cachesKeys) {
      this.saveSharedStr(key);
      return;
    }
    let entry = this.lastKey.next;
    if (entry === undefined || entry.key !== key) {
      entry = key.length > MAX_KEY_LENGTH ? undefined : this.keyCache.entryOf(key);
      if (entry === undefined) {
        this.saveSharedStr(key);
        return;
      }
      this.lastKey.next = entry;
    }
    this.lastKey = entry;
    if (entry.epoch === this.epoch) this.get(entry.index);
    else this.saveFirstKey(entry);
  }

  /** A key for the first time in this pickle, unless it came as a value. */
  private saveFirstKey(entry: KeyEntry): void {
    const { view, pos: start } = this;
    const { opcodes, size } = entry;
    let end = start + size + 2;
    if (this.protocol >= 4) {
      for (let i = 0; i < opcodes.byteLength; i += 4) view.setInt32(start + i, opcodes.getInt32(i));
    } else {
      view.setUint8(start, op.BINUNICODE);
      view.setUint32(start + 1, size, true);
      for (let i = 0; i < size; i++) view.setUint8(start + 5 + i, opcodes.getUint8(i + 2));
      end = start + size + 5;
    }
    const known = this.stringMemo.findOrAdd(view, start, end, entry.hash, entry.key, this.memoCount);
    entry.epoch = this.epoch;
    if (known >= 0) {
      entry.index = known;
      this.get(known);
      return;
    }
    entry.index = this.memoCount;
    this.pos = end;
    this.put();
  }
}
