/** The text forms of protocol 0. */
import { codeAt } from "../bytes/code-at.js";

/**
 * A str as the line of UNICODE holds it, one character a byte: raw-unicode-escape, with the characters escaped that would
 * end the line or be taken for an escape. CPython 3.12 `_pickle.c` `raw_unicode_escape`.
 */
export function rawUnicodeEscape(text: string): string {
  let result = "";
  let done = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = codeAt(text, i);
    if (unit < 0x100 && unit !== 0x5c && unit !== 0 && unit !== 0x0a && unit !== 0x0d && unit !== 0x1a) continue;
    result += text.slice(done, i);
    const point = text.codePointAt(i)!;
    if (point >= 0x10000) {
      result += `\\U${point.toString(16).padStart(8, "0")}`;
      i++;
    } else {
      result += `\\u${unit.toString(16).padStart(4, "0")}`;
    }
    done = i + 1;
  }
  return done === 0 ? text : result + text.slice(done);
}
