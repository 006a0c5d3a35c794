/**
 * Memo indexes of texts for which V8 takes the length for the hash: a Map of many of one length would compare each with all
 * others, up to where they differ.
 */
import { MAX_HASHED_TEXT } from "../../../python/collisions.js";

/** Texts of one length that a Map may compare with each other, which is faster than hashing them. */
const FEW = 16;

export class LongTextMemo {
  readonly #byLength = new Map<number, TextsOfLength>();

  /** The index of an equal text; -1 for none. */
  find(text: string): number {
    return this.#byLength.get(text.length)?.find(text) ?? -1;
  }

  add(text: string, index: number): void {
    let texts = this.#byLength.get(text.length);
    if (texts === undefined) {
      texts = new TextsOfLength();
      this.#byLength.set(text.length, texts);
    }
    texts.add(text, index);
  }
}

class TextsOfLength {
  readonly #first = new Map<string, number>();
  /** The others, by the numbers of their pieces. */
  readonly #others = new Map<string, number>();
  readonly #pieces = new Map<string, number>();

  find(text: string): number | undefined {
    return this.#first.get(text) ?? (this.#others.size === 0 ? undefined : this.#others.get(this.#numbers(text)));
  }

  add(text: string, index: number): void {
    if (this.#first.size < FEW) this.#first.set(text, index);
    else this.#others.set(this.#numbers(text), index);
  }

  /** Pieces are as long as V8 hashes them. */
  #numbers(text: string): string {
    let numbers = "";
    for (let from = 0; from < text.length; from += MAX_HASHED_TEXT) {
      const piece = text.slice(from, from + MAX_HASHED_TEXT);
      let number = this.#pieces.get(piece);
      if (number === undefined) {
        number = this.#pieces.size;
        this.#pieces.set(piece, number);
      }
      numbers += `${number},`;
    }
    return numbers;
  }
}
