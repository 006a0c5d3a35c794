/**
 * Canonical forms of keys that are structures: one object for all equal tuples, or frozensets, found by the codes of their
 * parts, each distinct part having got a code. So a tuple costs its own length and not the size of all that it contains:
 * forty nested pairs, each of the same tuple twice, would cost 2 ** 40.
 */
import { Collisions } from "./collisions.js";
import { Tuple } from "./containers/sequences.js";
import { HashParts, isCounted, leaf, SHORT, sharedKeys, textAsKey } from "./hash.js";

/** The canonical form of all equal tuples, or frozensets: one object. */
export class Structure {
  readonly code: number;
  /** For a {@link KeyTable}'s owner: the one of them that it keeps. */
  kept: unknown = undefined;

  constructor(code: number) {
    this.code = code;
  }
}

/** Codes are smaller, so that a double holds two of them. */
const CODES = 2 ** 26;
/** Odd, and known to nobody: V8 keeps no secret for the hash of a number, and ints are the sender's choice. */
const SECRET = Math.floor(Math.random() * CODES) | 1;

/** Another code for each, even where it is even. */
function scrambled(code: number): number {
  return Math.imul(code, SECRET) & (CODES - 1);
}

/** Codes that are joined to one text, of at most 9,000 characters. */
const BLOCK = 1000;

/** Thrown where a code is asked for that was never given. */
const ABSENT = new Error("No key has such a part");
/** A part that only the long way is for: a structure itself, or equal to nothing. */
const NO_CODE = -1;

/** What structures of one kind and length lead to, part by part: two codes to the next, the last part to the structure. */
interface Paths {
  readonly codes: Map<number, number>;
  readonly ends: Map<number, Structure>;
}

/** Gives canonical forms; forms of one KeyTable may be compared with each other. */
export class KeyTable {
  /** Codes are odd, those of small ints even; this is before it was {@link scrambled}. */
  #lastCode = -1;
  readonly #strings = new Map<string, number>();
  readonly #others = new Map<unknown, number>();
  #collisions: Collisions | undefined;
  readonly #pathsOfTuples: (Paths | undefined)[] = [];
  readonly #pathsOfOthers = new Map<string, Paths>();
  readonly #long = new Map<string, Structure>();
  /** Of a table that gives the forms of structures that are long, or hold others: those met before. */
  #known: WeakMap<object, Structure> | undefined;
  /** Who gives those forms, perhaps to many tables, and what stands here for each of them. */
  #structures: KeyTable | undefined;
  #own: Map<Structure, Structure> | undefined;

  /** Whether nothing may be added: who asks for keys that are not there must not make the table grow. */
  #isAsking = false;

  /** @throws TypeError when Python could not hash `key` */
  canonical(key: unknown): unknown {
    if (key instanceof Tuple) return this.#flat("t", key) ?? this.#ofOthers(key, new HashParts("t", key));
    const form = leaf(key);
    if (!(form instanceof HashParts)) return form;
    return (form.isSet ? undefined : this.#flat(form.tag, form.parts)) ?? this.#ofOthers(key as object, form);
  }

  /** The canonical form of a key that equals one of those given before; `undefined` for what equals none. @throws TypeError */
  find(key: unknown): unknown {
    this.#isAsking = true;
    try {
      return this.canonical(key);
    } catch (error) {
      if (error !== ABSENT) throw error;
      // What was not looked at may be a list, which is an error also in a key that is not there.
      new KeyTable().canonical(key);
      return undefined;
    } finally {
      this.#isAsking = false;
    }
  }

  #ofOthers(key: object, parts: HashParts): Structure {
    if (this.#structures === undefined) {
      if (this.#isAsking) throw ABSENT;
      const shared = sharedKeys();
      this.#structures = shared?.structures ?? new KeyTable();
      if (shared !== undefined) shared.structures = this.#structures;
      this.#own = new Map();
    }
    const theirs = this.#isAsking ? this.#structures.#findNested(key, parts) : this.#structures.#nested(key, parts);
    let own = this.#own!.get(theirs);
    if (own === undefined) {
      if (this.#isAsking) throw ABSENT;
      own = new Structure(NO_CODE);
      this.#own!.set(theirs, own);
    }
    return own;
  }

  #findNested(key: object, parts: HashParts): Structure {
    this.#isAsking = true;
    try {
      return this.#nested(key, parts);
    } finally {
      this.#isAsking = false;
    }
  }

  #newCode(): number {
    if (this.#isAsking) throw ABSENT;
    this.#lastCode += 2;
    if (this.#lastCode >= CODES) throw new RangeError("Too many different parts of keys");
    return scrambled(this.#lastCode);
  }

  /** The code of a part; {@link NO_CODE} for what only the long way is for. */
  #codeOf(part: unknown): number {
    if (typeof part === "number" && part >= 0 && part < CODES / 2 && Number.isInteger(part)) return scrambled(2 * part);
    if (typeof part === "string") {
      const text = textAsKey(part);
      let code = this.#strings.get(text);
      if (code === undefined) {
        code = this.#newCode();
        this.#strings.set(text, code);
      }
      return code;
    }
    if (part instanceof Tuple) return NO_CODE;
    const form = leaf(part);
    return form instanceof HashParts || typeof form === "symbol" ? NO_CODE : this.#codeOfForm(form);
  }

  #codeOfForm(form: unknown): number {
    if (typeof form === "number" && form >= 0 && form < CODES / 2 && Number.isInteger(form)) return scrambled(2 * form);
    let code = this.#others.get(form);
    if (code === undefined) {
      code = this.#newCode();
      if (isCounted(form, this.#others.size)) {
        this.#collisions ??= new Collisions();
        this.#collisions.add(form, this.#others.size);
      }
      this.#others.set(form, code);
    }
    return code;
  }

  #paths(tag: string, length: number): Paths {
    const known = tag === "t" ? this.#pathsOfTuples[length] : this.#pathsOfOthers.get(tag + length);
    if (known !== undefined) return known;
    const paths: Paths = { codes: new Map(), ends: new Map() };
    if (tag === "t") this.#pathsOfTuples[length] = paths;
    else this.#pathsOfOthers.set(tag + length, paths);
    return paths;
  }

  /** The structure of a few parts that are none themselves; `undefined` for any other. */
  #flat(tag: string, parts: ArrayLike<unknown>): Structure | undefined {
    const { length } = parts;
    if (length > SHORT) return undefined;
    const paths = this.#paths(tag, length);
    let path = 0;
    for (let i = 0; i < length; i++) {
      const code = this.#codeOf(parts[i]);
      if (code === NO_CODE) return undefined;
      path = i === 0 ? code : this.#step(paths, path, code, i === length - 1);
    }
    return this.#end(paths, path);
  }

