/** str, and which strings share a memo entry. CPython 3.12 `_pickle.c` `save_unicode`, `write_unicode_binary`. */
import { codeAt } from "../../../bytes/code-at.js";
import { FRAME_SIZE_TARGET } from "../../../bytes/framing.js";
import { TextScratch } from "../../../bytes/text-scratch.js";
import { encodeUnits, encodeUtf8 } from "../../../bytes/utf8-encode.js";
import { SLACK, utf8Length } from "../../../bytes/writer.js";
import * as op from "../../opcodes.js";
import { rawUnicodeEscape } from "../../text-encode.js";
import { addWord, FIRST_FACTOR, finishHash, hashBytes, nextFactor } from "../memo/string-hash.js";
import { ONLY_FIND, StringMemo } from "../memo/string-memo.js";
import { NumberWriter } from "./number-writer.js";

/** ASCII strings up to this length are written and hashed in one loop (3 ns a character), longer ones by a native call (70-150 ns). */
const MAX_SHORT = 48;
/** Strings of other scripts beyond this length are taken with a native call. */
const MAX_WIDE_LOOP = 24;
/** Longer ones are encoded by it. */
const MAX_UNITS = 4096;
/** Strings up to this length fit into the slack, even twice, whatever they hold. */
const MAX_IN_SLACK = 24;
/** UTF-16 units that are taken with one native call. */
export const SCRATCH_UNITS = 8192;
/** Strings up to this length have less than FRAME_SIZE_TARGET bytes in any case. */
const MAX_SURELY_FRAMED = Math.floor((FRAME_SIZE_TARGET - 1) / 3);

export type StringMemoMode = "all" | "keys" | "none";

export abstract class StringWriter extends NumberWriter {
  strings: StringMemoMode = "all";
  readonly stringMemo = new StringMemo();
  protected readonly scratch = TextScratch.create(SCRATCH_UNITS);
  /** Bytes of the str that `placeStr` put behind `pos`, without opcode and length. */
  private placed = 0;

  override clearMemos(): void {
    super.clearMemos();
    this.stringMemo.clear();
  }

  override shifted(moved: number, chunk: Uint8Array): void {
    super.shifted(moved, chunk);
    this.stringMemo.moved(chunk, moved);
  }

  protected override movedBack(start: number, size: number): void {
    this.stringMemo.movedBack(start, size);
  }

  /** A pickler that becomes fast still refers to what it wrote before. */
  private get looksUpStrings(): boolean {
    return this.strings !== "none" && (!this.isFast || this.memoCount > 0);
  }

  /** A str that shares its memo entry with equal ones if the strings of this pickle do. */
  saveStr(text: string): void {
    this.saveText(text, this.strings === "all" || isSingleton(text));
  }

  /** A str that is always shared by value, unless nothing is. */
  saveSharedStr(text: string): void {
    this.saveText(text, true);
  }

  private saveText(text: string, isShared: boolean): void {
    const { length } = text;
    if (length > MAX_SHORT || this.protocol === 0) {
      this.saveLongStr(text, isShared);
      return;
    }
    if (length > MAX_IN_SLACK) this.room(length * 3);
    // Written before it is known whether it is needed: hashing and comparing bytes is cheaper than doing so with strings.
    const { buf, view, pos: start } = this;
    let pos = start;
    if (this.protocol >= 4) {
      buf[pos] = op.SHORT_BINUNICODE;
      buf[pos + 1] = length;
      pos += 2;
    } else {
      buf[pos] = op.BINUNICODE;
      view.setUint32(pos + 1, length, true);
      pos += 5;
    }
    const end = pos + length;
    let sum = 0;
    let factor = FIRST_FACTOR;
    let i = 0;
    for (const whole = length & ~3; i < whole; i += 4) {
      const a = codeAt(text, i);
      const b = codeAt(text, i + 1);
      const c = codeAt(text, i + 2);
      const d = codeAt(text, i + 3);
      if ((a | b | c | d) > 127) {
        this.saveLongStr(text, isShared);
        return;
      }
      const word = a | (b << 8) | (c << 16) | (d << 24);
      view.setInt32(pos, word, true);
      pos += 4;
      sum = addWord(sum, word, factor);
      factor = nextFactor(factor);
    }
    if (i < length) {
      let word = 0;
      for (let shift = 0; i < length; i++, shift += 8) {
        const unit = codeAt(text, i);
        if (unit > 127) {
          this.saveLongStr(text, isShared);
          return;
        }
        word |= unit << shift;
      }
      // More than the rest, which the next value overwrites.
      view.setInt32(pos, word, true);
      sum = addWord(sum, word, factor);
    }
    if (isShared) this.shareHashed(text, end, finishHash(sum, length));
    else this.keepFresh(end);
  }

