/** Message headers between JavaScript values and what amqplib is given and gives. */
import { AmqpError } from "../errors.js";
import { MAX_HEADER_DEPTH } from "./field-table.js";
import { HEADERS_ERROR } from "./patch-field-tables.js";

type Table = Record<string, unknown>;

/** amqplib's notation of a value whose AMQP type is given. */
interface TypedValue {
  readonly "!": string;
  readonly value: unknown;
}

const typed = (type: string, value: unknown): TypedValue => ({ "!": type, value });

/**
 * Headers in amqplib's typed notation, such that py-amqp reads every value as meant.
 *
 * Left to itself amqplib picks the smallest type for an integer, and py-amqp reads the tags of two of them otherwise: `b` as
 * unsigned and `s` as a short string, so that `retries: 128` or `timelimit: [300, 240]` stops a Python worker (py-amqp 5.3,
 * serialization.py `_read_item`). Here an integer of 32 bits is always tag `I`. Above that it is `l`; below -2^31 it is a
 * double, because py-amqp reads `l` as unsigned, and refused where a double would round it.
 *
 * Also: `bigint` as integers; `Date` as a timestamp (whole seconds, as Python's); any `Uint8Array` or `ArrayBuffer` as bytes;
 * `Map` as a table; what has `toDate()` as a timestamp; `undefined` is left out of tables and null in arrays.
 * Values in amqplib's own notation, `{ "!": "int32", value: 1 }`, are taken as such. The input is not changed.
 *
 * @throws {@link AmqpError} `bad-header` with the `path` of what AMQP or Python cannot take
 */
export function typedHeaders(headers: Readonly<Table> | ReadonlyMap<string, unknown> | null | undefined): Table {
  return new HeaderWriter().table(headers ?? {}, 0);
}

/** Of headers that were received, those that can be sent again: RabbitMQ takes some that Python would misread. */
export function writableHeaders(headers: Readonly<Table>): Table {
  const writable: Table = Object.create(null);
  for (const key of Object.keys(headers)) {
    try {
      typedHeaders({ [key]: headers[key] });
      writable[key] = headers[key];
    } catch {
      // The message matters more than a header that nobody could read.
    }
  }
  return writable;
}

/**
 * Headers as received, as plain data: null-prototype objects all the way down, own keys only, timestamps as `Date`.
 *
 * @throws the reason, if they could not be read
 */
export function readHeaders(headers: object | null | undefined): Table {
  if (headers === null || headers === undefined) return Object.create(null) as Table;
  const error = (headers as { readonly [HEADERS_ERROR]?: unknown })[HEADERS_ERROR];
  if (error !== undefined) throw error;
  return plainTable(headers, 0);
}

/**
 * Inherits nothing, as a null-prototype object does: a key `__proto__` is a key like any other. V8 makes those hash tables
 * from the start, which for the twenty headers of a task costs ten times the memory of an object of a class.
 */
const BareTable = function BareTable() {} as unknown as new () => Table;
BareTable.prototype = Object.freeze(Object.create(null));

class HeaderWriter {
  /** Keys and indexes from the headers to the value at hand, for error messages. */
  readonly #trail: (string | number)[] = [];

  table(source: object, depth: number): Table {
    this.#checkDepth(depth);
    const target: Table = new BareTable();
    if (source instanceof Map) for (const [key, value] of source) this.#field(target, key, value, depth);
    else for (const key of Object.keys(source)) this.#field(target, key, (source as Table)[key], depth);
    return target;
  }