  /** Where `code` leads from `path`. */
  #step(paths: Paths, path: number, code: number, isLast: boolean): number {
    const both = path * CODES + code;
    if (isLast) return both;
    let next = paths.codes.get(both);
    if (next === undefined) {
      next = this.#newCode();
      paths.codes.set(both, next);
    }
    return next;
  }

  #end(paths: Paths, path: number): Structure {
    let structure = paths.ends.get(path);
    if (structure === undefined) {
      structure = new Structure(this.#newCode());
      paths.ends.set(path, structure);
    }
    return structure;
  }

  #structure({ tag, isSet }: HashParts, codes: number[]): Structure {
    if (isSet) codes.sort((a, b) => a - b);
    const { length } = codes;
    if (length <= SHORT) {
      const paths = this.#paths(tag, length);
      return this.#end(
        paths,
        length === 0 ? 0 : codes.reduce((path, code, i) => this.#step(paths, path, code, i === length - 1)),
      );
    }
    return this.#joined(tag, codes);
  }

  /** Of very many codes blocks are joined first, since V8 hashes no text of them all; a block has a code that no part has. */
  #joined(tag: string, codes: readonly number[]): Structure {
    const { length } = codes;
    if (length > BLOCK) {
      const blocks: number[] = [];
      for (let i = 0; i < length; i += BLOCK) blocks.push(this.#joined("", codes.slice(i, i + BLOCK)).code);
      return this.#joined(tag, blocks);
    }
    const text = `${tag}${codes.join(",")}`;
    let structure = this.#long.get(text);
    if (structure === undefined) {
      structure = new Structure(this.#newCode());
      this.#long.set(text, structure);
    }
    return structure;
  }

  /** Walks nested structures with a stack of its own: their depth is the sender's choice. */
  #nested(root: object, rootParts: HashParts): Structure {
    this.#known ??= new WeakMap();
    const known = this.#known.get(root);
    if (known !== undefined) return known;
    const stack: { key: object; parts: HashParts; codes: number[] }[] = [{ key: root, parts: rootParts, codes: [] }];
    const open = new Set<object>([root]);
    for (;;) {
      const top = stack[stack.length - 1]!;
      const { parts, codes } = top;
      let nested: { key: object; parts: HashParts; codes: number[] } | undefined;
      while (codes.length < parts.parts.length) {
        const part = parts.parts[codes.length];
        const form = typeof part === "string" ? part : leaf(part);
        if (!(form instanceof HashParts)) {
          codes.push(typeof part === "string" ? this.#codeOf(part) : this.#codeOfForm(form));
          continue;
        }
        const partKnown = this.#known.get(part as object);
        if (partKnown === undefined) {
          // Python's hash of such a tuple does not end.
          if (open.has(part as object)) throw new TypeError("unhashable: a tuple that contains itself");
          nested = { key: part as object, parts: form, codes: [] };
          break;
        }
        codes.push(partKnown.code);
      }
      if (nested !== undefined) {
        open.add(nested.key);
        stack.push(nested);
        continue;
      }
      const structure = this.#structure(parts, codes);
      this.#known.set(top.key, structure);
      open.delete(top.key);
      stack.pop();
      const parent = stack[stack.length - 1];
      if (parent === undefined) return structure;
      parent.codes.push(structure.code);
    }
  }
}

/**
 * Whether Python's `==` holds for two hashable values, as for keys of a dict: `1`, `1n`, `true` and `new PyFloat(1)` are equal,
 * tuples and bytes by content. A NaN is equal at most to itself, the same object.
 *
 * @throws TypeError when one is not hashable
 */
export function hashEquals(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const table = new KeyTable();
  return table.canonical(a) === table.canonical(b);
}
