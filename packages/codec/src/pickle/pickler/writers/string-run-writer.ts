/** Runs of str in a list, whose characters are fetched together. */
import * as op from "../../opcodes.js";
import { hashBytes } from "../memo/string-hash.js";
import { END_SIZE, endFrom, fillUtf8 } from "./joined-utf8.js";
import { isSingleton, looksWide, SCRATCH_UNITS, StringWriter } from "./string-writer.js";

/** Longer strings do not belong to a run. */
const MAX_LENGTH = 255;
/** The fewest strings for which it pays. */
const MIN_COUNT = 6;
/** Units of an ASCII run: with more of them, they and what is written do not fit into the fastest cache. */
const MAX_ASCII_UNITS = 4096;
/** With fewer units of other scripts a loop is faster than Node's converter. */
const FEWEST_CONVERTED = 1024;

export abstract class StringRunWriter extends StringWriter {
  /** The last run was for the converter, as the next one may be: another guess on which only speed depends. */
  private areWide = false;

  /**
   * Writes the strings among `items` from `start` on, as far as they are short, and returns where it stopped. One native
   * call gets the characters of many: 20 ns a string instead of 2-3 ns a character or 70 ns.
   */
  saveStrings(items: readonly unknown[], start: number, end: number): number {
    const { scratch, areWide } = this;
    if (scratch === undefined || this.protocol === 0 || end - start < MIN_COUNT) return start;
    const maxUnits = areWide ? SCRATCH_UNITS : MAX_ASCII_UNITS;
    let joined = "";
    let stop = start;
    for (; stop < end; stop++) {
      const text = items[stop];
      if (typeof text !== "string" || text.length > MAX_LENGTH || joined.length + text.length >= maxUnits) break;
      // For the converter, with room for what tells one string from the next.
      joined += areWide ? `${text} ` : text;
    }
    if (stop - start < MIN_COUNT) return start;
    if (areWide) {
      this.saveWideRun(items, start, stop, joined);
    } else if (!looksWide(joined) && scratch.fillAscii(joined)) {
      this.saveUtf8Run(items, start, stop, false);
    } else if (joined.length < FEWEST_CONVERTED) {
      scratch.fillUnits(joined);
      this.saveUnitsRun(items, start, stop, 0);
    } else {
      this.areWide = true;
      return this.saveStrings(items, start, end);
    }
    return stop;
  }

  private saveWideRun(items: readonly unknown[], start: number, stop: number, joined: string): void {
    const scratch = this.scratch!;
    const isLong = joined.length >= FEWEST_CONVERTED;
    const size = isLong ? fillUtf8(scratch, joined, items, start, stop) : -1;
    if (size >= 0) {
      this.areWide = size > joined.length + (stop - start) * (END_SIZE - 1);
      this.saveUtf8Run(items, start, stop, true);
    } else {
      this.areWide = false;
      scratch.fillUnits(joined);
      this.saveUnitsRun(items, start, stop, 1);
    }
  }

  /** Of strings whose UTF-8 is in `scratch`: as `fillUtf8` put it there, or `fillAscii`. */
  private saveUtf8Run(items: readonly unknown[], start: number, stop: number, hasEnds: boolean): void {
    const { stringMemo, isFast } = this;
    const scratch = this.scratch!;
    const isSharing = this.strings === "all";
    const isModern = this.protocol >= 4;
    const from = scratch.view;
    // Where the writer stands is kept in variables, which the engine keeps in registers.
    let { buf, view, pos, limit } = this;
    let at = 0;
    for (let i = start; i < stop; i++) {
      const text = items[i] as string;
      const size = hasEnds ? endFrom(from, at + text.length) - at : text.length;
      if (pos + size >= limit) {
        this.pos = pos;
        this.makeRoom(size);
        ({ buf, view, pos, limit } = this);
      }
      const isShort = isModern && size < 256;
      if (isShort) {
        view.setInt16(pos, op.SHORT_BINUNICODE | (size << 8), true);
      } else {
        buf[pos] = op.BINUNICODE;
        view.setUint32(pos + 1, size, true);
      }
      const first = pos + (isShort ? 2 : 5);
      const end = first + size;
      scratch.copyTo(view, first, at, size);
      if (isSharing || isSingleton(text)) {
        const hash = hashBytes(from, at, size);
        if (isModern && isSharing && !isFast && stringMemo.addIfNew(pos, hash, this.memoCount)) {
          buf[end] = op.MEMOIZE;
          this.memoCount++;
          pos = end + 1;
        } else {
          this.pos = pos;
          this.shareHashed(text, end, hash);
          pos = this.pos;
        }
      } else {
        this.keepFresh(end);
        pos = this.pos;
      }
      at += hasEnds ? size + END_SIZE : size;
    }
    this.pos = pos;
  }

  /** Of strings whose characters are in `scratch`, behind each `gap` that are none of theirs. */
  private saveUnitsRun(items: readonly unknown[], start: number, stop: number, gap: number): void {
    let from = 0;
    for (let i = start; i < stop; i++) {
      const text = items[i] as string;
      const to = from + text.length;
      if (this.pos + text.length * 3 >= this.limit) this.makeRoom(text.length * 3);
      const end = this.placeUnits(from, to);
      if (this.strings === "all" || isSingleton(text)) this.shareStr(text, end);
      else this.keepFresh(end);
      from = to + gap;
    }
  }

  /** Room for a value of `size` bytes; where one starts a frame may end, but not before it is full. */
  private makeRoom(size: number): void {
    if (this.pos >= this.limit) this.boundary();
    this.room(size);
  }
}
