/** Writing what holds nothing else: None, bool, int, float, str, bytes, globals; and the memo. CPython 3.12 `_pickle.c`. */
import { FRAME_SIZE_TARGET, FrameWriter } from "../bytes/framing.js";
import { encodeLong } from "../bytes/longs.js";
import { encodeUnits, encodeUtf8 } from "../bytes/utf8-encode.js";
import { SLACK, UnitBuffer, utf8Length } from "../bytes/writer.js";
import { floatRepr } from "../python/numbers.js";
import { IdentityMemo } from "./identity-memo.js";
import { KeyCache, KeyEntry, MAX_KEY_LENGTH } from "./key-cache.js";
import * as op from "./opcodes.js";
import { DEFAULT_PROTOCOL, type Protocol } from "./opcodes.js";
import { hashBytes, StringMemo } from "./string-memo.js";
import { rawUnicodeEscape } from "./text-encode.js";

/** ASCII strings up to this length are written in a loop, longer ones by a native call. */
const MAX_SHORT = 24;
/** Strings up to this length are taken together when they follow one another in a list. */
const MAX_RUN_LENGTH = 80;
/** UTF-16 units of such a run, and the fewest strings for which it pays. */
const RUN_UNITS = 4096;
const MIN_RUN = 6;
/** Strings up to this length have less than FRAME_SIZE_TARGET bytes in any case. */
const MAX_SURELY_FRAMED = Math.floor((FRAME_SIZE_TARGET - 1) / 3);

export type StringMemoMode = "all" | "keys" | "none";

export abstract class BuiltinWriter extends FrameWriter {
  protocol: Protocol = DEFAULT_PROTOCOL;
  strings: StringMemoMode = "all";
  isFast = false;
  maxIntDigits = 4300;

  /** Memo entries so far; the next one gets this index. */
  memoCount = 0;
  readonly objectMemo = new IdentityMemo();
  readonly stringMemo = new StringMemo();
  /** `b""` and the bytes of one byte, which CPython shares: the index under 256 and under the byte. */
  private byteMemo: Map<number, number> | undefined;

  /** Bytes of the str that `placeStr` put behind `pos`. */
  private placed = 0;
  private readonly runUnits = UnitBuffer.create(RUN_UNITS);
  /** Whether keys have memo entries and a binary form. */
  cachesKeys = true;
  private readonly keyCache = new KeyCache();
  private lastKey: KeyEntry = new KeyEntry("", new Uint8Array(0));
  /** Which pickle this is, for {@link KeyEntry.epoch}. */
  private epoch = 1;

  abstract intTooLong(): Error;

  clearMemos(): void {
    this.memoCount = 0;
    this.objectMemo.clear();
    this.stringMemo.clear();
    this.byteMemo = undefined;
    this.epoch++;
  }

  override shifted(moved: number, chunk: Uint8Array): void {
    super.shifted(moved, chunk);
    this.stringMemo.moved(chunk, moved);
  }

  // -- memo

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

  /** Remembers `object`, which is on top of the stack. */
  memoize(object: object): void {
    if (this.isFast) return;
    this.objectMemo.add(object, this.memoCount);
    this.put();
  }

  // -- numbers

  saveBool(value: boolean): void {
    if (this.protocol >= 2) this.buf[this.pos++] = value ? op.NEWTRUE : op.NEWFALSE;
    else this.writeAscii(value ? "I01\n" : "I00\n");
  }

