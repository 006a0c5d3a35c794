/** What a machine's opcodes work on: its registers, its memo, and the containers on its stack. */
import { PyDict } from "../../python/containers/dict.js";
import { Tuple } from "../../python/containers/sequences.js";
import { PySet } from "../../python/containers/sets.js";
import { PyGlobal } from "../../python/objects/objects.js";
import { typeName } from "../type-name.js";
import {
  appendItems,
  fillDict,
  fillNewObject,
  fillObject,
  fillPlainSet,
  fillPySet,
  isDictObject,
  isList,
  setListItems,
} from "./containers/fill.js";
import { Promotions } from "./containers/promotions.js";
import { rewire } from "./containers/rewire.js";
import { tuplesToArrays } from "./containers/tuples-to-arrays.js";
import { badOperand, fault, overLimit } from "./faults.js";
import { Input } from "./input.js";
import { ANYWHERE, type Place } from "./marks.js";
import { Memo } from "./memo.js";
import { ObjectBuilder } from "./objects/object-builder.js";
import { Resolver, type UnpicklerHooks } from "./objects/resolver.js";
import { UnmadeArguments } from "./runs/bytes-call.js";
import type { ResolvedUnpicklerOptions } from "./unpickler-options.js";

/** Positions are 32-bit integers, whatever `maxBytes` says. */
const MAX_LENGTH = 0x7fffffff;

/**
 * The machine that decodes the pickles of one input, with one memo for all: `unpickler.ts` runs its loop on it, and
 * `other-opcodes.ts` the rest. It extends nothing, as V8 makes an object at once only where all of it is known.
 */
export class Machine {
  readonly options: ResolvedUnpicklerOptions;
  readonly input: Input;
  readonly memo: Memo;
  /** Whether another pickle may ask for what this one memoised. */
  readonly keepsMemo: boolean;

  // The registers. The machine's loop keeps them in variables while it runs opcodes of its own.
  /** The opcode at hand, for errors. */
  at = 0;
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
  /** Of the pickle at hand. */
  protocol = 0;

  /** Whether an object, other than a global, was pushed a second time: more than stack and memo may refer to it then. */
  isSharing = false;
  #items = 0;
  #promotions: Promotions | undefined = undefined;
  readonly #hooks: UnpicklerHooks | undefined;
  #resolver: Resolver | undefined = undefined;
  #builder: ObjectBuilder | undefined = undefined;

  /** @param hooks - the options' and the registry's word when absent */
  constructor(bytes: Uint8Array, options: ResolvedUnpicklerOptions, hooks?: UnpicklerHooks) {
    this.options = options;
    this.#hooks = hooks;
    this.keepsMemo = hooks !== undefined;
    if (bytes.length > MAX_LENGTH) throw overLimit("maxBytes", MAX_LENGTH);
    this.input = new Input(bytes);
    this.memo = new Memo(options.limits.maxMemo, bytes.length);
  }

  // ---- names; most messages have none

  /** What names, ids and buffers stand for. */
  resolver(): Resolver {
    this.#resolver ??= new Resolver(this.options, this.#hooks);
    this.#resolver.protocol = this.protocol;
    return this.#resolver;
  }

  /** What calls on those names make. */
  builder(): ObjectBuilder {
    this.#builder ??= new ObjectBuilder(this.options, this);
    return this.#builder;
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
    if (typeof value !== "object" || value === null || value instanceof PyGlobal) return value;
    if (value instanceof UnmadeArguments) {
      value.make(this);
      return this.recall(index);
    }
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

  append(list: unknown, from: number, to: number): void {
    this.count(to - from);
    if (isList(list)) appendItems(list, this.stack, from, to);
    else this.builder().extend(list, this.stack.slice(from, to));
  }

  /** Sets pairs on a dict that is a plain object, empty if `isNew`; returns what stands for it then. */
  setKeys(object: object, from: number, to: number, isNew: boolean): object {
    if (((to - from) & 1) !== 0) throw fault("stack-underflow", "a key has no value");
    this.count((to - from) >> 1);
    const next = isNew ? fillNewObject(object, this.stack, from, to) : fillObject(object, this.stack, from, to);
    return next === to ? object : this.#promoteDict(object, next, to);
  }

  /** Sets pairs on any container; returns what stands for it then. */
  setItems(target: unknown, from: number, to: number): unknown {
    if (isDictObject(target)) return this.setKeys(target, from, to, false);
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
      throw badOperand(`key is ${typeName(stack[from])}; only a str can be one with dict set to "object"`);
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
    if (!(target instanceof Set)) throw badOperand(`${typeName(target)} is no set`);
    const prototype = Object.getPrototypeOf(target);
    if (prototype === Set.prototype) {
      const next = fillPlainSet(target, stack, from, to);
      if (next === to) return target;
      this.#promotions ??= new Promotions();
      const set = this.#promotions.toPySet(target);
      fillPySet(set, stack, next, to);
      return set;
    }
    if (prototype !== PySet.prototype) throw badOperand(`${typeName(target)} is no set`);
    fillPySet(target as PySet, stack, from, to);
    return target;
  }

  // ---- the end

  /** The value as the options want it, with successors in place of what was promoted. */
  finish(value: unknown): unknown {
    const promotions = this.#promotions;
    let current = promotions === undefined ? value : promotions.current(value);
    if (promotions !== undefined && this.isSharing)
      current = rewire(current, (object) => promotions.current(object) as object);
    return this.options.tuple === "array" ? tuplesToArrays(current) : current;
  }
}
