/** Frames of protocol 4: readers that look at them and readers that do not must see the same opcodes. */

/** FRAME and the eight bytes of its length. */
const HEADER = 9;

export class FrameWatch {
  /** Where the frame at hand ends; undefined outside of frames. */
  #end: number | undefined;

  /** A frame of `length` bytes begins at `position`, behind its header. Returns what is wrong with that. */
  start(length: number, position: number): string | undefined {
    const outer = this.#end;
    this.#end = position + length;
    if (outer === undefined || outer === position - HEADER) return undefined;
    return `starts a frame before the one at hand ends at ${outer}`;
  }

  /** An opcode from `offset` to `position` was carried out. Returns what is wrong with that. */
  pass(offset: number, position: number): string | undefined {
    const end = this.#end;
    if (end === undefined || position <= end) return undefined;
    this.#end = undefined;
    return offset < end ? `crosses the end of its frame at ${end}` : undefined;
  }
}
