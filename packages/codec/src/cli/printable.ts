/**
 * Text from a pickle, or from a file's name, on its way to a terminal. Nothing in it may be obeyed there: control characters
 * move the cursor and set titles, formatting ones turn the order of what is read around.
 */
import { isUnprintable } from "../python/str-repr.js";

/** What Python's `repr` shows as it is, roughly: nearly all text. */
const PLAIN = /^[ -~]*$/;

/** With `\\u{...}` in place of what Python does not print. */
export function printable(text: string): string {
  return shown(text, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** JSON text that says the same, with escapes in place of what Python does not print. */
export function printableJson(json: string): string {
  return shown(json, (character) => {
    const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}

function shown(text: string, numbered: (character: string) => string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(/[^ -~]/gu, (character) => (isUnprintable(character) ? numbered(character) : character));
}
