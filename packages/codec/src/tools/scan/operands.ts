/** What stands behind an opcode, read as the decoder reads it. */
import { decodeUtf8, latin1 } from "../../bytes/utf8-decode.js";
import { parseIndex } from "../../pickle/text.js";
import type { Cursor } from "../cursor.js";
import type { Fail } from "./values.js";

export class OperandReader {
  readonly #cursor: Cursor;
  readonly #fail: Fail;

  constructor(cursor: Cursor, fail: Fail) {
    this.#cursor = cursor;
    this.#fail = fail;
  }

  /** The next `length` bytes. */
  bytes(length: number): Uint8Array {
    const { remaining } = this.#cursor;
    if (length > remaining) throw this.#fail(`needs ${length} bytes, ${remaining} remain`, "truncated");
    return this.#cursor.read(length);
  }

  /** An unsigned little-endian number; beyond 2^53 only its size matters. */
  number(size: 1 | 2 | 4 | 8): number {
    let value = 0;
    let scale = 1;
    for (const byte of this.bytes(size)) {
      value += byte * scale;
      scale *= 256;
    }
    return value;
  }

  /** Bytes behind their length. */
  counted(size: 1 | 4 | 8, signed = false): Uint8Array {
    const length = this.number(size);
    if (signed && length > 0x7fffffff) throw this.#fail("a length is negative", "bad-argument");
    return this.bytes(length);
  }

  /** A line, without its end. */
  line(): Uint8Array {
    const line = this.#cursor.readLine();
    if (line === undefined) throw this.#fail("a line does not end", "truncated");
    return line;
  }

  /** A line of UTF-8, as GLOBAL, INST and PERSID have it. */
  textLine(): string {
    const line = this.line();
    return decodeUtf8(line, 0, line.length);
  }

  /** A memo index in text. */
  index(): number {
    const line = this.line();
    return parseIndex(latin1(line, 0, line.length));
  }
}
