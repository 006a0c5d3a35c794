/**
 * JSON as Python's `json` module reads it: ints of any size, floats told from ints, NaN and Infinity. Not recursive, linear
 * in the input, and without a way to a prototype.
 */
import { codeAt } from "../../bytes/code-at.js";
import { reasonOf } from "../../coded-error.js";
import { PyDict } from "../../python/containers/dict.js";
import { PyFloat } from "../../python/numbers/numbers.js";
import { DecodeError } from "../errors.js";

/** How decoded values are represented; the names and defaults are those of the pickle decoder. */
export interface JsonModel {
  readonly int: "auto" | "bigint";
  readonly float: "number" | "exact";
  readonly dict: "auto" | "map" | "object";
  /** Digits of one int. */
  readonly maxIntDigits: number;
}

/** Replaces an object that was read, as `object_hook` in Python; called inside out. */
export type ObjectHook = (object: object) => unknown;

type JsonObject = Record<string, unknown> | PyDict<string, unknown>;

interface Frame {
  readonly array: unknown[] | undefined;
  readonly object: JsonObject | undefined;
  key: string;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings end at control characters
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
const NOT_AN_OBJECT = Symbol("not an object");

/** Parses one JSON text. Throws {@link DecodeError} with the position of what is wrong. */
export function parseJson(text: string, model: JsonModel, objectHook?: ObjectHook): unknown {
  return new JsonParser(text, model, objectHook).parse();
}

class JsonParser {
  readonly #text: string;
  readonly #model: JsonModel;
  readonly #hook: ObjectHook | undefined;
  #position = 0;
  /** Containers that are open, outermost first. */
  readonly #open: Frame[] = [];

  constructor(text: string, model: JsonModel, hook: ObjectHook | undefined) {
    this.#text = text;
    this.#model = model;
    this.#hook = hook;
  }

  parse(): unknown {
    for (;;) {
      let value = this.#value();
      // An opened container has to be filled before there is a value.
      while (value !== NOT_AN_OBJECT) {
        const frame = this.#open.at(-1);
        if (frame === undefined) {
          this.#skipSpace();
          if (this.#position !== this.#text.length) throw this.#fail("extra data");
          return value;
        }
        if (!this.#attach(frame, value)) break;
        this.#open.pop();
        value = frame.array ?? this.#finish(frame.object!);
      }
    }
  }

  /** Puts a value into its container; true if that was the last. */
  #attach(frame: Frame, value: unknown): boolean {
    if (frame.array !== undefined) {
      frame.array.push(value);
      const next = this.#nextSignificant();
      if (next === 0x2c) return false;
      if (next === 0x5d) return true;
      this.#position--;
      throw this.#fail("expected ',' or ']'");
    }
    this.#set(frame.object!, frame.key, value);
    const next = this.#nextSignificant();
    if (next === 0x2c) {
      this.#readKey(frame);
      return false;
    }
    if (next === 0x7d) return true;
    this.#position--;
    throw this.#fail("expected ',' or '}'");
  }

  #set(object: JsonObject, key: string, value: unknown): void {
    if (object instanceof PyDict) {
      object.set(key, value);
    } else if (key === "__proto__") {
      // Assignment would set the prototype.
      Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
    } else {
      object[key] = value;
    }
  }

  #finish(object: JsonObject): unknown {
    if (this.#hook === undefined) return object;
    try {
      return this.#hook(object);
    } catch (error) {
      throw this.#fail(reasonOf(error), error);
    }
  }

