/** Dict keys and attribute names, most of which were written before. */

import * as op from "../../opcodes.js";
import { KeyCache, KeyEntry, MAX_KEY_LENGTH } from "../memo/key-cache.js";
import { StringRunWriter } from "./string-run-writer.js";

export abstract class KeyWriter extends StringRunWriter {
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
    const isShort = this.protocol >= 4;
    const head = isShort ? start : start + 3;
    for (let i = 0; i < opcodes.length; i++) view.setInt32(head + i * 4, opcodes[i]!, true);
    if (!isShort) {
      view.setUint8(start, op.BINUNICODE);
      view.setUint32(start + 1, size, true);
    }
    const end = head + size + 2;
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