  private saveLongStr(text: string, isShared: boolean): void {
    if (!isShared) this.saveNewStr(text);
    else if (this.protocol === 0 || text.length > MAX_SURELY_FRAMED) this.saveSharedText(text);
    else this.shareStr(text, this.placeStr(text));
  }

  /** Keeps the str that stands from `pos` to `end`, whatever it equals. */
  protected keepFresh(end: number): void {
    this.pos = end;
    if (this.strings !== "none") this.put();
  }

  protected shareStr(text: string, end: number): void {
    this.shareHashed(text, end, hashBytes(this.view, end - this.placed, this.placed));
  }

  /** Keeps the str that stands from `pos` to `end`, or refers to an equal one. */
  protected shareHashed(text: string, end: number, hash: number): void {
    if (!this.looksUpStrings) {
      this.pos = end;
      return;
    }
    const start = this.pos;
    const index = this.isFast ? ONLY_FIND : this.memoCount;
    const known = this.stringMemo.findOrAdd(this.view, start, end, hash, text, index);
    if (known >= 0) {
      this.get(known);
      return;
    }
    this.pos = end;
    this.put();
  }

  /** A shared str whose size has to be known first, or that is a line of text. */
  private saveSharedText(text: string): void {
    if (!this.looksUpStrings) {
      this.writeStr(text);
      return;
    }
    const known = this.stringMemo.findText(text);
    if (known >= 0) {
      this.get(known);
      return;
    }
    if (!this.isFast) this.stringMemo.addText(text, this.memoCount);
    this.writeStr(text);
    this.put();
  }

  /** A str that is an object of its own in CPython, whatever it equals. */
  saveFreshStr(text: string): void {
    this.saveText(text, isSingleton(text));
  }

  /** A str that was just made, so that not even one of a single character is shared. */
  saveNewStr(text: string): void {
    this.writeStr(text);
    if (this.strings !== "none") this.put();
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
    const { length } = text;
    if (length > MAX_IN_SLACK) this.room(length * 3);
    const { scratch } = this;
    if (scratch !== undefined && length > MAX_WIDE_LOOP && length <= MAX_UNITS && looksWide(text)) {
      // Native calls take 5 ns a unit for what is not Latin-1 (Node 20).
      scratch.fillUnits(text);
      return this.placeUnits(0, length);
    }
    // The header needs the number of bytes; a guess that is right for ASCII, else the bytes are moved.
    const start = this.pos + (length < 256 && this.protocol >= 4 ? 2 : 5);
    return this.placedAt(start, encodeUtf8(text, this.buf, start));
  }

  /** As {@link placeStr}, of a string in `scratch`. There must be room. */
  protected placeUnits(from: number, to: number): number {
    const start = this.pos + (to - from < 256 && this.protocol >= 4 ? 2 : 5);
    return this.placedAt(start, encodeUnits(this.scratch!.units, from, to, this.view, start));
  }

  /** Writes the header before bytes that went to `start`, which moves them if it takes more. */
  private placedAt(start: number, end: number): number {
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
}

/** Whether some of it is not ASCII, by a few characters: a guess on which only speed depends. */
export function looksWide(text: string): boolean {
  const { length } = text;
  const middle = codeAt(text, length >> 1);
  return (codeAt(text, 0) | middle | codeAt(text, length >> 2) | codeAt(text, length - (length >> 2))) > 127;
}

/** CPython has one object for '' and for each character of Latin-1. */
export function isSingleton(text: string): boolean {
  return text.length === 0 || (text.length === 1 && codeAt(text, 0) < 256);
}
