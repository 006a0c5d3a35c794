/**
 * The machine that runs a pickle: a stack, a memo and one switch. It never calls itself, however deep the data is, and
 * every opcode costs what its bytes and operands cost. Semantics: CPython 3.12 `_pickle.c` load(), with the strict frames
 * of 3.13.15 and 3.14.7.
 */
import { MAX_KEY } from "../bytes/key-interner.js";
import { decodeLong } from "../bytes/longs.js";
import { latin1, TextReader } from "../bytes/utf8-decode.js";
import { PickleError, type PickleErrorCode, UnpicklingError } from "../errors.js";
import type { AnyClass } from "../globals/registry.js";
import type { Limits } from "../limits.js";
import { PyDict } from "../python/dict.js";
import { PyFloat } from "../python/numbers.js";
import type { PyGlobal } from "../python/objects.js";
import { ByteArray, Tuple } from "../python/sequences.js";
import { PySet } from "../python/sets.js";
import { newBytes, ObjectBuilder } from "./construct.js";
import { fillDict, fillObject, fillPlainSet, fillPySet, newFrozenSet, Promotions, setListItems } from "./containers.js";
import { fixImport } from "./fix-imports.js";
import { NumberRun, readFloat64, startsNumber } from "./number-run.js";
import * as op from "./opcodes.js";
import type { UnpicklerOptions } from "./options.js";
import { rewire } from "./rewire.js";
import {
  decodePython2,
  parseFloatLine,
  parseIndex,
  parseInt0,
  parseLong,
  parseQuoted,
  parseRawUnicode,
} from "./text.js";
import { typeName } from "./type-name.js";
import {
  DEFAULT_UNPICKLER_OPTIONS,
  type ResolvedUnpicklerOptions,
  resolveUnpicklerOptions,
} from "./unpickler-options.js";

/** Positions are 32-bit integers, whatever `maxBytes` says. */
const MAX_LENGTH = 0x7fffffff;

/** Only used within one opcode, so one serves all. */
const run = new NumberRun();

function fault(code: PickleErrorCode, message: string): UnpicklingError {
  return new UnpicklingError(message, { code });
}

function overLimit(name: keyof Limits, max: number): UnpicklingError {
  return new UnpicklingError(`limit ${name} of ${max} reached`, { code: "limit-exceeded", limit: { name, max } });
}

/**
 * Decodes the pickles in some bytes, one {@link Unpickler.load} each. The memo lives as long as the unpickler, as in
 * CPython, so that pickles written by one pickler can refer to each other's objects.
 *
 * Subclass it to decide what names mean: `findClass`, `persistentLoad`, `getExtension`.
 *
 * @example
 * class Restricted extends Unpickler {
 *   override findClass(module: string, name: string) {
 *     if (module !== "collections") throw new Error(`${module}.${name} is forbidden`);
 *     return super.findClass(module, name);
 *   }
 * }
 */
export class Unpickler {
  readonly #bytes: Uint8Array;
  readonly #options: ResolvedUnpicklerOptions;
  #position = 0;
  /** Where the frame at hand ends; the end of the input outside of frames. */
  #limit: number;
  #protocol = 0;
  #text: TextReader | undefined;
  #view: DataView | undefined;
  #floats = 0;
  #builder: ObjectBuilder | undefined;
  #promotions: Promotions | undefined;
  #buffers: Iterator<Uint8Array | ArrayBuffer> | undefined;
  readonly #memo: unknown[] = [];
  /** Whether the memo is an array without holes, so that the next index is its length. */
  #isDense = true;
  /** Slots of the memo array that nothing was put under. */
  #holes = 0;
  /** Entries whose index is far above the number of entries. */
  #sparseMemo: Map<number, unknown> | undefined;
  /** Whether an object was pushed a second time, so that more than the stack and the memo may refer to it. */
  #isSharing = false;
  #items = 0;

