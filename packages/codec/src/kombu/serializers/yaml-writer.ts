/**
 * YAML that PyYAML's `safe_load` reads back as the value: one document in flow style, every string quoted, so that no
 * string can be taken for a bool, a number or a date. Not recursive; a value used twice is written twice.
 */
import { DEFAULT_LIMITS } from "../../limits.js";
import { ByteArray } from "../../python/containers/sequences.js";
import { PyDate, PyDateTime } from "../../python/datetime/datetime.js";
import { floatRepr, PyFloat } from "../../python/numbers/numbers.js";
import { base64 } from "../base64.js";
import { EncodeError } from "../errors.js";
import { AsciiOutput } from "./ascii-output.js";
import { pairs } from "./expanded-size.js";

interface Frame {
  readonly source: object;
  readonly close: string;
  readonly items: Iterator<unknown>;
  /** Mappings are written `? key : value`: PyYAML takes at most 1024 characters for a key without the mark. */
  readonly marks: readonly [string, string] | undefined;
  index: number;
}

/** Characters written at most, as of JSON. */
const MAX_LENGTH = DEFAULT_LIMITS.maxBytes - 1024;

/** The YAML of a value; throws {@link EncodeError} for one that `safe_dump` refuses. */
export function writeYaml(value: unknown): Uint8Array {
  return new YamlWriter(value).write();
}

class YamlWriter {
  readonly #open: Frame[] = [];
  readonly #active = new Set<object>();
  readonly #root: unknown;
  readonly #out: AsciiOutput;

  constructor(value: unknown) {
    this.#root = value;
    this.#out = new AsciiOutput(value, MAX_LENGTH);
  }

  write(): Uint8Array {
    this.#value(this.#root);
    for (let frame = this.#open.at(-1); frame !== undefined; frame = this.#open.at(-1)) {
      if (this.#out.isTooLong()) throw fail(`the text is longer than ${MAX_LENGTH} characters`, "too-large");
      const next = frame.items.next();
      if (next.done) {
        this.#out.add(frame.close);
        this.#active.delete(frame.source);
        this.#open.pop();
        continue;
      }
      if (frame.marks === undefined) {
        if (frame.index++ > 0) this.#out.add(", ");
      } else {
        const isKey = frame.index % 2 === 0;
        if (isKey && frame.index > 0) this.#out.add(", ");
        this.#out.add(frame.marks[isKey ? 0 : 1]);
        frame.index++;
      }
      this.#value(next.value);
    }
    this.#out.add("\n");
    return this.#out.bytes();
  }

  #value(value: unknown) {
    const scalar = scalarText(value);
    if (scalar !== undefined) {
      this.#out.add(scalar);
      return;
    }
    const object = value as object;
    if (Array.isArray(object)) return this.#enter(object, "[", "]", object.values(), undefined);
    if (object instanceof Map) return this.#enter(object, "{", "}", pairs(object), ["? ", " : "]);
    if (object instanceof Set) return this.#enter(object, "!!set {", "}", members(object), ["? ", " : "]);
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype === null || prototype === Object.prototype) {
      return this.#enter(object, "{", "}", pairs(Object.entries(object)), ["? ", " : "]);
    }
    throw fail(`cannot represent an instance of ${object.constructor?.name || "a class"}`);
  }

  #enter(
    source: object,
    open: string,
    close: string,
    items: Iterator<unknown>,
    marks: readonly [string, string] | undefined,
  ): void {
    if (this.#active.has(source)) throw fail("the value contains itself");
    this.#active.add(source);
    this.#out.add(open);
    this.#open.push({ source, close, items, marks, index: 0 });
  }
}

function* members(set: ReadonlySet<unknown>): Generator<unknown> {
  for (const member of set) {
    yield member;
    yield null;
  }
}

/** The text of a scalar, `undefined` for a container. */
function scalarText(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : float(value);
    case "bigint":
    case "boolean":
      return String(value);
    case "undefined":
      return "null";
    case "object":
      if (value === null) return "null";
      if (value instanceof PyFloat) return float(value.value);
      if (value instanceof Date) return PyDateTime.from(value).toString();
      if (value instanceof PyDateTime || value instanceof PyDate) return value.toString();
      if (value instanceof ByteArray) throw fail("cannot represent a bytearray");
      if (value instanceof Uint8Array) return `!!binary "${base64(value)}"`;
      return undefined;
    default:
      throw fail(`cannot represent a ${typeof value}`);
  }
}

/** PyYAML reads a float only with a dot in it: `1.0e+16`, not `1e+16`. */
function float(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  const text = floatRepr(value);
  return text.includes(".") ? text : text.replace("e", ".0e");
}

/** A double-quoted string in ASCII; astral characters need one escape, since PyYAML keeps surrogates apart, lone ones too. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\u{10ffff}]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`;
  });
}

function fail(what: string, code: "encode-failed" | "too-large" = "encode-failed"): EncodeError {
  return new EncodeError(`Cannot encode as yaml: ${what}`, {
    code,
    contentType: "application/x-yaml",
  });
}
