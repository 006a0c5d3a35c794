/** `json.JSONDecodeError`. */
import { pyExceptions } from "./exceptions.js";
import { pyBase } from "./objects.js";

/** `json.JSONDecodeError`: what was wrong, in which text, and where. CPython 3.12 `json/decoder.py`. */
export class JSONDecodeError extends pyExceptions.ValueError {
  static readonly [pyBase] = true;
  static override readonly pythonName: string = "json.decoder.JSONDecodeError";

  readonly #msg: string;
  readonly #doc: string;
  readonly #pos: number;

  constructor(msg: unknown = "", doc: unknown = "", pos: unknown = 0) {
    const text = String(doc);
    const at = Math.max(0, Math.min(Number(pos) || 0, text.length));
    const before = text.slice(0, at);
    const line = before.split("\n").length;
    const column = at - before.lastIndexOf("\n");
    super(`${String(msg)}: line ${line} column ${column} (char ${Number(pos)})`);
    this.#msg = String(msg);
    this.#doc = text;
    this.#pos = Number(pos);
  }

  get msg(): string {
    return this.#msg;
  }

  get doc(): string {
    return this.#doc;
  }

  get pos(): number {
    return this.#pos;
  }
}