  /**
   * @param data - one or more pickles back to back. Not copied: do not change it before the last `load`
   * @throws PickleError `bad-option`
   */
  constructor(data: Uint8Array | ArrayBuffer, options?: UnpicklerOptions) {
    if (data instanceof Uint8Array) this.#bytes = data;
    else if (data instanceof ArrayBuffer) this.#bytes = new Uint8Array(data);
    else throw new PickleError(`Cannot unpickle ${typeName(data)}: must be bytes`, { code: "bad-option" });
    this.#options = options === undefined ? DEFAULT_UNPICKLER_OPTIONS : resolveUnpicklerOptions(options);
    if (this.#bytes.length > MAX_LENGTH) throw overLimit("maxBytes", MAX_LENGTH);
    this.#limit = this.#bytes.length;
  }

  /** How many bytes were read: the offset of the next pickle. */
  get position(): number {
    return this.#position;
  }

  /** Whether there is no further pickle. */
  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /**
   * What a global stands for. Override it to allow, forbid or rename; return what `super.findClass` returns, or a class
   * that the registry knows. Python 2's names arrive as they were written and are mapped here (`fixImports`).
   */
  findClass(module: string, name: string): PyGlobal | AnyClass {
    if (this.#protocol < 3 && this.#options.fixImports) {
      const [newModule, newName] = fixImport(module, name);
      return this.#objects().resolve(newModule, newName);
    }
    return this.#objects().resolve(module, name);
  }

  /** The object with a persistent id, which is a str at protocol 0. Must not return `undefined`. */
  persistentLoad(id: unknown): unknown {
    const load = this.#options.persistentLoad;
    if (load === undefined) throw fault("persistent-id", "a persistent id needs persistentLoad");
    return load(id);
  }

  /** The global under an extension code, from the registry's extensions. */
  getExtension(code: number): PyGlobal | AnyClass {
    const name = this.#options.registry.findExtension(code);
    if (name === undefined) throw fault("unregistered-extension", `extension code ${code} is not registered`);
    return this.findClass(name.module, name.name);
  }

  /**
   * Decodes the next pickle.
   *
   * @throws UnpicklingError with `code`, `offset` and `opcode`; after it the unpickler cannot go on
   */
  load(): unknown {
    const bytes = this.#bytes;
    // With `| 0` V8 keeps positions as 32-bit integers, which the constructor made sure they are.
    const end = bytes.length | 0;
    const { limits, int, float, dict } = this.#options;
    const { maxDepth, maxMemo } = limits;
    const isPlainInt = int === "auto";
    const isPlainFloat = float === "number";
    const memo = this.#memo;
    const stack: unknown[] = [];
    /** Fences of the outer marks, each with a bit that says whether its mark opened a dict. */
    const marks: number[] = [];
    let pos = this.#position | 0;
    /** The opcode at hand, for errors. */
    let at = pos;
    let sp = 0;
    /** Height of the stack at the innermost mark: what is below is out of reach. */
    let fence = 0;
    /** Parity of the stack's height where a dict's key comes next; 2 outside of dicts. */
    let keyParity = 2;
    /** Where the frame at hand ends; the end of the input outside of frames. */
    let limit = end;
    this.#limit = end;
    this.#protocol = 0;
    try {
      if (end - pos > limits.maxBytes) throw overLimit("maxBytes", limits.maxBytes);
      this.#text ??= new TextReader(bytes);
      const text = this.#text;
      for (;;) {
        at = pos;
        if (pos >= limit) limit = this.#need(pos, 1) | 0;
        if (sp > maxDepth) throw overLimit("maxDepth", maxDepth);
        const code = bytes[pos++]! as op.Opcode;
        switch (code) {
          // -- strings
          case op.SHORT_BINUNICODE: {
            if (pos >= limit) limit = this.#need(pos, 1) | 0;
            const length = bytes[pos++]!;
            if (pos + length > limit) limit = this.#need(pos, length) | 0;
            const value =
              (sp & 1) === keyParity && length <= MAX_KEY ? text.key(pos, length) : text.utf8(pos, pos + length);
            stack[sp++] = value;
            pos = (pos + length) | 0;
            // Nearly every str is memoised: do it here.
            if (pos < limit && bytes[pos] === op.MEMOIZE && this.#isDense && memo.length < maxMemo) {
              memo.push(value);
              pos++;
            }
            break;
          }
          case op.BINUNICODE: {
            if (pos + 4 > limit) limit = this.#need(pos, 4) | 0;
            const length = uint32(bytes, pos);
            pos += 4;
            if (pos + length > limit) limit = this.#need(pos, length) | 0;
            const value =
              (sp & 1) === keyParity && length <= MAX_KEY ? text.key(pos, length) : text.utf8(pos, pos + length);
            stack[sp++] = value;
            pos = (pos + length) | 0;
            if (pos < limit && bytes[pos] === op.MEMOIZE && this.#isDense && memo.length < maxMemo) {
              memo.push(value);
              pos++;
            }
            break;
          }
          case op.BINUNICODE8: {
            if (pos + 8 > limit) limit = this.#need(pos, 8) | 0;
            const length = uint64(bytes, pos);
            pos += 8;
            if (pos + length > limit) limit = this.#need(pos, length) | 0;
            stack[sp++] = text.utf8(pos, pos + length);
            pos = (pos + length) | 0;
            break;
          }
          case op.UNICODE: {
            const next = this.#line(pos) | 0;
            limit = this.#limit | 0;
            stack[sp++] = parseRawUnicode(latin1(bytes, pos, next - 1));
            pos = next;
            break;
          }

          // -- Python 2's str
          case op.SHORT_BINSTRING: {
            if (pos >= limit) limit = this.#need(pos, 1) | 0;
            const length = bytes[pos++]!;
            if (pos + length > limit) limit = this.#need(pos, length) | 0;
            stack[sp++] = this.#python2(pos, pos + length);
            pos = (pos + length) | 0;
            break;
          }
          case op.BINSTRING: {
            if (pos + 4 > limit) limit = this.#need(pos, 4) | 0;
            const length = int32(bytes, pos);
            if (length < 0) throw fault("bad-argument", `negative length ${length}`);
            pos += 4;
            if (pos + length > limit) limit = this.#need(pos, length) | 0;
            stack[sp++] = this.#python2(pos, pos + length);
            pos = (pos + length) | 0;
            break;
          }
          case op.STRING: {
            const next = this.#line(pos) | 0;
            limit = this.#limit | 0;
            const content = parseQuoted(bytes.subarray(pos, next - 1));
            stack[sp++] = this.#python2Text(content, true);
            pos = next;
            break;
          }

          // -- bytes
          case op.SHORT_BINBYTES: {
            if (pos >= limit) limit = this.#need(pos, 1) | 0;
            const length = bytes[pos++]!;
            if (pos + length > limit) limit = this.#need(pos, length) | 0;
            stack[sp++] = this.#slice(pos, pos + length);
            pos = (pos + length) | 0;
            break;
          }
          case op.BINBYTES: {
            if (pos + 4 > limit) limit = this.#need(pos, 4) | 0;
            const length = uint32(bytes, pos);
            pos += 4;
            if (pos + length > limit) limit = this.#need(pos, length) | 0;
            stack[sp++] = this.#slice(pos, pos + length);
            pos = (pos + length) | 0;
            break;
          }
          case op.BINBYTES8: {
            if (pos + 8 > limit) limit = this.#need(pos, 8) | 0;
            const length = uint64(bytes, pos);
            pos += 8;
            if (pos + length > limit) limit = this.#need(pos, length) | 0;
            stack[sp++] = this.#slice(pos, pos + length);
            pos = (pos + length) | 0;
            break;
          }
          case op.BYTEARRAY8: {
            if (pos + 8 > limit) limit = this.#need(pos, 8) | 0;
            const length = uint64(bytes, pos);
            pos += 8;
            if (pos + length > limit) limit = this.#need(pos, length) | 0;
            stack[sp++] = this.#byteArray(pos, pos + length);
            pos = (pos + length) | 0;
            break;
          }
          case op.NEXT_BUFFER:
            stack[sp++] = this.#nextBuffer();
            break;
          case op.READONLY_BUFFER:
            if (sp <= fence) throw this.#underflow(marks);
            if (!(stack[sp - 1] instanceof Uint8Array)) {
              throw fault("bad-operand", `${typeName(stack[sp - 1])} is no buffer`);
            }
            break;

          // -- numbers and constants
          case op.BININT1:
            if (pos >= limit) limit = this.#need(pos, 1) | 0;
            stack[sp++] = isPlainInt ? bytes[pos++]! : BigInt(bytes[pos++]!);
            break;
          case op.BININT2:
            if (pos + 2 > limit) limit = this.#need(pos, 2) | 0;
            stack[sp++] = this.#int(bytes[pos]! | (bytes[pos + 1]! << 8));
            pos += 2;
            break;
          case op.BININT:
            if (pos + 4 > limit) limit = this.#need(pos, 4) | 0;
            stack[sp++] = this.#int(int32(bytes, pos));
            pos += 4;
            break;
          case op.LONG1: {
            if (pos >= limit) limit = this.#need(pos, 1) | 0;
            const length = bytes[pos++]!;
            if (pos + length > limit) limit = this.#need(pos, length) | 0;
            const value = decodeLong(bytes, pos, pos + length);
            stack[sp++] = isPlainInt ? value : BigInt(value);
            pos = (pos + length) | 0;
            break;
          }
          case op.LONG4: {
            if (pos + 4 > limit) limit = this.#need(pos, 4) | 0;
            const length = int32(bytes, pos);
            if (length < 0) throw fault("bad-argument", `negative length ${length}`);
            if (length > limits.maxIntBytes) throw overLimit("maxIntBytes", limits.maxIntBytes);
            pos += 4;
            if (pos + length > limit) limit = this.#need(pos, length) | 0;
            stack[sp++] = this.#int(decodeLong(bytes, pos, pos + length));
            pos = (pos + length) | 0;
            break;
          }
          case op.BINFLOAT:
            if (pos + 8 > limit) limit = this.#need(pos, 8) | 0;
            stack[sp++] = isPlainFloat ? this.#float64(pos) : new PyFloat(this.#float64(pos));
            pos += 8;
            break;
          case op.INT: {
            const next = this.#line(pos, 1) | 0;
            limit = this.#limit | 0;
            const value = parseInt0(latin1(bytes, pos, next - 1), limits);
            stack[sp++] = typeof value === "boolean" ? value : this.#int(value);
            pos = next;
            break;
          }
          case op.LONG: {
            const next = this.#line(pos, 1) | 0;
            limit = this.#limit | 0;
            stack[sp++] = this.#int(parseLong(latin1(bytes, pos, next - 1), limits));
            pos = next;
            break;
          }
          case op.FLOAT: {
            const next = this.#line(pos, 1) | 0;
            limit = this.#limit | 0;
            stack[sp++] = this.#float(parseFloatLine(latin1(bytes, pos, next - 1)));
            pos = next;
            break;
          }
          case op.NONE:
            stack[sp++] = null;
            break;
          case op.NEWTRUE:
            stack[sp++] = true;
            break;
          case op.NEWFALSE:
            stack[sp++] = false;
            break;

          // -- the stack
          case op.MARK:
            marks.push((fence << 1) | ((keyParity >> 1) ^ 1));
            fence = sp;
            keyParity = 2;
            break;
          case op.POP:
            // A bare mark counts as an item here.
            if (sp === fence && marks.length > 0) {
              const outer = marks.pop()!;
              fence = outer >> 1;
              keyParity = parityOf(outer);
            } else if (sp <= fence) throw this.#underflow(marks);
            else sp--;
            break;
          case op.POP_MARK: {
            if (marks.length === 0) throw this.#noMark();
            const outer = marks.pop()!;
            sp = fence;
            fence = outer >> 1;
            keyParity = parityOf(outer);
            break;
          }
          case op.DUP:
            if (sp <= fence) throw this.#underflow(marks);
            this.#isSharing = true;
            stack[sp] = stack[sp - 1];
            sp++;
            break;

          // -- the memo
          case op.MEMOIZE:
            if (sp <= fence) throw this.#underflow(marks);
            if (memo.length >= maxMemo) throw overLimit("maxMemo", maxMemo);
            if (this.#isDense) memo.push(stack[sp - 1]);
            else this.#put(this.#memoSize(), stack[sp - 1]);
            break;
          case op.BINPUT:
            if (pos >= limit) limit = this.#need(pos, 1) | 0;
            if (sp <= fence) throw this.#underflow(marks);
            this.#put(bytes[pos++]!, stack[sp - 1]);
            break;
          case op.LONG_BINPUT: {
            if (pos + 4 > limit) limit = this.#need(pos, 4) | 0;
            const index = uint32(bytes, pos);
            pos += 4;
            if (sp <= fence) throw this.#underflow(marks);
            this.#put(index, stack[sp - 1]);
            break;
          }
          case op.PUT: {
            const next = this.#line(pos, 1) | 0;
            limit = this.#limit | 0;
            const index = parseIndex(latin1(bytes, pos, next - 1));
            if (index < 0) throw fault("bad-memo", `negative index ${index}`);
            if (sp <= fence) throw this.#underflow(marks);
            this.#put(index, stack[sp - 1]);
            pos = next;
            break;
          }
          case op.BINGET:
            if (pos >= limit) limit = this.#need(pos, 1) | 0;
            stack[sp++] = this.#get(bytes[pos++]!);
            break;
          case op.LONG_BINGET:
            if (pos + 4 > limit) limit = this.#need(pos, 4) | 0;
            stack[sp++] = this.#get(uint32(bytes, pos));
            pos += 4;
            break;
          case op.GET: {
            const next = this.#line(pos, 1) | 0;
            limit = this.#limit | 0;
            stack[sp++] = this.#get(parseIndex(latin1(bytes, pos, next - 1)));
            pos = next;
            break;
          }

          // -- tuples
          case op.EMPTY_TUPLE:
            stack[sp++] = new Tuple();
            break;
          case op.TUPLE1: {
            if (sp - 1 < fence) throw this.#underflow(marks);
            const tuple = new Tuple(1);
            tuple[0] = stack[sp - 1];
            stack[sp - 1] = tuple;
            break;
          }
          case op.TUPLE2: {
            if (sp - 2 < fence) throw this.#underflow(marks);
            const tuple = new Tuple(2);
            tuple[0] = stack[sp - 2];
            tuple[1] = stack[sp - 1];
            sp -= 1;
            stack[sp - 1] = tuple;
            break;
          }
          case op.TUPLE3: {
            if (sp - 3 < fence) throw this.#underflow(marks);
            const tuple = new Tuple(3);
            tuple[0] = stack[sp - 3];
            tuple[1] = stack[sp - 2];
            tuple[2] = stack[sp - 1];
            sp -= 2;
            stack[sp - 1] = tuple;
            break;
          }
          case op.TUPLE: {
            if (marks.length === 0) throw this.#noMark();
            stack[fence] = this.#newTuple(stack, fence, sp);
            sp = fence + 1;
            const outer = marks.pop()!;
            fence = outer >> 1;
            keyParity = parityOf(outer);
            break;
          }

          // -- lists
          case op.EMPTY_LIST: {
            const memoSize = memoOpcodeSize(bytes, pos, limit, memo.length);
            const first = pos + memoSize + 1;
            if (
              isPlainInt &&
              isPlainFloat &&
              first + 1 < limit &&
              bytes[first - 1] === op.MARK &&
              startsNumber(bytes[first]) &&
              this.#isDense &&
              memo.length < maxMemo
            ) {
              run.read(bytes, first, limit, this.#view);
              this.#count(run.complete);
              const list = run.toList();
              stack[sp++] = list;
              if (memoSize > 0) memo.push(list);
              if (run.isOpen) {
                marks.push((fence << 1) | ((keyParity >> 1) ^ 1));
                fence = sp;
                keyParity = 2;
                for (let i = run.complete; i < run.count; i++) stack[sp++] = run.values[i];
              }
              pos = run.pos | 0;
              limit = run.limit | 0;
              this.#limit = limit;
              run.release();
              break;
            }
            stack[sp++] = [];
            break;
          }
          case op.LIST: {
            if (marks.length === 0) throw this.#noMark();
            stack[fence] = this.#newList(stack, fence, sp);
            sp = fence + 1;
            const outer = marks.pop()!;
            fence = outer >> 1;
            keyParity = parityOf(outer);
            break;
          }
          case op.APPEND: {
            if (sp - 1 <= fence) throw this.#underflow(marks);
            const list = stack[sp - 2];
            if (isList(list)) list.push(stack[sp - 1]);
            else this.#objects().extend(list, [stack[sp - 1]]);
            sp--;
            break;
          }
          case op.APPENDS: {
            const base = fence;
            const outer = this.#popMarkAbove(marks, base);
            fence = outer >> 1;
            keyParity = parityOf(outer);
            if (sp > base) this.#append(stack[base - 1], stack, base, sp);
            sp = base;
            break;
          }

          // -- dicts
          case op.EMPTY_DICT: {
            const value = dict === "map" ? new PyDict() : {};
            stack[sp++] = value;
            const memoSize = memoOpcodeSize(bytes, pos, limit, memo.length);
            if (memoSize === 0 || !this.#isDense || memo.length >= maxMemo) break;
            memo.push(value);
            pos += memoSize;
            // The mark of the first batch, seen together with its dict, tells that keys come next.
            if (pos < limit && bytes[pos] === op.MARK) {
              pos++;
              marks.push((fence << 1) | ((keyParity >> 1) ^ 1));
              fence = sp;
              keyParity = sp & 1;
            }
            break;
          }
          case op.DICT: {
            if (marks.length === 0) throw this.#noMark();
            stack[fence] = this.#newDict(stack, fence, sp);
            sp = fence + 1;
            const outer = marks.pop()!;
            fence = outer >> 1;
            keyParity = parityOf(outer);
            break;
          }
          case op.SETITEM:
            if (sp - 2 <= fence) throw this.#underflow(marks);
            stack[sp - 3] = this.#setItems(stack[sp - 3], stack, sp - 2, sp);
            sp -= 2;
            break;
          case op.SETITEMS: {
            const base = fence;
            const outer = this.#popMarkAbove(marks, base);
            fence = outer >> 1;
            keyParity = parityOf(outer);
            if (sp > base) stack[base - 1] = this.#setItems(stack[base - 1], stack, base, sp);
            sp = base;
            break;
          }

          // -- sets
          case op.EMPTY_SET:
            stack[sp++] = new Set();
            break;
          case op.ADDITEMS: {
            const base = fence;
            const outer = this.#popMarkAbove(marks, base);
            fence = outer >> 1;
            keyParity = parityOf(outer);
            if (sp > base) stack[base - 1] = this.#addItems(stack[base - 1], stack, base, sp);
            sp = base;
            break;
          }
          case op.FROZENSET: {
            if (marks.length === 0) throw this.#noMark();
            this.#count(sp - fence);
            stack[fence] = newFrozenSet(stack.slice(fence, sp));
            sp = fence + 1;
            const outer = marks.pop()!;
            fence = outer >> 1;
            keyParity = parityOf(outer);
            break;
          }

          // -- globals and objects
          case op.GLOBAL: {
            const next = this.#line(pos, 1) | 0;
            limit = this.#limit | 0;
            const last = this.#line(next, 1) | 0;
            limit = this.#limit | 0;
            stack[sp++] = this.#findClass(text.utf8(pos, next - 1), text.utf8(next, last - 1));
            pos = last;
            break;
          }
          case op.STACK_GLOBAL: {
            if (sp - 2 < fence) throw this.#underflow(marks);
            const module = stack[sp - 2];
            const name = stack[sp - 1];
            if (typeof module !== "string" || typeof name !== "string") {
              throw fault(
                "bad-operand",
                `the name is ${typeName(typeof name === "string" ? module : name)}, not a str`,
              );
            }
            sp--;
            stack[sp - 1] = this.#findClass(module, name);
            break;
          }
          case op.EXT1:
            if (pos >= limit) limit = this.#need(pos, 1) | 0;
            stack[sp++] = this.#extension(bytes[pos++]!);
            break;
          case op.EXT2:
            if (pos + 2 > limit) limit = this.#need(pos, 2) | 0;
            stack[sp++] = this.#extension(bytes[pos]! | (bytes[pos + 1]! << 8));
            pos += 2;
            break;
          case op.EXT4:
            if (pos + 4 > limit) limit = this.#need(pos, 4) | 0;
            stack[sp++] = this.#extension(int32(bytes, pos));
            pos += 4;
            break;
          case op.REDUCE:
            if (sp - 2 < fence) throw this.#underflow(marks);
            sp--;
            stack[sp - 1] = this.#objects().reduce(stack[sp - 1], stack[sp]);
            break;
          case op.NEWOBJ:
            if (sp - 2 < fence) throw this.#underflow(marks);
            sp--;
            stack[sp - 1] = this.#objects().newobj(stack[sp - 1], stack[sp]);
            break;
          case op.NEWOBJ_EX:
            if (sp - 3 < fence) throw this.#underflow(marks);
            sp -= 2;
            stack[sp - 1] = this.#objects().newobjEx(stack[sp - 1], stack[sp], stack[sp + 1]);
            break;
          case op.INST: {
            if (marks.length === 0) throw this.#noMark();
            const next = this.#line(pos, 1) | 0;
            limit = this.#limit | 0;
            const last = this.#line(next, 1) | 0;
            limit = this.#limit | 0;
            const cls = this.#findClass(text.utf8(pos, next - 1), text.utf8(next, last - 1));
            stack[fence] = this.#objects().instantiate(cls, this.#newTuple(stack, fence, sp));
            sp = fence + 1;
            const outer = marks.pop()!;
            fence = outer >> 1;
            keyParity = parityOf(outer);
            pos = last;
            break;
          }
          case op.OBJ: {
            if (marks.length === 0) throw this.#noMark();
            if (sp - fence < 1) throw this.#underflow(marks);
            stack[fence] = this.#objects().instantiate(stack[fence], this.#newTuple(stack, fence + 1, sp));
            sp = fence + 1;
            const outer = marks.pop()!;
            fence = outer >> 1;
            keyParity = parityOf(outer);
            break;
          }
          case op.BUILD:
            if (sp - 2 < fence) throw this.#underflow(marks);
            sp--;
            this.#objects().build(stack[sp - 1], stack[sp]);
            break;
          case op.PERSID: {
            const next = this.#line(pos) | 0;
            limit = this.#limit | 0;
            stack[sp++] = this.#persistent(this.#persistentId(pos, next - 1));
            pos = next;
            break;
          }
          case op.BINPERSID:
            if (sp <= fence) throw this.#underflow(marks);
            stack[sp - 1] = this.#persistent(stack[sp - 1]);
            break;

          // -- the pickle itself
          case op.PROTO: {
            if (pos >= limit) limit = this.#need(pos, 1) | 0;
            const protocol = bytes[pos++]!;
            if (protocol > op.HIGHEST_PROTOCOL) {
              throw fault("unsupported-protocol", `protocol ${protocol} is above ${op.HIGHEST_PROTOCOL}`);
            }
            this.#protocol = protocol;
            break;
          }
          case op.FRAME: {
            if (pos + 8 > limit) limit = this.#need(pos, 8) | 0;
            const length = uint64(bytes, pos);
            pos += 8;
            limit = this.#startFrame(pos, length) | 0;
            break;
          }
          case op.STOP:
            if (sp <= fence) throw this.#underflow(marks);
            this.#position = pos;
            return this.#finish(stack[sp - 1]);

          default:
            code satisfies never;
            throw fault("unknown-opcode", `byte 0x${(code as number).toString(16).padStart(2, "0")} is no opcode`);
        }
      }
    } catch (error) {
      throw located(error, at, bytes[at]);
    }
  }

  // ---- reading

  /**
   * Makes sure that `length` bytes at `pos` may be read: they end inside the frame, or start where it ends.
   * CPython 3.12 `pickle.py` _Unframer.read.
   */
  #need(pos: number, length: number): number {
    if (pos + length <= this.#limit) return this.#limit;
    const end = this.#bytes.length;
    if (this.#limit < end) {
      if (pos < this.#limit) {
        throw fault("bad-frame", `needs ${length} bytes, but the frame ends after ${this.#limit - pos}`);
      }
      this.#limit = end;
      if (pos + length <= end) return end;
    }
    const remaining = Math.max(0, end - pos);
    throw fault(
      "truncated",
      `needs ${length} ${length === 1 ? "byte" : "bytes"}, ${remaining === 1 ? "1 remains" : `${remaining} remain`}`,
    );
  }

  #startFrame(pos: number, length: number): number {
    if (this.#limit < this.#bytes.length && pos < this.#limit) {
      throw fault("bad-frame", `the frame before has ${this.#limit - pos} bytes left`);
    }
    this.#limit = this.#bytes.length;
    this.#need(pos, length);
    this.#limit = pos + length;
    return this.#limit;
  }

  #dataView(): DataView {
    this.#view ??= new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
    return this.#view;
  }

  #float64(pos: number): number {
    if (this.#view !== undefined) return this.#view.getFloat64(pos);
    this.#floats++;
    return this.#floats > 8 ? this.#dataView().getFloat64(pos) : readFloat64(this.#bytes, pos);
  }

  /** Where the line at `pos` ends, after its newline. */
  #line(pos: number, least = 0): number {
    if (pos >= this.#limit) this.#need(pos, 1);
    const newline = this.#bytes.indexOf(0x0a, pos);
    if (newline < 0) throw fault("truncated", "the line has no end");
    if (newline >= this.#limit) throw fault("bad-frame", "the frame ends inside the line");
    if (newline - pos < least) throw fault("bad-argument", "the line is empty");
    return newline + 1;
  }

  // ---- values

  #int(value: number | bigint): number | bigint {
    if (this.#options.int === "bigint") return BigInt(value);
    if (typeof value === "number") return value;
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  #float(value: number): number | PyFloat {
    return this.#options.float === "exact" ? new PyFloat(value) : value;
  }

  #slice(start: number, end: number): Uint8Array {
    if (this.#options.bytes === "view") return this.#bytes.subarray(start, end);
    const copy = newBytes(end - start);
    copy.set(this.#bytes.subarray(start, end));
    return copy;
  }

  #byteArray(start: number, end: number): ByteArray {
    const bytes = this.#bytes;
    if (this.#options.bytes === "view")
      return new ByteArray(bytes.buffer as ArrayBuffer, bytes.byteOffset + start, end - start);
    const copy = new ByteArray(end - start);
    copy.set(bytes.subarray(start, end));
    return copy;
  }

  #python2(start: number, end: number): string | Uint8Array {
    if (this.#options.encoding === "bytes") return this.#slice(start, end);
    return this.#python2Text(this.#bytes.subarray(start, end), false);
  }

  #python2Text(content: Uint8Array, isOwn: boolean): string | Uint8Array {
    const { encoding, errors } = this.#options;
    if (encoding !== "bytes") return decodePython2(content, encoding, errors);
    if (!isOwn) return content;
    const copy = newBytes(content.length);
    copy.set(content);
    return copy;
  }

  #nextBuffer(): Uint8Array {
    if (this.#options.buffers === undefined) throw fault("missing-buffer", "out-of-band data needs the option buffers");
    let next: IteratorResult<Uint8Array | ArrayBuffer>;
    try {
      this.#buffers ??= this.#options.buffers[Symbol.iterator]();
      next = this.#buffers.next();
    } catch (error) {
      throw hookFailed("buffers", error);
    }
    if (next.done) throw fault("missing-buffer", "the option buffers has no buffer left");
    if (next.value instanceof Uint8Array) return next.value;
    if (next.value instanceof ArrayBuffer) return new Uint8Array(next.value);
    throw fault("missing-buffer", `buffers gave ${typeName(next.value)}, not bytes`);
  }

  // ---- containers

  #count(items: number): void {
    this.#items += items;
    const max = this.#options.limits.maxItems;
    if (this.#items > max) throw overLimit("maxItems", max);
  }

  /** Ends the innermost mark for an opcode that changes what is below it; returns the mark's entry of `marks`. */
  #popMarkAbove(marks: number[], base: number): number {
    const outer = marks.pop();
    if (outer === undefined) throw this.#noMark();
    if (base <= outer >> 1) throw fault("stack-underflow", "there is nothing below the mark");
    return outer;
  }

  #newTuple(stack: readonly unknown[], from: number, to: number): Tuple {
    this.#count(to - from);
    const tuple = new Tuple(to - from);
    for (let i = from; i < to; i++) tuple[i - from] = stack[i];
    return tuple;
  }

  #newList(stack: readonly unknown[], from: number, to: number): unknown[] {
    this.#count(to - from);
    return stack.slice(from, to);
  }

