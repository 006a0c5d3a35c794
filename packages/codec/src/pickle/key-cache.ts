/** Dict keys that were written before, as bytes, so that a key known from an earlier dict costs a copy. */
import { encodeUtf8Loop } from "../bytes/utf8-encode.js";
import { hashBytes } from "./string-memo.js";

/** One key. `epoch` says in which pickle `index` is its memo index. */
export class KeyEntry {
  readonly key: string;
  /** UTF-8. */
  readonly bytes: Uint8Array;
  readonly hash: number;
  epoch = 0;
  index = 0;
  /** The key that came after it last time. */
  next: KeyEntry | undefined;

  constructor(key: string, bytes: Uint8Array) {
    this.key = key;
    this.bytes = bytes;
    this.hash = hashBytes(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
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
    const bytes = new Uint8Array(key.length * 3);
    const size = encodeUtf8Loop(key, bytes, 0);
    const entry = new KeyEntry(key, bytes.slice(0, size));
    this.entries.set(key, entry);
    return entry;
  }
}
