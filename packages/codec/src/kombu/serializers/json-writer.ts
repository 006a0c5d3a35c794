/**
 * JSON as Python's `json.dumps` writes it, to the byte: `", "` and `": "`, everything above ASCII escaped, floats as their
 * repr, keys made strings as Python makes them. Not recursive.
 */
import { reasonOf } from "../../coded-error.js";
import { floatRepr, PyFloat } from "../../python/numbers/numbers.js";
import { builtinValue } from "../../python/objects/builtin-value.js";
import { EncodeError, howElse } from "../errors.js";
import { AsciiOutput } from "./ascii-output.js";

export interface JsonWriterOptions {
  /** What `undefined` is as a value of an object; in arrays and at the top level it is always null. */
  readonly undefined: "error" | "none" | "omit";
  /** Characters of the output. */
  readonly maxLength: number;
  /**
   * Replaces a value JSON has no form for, as `JSONEncoder.default` in Python. Gives the value to write instead, or
   * `UNSUPPORTED`.
   */
  readonly replace: (value: object) => unknown;
}

/** What `replace` answers for a value it cannot replace either. */
export const UNSUPPORTED: unique symbol = Symbol("unsupported");

interface Frame {
  readonly source: object;
  readonly close: "]" | "}";
  /** Keys of an object; entries of a Map; undefined for an array. */
  readonly keys: readonly string[] | undefined;
  readonly entries: Iterator<[unknown, unknown]> | undefined;
  /** Items begun so far, and the key at hand: for the separator, and for the path of an error. */
  index: number;
  written: number;
  key: string;
}

/** The JSON of a value, in ASCII. Throws {@link EncodeError} with a path. */
export function writeJson(value: unknown, options: JsonWriterOptions): Uint8Array {
  return new JsonWriter(value, options).write();
}

class JsonWriter {
  readonly #options: JsonWriterOptions;
  readonly #open: Frame[] = [];
  /** The containers that are open, to notice one that contains itself. */
  readonly #active = new Set<object>();
  readonly #root: unknown;
  readonly #out: AsciiOutput;

  constructor(value: unknown, options: JsonWriterOptions) {
    this.#root = value;
    this.#options = options;
    this.#out = new AsciiOutput(value, options.maxLength);
  }

  write(): Uint8Array {
    this.#value(this.#root);
    for (let frame = this.#open.at(-1); frame !== undefined; frame = this.#open.at(-1)) {
      if (!this.#step(frame)) {
        this.#out.add(frame.close);
        this.#active.delete(frame.source);
        this.#open.pop();
      }
      if (this.#out.isTooLong()) {
        throw this.#error(`the text is longer than ${this.#options.maxLength} characters`, "too-large");
      }
    }
    return this.#out.bytes();
  }

