/** `json.JSONDecodeError`. */
import { intOf } from "../coerce.js";
import { pyExceptions } from "../objects/builtin-exceptions.js";
import { pyBase } from "../objects/objects.js";

/** `json.JSONDecodeError`: what was wrong, in which text, and where. CPython 3.12 `json/decoder.py`. */
export class JSONDecodeError extends pyExceptions.ValueError {
  static readonly [pyBase] = true;
  /** `json.decoder.JSONDecodeError`, where Python defines it. */
  static override readonly pythonName: string = "json.decoder.JSONDecodeError";

  readonly #msg: string;
  readonly #doc: string;
  readonly #pos: number;

  /** @throws TypeError unless they are two str and an int: a list would be turned into text at the cost of all that it holds */
  constructor(msg: unknown = "", doc: unknown = "", pos: unknown = 0) {
    const at = intOf(pos);
    if (typeof msg !== "string" || typeof doc !== "string" || at === undefined) {
      throw new TypeError("Cannot make a JSONDecodeError: needs a message, a document and a position in it");
    }
    const { line, column } = placeOf(doc, at);
    super(`${msg}: line ${line} column ${column} (char ${at})`);
    this.#msg = msg;
    this.#doc = doc;
    this.#pos = at;
  }

  /** Without the place, which `message` has too: `Expecting value`. */
  get msg(): string {
    return this.#msg;
  }

  /** All the text that was being read. */
  get doc(): string {
    return this.#doc;
  }

  /** Where in `doc`, in Python's characters: an emoji is one of them, and two in JavaScript. */
  get pos(): number {
    return this.#pos;
  }
}

/** Line and column of a position, both from 1. Python counts characters, and a negative position from the end. */
function placeOf(doc: string, pos: number): { readonly line: number; readonly column: number } {
  const before = Array.from(doc).slice(0, pos);
  const line = before.reduce((count, character) => (character === "\n" ? count + 1 : count), 1);
  return { line, column: pos - before.lastIndexOf("\n") };
}
