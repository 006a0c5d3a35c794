/**
 * Frames of protocol 4 and above (PEP 3154): the opcodes in groups of some 64 KiB, each under a FRAME opcode with its length.
 * CPython 3.12 `_pickle.c` `_Pickler_OpcodeBoundary`, `_Pickler_CommitFrame`.
 */
import { FRAME } from "../pickle/opcodes.js";
import { SLACK, Writer } from "./writer.js";

/** A frame is closed before the next value once it holds this much; byte strings of this size stay outside of frames. */
export const FRAME_SIZE_TARGET = 64 * 1024;
/** A smaller last frame is written without the FRAME opcode. */
const FRAME_SIZE_MIN = 4;
const FRAME_HEADER_SIZE = 9;

export abstract class FrameWriter extends Writer {
  isFraming = false;
  /** Where the open frame's header is. */
  private frameStart = 0;

  firstOpen(): number {
    return this.isFraming ? this.frameStart : this.pos;
  }

  shifted(moved: number, _chunk: Uint8Array): void {
    this.frameStart -= moved;
    this.updateLimit();
  }

  /** Says that the bytes from `start` on now stand `size` bytes before. */
  protected abstract movedBack(start: number, size: number): void;

  /** Called before every value: where CPython closes a frame that is full, and where there has to be room. */
  ready(): void {
    if (this.pos >= this.limit) this.boundary();
  }

  /** Called before a value where `pos` has reached `limit`. */
  boundary(): void {
    if (this.isFraming && this.pos - this.frameStart - FRAME_HEADER_SIZE >= FRAME_SIZE_TARGET) {
      this.commitFrame();
      this.openFrame();
    }
    this.room(SLACK);
    this.updateLimit();
  }

  updateLimit(): void {
    const limit = this.buf.length - SLACK;
    this.limit = this.isFraming ? Math.min(limit, this.frameStart + FRAME_HEADER_SIZE + FRAME_SIZE_TARGET) : limit;
  }

  /** Leaves room for the header of a frame that starts here. */
  openFrame(): void {
    if (!this.isFraming) return;
    this.frameStart = this.pos;
    this.room(FRAME_HEADER_SIZE);
    this.pos += FRAME_HEADER_SIZE;
    this.updateLimit();
  }

  /** Writes the header of the open frame. Another one has to be opened, or nothing more written. */
  commitFrame(): void {
    if (!this.isFraming) return;
    const start = this.frameStart;
    const length = this.pos - start - FRAME_HEADER_SIZE;
    if (length < FRAME_SIZE_MIN) {
      this.buf.copyWithin(start, start + FRAME_HEADER_SIZE, this.pos);
      this.pos -= FRAME_HEADER_SIZE;
      this.movedBack(start + FRAME_HEADER_SIZE, FRAME_HEADER_SIZE);
    } else {
      this.buf[start] = FRAME;
      this.view.setUint32(start + 1, length >>> 0, true);
      this.view.setUint32(start + 5, Math.floor(length / 0x100000000), true);
    }
    this.frameStart = this.pos;
  }
}
