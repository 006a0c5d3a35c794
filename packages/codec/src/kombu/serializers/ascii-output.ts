/** Text that grows piece by piece, for the formats that are written as ASCII. */
import { asciiBytes } from "../text.js";
import { expandedSize, WORTH_KNOWING } from "./expanded-size.js";

/** Characters that are kept as text: a string made of many small ones takes some ten times their room. */
const MAX_TEXT = 64 * 1024;

export class AsciiOutput {
  readonly #value: unknown;
  readonly #maxLength: number;
  #isEndKnown = false;
  #text = "";
  readonly #parts: Uint8Array[] = [];
  /** Characters in the parts. */
  #kept = 0;

  /** @param value - what is written, at most in `maxLength` characters */
  constructor(value: unknown, maxLength: number) {
    this.#value = value;
    this.#maxLength = maxLength;
  }

  /** Whether there is more than may be, or will be. */
  isTooLong(): boolean {
    const length = this.#kept + this.#text.length;
    if (this.#isEndKnown || length < WORTH_KNOWING) return length > this.#maxLength;
    this.#isEndKnown = true;
    return expandedSize(this.#value) > this.#maxLength;
  }

  /** @param piece - ASCII */
  add(piece: string): void {
    this.#text += piece;
    if (this.#text.length > MAX_TEXT) this.#keep();
  }

  bytes(): Uint8Array {
    if (this.#parts.length === 0) return asciiBytes(this.#text);
    this.#keep();
    const bytes = new Uint8Array(this.#kept);
    let pos = 0;
    for (const part of this.#parts) {
      bytes.set(part, pos);
      pos += part.length;
    }
    return bytes;
  }

  #keep(): void {
    this.#parts.push(asciiBytes(this.#text));
    this.#kept += this.#text.length;
    this.#text = "";
  }
}
