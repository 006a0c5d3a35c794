/** The memo: which object stands under which index. CPython 3.12 `_pickle.c` `memo_put`, `memo_get`. */
import { FrameWriter } from "../../../bytes/framing.js";
import type { GlobalEntry } from "../../../globals/registry.js";
import * as op from "../../opcodes.js";
import { DEFAULT_PROTOCOL, type Protocol } from "../../opcodes.js";
import { IdentityMemo, NO_PLACE } from "../memo/identity-memo.js";

export abstract class MemoWriter extends FrameWriter {
  protocol: Protocol = DEFAULT_PROTOCOL;
  isFast = false;
  /** Memo entries so far; the next one gets this index. */
  memoCount = 0;
  readonly objectMemo = new IdentityMemo();

  /** Of types that have one object a value: by their entry, then by value, the first. */
  private singletons: Map<GlobalEntry, Map<string, object>> | undefined;

  clearMemos(): void {
    this.memoCount = 0;
    this.singletons = undefined;
    this.objectMemo.clear();
  }

  /** Writes that the top of the stack is remembered. */
  put(): void {
    if (this.isFast) return;
    const index = this.memoCount++;
    if (this.protocol >= 4) this.buf[this.pos++] = op.MEMOIZE;
    else this.putNumbered(index);
  }

  private putNumbered(index: number): void {
    if (this.protocol === 0) {
      this.buf[this.pos++] = op.PUT;
      this.writeAscii(`${index}\n`);
    } else if (index < 256) {
      this.buf[this.pos++] = op.BINPUT;
      this.buf[this.pos++] = index;
    } else {
      this.buf[this.pos++] = op.LONG_BINPUT;
      this.view.setUint32(this.pos, index, true);
      this.pos += 4;
    }
  }

  get(index: number): void {
    if (index < 256 && this.protocol > 0) {
      this.buf[this.pos] = op.BINGET;
      this.buf[this.pos + 1] = index;
      this.pos += 2;
    } else if (this.protocol > 0) {
      this.buf[this.pos++] = op.LONG_BINGET;
      this.view.setUint32(this.pos, index, true);
      this.pos += 4;
    } else {
      this.buf[this.pos++] = op.GET;
      this.writeAscii(`${index}\n`);
    }
  }

  /** Remembers `object`, which is on top of the stack and in no memo. */
  memoize(object: object): void {
    if (this.isFast) return;
    this.objectMemo.findOrAdd(object, this.memoCount);
    this.put();
  }

  /** The object that stands for all of one value. */
  singleton(entry: GlobalEntry, key: string, object: object): object {
    this.singletons ??= new Map();
    let ofType = this.singletons.get(entry);
    if (ofType === undefined) {
      ofType = new Map();
      this.singletons.set(entry, ofType);
    }
    const first = ofType.get(key);
    if (first === undefined && !this.isFast) ofType.set(key, object);
    return first ?? object;
  }

  /** The place in the memo of an object that gets its index by {@link putAt}, once all of it has been written. */
  reserve(object: object | undefined): number {
    return object === undefined || this.isFast ? NO_PLACE : this.objectMemo.reserve(object);
  }

  /** Writes that the top of the stack is remembered, as the object of that place. */
  putAt(place: number): void {
    this.objectMemo.settle(place, this.memoCount);
    this.put();
  }
}