  #append(list: unknown, stack: readonly unknown[], from: number, to: number): void {
    this.#count(to - from);
    if (isList(list)) {
      for (let i = from; i < to; i++) list.push(stack[i]);
    } else {
      this.#objects().extend(list, stack.slice(from, to));
    }
  }

  #newDict(stack: unknown[], from: number, to: number): object {
    if ((to - from) % 2 !== 0) throw fault("stack-underflow", "a key has no value");
    return this.#setItems(this.#options.dict === "map" ? new PyDict() : {}, stack, from, to) as object;
  }

  /** Sets the pairs `stack[from, to)` on a container; returns what stands for it then. */
  #setItems(target: unknown, stack: unknown[], from: number, to: number): unknown {
    if ((to - from) % 2 !== 0) throw fault("stack-underflow", "a key has no value");
    this.#count((to - from) / 2);
    if (isDictObject(target)) {
      const next = fillObject(target, stack, from, to);
      return next === to ? target : this.#promoteDict(target, stack, next, to);
    }
    if (target instanceof PyDict && Object.getPrototypeOf(target) === PyDict.prototype)
      fillDict(target, stack, from, to);
    else if (isList(target)) setListItems(target, stack, from, to);
    else this.#objects().setItems(target, stack.slice(from, to));
    return target;
  }

  #promoteDict(object: object, stack: readonly unknown[], from: number, to: number): PyDict {
    if (this.#options.dict === "object") {
      throw fault("bad-operand", `key is ${typeName(stack[from])}; only a str can be one with dict set to "object"`);
    }
    this.#promotions ??= new Promotions();
    const dict = this.#promotions.toDict(object);
    fillDict(dict, stack, from, to);
    return dict;
  }

  #addItems(target: unknown, stack: readonly unknown[], from: number, to: number): unknown {
    this.#count(to - from);
    if (!(target instanceof Set)) throw fault("bad-operand", `${typeName(target)} is no set`);
    const prototype = Object.getPrototypeOf(target);
    if (prototype === Set.prototype) {
      const next = fillPlainSet(target, stack, from, to);
      if (next === to) return target;
      this.#promotions ??= new Promotions();
      const set = this.#promotions.toPySet(target);
      fillPySet(set, stack, next, to);
      return set;
    }
    if (prototype !== PySet.prototype) throw fault("bad-operand", `${typeName(target)} is no set`);
    fillPySet(target as PySet, stack, from, to);
    return target;
  }

  // ---- the memo

  #memoSize(): number {
    return this.#memo.length - this.#holes + (this.#sparseMemo?.size ?? 0);
  }

  #put(index: number, value: unknown): void {
    const memo = this.#memo;
    if (index === memo.length && this.#isDense && index < this.#options.limits.maxMemo) {
      memo.push(value);
      return;
    }
    if (index < memo.length) {
      if (memo[index] === undefined) this.#holes--;
      memo[index] = value;
      return;
    }
    const max = this.#options.limits.maxMemo;
    if (this.#memoSize() >= max) throw overLimit("maxMemo", max);
    this.#isDense = false;
    // Optimised pickles leave gaps, which cost memory; so the array gets no index above the size of the input.
    if (index > this.#bytes.length) {
      this.#sparseMemo ??= new Map();
      this.#sparseMemo.set(index, value);
      return;
    }
    while (memo.length < index) {
      memo.push(undefined);
      this.#holes++;
    }
    memo.push(value);
  }

  #get(index: number): unknown {
    const memo = this.#memo;
    const value = index >= 0 && index < memo.length ? memo[index] : this.#sparseMemo?.get(index);
    if (typeof value === "string") return value;
    if (value === undefined) throw fault("bad-memo", `nothing was put under index ${index}`);
    if (typeof value !== "object" || value === null) return value;
    this.#isSharing = true;
    return this.#promotions === undefined ? value : this.#promotions.current(value);
  }

  // ---- globals and hooks

  #objects(): ObjectBuilder {
    this.#builder ??= new ObjectBuilder(this.#options);
    return this.#builder;
  }

  #findClass(module: string, name: string): PyGlobal {
    let found: unknown;
    try {
      found = this.findClass(module, name);
    } catch (error) {
      throw hookFailed("findClass", error);
    }
    return this.#objects().adopt(found);
  }

  #extension(code: number): PyGlobal {
    if (code <= 0) throw fault("bad-argument", `extension code ${code} is not positive`);
    let found: unknown;
    try {
      found = this.getExtension(code);
    } catch (error) {
      throw hookFailed("getExtension", error);
    }
    return this.#objects().adopt(found);
  }

  #persistentId(start: number, end: number): string {
    for (let i = start; i < end; i++) {
      if (this.#bytes[i]! >= 0x80) throw fault("bad-argument", "a persistent id of protocol 0 must be ASCII");
    }
    return latin1(this.#bytes, start, end);
  }

  #persistent(id: unknown): unknown {
    let value: unknown;
    try {
      value = this.persistentLoad(id);
    } catch (error) {
      throw hookFailed("persistentLoad", error);
    }
    if (value === undefined) throw fault("persistent-id", "persistentLoad returned undefined");
    return value;
  }

  // ---- the end

  #finish(value: unknown): unknown {
    const promotions = this.#promotions;
    const isPromoted = promotions !== undefined && this.#isSharing;
    const current = promotions === undefined ? value : promotions.current(value);
    if (!isPromoted && this.#options.tuple === "tuple") return current;
    const arrays = this.#options.tuple === "array" ? new Map<object, object>() : undefined;
    return rewire(current, (object) => {
      const successor = isPromoted ? (promotions.current(object) as object) : object;
      if (arrays === undefined || !(successor instanceof Tuple)) return successor;
      let array = arrays.get(successor);
      if (array === undefined) {
        array = Array.from(successor);
        arrays.set(successor, array);
      }
      return array;
    });
  }

  // ---- errors

  #underflow(marks: readonly number[]): UnpicklingError {
    return fault("stack-underflow", `too few items ${marks.length > 0 ? "above the mark" : "on the stack"}`);
  }

  #noMark(): UnpicklingError {
    return fault("missing-mark", "there is no mark");
  }
}

