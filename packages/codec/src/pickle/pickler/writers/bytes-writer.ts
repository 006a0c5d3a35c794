/** The opcodes that bytes are written with. CPython 3.12 `_pickle.c` `_save_bytes_data`, `_save_bytearray_data`. */
import { FRAME_SIZE_TARGET } from "../../../bytes/framing.js";
import { SLACK } from "../../../bytes/writer.js";
import * as op from "../../opcodes.js";
import { KeyWriter } from "./key-writer.js";

export abstract class BytesWriter extends KeyWriter {
  /** `b""` and the bytes of one byte, which CPython shares: the index under 256 and under the byte. */
  private byteMemo: Map<number, number> | undefined;

  override clearMemos(): void {
    super.clearMemos();
    this.byteMemo = undefined;
  }

  /** Whether equal bytes, of no or one byte, were written before; if so, it writes the reference. */
  getSmallBytes(bytes: Uint8Array): boolean {
    const index = this.byteMemo?.get(bytes.length === 0 ? 256 : bytes[0]!);
    if (index === undefined) return false;
    this.get(index);
    return true;
  }

  /** Remembers `bytes`, which are on top of the stack and stand in the data as `object`, if anything does. */
  memoizeBytes(bytes: Uint8Array, object: object | undefined): void {
    if (this.isFast) return;
    if (object === undefined) {
      this.put();
      return;
    }
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
      target[pos] = byte ^ ((byte ^ (0xc0 | (byte >> 6))) & -high);
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
      // First of all: what stands behind `pos` does not move to a larger buffer.
      this.room(size);
      const { buf: target, pos } = this;
      target[pos] = op.SHORT_BINBYTES;
      target[pos + 1] = size;
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
