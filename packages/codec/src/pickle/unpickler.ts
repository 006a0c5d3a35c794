/**
 * The machine that runs a pickle: a stack, a memo and one switch. It never calls itself, however deep the data is, and
 * every opcode costs what its bytes and operands cost. Semantics: CPython 3.12 `_pickle.c` load(), with the strict frames
 * of 3.13.15 and 3.14.7.
 */
import { MAX_KEY } from "../bytes/key-interner.js";
import { decodeLong } from "../bytes/longs.js";
import type { AnyClass } from "../globals/registry.js";
import { PyDict } from "../python/dict.js";
import { PyFloat } from "../python/numbers.js";
import type { PyGlobal } from "../python/objects.js";
import { Tuple } from "../python/sequences.js";
import { PySet } from "../python/sets.js";
import { ObjectBuilder } from "./construct.js";
import { appendItems, fillDict, fillObject, fillPlainSet, fillPySet, Promotions, setListItems } from "./containers.js";
import { fixImport } from "./fix-imports.js";
import { NumberRun, startsNumber } from "./number-run.js";
import * as op from "./opcodes.js";
import { runOther } from "./other-opcodes.js";
import { rewire } from "./rewire.js";
import { StringRun } from "./string-run.js";
import { typeName } from "./type-name.js";
import { fault, hookFailed, located, noMark, overLimit, underflow } from "./unpickler-faults.js";
import { Input, int32, uint32, uint64 } from "./unpickler-input.js";
import { ANYWHERE, belowMark, fenceOf, IN_LIST, markEntry, type Place, placeOf } from "./unpickler-marks.js";
import { Memo } from "./unpickler-memo.js";
import type { ResolvedUnpicklerOptions } from "./unpickler-options.js";

/** Positions are 32-bit integers, whatever `maxBytes` says. */
const MAX_LENGTH = 0x7fffffff;

/** Only used within one opcode, so one of each serves all. */
const numbers = new NumberRun();
const strings = new StringRun();
/** Below so many str a list is read in the ordinary way. */
const FEWEST_STRINGS = 32;

/** What names and ids mean: what a subclass of Unpickler may decide. */
export interface UnpicklerHooks {
  findClass(module: string, name: string): PyGlobal | AnyClass;
  persistentLoad(id: unknown): unknown;
  getExtension(code: number): PyGlobal | AnyClass;
}

/** Runs the pickles of one input, one {@link Machine.load} each, with one memo for all. */
export class Machine implements UnpicklerHooks {
  readonly input: Input;
  readonly options: ResolvedUnpicklerOptions;
  readonly memo: Memo;
  readonly #hooks: UnpicklerHooks;

  // The registers, as the opcodes of other-opcodes.ts see them; `run` keeps them in variables.
  /** Where the next pickle starts. */
  position = 0;
  /** The next byte to read. */
  pos = 0;
  stack: unknown[] = [];
  /** Height of the stack. */
  sp = 0;
  /** An entry for each mark: what held outside of it. */
  readonly marks: number[] = [];
  /** Height of the stack at the innermost mark: what is below is out of reach. */
  fence = 0;
  place: Place = ANYWHERE;

  /** The opcode at hand, for errors. */
  #at = 0;
  #protocol = 0;
  /** Whether an object was pushed a second time, so that more than the stack and the memo may refer to it. */
  isSharing = false;
  #items = 0;
  #promotions: Promotions | undefined = undefined;
  #builder: ObjectBuilder | undefined = undefined;
  #buffers: Iterator<Uint8Array | ArrayBuffer> | undefined = undefined;

  /** @param hooks - the machine's own when absent */
  constructor(bytes: Uint8Array, options: ResolvedUnpicklerOptions, hooks?: UnpicklerHooks) {
    if (bytes.length > MAX_LENGTH) throw overLimit("maxBytes", MAX_LENGTH);
    this.input = new Input(bytes);
    this.options = options;
    this.memo = new Memo(options.limits.maxMemo, bytes.length);
    this.#hooks = hooks ?? this;
  }

