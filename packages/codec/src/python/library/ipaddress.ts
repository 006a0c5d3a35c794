/** `ipaddress`: addresses, networks and interfaces. */
import { hashKey, type PyHashable } from "../hash.js";
import { pyBase } from "../objects/objects.js";
import { shortText } from "../short-text.js";

function bad(what: string, text: unknown): RangeError {
  return new RangeError(`Cannot make ${what} of ${shortText(text)}`);
}

function parseV4(text: string): bigint | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let value = 0n;
  for (const part of match.slice(1)) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith("0"))) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

/** Characters of the longest text: six groups of four digits, and four of three. */
const MAX_V6 = 45;

function parseV6(text: string): bigint | undefined {
  if (text.length > MAX_V6) return undefined;
  let groups = text;
  const dotted = /^(.*:)([\d.]+\.[\d.]+)$/.exec(text);
  if (dotted !== null) {
    const v4 = parseV4(dotted[2]!);
    if (v4 === undefined) return undefined;
    groups = `${dotted[1]}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  }
  const halves = groups.split("::");
  if (halves.length > 2) return undefined;
  const split = (half: string): string[] => (half === "" ? [] : half.split(":"));
  const head = split(halves[0]!);
  const tail = halves.length === 2 ? split(halves[1]!) : [];
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const group of [...head, ...Array<string>(missing).fill("0"), ...tail]) {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    value = (value << 16n) | BigInt(`0x${group}`);
  }
  return value;
}

function formatV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
}

/** The first longest run of zero groups is written `::`. CPython 3.12 `ipaddress.py` _compress_hextets. */
function formatV6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => (value >> BigInt(112 - 16 * i)) & 0xffffn);
  let [best, bestLength] = [-1, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0n) end++;
    if (end - i > bestLength) [best, bestLength] = [i, end - i];
    if (end > i) i = end;
  }
  const text = groups.map((group) => group.toString(16));
  if (best < 0) return text.join(":");
  return `${text.slice(0, best).join(":")}::${text.slice(best + bestLength).join(":")}`;
}

/** Python's `ipaddress.IPv4Address`. */
export class IPv4Address implements PyHashable {
  static readonly [pyBase] = true;

  /** `int(address)`: 0 to 2^32 - 1. */
  readonly int: bigint;

  /**
   * @param value - text such as `"192.0.2.1"`, or the address's number
   * @throws RangeError when it is none
   */
  constructor(value: string | number | bigint) {
    const int = typeof value === "string" ? parseV4(value) : BigInt(value);
    if (int === undefined || int < 0n || int >> 32n !== 0n) throw bad("an IPv4Address", value);
    this.int = int;
  }

  /** Whether `other` is the same address; never an {@link IPv4Interface} or text. */
  equals(other: unknown): boolean {
    return other instanceof IPv4Address && other.int === this.int;
  }

  /** Python's `str`: `192.0.2.1`. */
  toString(): string {
    return formatV4(this.int);
  }

  /** As {@link toString}: `"192.0.2.1"`. */
  toJSON(): string {
    return this.toString();
  }

  [hashKey](): unknown {
    return `i4${this.int}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `IPv4Address('${this}')`;
  }
}

/** Python's `ipaddress.IPv6Address`, with its scope (`fe80::1%eth0`). */
export class IPv6Address implements PyHashable {
  static readonly [pyBase] = true;

  /** `int(address)`: 0 to 2^128 - 1, without the scope. */
  readonly int: bigint;
  /** Python's `scope_id`, which it has since 3.9: the text after `%`; `null` without one. */
  readonly scopeId: string | null;

  /**
   * @param value - text such as `"2001:db8::1"` or `"fe80::1%eth0"`, or the address's number
   * @throws RangeError when it is none
   */
  constructor(value: string | number | bigint) {
    let int: bigint | undefined;
    let scopeId: string | null = null;
    if (typeof value === "string") {
      const percent = value.indexOf("%");
      if (percent >= 0) scopeId = value.slice(percent + 1);
      int = parseV6(percent < 0 ? value : value.slice(0, percent));
    } else {
      int = BigInt(value);
    }
    if (int === undefined || int < 0n || int >> 128n !== 0n || scopeId === "" || scopeId?.includes("%")) {
      throw bad("an IPv6Address", value);
    }
    this.int = int;
    this.scopeId = scopeId;
  }

