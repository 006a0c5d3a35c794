/** `uuid.UUID`. */
import { hashKey, type PyHashable } from "../hash.js";
import { pyBase } from "../objects/objects.js";

const HEX = /^[0-9a-f]{32}$/i;
/** No text that means a UUID is longer, whatever its hyphens. */
const MAX_TEXT = 1000;

export const MAX_UUID = (1n << 128n) - 1n;

/**
 * A Python `uuid.UUID`: 128 bits.
 *
 * @example
 * UUID.from("12345678-1234-5678-1234-567812345678").hex // => '12345678123456781234567812345678'
 */
export class UUID implements PyHashable {
  static readonly [pyBase] = true;

  /** The 128 bits as a number: 0 to 2^128 - 1. */
  readonly int: bigint;
  /** `SafeUUID`: 0 safe, -1 unsafe, `null` unknown. Whether it was made in a way that is safe for several processes. */
  readonly isSafe: 0 | -1 | null;

  /** @throws RangeError for a number that has not 128 bits */
  constructor(int: bigint | number, isSafe: 0 | -1 | null = null) {
    const bits = BigInt(int);
    if (bits < 0n || bits > MAX_UUID) throw new RangeError(`Cannot make a UUID of ${bits}: not of 128 bits`);
    this.int = bits;
    this.isSafe = isSafe;
  }

  /**
   * Of text that Python's `UUID` takes, with or without hyphens, braces or `urn:uuid:`, or of 16 bytes.
   *
   * @throws SyntaxError for other text
   * @throws RangeError for another number of bytes
   */
  static from(value: UUID | string | Uint8Array): UUID {
    if (value instanceof UUID) return value;
    if (typeof value === "string") {
      const hex = value.length > MAX_TEXT ? "" : digitsOf(value);
      if (!HEX.test(hex)) throw new SyntaxError(`Cannot make a UUID of ${JSON.stringify(value.slice(0, 80))}`);
      return new UUID(BigInt(`0x${hex}`));
    }
    if (value.length !== 16) throw new RangeError(`Cannot make a UUID of ${value.length} bytes: needs 16`);
    let hex = "0x";
    for (const byte of value) hex += byte.toString(16).padStart(2, "0");
    return new UUID(BigInt(hex));
  }

  /** A random one (version 4): Python's `uuid4()`. */
  static random(): UUID {
    return UUID.from(globalThis.crypto.randomUUID());
  }

  /** 32 hexadecimal digits: lower case, no hyphens. */
  get hex(): string {
    return this.int.toString(16).padStart(32, "0");
  }

  /** The 16 bytes, the most significant first: a copy each time. */
  get bytes(): Uint8Array {
    const { hex } = this;
    return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
  }

  /** Whether `other` is the same UUID, by the number alone, as in Python: `isSafe` does not count. */
  equals(other: unknown): boolean {
    return other instanceof UUID && other.int === this.int;
  }

  /** Python's `str`: `12345678-1234-5678-1234-567812345678`. */
  toString(): string {
    const { hex } = this;
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /** As {@link toString}: lower case, with hyphens. */
  toJSON(): string {
    return this.toString();
  }

  [hashKey](): unknown {
    return `u${this.int}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `UUID ${this.toString()}`;
  }
}

/** CPython 3.12 `uuid.py` UUID.__init__, whose `int(hex, 16)` also takes signs, spaces and underscores. */
function digitsOf(text: string): string {
  const plain = text.replaceAll("urn:", "").replaceAll("uuid:", "");
  let [start, end] = [0, plain.length];
  while (start < end && isBrace(plain[start])) start++;
  while (end > start && isBrace(plain[end - 1])) end--;
  return plain.slice(start, end).replaceAll("-", "");
}

function isBrace(character: string | undefined): boolean {
  return character === "{" || character === "}";
}