  saveNumber(value: number): void {
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) this.saveInt32(value);
    else if (Number.isSafeInteger(value) && value !== 0) this.saveLong(value);
    else this.saveFloat(value);
  }

  protected saveInt32(value: number): void {
    if (this.protocol === 0) {
      this.writeAscii(`I${value}\n`);
      return;
    }
    const buf = this.buf;
    const pos = this.pos;
    if (value >>> 0 < 256) {
      buf[pos] = op.BININT1;
      buf[pos + 1] = value;
      this.pos = pos + 2;
    } else if (value >>> 0 < 65536) {
      buf[pos] = op.BININT2;
      buf[pos + 1] = value;
      buf[pos + 2] = value >> 8;
      this.pos = pos + 3;
    } else {
      buf[pos] = op.BININT;
      buf[pos + 1] = value;
      buf[pos + 2] = value >> 8;
      buf[pos + 3] = value >> 16;
      buf[pos + 4] = value >> 24;
      this.pos = pos + 5;
    }
  }

  /** A safe integer of more than 32 bits: 5 to 7 bytes. */
  private saveLong(value: number): void {
    if (this.protocol < 2) {
      this.writeAscii(`L${value}L\n`);
      return;
    }
    const high = Math.floor(value / 0x100000000);
    const size = sizeAbove32(high);
    const { buf, view, pos } = this;
    buf[pos] = op.LONG1;
    buf[pos + 1] = size;
    view.setInt32(pos + 2, value - high * 0x100000000, true);
    view.setInt32(pos + 6, high, true);
    this.pos = pos + 2 + size;
  }

  saveBigint(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) {
      this.saveHugeInt(value);
      return;
    }
    const { buf, view, pos } = this;
    view.setBigInt64(pos + 2, value, true);
    const low = view.getInt32(pos + 2, true);
    const high = view.getInt32(pos + 6, true);
    if (high === low >> 31) {
      this.saveInt32(low);
    } else if (this.protocol < 2) {
      this.writeAscii(`L${value}L\n`);
    } else {
      const size = sizeAbove32(high);
      buf[pos] = op.LONG1;
      buf[pos + 1] = size;
      this.pos = pos + 2 + size;
    }
  }

  private saveHugeInt(value: bigint): void {
    if (this.protocol < 2) {
      const digits = value.toString();
      // CPython since 3.11 neither writes nor reads longer ones in text.
      if (digits.length - (value < 0n ? 1 : 0) > this.maxIntDigits) throw this.intTooLong();
      this.writeAscii(`L${digits}L\n`);
      return;
    }
    const bytes = encodeLong(value);
    if (bytes.length < 256) {
      this.buf[this.pos++] = op.LONG1;
      this.buf[this.pos++] = bytes.length;
    } else {
      this.buf[this.pos++] = op.LONG4;
      this.view.setUint32(this.pos, bytes.length, true);
      this.pos += 4;
    }
    // CPython does not take a long int out of its frame.
    this.room(bytes.length);
    this.buf.set(bytes, this.pos);
    this.pos += bytes.length;
  }

  saveFloat(value: number): void {
    if (this.protocol === 0) {
      this.writeAscii(`F${floatRepr(value)}\n`);
      return;
    }
    this.buf[this.pos] = op.BINFLOAT;
    this.view.setFloat64(this.pos + 1, value);
    this.pos += 9;
  }

  // -- str

  /** A str that shares its memo entry with equal ones if the strings of this pickle do. */
  saveStr(text: string): void {
    if (this.strings === "all") this.saveSharedStr(text);
    else this.saveFreshStr(text);
  }

  /** A str that is always shared by value, unless nothing is. */
  saveSharedStr(text: string): void {
    if (this.protocol === 0 || text.length > MAX_SURELY_FRAMED) {
      this.saveSharedText(text);
      return;
    }
    // Written before it is known whether it is needed: hashing and comparing bytes is cheaper than doing so with strings.
    const start = this.pos;
    this.shareStr(text, start, this.placeStr(text));
  }

  /** Keeps the str that `placeStr` put at `start`, or refers to an equal one. */
  private shareStr(text: string, start: number, end: number): void {
    if (this.strings === "none" || this.isFast) {
      this.pos = end;
      return;
    }
    const hash = hashBytes(this.buf, this.view, end - this.placed, end);
    const known = this.stringMemo.find(this.buf, start, end, hash, text);
    if (known >= 0) {
      this.get(known);
      return;
    }
    this.stringMemo.add(start, hash, text, this.memoCount);
    this.pos = end;
    this.put();
  }

  /**
   * Writes the strings among `items` from `start` on, as far as they are short, and returns where it stopped. One native
   * call gets the characters of many, which costs less than asking each string for each of its characters.
   */
  saveStrings(items: readonly unknown[], start: number, end: number): number {
    if (this.runUnits === undefined || this.protocol === 0) return start;
    let joined = "";
    let stop = start;
    for (; stop < end; stop++) {
      const text = items[stop];
      if (typeof text !== "string" || text.length > MAX_RUN_LENGTH || joined.length + text.length > RUN_UNITS) break;
      joined += text;
    }
    if (stop - start < MIN_RUN) return start;
    this.runUnits.fill(joined);
    let from = 0;
    for (let i = start; i < stop; i++) {
      const text = items[i] as string;
      const to = from + text.length;
      if (this.pos >= this.limit) this.boundary();
      if (this.strings === "all" || isSingleton(text)) {
        this.shareStr(text, this.pos, this.placeUnits(from, to));
      } else {
        this.pos = this.placeUnits(from, to);
        if (this.strings !== "none") this.put();
      }
      from = to;
    }
    return stop;
  }

  /** As {@link placeStr}, of a string in `runUnits`. */
  private placeUnits(from: number, to: number): number {
    const start = this.pos + (this.protocol >= 4 ? 2 : 5);
    const end = encodeUnits(this.runUnits!.units, from, to, this.buf, start);
    this.placed = end - start;
    // At most 3 * MAX_RUN_LENGTH bytes, so the header is short.
    this.placeHeader(end - start);
    return end;
  }

  /** A shared str whose size has to be known first, or that is a line of text. */
  private saveSharedText(text: string): void {
    if (this.strings === "none" || this.isFast) {
      this.writeStr(text);
      return;
    }
    const known = this.stringMemo.findText(text);
    if (known >= 0) {
      this.get(known);
      return;
    }
    this.stringMemo.addText(text, this.memoCount);
    this.writeStr(text);
    this.put();
  }

  /** A str that is an object of its own in CPython, whatever it equals. */
  saveFreshStr(text: string): void {
    if (isSingleton(text)) {
      this.saveSharedStr(text);
      return;
    }
    this.writeStr(text);
    if (this.strings !== "none") this.put();
  }

  /** A dict key or an attribute name. */
  saveKey(key: string): void {
    if (!this.cachesKeys) {
      this.saveSharedStr(key);
      return;
    }
    let entry = this.lastKey.next;
    if (entry === undefined || entry.key !== key) {
      const found = this.findKey(key);
      if (found === undefined) {
        this.saveSharedStr(key);
        return;
      }
      this.lastKey.next = found;
      entry = found;
    }
    this.lastKey = entry;
    if (entry.epoch === this.epoch) this.get(entry.index);
    else this.saveFirstKey(entry);
  }

  private findKey(key: string): KeyEntry | undefined {
    return key.length > MAX_KEY_LENGTH ? undefined : this.keyCache.entryOf(key);
  }

  /** A key for the first time in this pickle, unless it came as a value. */
  private saveFirstKey(entry: KeyEntry): void {
    const { bytes } = entry;
    const length = bytes.length;
    const start = this.pos;
    const buf = this.buf;
    let pos = start;
    if (this.protocol >= 4) {
      buf[pos] = op.SHORT_BINUNICODE;
      buf[pos + 1] = length;
      pos += 2;
    } else {
      buf[pos] = op.BINUNICODE;
      buf[pos + 1] = length;
      buf[pos + 2] = 0;
      buf[pos + 3] = 0;
      buf[pos + 4] = 0;
      pos += 5;
    }
    for (let i = 0; i < length; i++) buf[pos + i] = bytes[i]!;
    pos += length;
    const known = this.stringMemo.find(buf, start, pos, entry.hash, entry.key);
    entry.epoch = this.epoch;
    if (known >= 0) {
      entry.index = known;
      this.get(known);
      return;
    }
    entry.index = this.memoCount;
    this.stringMemo.add(start, entry.hash, entry.key, this.memoCount);
    this.pos = pos;
    this.put();
  }

  /** The opcode and its bytes, without the memo. */
  private writeStr(text: string): void {
    if (this.protocol === 0) {
      this.buf[this.pos++] = op.UNICODE;
      // One byte a character, as `writeAscii` does it: what is above U+00FF has been escaped.
      this.writeAscii(rawUnicodeEscape(text));
      this.buf[this.pos++] = 0x0a;
    } else if (text.length > MAX_SURELY_FRAMED) {
      this.writeLargeStr(text);
    } else {
      this.pos = this.placeStr(text);
    }
  }

  /** Puts the opcode, length and bytes of a str behind `pos`, which stays, and returns where they end; `placed`: how many bytes. */
  private placeStr(text: string): number {
    const length = text.length;
    // The header needs the number of bytes; a guess that is right for ASCII, else the bytes are moved.
    const isGuessedShort = length < 256 && this.protocol >= 4;
    if (length <= MAX_SHORT) {
      const buf = this.buf;
      let pos = this.pos + (isGuessedShort ? 2 : 5);
      let i = 0;
      for (const whole = length & ~3; i < whole; i += 4) {
        const a = text.charCodeAt(i);
        const b = text.charCodeAt(i + 1);
        const c = text.charCodeAt(i + 2);
        const d = text.charCodeAt(i + 3);
        if ((a | b | c | d) > 127) return this.placeWideStr(text, isGuessedShort);
        buf[pos] = a;
        buf[pos + 1] = b;
        buf[pos + 2] = c;
        buf[pos + 3] = d;
        pos += 4;
      }
      for (; i < length; i++) {
        const a = text.charCodeAt(i);
        if (a > 127) return this.placeWideStr(text, isGuessedShort);
        buf[pos++] = a;
      }
      this.placed = length;
      this.placeHeader(length);
      return pos;
    }
    this.room(length * 3);
    return this.placeWideStr(text, isGuessedShort);
  }

  /** As {@link placeStr}, for a string that is long or not ASCII. */
  private placeWideStr(text: string, isGuessedShort: boolean): number {
    const start = this.pos + (isGuessedShort ? 2 : 5);
    const end = encodeUtf8(text, this.buf, start);
    const size = end - start;
    this.placed = size;
    const right = this.pos + (size < 256 && this.protocol >= 4 ? 2 : 5);
    if (right !== start) this.buf.copyWithin(right, start, end);
    this.placeHeader(size);
    return right + size;
  }

  private placeHeader(size: number): void {
    const { buf, pos } = this;
    if (size < 256 && this.protocol >= 4) {
      buf[pos] = op.SHORT_BINUNICODE;
      buf[pos + 1] = size;
    } else {
      buf[pos] = op.BINUNICODE;
      this.view.setUint32(pos + 1, size, true);
    }
  }

  /** May have to stay outside of frames, so its size has to be known before anything is written. */
  private writeLargeStr(text: string): void {
    const size = utf8Length(text);
    const isUnframed = size >= FRAME_SIZE_TARGET;
    if (isUnframed) this.commitFrame();
    this.room(SLACK);
    if (size > 0xffffffff) {
      if (this.protocol < 4) throw this.tooLong();
      this.buf[this.pos++] = op.BINUNICODE8;
      this.view.setUint32(this.pos, size >>> 0, true);
      this.view.setUint32(this.pos + 4, Math.floor(size / 0x100000000), true);
      this.pos += 8;
    } else {
      this.buf[this.pos++] = op.BINUNICODE;
      this.view.setUint32(this.pos, size, true);
      this.pos += 4;
    }
    this.room(size);
    this.pos = encodeUtf8(text, this.buf, this.pos);
    if (isUnframed) this.openFrame();
  }

  // -- bytes

  /** Whether equal bytes, of no or one byte, were written before; if so, it writes the reference. */
  getSmallBytes(bytes: Uint8Array): boolean {
    const index = this.byteMemo?.get(bytes.length === 0 ? 256 : bytes[0]!);
    if (index === undefined) return false;
    this.get(index);
    return true;
  }

  /** Remembers `bytes`, which are on top of the stack and stand in the data as `object`. */
  memoizeBytes(bytes: Uint8Array, object: object): void {
    if (this.isFast) return;
    if (bytes.length < 2) {
      this.byteMemo ??= new Map();
      this.byteMemo.set(bytes.length === 0 ? 256 : bytes[0]!, this.memoCount);
    }
    this.memoize(object);
  }

  /** A str of the characters U+0000 to U+00FF that `bytes` are; protocols 1 and 2. */
  saveLatin1(bytes: Uint8Array): void {
    const { length } = bytes;
    this.room(length * 2);
    const target = this.buf;
    const start = this.pos + 5;
    let pos = start;
    // Without a branch: a byte of two is written in any case, and overwritten where one was enough.
    for (let i = 0; i < length; i++) {
      const byte = bytes[i]!;
      const high = byte >> 7;
      target[pos] = high === 0 ? byte : 0xc0 | (byte >> 6);
      target[pos + 1] = 0x80 | (byte & 0x3f);
      pos += 1 + high;
    }
    target[this.pos] = op.BINUNICODE;
    this.view.setUint32(this.pos + 1, pos - start, true);
    this.pos = pos;
    if (this.strings !== "none") this.put();
  }

  /** SHORT_BINBYTES, BINBYTES or BINBYTES8; protocol 3 and above. */
  writeBytes(bytes: Uint8Array): void {
    const size = bytes.length;
    if (size < 256) {
      const { buf, pos } = this;
      buf[pos] = op.SHORT_BINBYTES;
      buf[pos + 1] = size;
      this.room(size);
      const target = this.buf;
      if (size < 32) for (let i = 0; i < size; i++) target[pos + 2 + i] = bytes[i]!;
      else target.set(bytes, pos + 2);
      this.pos = pos + 2 + size;
    } else if (size > 0xffffffff) {
      if (this.protocol < 4) throw this.tooLong();
      this.writeLargeBytes(op.BINBYTES8, 8, bytes);
    } else {
      this.writeLargeBytes(op.BINBYTES, 4, bytes);
    }
  }

  /** An opcode, a length of `lengthSize` bytes and the bytes; outside of frames if they are many. */
  writeLargeBytes(code: number, lengthSize: 4 | 8, bytes: Uint8Array): void {
    const size = bytes.length;
    const isUnframed = size >= FRAME_SIZE_TARGET;
    if (isUnframed) {
      this.commitFrame();
      this.room(SLACK);
    }
    this.buf[this.pos++] = code;
    this.view.setUint32(this.pos, size >>> 0, true);
    if (lengthSize === 8) this.view.setUint32(this.pos + 4, Math.floor(size / 0x100000000), true);
    this.pos += lengthSize;
    this.writeRaw(bytes);
    if (isUnframed) this.openFrame();
  }
}

/** Bytes of an int that needs more than 32 bits, by its upper half. */
function sizeAbove32(high: number): number {
  if (high === (high << 24) >> 24) return 5;
  if (high === (high << 16) >> 16) return 6;
  return high === (high << 8) >> 8 ? 7 : 8;
}

/** CPython has one object for '' and for each character of Latin-1. */
function isSingleton(text: string): boolean {
  return text.length === 0 || (text.length === 1 && text.charCodeAt(0) < 256);
}