/** The fence and the dict bit of a mark; see `marks`. */
function parityOf(mark: number): number {
  return (mark & 1) === 0 ? 2 : (mark >> 1) & 1;
}

/** Bytes of the opcode at `pos` if it memoises under the next index, else 0. */
function memoOpcodeSize(bytes: Uint8Array, pos: number, limit: number, next: number): number {
  if (pos + 2 > limit) return 0;
  const code = bytes[pos];
  if (code === op.MEMOIZE) return 1;
  return code === op.BINPUT && bytes[pos + 1] === next ? 2 : 0;
}

function int32(bytes: Uint8Array, pos: number): number {
  return bytes[pos]! | (bytes[pos + 1]! << 8) | (bytes[pos + 2]! << 16) | (bytes[pos + 3]! << 24);
}

function uint32(bytes: Uint8Array, pos: number): number {
  return int32(bytes, pos) >>> 0;
}

/** A length of 64 bits; one above 2 ** 53 loses digits but is refused anyway. */
function uint64(bytes: Uint8Array, pos: number): number {
  const high = uint32(bytes, pos + 4);
  const low = uint32(bytes, pos);
  // A product would be a double even where it is 0, and every position after it with it.
  return high === 0 ? low : high * 0x100000000 + low;
}

function isList(value: unknown): value is unknown[] {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Array.prototype;
}

/** A dict that is a plain object. */
function isDictObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function hookFailed(hook: string, error: unknown): UnpicklingError {
  if (error instanceof UnpicklingError && error.offset === undefined) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new UnpicklingError(`${hook} failed: ${reason}`, { code: "hook-failed", cause: error });
}

/** The error with the place where it happened. */
function located(error: unknown, offset: number, byte: number | undefined): UnpicklingError {
  const opcode = byte === undefined ? undefined : (op.OPCODES_BY_CODE[byte]?.name as op.OpcodeName | undefined);
  const doing = opcode === undefined ? "Cannot unpickle" : `Cannot decode ${opcode}`;
  if (error instanceof UnpicklingError && error.offset === undefined) {
    const message = error.message.startsWith("Cannot ") ? error.message : `${doing}: ${error.message}`;
    return new UnpicklingError(message, {
      code: error.code,
      offset,
      opcode,
      limit: error.limit,
      cause: error.cause,
    });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new UnpicklingError(`${doing}: ${reason}`, { code: "construct-failed", offset, opcode, cause: error });
}
