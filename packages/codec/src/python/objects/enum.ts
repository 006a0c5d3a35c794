/** Python's enums: members are objects of their own, found by name or by value. */
import { bigintOf, itemsOfDict, plainInt } from "../coerce.js";
import { PyDict } from "../containers/dict.js";
import { hashKey, type PyHashable } from "../hash.js";
import { hashEquals, KeyTable } from "../key-table.js";

/** How an enum's members behave: `"enum"` and `"flag"` are equal only to themselves, the others also to their values. */
export type EnumKind = "enum" | "int" | "str" | "flag" | "intflag";

/** One member of an enum. Members are unique: compare them with `===`. */
export class EnumMember<V = unknown> implements PyHashable {
  /** Python's `__name__` of the enum: of a nested one the last part. */
  readonly enumName: string;
  /** `RED`; for a combination of flags `R|X`, `null` for no flag at all. */
  readonly name: string | null;
  /** Python's `value`; of a combination of flags, all its bits. */
  readonly value: V;

  constructor(enumName: string, name: string | null, value: V) {
    this.enumName = enumName;
    this.name = name;
    this.value = value;
    Object.freeze(this);
  }

  valueOf(): V {
    return this.value;
  }

  /** `Color.RED` */
  toString(): string {
    return `${this.enumName}.${this.name ?? String(this.value)}`;
  }

  /** The value. */
  toJSON(): V {
    return this.value;
  }

  [hashKey](): unknown {
    const kind = kindOf(this);
    if (kind === "str") return `s${String(this.value)}`;
    return kind === "int" || kind === "intflag" ? this.value : this;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** More bits than any enum has; a longer number costs time and says nothing. */
const MAX_BITS = 0xffff_ffff_ffff_ffffn;

/** Combinations of flags that are kept as one object each. */
const MAX_COMBINATIONS = 4096;

/** The enum behind an object that {@link defineEnum} made. */
const DEFINITION = Symbol.for("brine.enum");

function kindOf(member: EnumMember): EnumKind {
  return (member.constructor as unknown as { readonly kind: EnumKind }).kind;
}

/** Whether a member is also an int or a str: one of an `IntEnum`, a `StrEnum`, an `IntFlag`. */
export function isEqualToValue(member: EnumMember): boolean {
  const kind = kindOf(member);
  return kind !== "enum" && kind !== "flag";
}

/** Members by name. */
export type PyEnum<M extends Record<string, unknown> = Record<string, unknown>> = {
  readonly [K in keyof M]: EnumMember<M[K]>;
};

/** What is known of an enum beyond its members. */
export class EnumDefinition {
  readonly name: string;
  readonly kind: EnumKind;
  /** The class of this enum's members only. */
  readonly memberClass: new (
    enumName: string,
    name: string | null,
    value: unknown,
  ) => EnumMember;
  readonly #byName = new Map<string, EnumMember>();
  readonly #byValue = new PyDict<unknown, EnumMember>();
  #allBits = 0n;

  constructor(name: string, members: Readonly<Record<string, unknown>>, kind: EnumKind) {
    this.name = name;
    this.kind = kind;
    this.memberClass = class extends EnumMember {
      static readonly kind = kind;
    };
    for (const [memberName, value] of Object.entries(members)) {
      // A second name for a value is an alias of the first.
      const known = isHashable(value) ? this.#byValue.get(value) : undefined;
      const member = known ?? new this.memberClass(name, memberName, value);
      this.#byName.set(memberName, member);
      if (known === undefined && isHashable(value)) this.#byValue.set(value, member);
      if (this.isFlag) this.#allBits |= bitsOf(value) ?? 0n;
    }
  }

  get isFlag(): boolean {
    return this.kind === "flag" || this.kind === "intflag";
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  byName(name: string): EnumMember | undefined {
    return this.#byName.get(name);
  }

  /** The member of a value; of flags also a combination. `undefined` for a value that is none. */
  byValue(value: unknown): EnumMember | undefined {
    if (!isHashable(value)) return this.#unhashed(value);
    const member = this.#byValue.get(value);
    if (member !== undefined || !this.isFlag) return member;
    const bits = bitsOf(value);
    if (bits === undefined || ((bits & ~this.#allBits) !== 0n && this.kind === "flag")) return undefined;
    const combination = new this.memberClass(this.name, this.#combinedName(bits), plainInt(bits));
    // Beyond this a sender is making up numbers, and they are not worth being kept.
    if (this.#byValue.size < MAX_COMBINATIONS) this.#byValue.set(combination.value, combination);
    return combination;
  }

  #unhashed(value: unknown): EnumMember | undefined {
    for (const member of this.#byName.values()) if (isEqual(member.value, value)) return member;
    return undefined;
  }

  /** `R|X`, in the order of definition; bits without a name as a number. CPython 3.12 `enum.py` Flag._missing_. */
  #combinedName(bits: bigint): string | null {
    const names: string[] = [];
    let rest = bits;
    for (const [name, member] of this.#byName) {
      const value = bitsOf(member.value) ?? 0n;
      const isSingle = value !== 0n && (value & (value - 1n)) === 0n;
      if (isSingle && member.name === name && (bits & value) === value) {
        names.push(name);
        rest &= ~value;
      }
    }
    if (names.length === 0) return null;
    return rest === 0n ? names.join("|") : `${names.join("|")}|${rest}`;
  }
}

/** The bits of a flag's value; `undefined` for what is no int from 0 to 2^64-1. */
function bitsOf(value: unknown): bigint | undefined {
  const int = bigintOf(value);
  return int === undefined || int < 0n || int > MAX_BITS ? undefined : int;
}

function isHashable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  try {
    new KeyTable().canonical(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * Python's `==`, but that a list equals a tuple, since one may ask for tuples as arrays. It goes by the member's value, which
 * the program wrote: a sender cannot make it long.
 */
function isEqual(own: unknown, other: unknown): boolean {
  if (Array.isArray(own)) {
    return Array.isArray(other) && own.length === other.length && own.every((item, i) => isEqual(item, other[i]));
  }
  const items = itemsOfDict(own);
  if (items !== undefined) {
    const others = itemsOfDict(other);
    if (others?.size !== items.size) return false;
    for (const [key, item] of items) if (!others.has(key) || !isEqual(item, others.get(key))) return false;
    return true;
  }
  try {
    return hashEquals(own, other);
  } catch {
    return false;
  }
}

/**
 * Makes an enum: an object with a member for each name.
 *
 * @param kind - `"flag"` and `"intflag"` also have combinations, by value
 */
export function defineEnum<const M extends Record<string, unknown>>(
  name: string,
  members: M,
  kind: EnumKind = "enum",
): PyEnum<M> {
  const definition = new EnumDefinition(name, members, kind);
  const object = Object.create(null) as Record<string | symbol, unknown>;
  Object.defineProperty(object, DEFINITION, { value: definition });
  for (const memberName of definition.names) object[memberName] = definition.byName(memberName);
  return Object.freeze(object) as PyEnum<M>;
}

/** @throws TypeError for an object that {@link defineEnum} did not make */
export function definitionOf(pyEnum: object): EnumDefinition {
  const definition = (pyEnum as { readonly [DEFINITION]?: unknown })[DEFINITION];
  if (!(definition instanceof EnumDefinition)) throw new TypeError("Not an enum: make it with registerEnum");
  return definition;
}

/** The member of an enum with this value; of flags also a combination: `memberOf(Perm, 5)`. `undefined` without one. */
export function memberOf(pyEnum: object, value: unknown): EnumMember | undefined {
  return definitionOf(pyEnum).byValue(value);
}