  /** Writes the next item of a container; false if there is none. */
  #step(frame: Frame): boolean {
    if (frame.entries !== undefined) {
      const next = frame.entries.next();
      if (next.done) return false;
      this.#member(frame, this.#key(next.value[0]), next.value[1]);
      return true;
    }
    if (frame.keys !== undefined) {
      if (frame.index >= frame.keys.length) return false;
      const key = frame.keys[frame.index++]!;
      this.#member(frame, key, (frame.source as Record<string, unknown>)[key]);
      return true;
    }
    const array = frame.source as readonly unknown[];
    if (frame.index >= array.length) return false;
    if (frame.index > 0) this.#out.add(", ");
    this.#value(array[frame.index++]);
    return true;
  }

  #member(frame: Frame, key: string, value: unknown): void {
    frame.key = key;
    if (value === undefined && this.#options.undefined !== "none") {
      if (this.#options.undefined === "omit") return;
      throw this.#error("undefined is no value here; use null, or the option undefined");
    }
    this.#out.add(frame.written++ > 0 ? `, ${quote(key)}: ` : `${quote(key)}: `);
    this.#value(value);
  }

  /** Writes a value, or opens it. */
  #value(given: unknown): void {
    let value = typeof given === "object" ? builtinValue(given) : given;
    // Each replacement is a step towards JSON; one that never arrives is an error, not a hang.
    for (let rounds = 0; rounds < 100; rounds++) {
      const text = scalar(value);
      if (text !== undefined) {
        this.#out.add(text);
        return;
      }
      if (typeof value !== "object" || value === null) throw this.#error(`a ${typeof value} has no form in JSON`);
      const hook: unknown = Reflect.get(value, "__json__");
      if (typeof hook === "function") {
        value = this.#call(() => Reflect.apply(hook, value, []));
        continue;
      }
      if (this.#container(value)) return;
      const object = value;
      value = this.#call(() => this.#options.replace(object));
      if (value === UNSUPPORTED) throw this.#error(`${typeName(object)} has no form in JSON${howElse(object)}`);
    }
    throw this.#error("its replacements never end");
  }

  #call(replace: () => unknown): unknown {
    try {
      return replace();
    } catch (error) {
      throw this.#error(reasonOf(error), "encode-failed", error);
    }
  }

  #container(value: object): boolean {
    const isArray = Array.isArray(value);
    const isMap = value instanceof Map;
    if (!isArray && !isMap && !isPlain(value)) return false;
    if (this.#active.has(value)) throw this.#error("the value contains itself");
    this.#active.add(value);
    this.#out.add(isArray ? "[" : "{");
    this.#open.push({
      source: value,
      close: isArray ? "]" : "}",
      keys: isArray || isMap ? undefined : Object.keys(value),
      entries: isMap ? value.entries() : undefined,
      index: 0,
      written: 0,
      key: "",
    });
    return true;
  }

  /** A key as a string, as Python's encoder turns ints, floats, bools and None into one. */
  #key(given: unknown): string {
    const key = builtinValue(given);
    if (typeof key === "string") return key;
    if (key !== undefined) {
      const text = scalar(key);
      if (text !== undefined) return text;
    }
    throw this.#error(`a key must be a str, int, float, bool or None, not ${typeName(key)}`);
  }

  #error(what: string, code: "encode-failed" | "too-large" = "encode-failed", cause?: unknown): EncodeError {
    const path = this.#path();
    return new EncodeError(`Cannot encode as json${path === "" ? "" : ` at ${path}`}: ${what}`, {
      code,
      contentType: "application/json",
      path: path === "" ? undefined : path,
      cause,
    });
  }

  #path(): string {
    // A path as deep as the data would be no help, and as long as it.
    const shown = this.#open.slice(0, 32);
    const path = shown.map((frame) => {
      if (frame.close === "]") return `[${frame.index - 1}]`;
      return /^[A-Za-z_$][\w$]*$/.test(frame.key) ? `.${frame.key}` : `[${JSON.stringify(frame.key)}]`;
    });
    return path.join("") + (shown.length < this.#open.length ? "..." : "");
  }
}

/** The text of anything that is no container, `undefined` for what is. */
function scalar(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      // Beyond the safe integers a number is a rounded float in any case, so it is written as Python writes that float.
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : float(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "undefined":
      return "null";
    case "object":
      if (value === null) return "null";
      return value instanceof PyFloat ? float(value.value) : undefined;
    default:
      return undefined;
  }
}

function float(value: number): string {
  if (Number.isFinite(value)) return floatRepr(value);
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}

/** Printable ASCII but for `"` and the backslash: nothing to escape, as in nearly every key and most values. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A JSON string in ASCII. Python escapes DEL too, which `JSON.stringify` does not. */
function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  // A plain object of another realm (vm, iframe).
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "isPrototypeOf");
}

function typeName(value: unknown): string {
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  const made: unknown = Reflect.get(value, "constructor");
  return typeof made === "function" && made.name !== "" ? `an instance of ${made.name}` : "an object";
}
