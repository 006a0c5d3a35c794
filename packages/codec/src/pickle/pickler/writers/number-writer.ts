/** None, bool, int and float. CPython 3.12 `_pickle.c` `save_long`, `save_float`. */
import { encodeLong } from "../../../bytes/longs.js";
import { floatRepr } from "../../../python/numbers/numbers.js";
import * as op from "../../opcodes.js";
import { MemoWriter } from "./memo-writer.js";

export abstract class NumberWriter extends MemoWriter {
  maxIntDigits = 4300;

  abstract intTooLong(): Error;

  saveBool(value: boolean): void {
    if (this.protocol >= 2) this.buf[this.pos++] = value ? op.NEWTRUE : op.NEWFALSE;
    else this.writeAscii(value ? "I01\n" : "I00\n");
  }

  saveNumber(value: number): void {
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) this.saveInt32(value);
    else if (Number.isSafeInteger(value) && value !== 0) this.saveLong(value);
    else this.saveFloat(value);
  }

  /**
   * Writes the numbers among `items` from `start` on, up to `end` or what is none, and returns where it stopped. Where the
   * writer stands is kept in variables, which the engine keeps in registers. Protocol 1 and above.
   */
  protected saveNumbers(items: readonly unknown[], start: number, end: number): number {
    let { buf, view, pos, limit } = this;
    let i = start;
    for (; i < end; i++) {
      const value = items[i];
      if (typeof value !== "number") break;
      if (pos >= limit) {
        this.pos = pos;
        this.boundary();
        ({ buf, view, pos, limit } = this);
      }
      if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
        if (value >>> 0 < 256) {
          buf[pos] = op.BININT1;
          buf[pos + 1] = value;
          pos += 2;
        } else if (value >>> 0 < 65536) {
          buf[pos] = op.BININT2;
          view.setUint16(pos + 1, value, true);
          pos += 3;
        } else {
          buf[pos] = op.BININT;
          view.setInt32(pos + 1, value, true);
          pos += 5;
        }
      } else if (Number.isSafeInteger(value) && value !== 0) {
        this.pos = pos;
        this.saveLong(value);
        ({ buf, view, pos, limit } = this);
      } else {
        buf[pos] = op.BINFLOAT;
        view.setFloat64(pos + 1, value);
        pos += 9;
      }
    }
    this.pos = pos;
    return i;
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
    const high = value >> 64n;
    if (BigInt.asIntN(64, high) === high) {
      this.saveInt128(value, high);
      return;
    }
    if (BigInt.asUintN(64, high) === high) {
      this.saveUint128(value, high);
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

  /** Of 128 bits, the last 64 of which are `high`, and which `LONG1` and its length come before. */
  private placeInt128(value: bigint, high: bigint): void {
    // Either takes the last 64 bits of what it is given.
    this.view.setBigInt64(this.pos + 2, value, true);
    this.view.setBigInt64(this.pos + 10, high, true);
  }

  /** An int of 17 bytes, the last of which is the sign of 0: half of all UUIDs. */
  private saveUint128(value: bigint, high: bigint): void {
    const { buf, pos } = this;
    this.placeInt128(value, high);
    buf[pos] = op.LONG1;
    buf[pos + 1] = 17;
    buf[pos + 18] = 0;
    this.pos = pos + 19;
  }

  /** An int of 9 to 16 bytes, as in a UUID, without the detour through its digits: 0.3 instead of 0.9 us. */
  private saveInt128(value: bigint, high: bigint): void {
    const { buf, view, pos } = this;
    this.placeInt128(value, high);
    const third = view.getInt32(pos + 10, true);
    const fourth = view.getInt32(pos + 14, true);
    const size = fourth === third >> 31 ? sizeAbove32(third) + 4 : sizeAbove32(fourth) + 8;
    buf[pos] = op.LONG1;
    buf[pos + 1] = size;
    this.pos = pos + 2 + size;
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
}

/** Bytes of an int whose last word is `high`, after one of four bytes. */
function sizeAbove32(high: number): number {
  if (high === (high << 24) >> 24) return 5;
  if (high === (high << 16) >> 16) return 6;
  return high === (high << 8) >> 8 ? 7 : 8;
}
