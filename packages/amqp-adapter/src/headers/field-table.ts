/**
 * Reading of AMQP field tables (message headers), with RabbitMQ's type tags. Pure: bytes in, values out.
 *
 * amqplib has a reader too; this one exists because that one throws on tag `L`, rounds 64-bit integers, turns Python's
 * non-UTF-8 `bytes` into text, recurses on the data and lets a key named `__proto__` set the prototype of the result.
 */
import { isUtf8 } from "node:buffer";
import { AmqpError } from "../errors.js";

/** Tables and arrays inside one another at most. A header frame has room for 26,000 levels; nobody means more than a few. */
export const MAX_HEADER_DEPTH = 100;

/**
 * Reads the fields of one table, without its length prefix.
 *
 * The result and every nested table are null-prototype objects. Integers are numbers, or bigint beyond 2^53; strings that
 * are not UTF-8 are Buffers (copies). Timestamps and decimals keep amqplib's form, `{ "!": "timestamp", value: seconds }`
 * and `{ "!": "decimal", value: { places, digits } }`.
 *
 * @throws {@link AmqpError} `bad-header` for an unknown tag, a length that overruns, or nesting beyond {@link MAX_HEADER_DEPTH}
 */
export function readFieldTable(bytes: Buffer): Record<string, unknown> {
  return new TableReader(bytes).table(bytes.length, 0);
}

class TableReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  table(end: number, depth: number): Record<string, unknown> {
    if (depth > MAX_HEADER_DEPTH) throw tooDeep();
    const fields: Record<string, unknown> = Object.create(null);
    while (this.#offset < end) {
      const start = this.#take(this.#bytes[this.#take(1, end)] ?? 0, end);
      const key = this.#bytes.toString("utf8", start, this.#offset);
      fields[key] = this.#value(end, depth);
    }
    return fields;
  }

  #array(end: number, depth: number): unknown[] {
    if (depth > MAX_HEADER_DEPTH) throw tooDeep();
    const items: unknown[] = [];
    while (this.#offset < end) items.push(this.#value(end, depth));
    return items;
  }

  /** Moves past `length` bytes and says where they start. */
  #take(length: number, end: number): number {
    const start = this.#offset;
    if (length > end - start) {
      throw new AmqpError(`Cannot read headers: needs ${length} bytes, ${end - start} remain`, { code: "bad-header" });
    }
    this.#offset = start + length;
    return start;
  }

  /** A length prefix, checked against what remains before anything is made of it. */
  #span(end: number): number {
    const length = this.#bytes.readUInt32BE(this.#take(4, end));
    if (length > end - this.#offset) {
      throw new AmqpError(`Cannot read headers: needs ${length} bytes, ${end - this.#offset} remain`, {
        code: "bad-header",
      });
    }
    return this.#offset + length;
  }

  #value(end: number, depth: number): unknown {
    const bytes = this.#bytes;
    const tag = String.fromCharCode(bytes[this.#take(1, end)] ?? 0);
    switch (tag) {
      case "S":
        return this.#string(end);
      case "I":
        return bytes.readInt32BE(this.#take(4, end));
      // RabbitMQ's own clients write `l`, py-amqp writes `L` for every int beyond 32 bits; both are signed.
      case "l":
      case "L":
        return smallest(bytes.readBigInt64BE(this.#take(8, end)));
      case "V":
        return null;
      case "t":
        return bytes[this.#take(1, end)] !== 0;
      case "A":
        return this.#array(this.#span(end), depth + 1);
      case "F":
        return this.table(this.#span(end), depth + 1);
      case "d":
        return bytes.readDoubleBE(this.#take(8, end));
      case "T":
        return { "!": "timestamp", value: Number(bytes.readBigUInt64BE(this.#take(8, end))) };
      case "b":
        return bytes.readInt8(this.#take(1, end));
      case "B":
        return bytes.readUInt8(this.#take(1, end));
      case "s":
        return bytes.readInt16BE(this.#take(2, end));
      case "u":
        return bytes.readUInt16BE(this.#take(2, end));
      case "i":
        return bytes.readUInt32BE(this.#take(4, end));
      case "f":
        return bytes.readFloatBE(this.#take(4, end));
      case "D": {
        const start = this.#take(5, end);
        return { "!": "decimal", value: { places: bytes[start] ?? 0, digits: bytes.readInt32BE(start + 1) } };
      }
      case "x": {
        const until = this.#span(end);
        return Buffer.from(bytes.subarray(this.#take(until - this.#offset, end), until));
      }
      default:
        throw new AmqpError(`Cannot read headers: unknown type tag ${JSON.stringify(tag)}`, { code: "bad-header" });
    }
  }

  /** Tag S is text in most clients; py-amqp writes `bytes` with it too. */
  #string(end: number): string | Buffer {
    const until = this.#span(end);
    const raw = this.#bytes.subarray(this.#take(until - this.#offset, end), until);
    const text = raw.toString("utf8");
    return text.includes("\ufffd") && !isUtf8(raw) ? Buffer.from(raw) : text;
  }
}

function smallest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function tooDeep(): AmqpError {
  return new AmqpError(`Cannot read headers: nested deeper than ${MAX_HEADER_DEPTH}`, { code: "bad-header" });
}