  #field(target: Table, key: unknown, value: unknown, depth: number): void {
    this.#trail.push(String(key));
    if (typeof key !== "string") throw this.#refuse("its key is no string");
    if (Buffer.byteLength(key) > 255) throw this.#refuse("its key is longer than 255 bytes");
    if (value !== undefined) target[key] = this.#value(value, depth);
    this.#trail.pop();
  }

  #array(source: readonly unknown[], depth: number): unknown[] {
    this.#checkDepth(depth);
    const target: unknown[] = [];
    for (const [index, value] of source.entries()) {
      this.#trail.push(index);
      target.push(value === undefined ? null : this.#value(value, depth));
      this.#trail.pop();
    }
    return target;
  }

  #value(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        // amqplib writes NaN and -Infinity as integers, and fails; -0 and whole floats beyond 64 bits are doubles too.
        if (!Number.isInteger(value) || Object.is(value, -0) || Math.abs(value) >= 2 ** 63)
          return typed("double", value);
        return (value | 0) === value ? typed("int32", value) : this.#integer(BigInt(value), value);
      case "bigint":
        return this.#integer(value, Number(value));
      case "object":
        return value === null ? null : this.#object(value, depth);
      default:
        throw this.#refuse(`AMQP has no ${typeof value}`);
    }
  }

  #integer(exact: bigint, value: number): TypedValue {
    if (exact >= -0x80000000n && exact <= 0x7fffffffn) return typed("int32", value);
    if (exact >= 0n) {
      if (exact > 0x7fffffffffffffffn) throw this.#refuse(`${exact} does not fit 64 bits`);
      return typed("int64", exact);
    }
    if (!Number.isSafeInteger(value)) throw this.#refuse(`py-amqp would misread ${exact}`);
    return typed("double", value);
  }

  #object(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.#array(value, depth + 1);
    if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if (value instanceof ArrayBuffer) return Buffer.from(value);
    if (value instanceof Date) return this.#timestamp(value.getTime() / 1000);
    if (typeof (value as { toDate?: unknown }).toDate === "function") {
      return this.#object((value as { toDate(): Date }).toDate(), depth);
    }
    // The codec's boxed float, and Number and Boolean objects.
    // A null-prototype object, as headers often are, has no valueOf.
    const primitive: unknown = typeof value.valueOf === "function" ? value.valueOf() : value;
    if (typeof primitive === "number") return typed("double", primitive);
    if (primitive !== value && typeof primitive !== "object") return this.#value(primitive, depth);
    if (isTyped(value)) return this.#typed(value, depth);
    if (value instanceof Map || isPlain(value)) return this.#escaped(this.table(value, depth + 1));
    throw this.#refuse(`AMQP has no ${value.constructor?.name ?? "such object"}`);
  }

  /** A nested table with a key `!` of its own would look like amqplib's notation; amqplib asks own keys but writes all. */
  #escaped(table: Table): Table {
    return Object.hasOwn(table, "!") ? Object.create(table) : table;
  }

  #typed({ "!": type, value }: TypedValue, depth: number): unknown {
    switch (type) {
      case "timestamp":
        return this.#timestamp(Number(value));
      case "decimal":
        return this.#decimal(value);
      case "double":
      case "float64":
      case "float":
        return typed("double", Number(value));
      default:
        return this.#value(value, depth);
    }
  }

  #timestamp(seconds: number): TypedValue {
    // datetime.utcfromtimestamp, which py-amqp applies, ends with the year 9999.
    if (!(seconds >= 0 && seconds < 253402300800)) throw this.#refuse("a timestamp is of the years 1970 to 9999");
    return typed("timestamp", Math.floor(seconds));
  }

  #decimal(value: unknown): TypedValue {
    const { places, digits } = (value ?? {}) as { places?: unknown; digits?: unknown };
    const fits = (n: unknown, max: number) => Number.isInteger(n) && (n as number) >= 0 && (n as number) <= max;
    if (!fits(places, 255) || !fits(digits, 0x7fffffff))
      throw this.#refuse("a decimal is { places: 0..255, digits: 0..2^31-1 }");
    return typed("decimal", { places, digits });
  }

  #checkDepth(depth: number): void {
    if (depth > MAX_HEADER_DEPTH) throw this.#refuse(`nested deeper than ${MAX_HEADER_DEPTH}, or contains itself`);
  }

  #refuse(reason: string): AmqpError {
    const shown = this.#trail.slice(0, 8).map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`));
    const path = shown.join("") || ".";
    return new AmqpError(`Cannot write header ${path}: ${reason}`, { code: "bad-header", path });
  }
}

const TYPE_NAMES: ReadonlySet<unknown> = new Set(
  "byte int8 unsignedbyte uint8 short int16 unsignedshort uint16 int int32 unsignedint uint32 long int64"
    .split(" ")
    .concat("timestamp decimal double float64 float".split(" ")),
);

function isTyped(value: object): value is TypedValue {
  return (
    Object.hasOwn(value, "!") &&
    Object.hasOwn(value, "value") &&
    Object.keys(value).length === 2 &&
    TYPE_NAMES.has((value as TypedValue)["!"])
  );
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function plainTable(source: object, depth: number): Table {
  const target: Table = Object.create(null);
  for (const key of Object.keys(source)) target[key] = plainValue((source as Table)[key], depth);
  return target;
}

function plainValue(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  // readFieldTable stops here as well; headers of an unpatched amqplib may be deeper.
  if (depth > MAX_HEADER_DEPTH) throw new AmqpError("Cannot read headers: nested too deep", { code: "bad-header" });
  if (Array.isArray(value)) return value.map((item) => plainValue(item, depth + 1));
  if (isTyped(value) && value["!"] === "timestamp") return new Date(Number(value.value) * 1000);
  return plainTable(value, depth + 1);
}
