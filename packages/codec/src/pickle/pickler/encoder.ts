/** Writes values of any type. CPython 3.12 `_pickle.c` `save` and the functions it calls. */
import { utf8Length } from "../../bytes/writer.js";
import type { ClassRegistryView } from "../../globals/registry.js";
import { Tuple } from "../../python/containers/sequences.js";
import { FreshBytes, FreshString, PyGlobal } from "../../python/objects/objects.js";
import { repr } from "../../python/repr.js";
import * as op from "../opcodes.js";
import { isPolluted } from "./foreign-values.js";
import type { ResolvedPicklerOptions } from "./pickler-options.js";
import { ListSaving, NestSaving } from "./saving/container-saving.js";
import { openObject } from "./saving/open-object.js";
import { FIRST_LOOK, isEndless, ReduceSaving } from "./saving/reduce-saving.js";
import { DONE, Saving } from "./saving/saving.js";
import { ObjectWriter } from "./writers/object-writer.js";

/** Levels that are written by recursion. Beyond them an explicit stack takes over, which is slower. */
const MAX_RECURSION = 100;

const ObjectPrototype = Object.prototype;
const ArrayPrototype = Array.prototype;
const TuplePrototype = Tuple.prototype;

export class Encoder extends ObjectWriter {
  declare registry: ClassRegistryView;
  opaque: ResolvedPicklerOptions["opaque"] = "refuse";
  dispatchTable: ResolvedPicklerOptions["dispatchTable"];
  bufferCallback: ResolvedPicklerOptions["bufferCallback"];
  protected maxRecursion = MAX_RECURSION;
  /** The options that it writes by. */
  private configured: ResolvedPicklerOptions | undefined;
  /** The level of what is opened next, while an explicit stack is in use. */
  private level = 0;
  /** Only without a memo: what is being written, to notice a value that contains itself. */
  private openObjects: Set<object> | undefined;

  configure(options: ResolvedPicklerOptions): void {
    if (options === this.configured) return;
    this.configured = options;
    this.protocol = options.protocol;
    this.registry = options.registry;
    this.fixImports = options.fixImports;
    this.bufferCallback = options.bufferCallback;
    this.strings = options.memoizeStrings;
    this.isFast = options.fast;
    this.cachesKeys = options.protocol > 0 && options.memoizeStrings !== "none" && !options.fast;
    this.python = options.python;
    this.undefinedMode = options.undefined;
    this.opaque = options.opaque;
    this.persistentId = options.persistentId;
    this.reducerOverride = options.reducerOverride;
    this.dispatchTable = options.dispatchTable;
    this.forgetEntries();
    this.keepsEntries = options.registry.isSettled === true && !this.hasHooks();
    this.maxBytes = options.maxBytes;
    this.maxDepth = options.maxDepth;
    this.maxIntDigits = options.maxIntDigits;
    this.maxRecursion = Math.min(MAX_RECURSION, options.maxDepth);
  }

  /** Writes one pickle into the buffer; `takeBytes` or `takeChunks` then has it. */
  encode(value: unknown): void {
    this.resetBytes();
    this.forgetErrors();
    this.openObjects = this.isFast ? new Set() : undefined;
    this.isPolluted = isPolluted();
    this.isFraming = false;
    this.updateLimit();
    try {
      if (this.protocol >= 2) {
        this.buf[this.pos++] = op.PROTO;
        this.buf[this.pos++] = this.protocol;
      }
      this.isFraming = this.protocol >= 4;
      this.openFrame();
      this.save(value, 0);
      this.writeOpcode(op.STOP);
      this.commitFrame();
      this.room(0);
    } catch (error) {
      throw this.located(error);
    }
  }

  /** Lets the next pickle refer to strings of this one, which was taken as `bytes`. */
  keep(bytes: Uint8Array): void {
    // Earlier chunks are kept already. A copy, since the caller may change what it was given.
    this.stringMemo.moved(Uint8Array.prototype.slice.call(bytes, bytes.length - this.pos), this.pos);
    this.pos = 0;
  }

  /** Forgets the value that was written, and the hooks. Other options stay, as most callers give the same again. */
  release(): void {
    this.clearMemos();
    if (!this.keepsEntries) this.forgetEntries();
    this.resetBytes();
    this.openObjects = undefined;
    if (this.hasHooks()) this.forgetOptions();
  }

