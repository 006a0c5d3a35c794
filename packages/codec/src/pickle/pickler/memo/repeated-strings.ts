/**
 * Short strings that were written more than once, such as a status or a currency. They are recognised before anything of
 * them is written and hashed, which takes a third of the time. Those that came once are not here, so that strings that are
 * all different cost nothing.
 */
import { codeAt } from "../../../bytes/code-at.js";

/** Of those that share a slot only the last is known here. */
const SLOTS = 128;
/** Longer ones are not here. */
const MAX_LENGTH = 48;
/** So many strings may be looked for or added in vain at first. */
const FIRST_PATIENCE = 256;
/** So many have to be repeated before any is kept: what has few of them is written sooner without. */
const MIN_REPEATED = 8;
/** What is saved by a string that is found is lost by so many that are not. */
const PATIENCE_PER_HIT = 2;

export class RepeatedStrings {
  private readonly texts: string[] = new Array<string>(SLOTS).fill("");
  private readonly indexes = new Int32Array(SLOTS);
  /** How many more strings may be looked for or added in vain. Once it is used up, none of this is worth its time. */
  private patience = FIRST_PATIENCE;
  /** Whether it is worth adding another string. */
  takes = true;
  /** Whether it is worth asking for a string. */
  finds = false;
  /** Whether any string is kept. */
  private isUsed = false;

  /** The memo index of `text`, or -1 if it is not known here. */
  find(text: string): number {
    if (text.length === 0 || text.length > MAX_LENGTH) return -1;
    const slot = slotOf(text);
    if (this.texts[slot] === text) {
      this.patience += PATIENCE_PER_HIT;
      return this.indexes[slot]!;
    }
    if (--this.patience <= 0) {
      this.takes = false;
      this.finds = false;
    }
    return -1;
  }

  add(text: string, index: number): void {
    if (text.length === 0 || text.length > MAX_LENGTH) return;
    this.takes = --this.patience > 0;
    if (!this.isUsed) {
      if (this.patience > FIRST_PATIENCE - MIN_REPEATED) return;
      this.isUsed = true;
      this.finds = true;
    }
    const slot = slotOf(text);
    this.texts[slot] = text;
    this.indexes[slot] = index;
  }

  /** Forgets every string; holds on to none. */
  clear(): void {
    this.patience = FIRST_PATIENCE;
    if (!this.isUsed) return;
    this.texts.fill("");
    this.isUsed = false;
    this.takes = true;
    this.finds = false;
  }
}

/** By what tells most strings apart: the length, and the first, the middle and the last character. */
function slotOf(text: string): number {
  const { length } = text;
  const ends = codeAt(text, 0) * 7 + codeAt(text, length - 1);
  return (ends * 5 + codeAt(text, length >> 1) * 3 + length) & (SLOTS - 1);
}