  /** A value, or `NOT_AN_OBJECT` after opening a container that is not empty. */
  #value(): unknown {
    const first = this.#nextSignificant();
    switch (first) {
      case 0x22:
        return this.#string();
      case 0x5b: {
        const array: unknown[] = [];
        this.#skipSpace();
        if (codeAt(this.#text, this.#position) === 0x5d) {
          this.#position++;
          return array;
        }
        this.#open.push({ array, object: undefined, key: "" });
        return NOT_AN_OBJECT;
      }
      case 0x7b: {
        const object: JsonObject = this.#model.dict === "map" ? new PyDict<string, unknown>() : {};
        this.#skipSpace();
        if (codeAt(this.#text, this.#position) === 0x7d) {
          this.#position++;
          return this.#finish(object);
        }
        const frame: Frame = { array: undefined, object, key: "" };
        this.#open.push(frame);
        this.#readKey(frame);
        return NOT_AN_OBJECT;
      }
      default:
        this.#position--;
        return this.#word();
    }
  }

  #readKey(frame: Frame): void {
    if (this.#nextSignificant() !== 0x22) {
      this.#position--;
      throw this.#fail("expected a property name in double quotes");
    }
    frame.key = this.#string();
    if (this.#nextSignificant() !== 0x3a) {
      this.#position--;
      throw this.#fail("expected ':'");
    }
  }

  /** A literal or a number. */
  #word(): unknown {
    if (this.#takes("null")) return null;
    if (this.#takes("true")) return true;
    if (this.#takes("false")) return false;
    if (this.#takes("NaN")) return this.#float(Number.NaN);
    if (this.#takes("Infinity")) return this.#float(Number.POSITIVE_INFINITY);
    if (this.#takes("-Infinity")) return this.#float(Number.NEGATIVE_INFINITY);
    NUMBER.lastIndex = this.#position;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.#fail("expected a value");
    const literal = match[0];
    if (match[1] !== undefined || match[2] !== undefined) {
      this.#position += literal.length;
      return this.#float(Number(literal));
    }
    const value = this.#int(literal);
    this.#position += literal.length;
    return value;
  }

  #takes(word: string): boolean {
    if (!this.#text.startsWith(word, this.#position)) return false;
    this.#position += word.length;
    return true;
  }

  #float(value: number): number | PyFloat {
    return this.#model.float === "exact" ? new PyFloat(value) : value;
  }

  #int(literal: string): number | bigint {
    if (literal.length <= 15 && this.#model.int === "auto") return Number(literal) + 0;
    // Converting a decimal text is quadratic in its length, hence the limit; CPython has the same since 3.11.
    if (literal.length - (literal.startsWith("-") ? 1 : 0) > this.#model.maxIntDigits) {
      throw this.#fail(`an int has more than ${this.#model.maxIntDigits} digits`);
    }
    const value = BigInt(literal);
    const number = Number(value);
    return this.#model.int === "auto" && Number.isSafeInteger(number) ? number : value;
  }

  /** The rest of a string whose opening quote was read. */
  #string(): string {
    const text = this.#text;
    let result = "";
    for (;;) {
      PLAIN.lastIndex = this.#position;
      const plain = PLAIN.exec(text)![0];
      this.#position += plain.length;
      result = result === "" ? plain : result + plain;
      const end = codeAt(text, this.#position);
      if (end === 0x22) {
        this.#position++;
        return result;
      }
      if (end !== 0x5c) {
        throw this.#fail(Number.isNaN(end) ? "a string does not end" : "a string has a control character");
      }
      result += this.#escape();
    }
  }

  #escape(): string {
    const name = this.#text.charAt(this.#position + 1);
    if (name === "u") {
      const hex = this.#text.slice(this.#position + 2, this.#position + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#fail("an \\u escape has no four hexadecimal digits");
      this.#position += 6;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const character = ESCAPES.get(name);
    if (character === undefined) throw this.#fail("a string has an unknown escape");
    this.#position += 2;
    return character;
  }

  #skipSpace(): void {
    for (;;) {
      const code = codeAt(this.#text, this.#position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#position++;
    }
  }

  /** The next character that is no space, and steps over it. */
  #nextSignificant(): number {
    this.#skipSpace();
    return codeAt(this.#text, this.#position++);
  }

  #fail(what: string, cause?: unknown): DecodeError {
    const position = Math.min(this.#position, this.#text.length);
    return new DecodeError(`Cannot decode json: ${what} at character ${position}`, {
      code: "decode-failed",
      contentType: "application/json",
      cause,
    });
  }
}
