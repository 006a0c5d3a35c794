/** Python's enums: members are objects of their own, found by name or by value. */
import { bigintOf, itemsOfDict, plainInt } from "../coerce.js";
import { PyDict } from "../containers/dict.js";
import { hashKey, type PyHashable } from "../hash.js";
import { hashEquals, KeyTable } from "../key-table.js";
import { bitLength } from "../numbers/integers.js";

/**
 * What Python's class extends: Enum, IntEnum, StrEnum, Flag or IntFlag. As keys, members of `"enum"` and `"flag"` are equal only
 * to themselves, the others also to their values.
 */
export type EnumKind = "enum" | "int" | "str" | "flag" | "intflag";

/**
 * What a flag makes of bits that none of its members has, as in Python's `enum`: refuses the value, drops the bits, gives the
 * int itself, or keeps them.
 */
export type FlagBoundary = "strict" | "conform" | "eject" | "keep";

/** One member of an enum. Members are unique: compare them with `===`. */
export class EnumMember<V = unknown> implements PyHashable {
  /** Python's `__name__` of the enum: of a nested one the last part. */
  readonly enumName: string;
  /** `RED`; for a combination of flags `R|X`, `null` for no flag at all. */
  readonly name: string | null;
  /** Python's `value`; of a combination of flags, all its bits. */
  readonly value: V;

  /** For {@link defineEnum}, which makes the members. */
  constructor(enumName: string, name: string | null, value: V) {
    this.enumName = enumName;
    this.name = name;
    this.value = value;
    Object.freeze(this);
  }

  /** As {@link value}, so that arithmetic sees a flag's bits. */
  valueOf(): V {
    return this.value;
  }

  /** `Color.RED`, of every kind of enum; of no flag at all `Perm.0`. */
  toString(): string {
    return `${this.enumName}.${this.name ?? String(this.value)}`;
  }

  /** The {@link value}. */
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

/** As many digits as CPython would show of bits without a name: 4300. */
const MAX_BITS = (1n << 14_284n) - 1n;

/** Combinations with more bits are not kept, so that a sender cannot fill the memory with them. */
const MAX_KEPT_BITS = 0xffff_ffff_ffff_ffffn;

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

/** What {@link defineEnum} makes: the members by name, in an object that is frozen and has no prototype. */
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
  readonly boundary: FlagBoundary;
  readonly #byName = new Map<string, EnumMember>();
  readonly #byValue = new PyDict<unknown, EnumMember>();
  /** The bits of all members, and those that are a member of their own. */
  #mask = 0n;
  #singles = 0n;