  /** Whether `other` is the same address with the same scope; never an {@link IPv6Interface} or text. */
  equals(other: unknown): boolean {
    return other instanceof IPv6Address && other.int === this.int && other.scopeId === this.scopeId;
  }

  /** Python's `str`, the longest run of zeros left out: `2001:db8::1`, `fe80::1%eth0`. */
  toString(): string {
    return this.scopeId === null ? formatV6(this.int) : `${formatV6(this.int)}%${this.scopeId}`;
  }

  /** As {@link toString}, the longest run of zeros left out: `"2001:db8::1"`. */
  toJSON(): string {
    return this.toString();
  }

  [hashKey](): unknown {
    return `i6${this}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `IPv6Address('${this}')`;
  }
}

/** Address and prefix length. */
export abstract class AddressWithPrefix implements PyHashable {
  /** The address before the `/`: of a network its `network_address`, of an interface its `ip`. */
  readonly address: IPv4Address | IPv6Address;
  /** Python's `prefixlen`: how many bits at the beginning are the network's. */
  readonly prefixLength: number;

  constructor(text: string, bits: 32 | 128) {
    const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
    const prefix = Number(match?.[2] ?? bits);
    if (match === null || prefix > bits) throw bad("an address with a prefix", text);
    this.address = bits === 32 ? new IPv4Address(match[1]!) : new IPv6Address(match[1]!);
    this.prefixLength = prefix;
  }

  /** Whether `other` is of the same class, with the same address and prefix. */
  equals(other: unknown): boolean {
    return (
      other instanceof AddressWithPrefix && other.constructor === this.constructor && String(other) === String(this)
    );
  }

  /** Python's `str`: `10.0.0.0/8`. */
  toString(): string {
    return `${this.address}/${this.prefixLength}`;
  }

  /** As {@link toString}: `"10.0.0.0/8"`. */
  toJSON(): string {
    return this.toString();
  }

  [hashKey](): unknown {
    return `i${this.constructor.name}${this}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `${this.constructor.name}('${this}')`;
  }
}

/** Python's `ipaddress.IPv4Network`, `10.0.0.0/8`. Bits below the prefix must be 0, as in Python. */
export class IPv4Network extends AddressWithPrefix {
  static readonly [pyBase] = true;

  /** @throws RangeError for text that is none. Without a prefix it is one address, `/32` */
  constructor(text: string) {
    super(text, 32);
    assertNetwork(this.address.int, 32 - this.prefixLength, text);
  }
}

/** Python's `ipaddress.IPv6Network`, `2001:db8::/32`. Bits below the prefix must be 0, as in Python. */
export class IPv6Network extends AddressWithPrefix {
  static readonly [pyBase] = true;

  /** @throws RangeError for text that is none. Without a prefix it is one address, `/128` */
  constructor(text: string) {
    super(text, 128);
    assertNetwork(this.address.int, 128 - this.prefixLength, text);
  }
}

/** Python's `ipaddress.IPv4Interface`: an address with the network it is in, `10.1.2.3/8`. */
export class IPv4Interface extends AddressWithPrefix {
  static readonly [pyBase] = true;

  /** @throws RangeError for text that is none. Without a prefix the network is the address alone, `/32` */
  constructor(text: string) {
    super(text, 32);
  }
}

/** Python's `ipaddress.IPv6Interface`: an address with the network it is in, `fe80::1/64`. */
export class IPv6Interface extends AddressWithPrefix {
  static readonly [pyBase] = true;

  /** @throws RangeError for text that is none. Without a prefix the network is the address alone, `/128` */
  constructor(text: string) {
    super(text, 128);
  }
}

function assertNetwork(int: bigint, hostBits: number, text: string): void {
  if ((int & ((1n << BigInt(hostBits)) - 1n)) !== 0n) throw bad("a network (bits below the prefix are set)", text);
}