  /** Runs the next pickle. @throws UnpicklingError */
  load(): unknown {
    const { input, options } = this;
    const { bytes } = input;
    this.#at = this.position;
    this.#protocol = 0;
    if (this.stack.length > 0) {
      this.stack = [];
      this.marks.length = 0;
    }
    input.limit = bytes.length;
    try {
      const { maxBytes } = options.limits;
      if (bytes.length - this.position > maxBytes) throw overLimit("maxBytes", maxBytes);
      return this.#finish(this.#run());
    } catch (error) {
      throw located(error, this.#at, bytes[this.#at]);
    }
  }

  /**
   * The opcodes that today's pickles are made of. The others are one call away in other-opcodes.ts: V8 compiles a loop as
   * a whole, which takes it a quarter of a second with all of them here, and it starts again at each opcode that it has
   * not met before.
   */
  #run(): unknown {
    const { input, memo, stack, marks } = this;
    const { bytes, text } = input;
    const { values } = memo;
    const { limits, int, float, dict } = this.options;
    const { maxDepth } = limits;
    const isPlainInt = int === "auto";
    const isPlainFloat = float === "number";
    const isPlainNumber = isPlainInt && isPlainFloat;
    const isPlainDict = dict !== "map";
    // With `| 0` V8 keeps positions as 32-bit integers, which the constructor made sure they are.
    let pos = this.position | 0;
    let limit = bytes.length | 0;
    let room = memo.room;
    let sp = 0;
    let fence = 0;
    let place = ANYWHERE;
    for (;;) {
      this.#at = pos;
      if (pos >= limit) limit = input.need(pos, 1) | 0;
      if (sp > maxDepth) throw overLimit("maxDepth", maxDepth);
      const code = bytes[pos++]! as op.Opcode;
      switch (code) {
        // -- strings and bytes
        case op.SHORT_BINUNICODE:
        case op.BINUNICODE: {
          let length: number;
          if (code === op.SHORT_BINUNICODE) {
            if (pos >= limit) limit = input.need(pos, 1) | 0;
            length = bytes[pos++]!;
          } else {
            if (pos + 4 > limit) limit = input.need(pos, 4) | 0;
            length = uint32(bytes, pos);
            pos += 4;
          }
          if (pos + length > limit) limit = input.need(pos, length) | 0;
          const isKey = (sp & 1) === place && length <= MAX_KEY;
          const value = isKey ? text.key(pos, length) : text.utf8(pos, pos + length);
          stack[sp++] = value;
          pos = (pos + length) | 0;
          // Nearly every str is memoised: do it here.
          if (pos < limit && bytes[pos] === op.MEMOIZE && values.length < room) {
            values.push(value);
            pos++;
          }
          break;
        }
        case op.SHORT_BINBYTES: {
          if (pos >= limit) limit = input.need(pos, 1) | 0;
          const length = bytes[pos++]!;
          if (pos + length > limit) limit = input.need(pos, length) | 0;
          stack[sp++] = this.bytesOf(pos, pos + length);
          pos = (pos + length) | 0;
          break;
        }

        // -- numbers and constants
        case op.BININT1: {
          if (pos >= limit) limit = input.need(pos, 1) | 0;
          const value = bytes[pos++]!;
          stack[sp++] = isPlainInt ? value : BigInt(value);
          break;
        }
        case op.BININT2: {
          if (pos + 2 > limit) limit = input.need(pos, 2) | 0;
          const value = bytes[pos]! | (bytes[pos + 1]! << 8);
          stack[sp++] = isPlainInt ? value : BigInt(value);
          pos += 2;
          break;
        }
        case op.BININT: {
          if (pos + 4 > limit) limit = input.need(pos, 4) | 0;
          const value = int32(bytes, pos);
          stack[sp++] = isPlainInt ? value : BigInt(value);
          pos += 4;
          break;
        }
        case op.LONG1: {
          if (pos >= limit) limit = input.need(pos, 1) | 0;
          const length = bytes[pos++]!;
          if (pos + length > limit) limit = input.need(pos, length) | 0;
          const value = decodeLong(bytes, pos, pos + length);
          stack[sp++] = isPlainInt ? value : BigInt(value);
          pos = (pos + length) | 0;
          break;
        }
        case op.BINFLOAT: {
          if (pos + 8 > limit) limit = input.need(pos, 8) | 0;
          const value = input.float64(pos);
          stack[sp++] = isPlainFloat ? value : new PyFloat(value);
          pos += 8;
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

        // -- the mark and the memo
        case op.MARK:
          marks.push(markEntry(fence, place));
          fence = sp;
          place = ANYWHERE;
          break;
        case op.MEMOIZE:
          if (sp <= fence) throw underflow(marks.length > 0);
          if (values.length < room) values.push(stack[sp - 1]);
          else memo.append(stack[sp - 1]);
          break;
        case op.BINPUT:
        case op.LONG_BINPUT: {
          let index: number;
          if (code === op.BINPUT) {
            if (pos >= limit) limit = input.need(pos, 1) | 0;
            index = bytes[pos++]!;
          } else {
            if (pos + 4 > limit) limit = input.need(pos, 4) | 0;
            index = uint32(bytes, pos);
            pos += 4;
          }
          if (sp <= fence) throw underflow(marks.length > 0);
          memo.put(index, stack[sp - 1]);
          room = memo.room;
          break;
        }
        case op.BINGET:
        case op.LONG_BINGET: {
          let index: number;
          if (code === op.BINGET) {
            if (pos >= limit) limit = input.need(pos, 1) | 0;
            index = bytes[pos++]!;
          } else {
            if (pos + 4 > limit) limit = input.need(pos, 4) | 0;
            index = uint32(bytes, pos);
            pos += 4;
          }
          // Most of what is shared are keys.
          const value = index < values.length ? values[index] : undefined;
          stack[sp++] = typeof value === "string" ? value : this.recall(index);
          break;
        }

        // -- tuples
        case op.EMPTY_TUPLE:
          stack[sp++] = new Tuple();
          break;
        case op.TUPLE1:
        case op.TUPLE2:
        case op.TUPLE3: {
          const size = (code - op.TUPLE1 + 1) | 0;
          if (sp - size < fence) throw underflow(marks.length > 0);
          sp -= size;
          const tuple = new Tuple(size);
          for (let i = 0; i < size; i++) tuple[i] = stack[sp + i];
          stack[sp++] = tuple;
          break;
        }
        case op.TUPLE: {
          const outer = marks.pop();
          if (outer === undefined) throw noMark();
          stack[fence] = this.newTuple(fence, sp);
          sp = fence + 1;
          fence = fenceOf(outer);
          place = placeOf(outer);
          break;
        }

        // -- lists
        case op.EMPTY_LIST: {
          const memoSize = memoOpcodeSize(bytes, pos, limit, values.length);
          const first = (pos + memoSize + 1) | 0;
          if (first >= limit || bytes[first - 1] !== op.MARK || values.length >= room) {
            stack[sp++] = [];
            break;
          }
          const next = bytes[first]!;
          const isRun = next === op.SHORT_BINUNICODE || (isPlainNumber && startsNumber(next));
          const whole = isRun ? this.#readRun(first, limit, memoSize > 0) : undefined;
          if (whole !== undefined) {
            stack[sp++] = whole;
            pos = this.pos | 0;
            limit = input.limit | 0;
            break;
          }
          const list: unknown[] = [];
          stack[sp++] = list;
          if (memoSize > 0) values.push(list);
          pos = first;
          marks.push(markEntry(fence, place));
          fence = sp;
          place = IN_LIST;
          break;
        }
        case op.APPEND: {
          if (sp - 1 <= fence) throw underflow(marks.length > 0);
          const list = stack[sp - 2];
          if (isList(list)) list.push(stack[sp - 1]);
          else this.builder().extend(list, [stack[sp - 1]]);
          sp--;
          break;
        }
        case op.APPENDS: {
          const outer = belowMark(marks, fence);
          const base = fence;
          if (place === IN_LIST) {
            this.count(sp - base);
            appendItems(stack[base - 1] as unknown[], stack, base, sp);
          } else if (sp > base) {
            this.#append(stack[base - 1], base, sp);
          }
          fence = fenceOf(outer);
          place = placeOf(outer);
          sp = base;
          break;
        }

        // -- dicts
        case op.EMPTY_DICT: {
          const value = dict === "map" ? new PyDict() : {};
          stack[sp++] = value;
          const memoSize = memoOpcodeSize(bytes, pos, limit, values.length);
          if (memoSize === 0 || values.length >= room) break;
          values.push(value);
          pos += memoSize;
          // The mark of the first batch, seen together with its dict, tells that keys come next.
          if (pos < limit && bytes[pos] === op.MARK) {
            pos++;
            marks.push(markEntry(fence, place));
            fence = sp;
            place = sp & 1;
          }
          break;
        }
        case op.SETITEM:
          if (sp - 2 <= fence) throw underflow(marks.length > 0);
          stack[sp - 3] = this.setItems(stack[sp - 3], sp - 2, sp);
          sp -= 2;
          break;
        case op.SETITEMS: {
          const outer = belowMark(marks, fence);
          const base = fence;
          if (sp > base) {
            const isNewObject = isPlainDict && place < ANYWHERE;
            stack[base - 1] = isNewObject
              ? this.setKeys(stack[base - 1] as object, base, sp)
              : this.setItems(stack[base - 1], base, sp);
          }
          fence = fenceOf(outer);
          place = placeOf(outer);
          sp = base;
          break;
        }

        // -- globals and objects
        case op.STACK_GLOBAL: {
          if (sp - 2 < fence) throw underflow(marks.length > 0);
          sp--;
          stack[sp - 1] = this.global(stack[sp - 1], stack[sp]);
          break;
        }
        case op.REDUCE:
          if (sp - 2 < fence) throw underflow(marks.length > 0);
          sp--;
          stack[sp - 1] = this.builder().reduce(stack[sp - 1], stack[sp]);
          break;
        case op.NEWOBJ:
          if (sp - 2 < fence) throw underflow(marks.length > 0);
          sp--;
          stack[sp - 1] = this.builder().newobj(stack[sp - 1], stack[sp]);
          break;
        case op.BUILD:
          if (sp - 2 < fence) throw underflow(marks.length > 0);
          sp--;
          this.builder().build(stack[sp - 1], stack[sp]);
          break;

        // -- the pickle itself
        case op.PROTO: {
          if (pos >= limit) limit = input.need(pos, 1) | 0;
          const protocol = bytes[pos++]!;
          if (protocol > op.HIGHEST_PROTOCOL) {
            throw fault("unsupported-protocol", `protocol ${protocol} is above ${op.HIGHEST_PROTOCOL}`);
          }
          this.#protocol = protocol;
          break;
        }
        case op.FRAME: {
          if (pos + 8 > limit) limit = input.need(pos, 8) | 0;
          const length = uint64(bytes, pos);
          pos += 8;
          limit = input.startFrame(pos, length) | 0;
          break;
        }
        case op.STOP:
          if (sp <= fence) throw underflow(marks.length > 0);
          this.position = pos;
          return stack[sp - 1];

        default:
          this.pos = pos;
          this.sp = sp;
          this.fence = fence;
          this.place = place;
          runOther(this, code);
          pos = this.pos | 0;
          sp = this.sp | 0;
          fence = this.fence | 0;
          place = this.place | 0;
          limit = input.limit | 0;
          room = memo.room;
      }
    }
  }

  /**
   * The list of a list's batches from `start` on, if they hold only numbers or only str; moves {@link pos} behind them.
   *
   * @returns `undefined` when the list is to be read item by item
   */
  #readRun(start: number, limit: number, isMemoised: boolean): unknown[] | undefined {
    const { input, memo } = this;
    const { bytes, text } = input;
    let list: unknown[];
    let run: NumberRun | StringRun;
    if (startsNumber(bytes[start]!)) {
      if (!numbers.measure(bytes, start, limit)) return undefined;
      this.count(numbers.count);
      list = numbers.read(bytes, start, input.view);
      if (isMemoised) memo.values.push(list);
      run = numbers;
    } else {
      if (!strings.measure(bytes, start, limit, FEWEST_STRINGS)) return undefined;
      // The limit is met where it is met item by item.
      if (memo.values.length + strings.count >= memo.room) return undefined;
      this.count(strings.count);
      list = new Array(strings.count);
      if (isMemoised) memo.values.push(list);
      try {
        strings.read(bytes, start, text, list, memo.values);
      } catch (error) {
        this.#at = strings.at;
        throw error;
      }
      run = strings;
    }
    this.pos = run.pos;
    input.continueTo(run.limit);
    return list;
  }