  protected override saveParent(parent: PyGlobal): void {
    if (this.persistentId === undefined && this.reducerOverride === undefined) {
      super.saveParent(parent);
      return;
    }
    const entry = this.registry.find(parent.module, parent.name);
    // The class of which the name is an attribute is asked for as any other value, and deep: nothing says how deep this is.
    this.save(entry === undefined ? parent : this.registry.globalOf(entry), this.maxRecursion);
  }

  private hasHooks(): boolean {
    const { bufferCallback, persistentId, reducerOverride, dispatchTable } = this;
    return (bufferCallback ?? persistentId ?? reducerOverride ?? dispatchTable) !== undefined;
  }

  private forgetOptions(): void {
    this.configured = undefined;
    this.bufferCallback = undefined;
    this.persistentId = undefined;
    this.reducerOverride = undefined;
    this.dispatchTable = undefined;
  }

  // -- values

  /** Writes any value; `depth` is how many levels of recursion it is in. */
  save(value: unknown, depth: number): void {
    if (this.pos >= this.limit) this.boundary();
    if (this.persistentId !== undefined && this.savePersistent(value, depth)) return;
    this.saveValue(value, depth);
  }

  protected saveValue(value: unknown, depth: number): void {
    // No switch on `typeof`, for which V8 calls a function that makes the text.
    if (typeof value === "string") this.saveStr(value);
    else if (typeof value === "number") this.saveNumber(value);
    else if (value === null || value === undefined) this.buf[this.pos++] = op.NONE;
    else if (typeof value === "object" || typeof value === "function") this.saveObject(value, depth);
    else if (typeof value === "boolean") this.saveBool(value);
    else if (typeof value === "bigint") this.saveBigint(value);
    else throw this.fail(`Cannot pickle ${String(value)}: use its description`);
  }