  /** @param boundary - default: `"keep"` for `intflag`, as IntFlag has it, else `"strict"` */
  constructor(
    name: string,
    members: Readonly<Record<string, unknown>>,
    kind: EnumKind,
    boundary: FlagBoundary = kind === "intflag" ? "keep" : "strict",
  ) {
    this.name = name;
    this.kind = kind;
    this.boundary = boundary;
    this.memberClass = class extends EnumMember {
      static readonly kind = kind;
    };
    for (const [memberName, value] of Object.entries(members)) {
      // A second name for a value is an alias of the first.
      const known = isHashable(value) ? this.#byValue.get(value) : undefined;
      const member = known ?? new this.memberClass(name, memberName, value);
      this.#byName.set(memberName, member);
      if (known === undefined && isHashable(value)) this.#byValue.set(value, member);
      const bits = this.isFlag ? bitsOf(value) : 0n;
      this.#mask |= bits;
      if (isSingleBit(bits)) this.#singles |= bits;
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
    const found = this.call(value);
    return found instanceof EnumMember ? found : undefined;
  }

  /** What Python's `Enum(value)` gives: a member, or an int that a flag ejects. `undefined` for a value that is none. */
  call(value: unknown): EnumMember | number | bigint | undefined {
    if (!isHashable(value)) return this.#unhashed(value);
    const member = this.#byValue.get(value);
    if (member !== undefined || !this.isFlag) return member;
    const given = bigintOf(value);
    if (given === undefined || given > MAX_BITS || given < -MAX_BITS) return undefined;
    const bits = this.#bounded(given);
    if (bits === undefined) return this.boundary === "eject" ? plainInt(given) : undefined;
    return this.#byValue.get(bits) ?? this.#combination(bits);
  }

  /** The bits that a number stands for, within the boundary. CPython 3.12 `enum.py` Flag._missing_. */
  #bounded(given: bigint): bigint | undefined {
    const all = (1n << BigInt(bitLength(this.#mask))) - 1n;
    let bits = given;
    if (bits < ~all || bits > all || (bits & (all ^ this.#mask)) !== 0n) {
      if (this.boundary === "strict" || this.boundary === "eject") return undefined;
      if (this.boundary === "conform") bits &= this.#mask;
      else if (bits < 0n) {
        const reach = 1n << BigInt(bitLength(-bits));
        bits += reach > all ? reach : all + 1n;
      }
    }
    if (bits < 0n) bits += all + 1n;
    return (bits & ~this.#mask) !== 0n && this.boundary !== "keep" ? undefined : bits;
  }

  #combination(bits: bigint): EnumMember | undefined {
    const { names, rest } = this.#namesOf(bits);
    if (names.length > 0 && rest !== 0n && this.boundary === "strict") return undefined;
    const name = names.length === 0 ? null : [...names, ...(rest === 0n ? [] : [rest])].join("|");
    const combination = new this.memberClass(this.name, name, plainInt(bits));
    // Beyond this a sender is making up numbers, and they are not worth being kept.
    if (this.#byValue.size < MAX_COMBINATIONS && bits <= MAX_KEPT_BITS)
      this.#byValue.set(combination.value, combination);
    return combination;
  }

  #unhashed(value: unknown): EnumMember | undefined {
    for (const member of this.#byName.values()) if (isEqual(member.value, value)) return member;
    return undefined;
  }

  /** The members in a combination, in the order of definition, those of several bits last, and the bits that none has. */
  #namesOf(bits: bigint): { readonly names: readonly string[]; readonly rest: bigint } {
    const singles: string[] = [];
    const several: string[] = [];
    let rest = bits;
    const hasOthers = (bits & ~this.#singles) !== 0n;
    for (const [name, member] of this.#byName) {
      const value = bitsOf(member.value);
      if (value === 0n || member.name !== name || (bits & value) !== value) continue;
      if (isSingleBit(value)) singles.push(name);
      else if (hasOthers) several.push(name);
      else continue;
      rest &= ~value;
    }
    return { names: [...singles, ...several], rest };
  }
}

/** The bits of a member; none of what is no int from 0 on. */
function bitsOf(value: unknown): bigint {
  const int = bigintOf(value);
  return int === undefined || int < 0n ? 0n : int;
}

function isSingleBit(bits: bigint): boolean {
  return bits !== 0n && (bits & (bits - 1n)) === 0n;
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
 * Makes an enum: an object with a member for each name. `BaseRegistry.registerEnum` makes one and registers it, which reading and
 * writing need.
 *
 * @param name - Python's `__name__` of the class
 * @param members - values by name; a second name of a value is an alias of the first
 * @param kind - what Python's class extends; `"flag"` and `"intflag"` also have combinations, by value. Default `"enum"`
 * @param boundary - of flags; default: `"keep"` for `"intflag"`, else `"strict"`
 */
export function defineEnum<const M extends Record<string, unknown>>(
  name: string,
  members: M,
  kind: EnumKind = "enum",
  boundary?: FlagBoundary,
): PyEnum<M> {
  const definition = new EnumDefinition(name, members, kind, boundary);
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

/**
 * The member of an enum with this value, as Python's `Color(1)`; of flags also a combination: `memberOf(Perm, 5)`. `undefined`
 * without one.
 *
 * @param pyEnum - what {@link defineEnum} or `registerEnum` gave
 * @throws TypeError for an object that is no enum
 */
export function memberOf(pyEnum: object, value: unknown): EnumMember | undefined {
  return definitionOf(pyEnum).byValue(value);
}