  // ---- values

  /** Counts items of containers against `maxItems`. */
  count(items: number): void {
    this.#items += items;
    const max = this.options.limits.maxItems;
    if (this.#items > max) throw overLimit("maxItems", max);
  }

  bytesOf(start: number, end: number): Uint8Array {
    return this.options.bytes === "view" ? this.input.bytes.subarray(start, end) : this.input.copy(start, end);
  }

  /** What the memo holds under an index, as it is now. */
  recall(index: number): unknown {
    const value = this.memo.get(index);
    if (typeof value !== "object" || value === null) return value;
    this.isSharing = true;
    return this.#promotions === undefined ? value : this.#promotions.current(value);
  }

  // ---- containers: each takes the stack's items [from, to)

  newTuple(from: number, to: number): Tuple {
    const { stack } = this;
    this.count(to - from);
    const tuple = new Tuple(to - from);
    for (let i = from; i < to; i++) tuple[i - from] = stack[i];
    return tuple;
  }

  #append(list: unknown, from: number, to: number): void {
    this.count(to - from);
    if (isList(list)) appendItems(list, this.stack, from, to);
    else this.builder().extend(list, this.stack.slice(from, to));
  }

  /** Sets pairs on a dict that is a plain object; returns what stands for it then. */
  setKeys(object: object, from: number, to: number): object {
    if (((to - from) & 1) !== 0) throw fault("stack-underflow", "a key has no value");
    this.count((to - from) >> 1);
    const next = fillObject(object, this.stack, from, to);
    return next === to ? object : this.#promoteDict(object, next, to);
  }

