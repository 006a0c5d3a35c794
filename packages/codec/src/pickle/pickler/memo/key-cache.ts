/** Dict keys that were written before, as bytes, so that a key known from an earlier dict costs a copy. */
import { encodeUtf8Loop } from "../../../bytes/utf8-encode.js";
import { MEMOIZE, SHORT_BINUNICODE } from "../../opcodes.js";
import { HASH_REACH, hashBytes } from "./string-hash.js";

/** One key. `epoch` says in which pickle `index` is its memo index. */
export class KeyEntry {
  readonly key: string;
  /** Bytes of UTF-8. */
  readonly size: number;
  /**
   * SHORT_BINUNICODE, the length, the UTF-8 and MEMOIZE, in little-endian words of four bytes: copied in a fourth of the
   * steps, and read sooner than through a DataView, whose length V8 asks a function for.
   */
  readonly opcodes: Int32Array;
  readonly hash: number;
  epoch = 0;
  index = 0;
  /** The key that came after it last time. */
  next: KeyEntry | undefined;

  constructor(key: string) {
    this.key = key;
    const bytes = new Uint8Array(2 + key.length * 3 + HASH_REACH);
    this.size = encodeUtf8Loop(key, bytes, 2) - 2;
    const view = new DataView(bytes.buffer);
    this.hash = hashBytes(view, 2, this.size);
    bytes[0] = SHORT_BINUNICODE;
    bytes[1] = this.size;
    bytes[this.size + 2] = MEMOIZE;
    this.opcodes = new Int32Array((this.size + 6) >> 2);
    for (let i = 0; i < this.opcodes.length; i++) this.opcodes[i] = view.getInt32(i * 4, true);
  }
}

const MAX_ENTRIES = 4096;
/** Longer keys are written as any string is. */
export const MAX_KEY_LENGTH = 64;

export class KeyCache {
  private readonly entries = new Map<string, KeyEntry>();

  /** The entry of `key`, made if need be; `undefined` once the cache is full. */
  entryOf(key: string): KeyEntry | undefined {
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    if (this.entries.size >= MAX_ENTRIES) return undefined;
    const entry = new KeyEntry(key);
    this.entries.set(key, entry);
    return entry;
  }
}