  private saveObject(value: object, depth: number): void {
    const isShallow = depth < this.maxRecursion && this.openObjects === undefined;
    const isArray = Array.isArray(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (isShallow && prototype === (isArray ? ArrayPrototype : ObjectPrototype) && this.protocol > 0) {
      if (this.openOrGet(isArray ? op.EMPTY_LIST : op.EMPTY_DICT, value)) return;
      if (isArray) this.saveItems(value, depth + 1);
      else this.savePairs(value as Record<string, unknown>, depth + 1);
      return;
    }
    if (isShallow) {
      if (isArray && prototype === TuplePrototype) {
        this.saveTuple(value, depth + 1);
        return;
      }
      const entry = this.entries.get(prototype as object);
      if (entry !== undefined) {
        this.saveReduced(value, entry, depth + 1);
        return;
      }
      if (this.saveCollection(value, prototype, depth + 1)) return;
    }
    const known = this.objectMemo.find(value);
    if (known >= 0) {
      this.get(known);
      return;
    }
    const saving = openObject(this, value);
    if (saving === undefined) return;
    if (depth >= this.maxDepth) throw this.tooDeep();
    if (this.openObjects !== undefined) this.guard(value, saving);
    this.drive(saving, depth + 1);
  }

  /** Without a memo only this keeps a value that contains itself from being written for ever. */
  private guard(value: object, saving: Saving): void {
    if (this.openObjects!.has(value))
      throw this.fail("Cannot pickle a value that contains itself with the option fast");
    this.openObjects!.add(value);
    saving.owner = value;
  }

  // -- any object, without recursion

  /** Writes what `saving` holds, to the end. */
  drive(saving: Saving, depth: number): void {
    if (depth >= this.maxRecursion) {
      this.driveDeep(saving, depth);
      return;
    }
    if (saving instanceof ReduceSaving) {
      const isOpen = this.saveCall(saving.reduction, this.reserve(saving.object), depth);
      if (!isOpen || !saving.resume()) {
        if (saving.owner !== undefined) this.openObjects!.delete(saving.owner);
        return;
      }
    }
    this.driveOn(saving, depth);
  }

  protected driveOn(saving: Saving, depth: number): void {
    try {
      for (let child = saving.next(this); child !== DONE; child = saving.next(this)) {
        if (child instanceof Saving) this.drive(child, depth + 1);
        else this.save(child, depth);
      }
    } catch (error) {
      this.note(saving.segment());
      throw error;
    }
    if (saving.owner !== undefined) this.openObjects!.delete(saving.owner);
  }

  private driveDeep(first: Saving, depth: number): void {
    const open: Saving[] = [first];
    const outer = this.level;
    this.level = depth + 1;
    try {
      for (let top: Saving | undefined = first; top !== undefined; ) {
        const child = top.next(this);
        if (child === DONE) {
          if (this.openObjects !== undefined && top.owner !== undefined) this.openObjects.delete(top.owner);
          open.pop();
          this.level -= top.levels;
          top = open[open.length - 1];
          continue;
        }
        const inner: Saving | undefined = child instanceof Saving ? child : this.openValue(child, depth);
        if (inner === undefined) continue;
        this.descend();
        open.push(inner);
        if (open.length >= FIRST_LOOK && (open.length & (open.length - 1)) === 0 && isEndless(open)) {
          throw this.fail("Cannot pickle an object that is among the arguments it is made of: CPython cannot either");
        }
        top = inner;
      }
    } catch (error) {
      for (let i = open.length - 1; i >= 0; i--) {
        const saving = open[i]!;
        for (let n = saving.levels; n > 0; n--) this.note(saving.segment());
      }
      throw error;
    }
    this.level = outer;
  }

  /** Writes a value, or as much of a container as comes before what it holds. */
  private openValue(value: unknown, depth: number): Saving | undefined {
    if (this.pos >= this.limit) this.boundary();
    if (this.persistentId !== undefined && this.savePersistent(value, depth)) return undefined;
    if ((typeof value !== "object" && typeof value !== "function") || value === null) {
      this.saveValue(value, depth);
      return undefined;
    }
    const isPlainList = Array.isArray(value) && Object.getPrototypeOf(value) === ArrayPrototype;
    if (isPlainList && this.protocol > 0 && this.openObjects === undefined) {
      if (this.openOrGet(op.EMPTY_LIST, value) || value.length === 0) return undefined;
      return value.length === 1 && this.persistentId === undefined ? new NestSaving(value[0]) : new ListSaving(value);
    }
    const known = this.objectMemo.find(value);
    if (known >= 0) {
      this.get(known);
      return undefined;
    }
    const saving = openObject(this, value);
    if (saving !== undefined && this.openObjects !== undefined) this.guard(value, saving);
    return saving;
  }

  /** Opens `value` if it is a list of one item that was not written before. */
  opensNested(value: unknown): value is readonly [unknown] {
    if (!Array.isArray(value) || value.length !== 1 || Object.getPrototypeOf(value) !== ArrayPrototype) return false;
    if (this.pos >= this.limit) this.boundary();
    if (this.objectMemo.findOrAdd(value, this.memoCount) >= 0) return false;
    this.buf[this.pos++] = op.EMPTY_LIST;
    this.put();
    this.descend();
    return true;
  }

  private descend(): void {
    if (this.level > this.maxDepth) throw this.tooDeep();
    this.level++;
  }

  /** Writes the persistent id of `value`, if the hook gives it one. */
  protected savePersistent(value: unknown, depth: number): boolean {
    const id = this.persistentId!(
      value instanceof FreshString ? value.text : value instanceof FreshBytes ? value.bytes : value,
    );
    if (id === undefined || id === null) return false;
    if (this.protocol > 0) {
      this.ready();
      this.saveValue(id, depth);
      this.writeOpcode(op.BINPERSID);
      return true;
    }
    const text = persistentText(id);
    if (text.includes("\n") || utf8Length(text) !== text.length) {
      throw this.failure("persistent-id", "Cannot pickle a persistent id at protocol 0 that is not one line of ASCII");
    }
    this.writeOpcode(op.PERSID);
    this.writeAscii(`${text}\n`);
    return true;
  }
}

/** `str(id)` of Python, which is its repr unless the type has a text of its own. */
function persistentText(id: unknown): string {
  if (typeof id === "string") return id;
  const isBuiltin = Array.isArray(id) || id instanceof Uint8Array || id instanceof PyGlobal;
  if (typeof id !== "object" || id === null || isBuiltin) return repr(id);
  const hasText = typeof id.toString === "function" && id.toString !== ObjectPrototype.toString;
  return hasText ? String(id) : repr(id);
}