  /** Sets pairs on any container; returns what stands for it then. */
  setItems(target: unknown, from: number, to: number): unknown {
    if (isDictObject(target)) return this.setKeys(target, from, to);
    const { stack } = this;
    if ((to - from) % 2 !== 0) throw fault("stack-underflow", "a key has no value");
    this.count((to - from) / 2);
    if (target instanceof PyDict && Object.getPrototypeOf(target) === PyDict.prototype)
      fillDict(target, stack, from, to);
    else if (isList(target)) setListItems(target, stack, from, to);
    else this.builder().setItems(target, stack.slice(from, to));
    return target;
  }

  /** Turns an object into a dict when its first key that is not a str arrives. */
  #promoteDict(object: object, from: number, to: number): PyDict {
    const { stack } = this;
    if (this.options.dict === "object") {
      throw fault("bad-operand", `key is ${typeName(stack[from])}; only a str can be one with dict set to "object"`);
    }
    this.#promotions ??= new Promotions();
    const dict = this.#promotions.toDict(object);
    fillDict(dict, stack, from, to);
    return dict;
  }

  /** Adds members to a set; returns what stands for it then. */
  addItems(target: unknown, from: number, to: number): unknown {
    const { stack } = this;
    this.count(to - from);
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

  // ---- globals and hooks

  builder(): ObjectBuilder {
    this.#builder ??= new ObjectBuilder(this.options);
    return this.#builder;
  }

  /** The global of two operands. */
  global(module: unknown, name: unknown): PyGlobal {
    if (typeof module !== "string" || typeof name !== "string") {
      throw fault("bad-operand", `the name is ${typeName(typeof name === "string" ? module : name)}, not a str`);
    }
    let found: unknown;
    try {
      found = this.#hooks.findClass(module, name);
    } catch (error) {
      throw hookFailed("findClass", error);
    }
    return this.builder().adopt(found);
  }

  extension(code: number): PyGlobal {
    if (code <= 0) throw fault("bad-argument", `extension code ${code} is not positive`);
    let found: unknown;
    try {
      found = this.#hooks.getExtension(code);
    } catch (error) {
      throw hookFailed("getExtension", error);
    }
    return this.builder().adopt(found);
  }

  /** NEXT_BUFFER: the next of the option `buffers`. */
  nextBuffer(): Uint8Array {
    const { buffers } = this.options;
    if (buffers === undefined) throw fault("missing-buffer", "out-of-band data needs the option buffers");
    let next: IteratorResult<Uint8Array | ArrayBuffer>;
    try {
      this.#buffers ??= buffers[Symbol.iterator]();
      next = this.#buffers.next();
    } catch (error) {
      throw hookFailed("buffers", error);
    }
    if (next.done) throw fault("missing-buffer", "the option buffers has no buffer left");
    if (next.value instanceof Uint8Array) return next.value;
    if (next.value instanceof ArrayBuffer) return new Uint8Array(next.value);
    throw fault("missing-buffer", `buffers gave ${typeName(next.value)}, not bytes`);
  }

  persistent(id: unknown): unknown {
    let value: unknown;
    try {
      value = this.#hooks.persistentLoad(id);
    } catch (error) {
      throw hookFailed("persistentLoad", error);
    }
    if (value === undefined) throw fault("persistent-id", "persistentLoad returned undefined");
    return value;
  }

  findClass(module: string, name: string): PyGlobal | AnyClass {
    if (this.#protocol < 3 && this.options.fixImports) {
      const [newModule, newName] = fixImport(module, name);
      return this.builder().resolve(newModule, newName);
    }
    return this.builder().resolve(module, name);
  }

  persistentLoad(id: unknown): unknown {
    const load = this.options.persistentLoad;
    if (load === undefined) throw fault("persistent-id", "a persistent id needs persistentLoad");
    return load(id);
  }

  getExtension(code: number): PyGlobal | AnyClass {
    const name = this.options.registry.findExtension(code);
    if (name === undefined) throw fault("unregistered-extension", `extension code ${code} is not registered`);
    return this.#hooks.findClass(name.module, name.name);
  }

  // ---- the end

  /** The value as the options want it, with successors in place of what was promoted. */
  #finish(value: unknown): unknown {
    const promotions = this.#promotions;
    const isPromoted = promotions !== undefined && this.isSharing;
    const current = promotions === undefined ? value : promotions.current(value);
    if (!isPromoted && this.options.tuple === "tuple") return current;
    const arrays = this.options.tuple === "array" ? new Map<object, object>() : undefined;
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
}

/** Bytes of the opcode at `pos` if it memoises under the next index, else 0. */
function memoOpcodeSize(bytes: Uint8Array, pos: number, limit: number, next: number): number {
  if (pos + 2 > limit) return 0;
  const code = bytes[pos];
  if (code === op.MEMOIZE) return 1;
  return code === op.BINPUT && bytes[pos + 1] === next ? 2 : 0;
}

/** A list, not a tuple or a list of a class of its own; asking for the prototype would take a call out of V8's code. */
function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.constructor === Array;
}

/** A dict that is a plain object. */
function isDictObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
