/** Python-style text of arguments for `argsrepr`, `kwargsrepr` and events: for people, bounded in size and depth. */
import { floatRepr, PyException, PyFloat, PyGlobal, PyObject, Tuple } from "@brine/codec";

const MAX_LENGTH = 1024;
/** As Celery's `saferepr(maxlevels=3)`; deeper containers are shown as `...`. */
const MAX_LEVELS = 3;

/** A Python-like repr of at most `maxLength` characters. Never throws, never walks more than it shows. */
export function saferepr(value: unknown, maxLength = MAX_LENGTH): string {
  const writer = new ReprWriter(maxLength);
  writer.write(value, 0);
  return writer.text();
}

class ReprWriter {
  readonly #maxLength: number;
  #text = "";

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  text(): string {
    return this.#text.length > this.#maxLength ? `${this.#text.slice(0, this.#maxLength - 3)}...` : this.#text;
  }

  get #isFull(): boolean {
    return this.#text.length > this.#maxLength;
  }

  write(value: unknown, level: number): void {
    if (typeof value === "object" && value !== null) this.#writeObject(value, level);
    else this.#text += reprOfPrimitive(value, this.#maxLength);
  }

  #writeObject(value: object, level: number): void {
    if (value instanceof Uint8Array) {
      this.#text += `b${quote(Buffer.from(value.subarray(0, this.#maxLength)).toString("latin1"), true)}`;
      return;
    }
    const isTuple = value instanceof Tuple;
    if (isTuple || Array.isArray(value))
      this.#writeItems(value, isTuple ? "(" : "[", isTuple ? ")" : "]", level, isTuple);
    else if (value instanceof Map) this.#writePairs(value.entries(), level);
    else if (value instanceof Set)
      this.#writeItems(value, value.size === 0 ? "set(" : "{", value.size === 0 ? ")" : "}", level);
    else if (isPlain(value)) this.#writePairs(Object.entries(value), level);
    else this.#text += reprOfInstance(value, this.#maxLength);
  }

  #writeItems(items: Iterable<unknown>, open: string, close: string, level: number, isTuple = false): void {
    this.#text += open;
    let count = 0;
    for (const item of items) {
      if (this.#isFull) return;
      if (count++ > 0) this.#text += ", ";
      if (level >= MAX_LEVELS) {
        this.#text += "...";
        break;
      }
      this.write(item, level + 1);
    }
    this.#text += isTuple && count === 1 && level < MAX_LEVELS ? `,${close}` : close;
  }

  #writePairs(pairs: Iterable<readonly [unknown, unknown]>, level: number): void {
    this.#text += "{";
    let count = 0;
    for (const [key, value] of pairs) {
      if (this.#isFull) return;
      if (count++ > 0) this.#text += ", ";
      if (level >= MAX_LEVELS) {
        this.#text += "...";
        break;
      }
      this.write(key, level + 1);
      this.#text += ": ";
      this.write(value, level + 1);
    }
    this.#text += "}";
  }
}

function reprOfPrimitive(value: unknown, maxLength: number): string {
  switch (typeof value) {
    case "string":
      return quote(value.length > maxLength ? value.slice(0, maxLength) : value, false);
    case "number":
      return Number.isInteger(value) && !Object.is(value, -0) ? BigInt(value).toString() : floatRepr(value);
    case "bigint":
      // Digits of a huge int cost quadratic time; a repr for people can do without.
      return value > -(2n ** 4096n) && value < 2n ** 4096n ? value.toString() : "<int of more than 4096 bits>";
    case "boolean":
      return value ? "True" : "False";
    case "undefined":
      return "None";
    case "function":
      return `<function ${value.name}>`;
    default:
      return value === null ? "None" : String(value);
  }
}

/** Classes of ours print themselves; anything else is only named, so that no foreign `toString` runs here. */
function reprOfInstance(value: object, maxLength: number): string {
  if (value instanceof PyFloat) return value.toString();
  if (value instanceof PyGlobal) return `<${value.toString()}>`;
  if (value instanceof PyObject) return `<${String(value.callable)} object>`;
  if (value instanceof PyException)
    return `${value.className}(${saferepr(value.args, maxLength).replace(/^\(|,?\)$/g, "")})`;
  if (value instanceof Error) return `${value.name}(${quote(value.message.slice(0, maxLength), false)})`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Date(NaN)" : `datetime('${value.toISOString()}')`;
  const name = value.constructor?.name ?? "object";
  try {
    const text = String(value);
    if (text !== "[object Object]") return `${name}(${quote(text.slice(0, maxLength), false)})`;
  } catch {
    // A toString that throws leaves the name.
  }
  return `<${name} object>`;
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** `repr(str)`; `isBytes` also escapes everything above ASCII. */
function quote(text: string, isBytes: boolean): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = mark;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (char === mark || char === "\\") out += `\\${char}`;
    else if (char === "\n") out += "\\n";
    else if (char === "\r") out += "\\r";
    else if (char === "\t") out += "\\t";
    else if (code < 0x20 || code === 0x7f || (isBytes && code > 0x7e))
      out += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code >= 0xd800 && code <= 0xdfff) out += `\\u${code.toString(16)}`;
    else out += char;
  }
  return out + mark;
}
