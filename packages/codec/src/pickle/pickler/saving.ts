/**
 * Containers that are being written. Each {@link Saving} hands out what it holds, one value at a time, and writes the
 * opcodes in between. The encoder keeps those that are open in an array, so that the depth of the data costs memory, not
 * the call stack; the first levels, where nearly all data is, are written by plain recursion instead (`plain-writer.ts`).
 */
import type { Reduction } from "../../globals/registry.js";
import { Tuple } from "../../python/containers/sequences.js";
import { FreshString } from "../../python/objects/objects.js";
import * as op from "../opcodes.js";
import type { Encoder } from "./encoder.js";
import { NO_PLACE } from "./identity-memo.js";

/** CPython's `BATCHSIZE`: items per APPENDS, SETITEMS and ADDITEMS. */
export const BATCH_SIZE = 1000;

/** What {@link Saving.next} returns when nothing is left. */
export const DONE: unique symbol = Symbol("done");

export abstract class Saving {
  /**
   * Set while the encoder has to notice that a value contains itself. No field of every Saving: without a field this class
   * needs no constructor, and V8 makes one of those that extend it sooner (7 % of 10,000 nested lists).
   */
  declare owner: object | undefined;

  /** Writes what belongs before the next value and returns that value, which may be another Saving; or {@link DONE}. */
  abstract next(encoder: Encoder): unknown;
  /** Where in the container the last value is, as part of a path; `""` for none. */
  abstract segment(): string;
}

/** `.name` or `["odd name"]`. */
export function keySegment(key: unknown): string {
  if (typeof key === "string") {
    if (/^[A-Za-z_$][\w$]*$/.test(key) && key.length <= 100) return `.${key}`;
    return `[${JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}...` : key)}]`;
  }
  if (typeof key === "object" && key !== null) return `[${Array.isArray(key) ? "(...)" : "{...}"}]`;
  return `[${String(key)}]`;
}

/** CPython 3.12 `batch_list_exact`. */
export class ListSaving extends Saving {
  private readonly items: readonly unknown[];
  private readonly isSingle: boolean;
  private at = 0;

  constructor(items: readonly unknown[]) {
    super();
    this.items = items;
    this.isSingle = items.length === 1;
  }

  next(encoder: Encoder): unknown {
    const at = this.at;
    if (encoder.protocol === 0) {
      if (at > 0) encoder.writeOpcode(op.APPEND);
    } else if (this.isSingle) {
      if (at === 1) {
        encoder.writeOpcode(op.APPEND);
        return DONE;
      }
    } else if (at >= this.items.length) {
      if (at > 0) encoder.writeOpcode(op.APPENDS);
    } else if (at % BATCH_SIZE === 0) {
      if (at > 0) encoder.writeOpcode(op.APPENDS);
      encoder.writeOpcode(op.MARK);
    }
    if (at >= this.items.length) return DONE;
    this.at = at + 1;
    return this.items[at];
  }

  segment(): string {
    return `[${this.at - 1}]`;
  }
}

/** CPython 3.12 `save_tuple`. */
export class TupleSaving extends Saving {
  private readonly items: readonly unknown[];
  /** The tuple in the data; none for the arguments of a call, which are in nobody's hands. */
  private readonly tuple: object | undefined;
  private readonly isShort: boolean;
  private place = NO_PLACE;
  private at = 0;

  constructor(items: readonly unknown[], tuple: object | undefined, protocol: number) {
    super();
    this.items = items;
    this.tuple = tuple;
    this.isShort = protocol >= 2 && items.length <= 3;
  }

  next(encoder: Encoder): unknown {
    const at = this.at;
    if (this.items.length === 0) {
      encoder.saveEmptyTuple();
      return DONE;
    }
    if (at === 0) {
      this.place = encoder.reserve(this.tuple);
      if (!this.isShort) encoder.writeOpcode(op.MARK);
    }
    if (at < this.items.length) {
      this.at = at + 1;
      return this.items[at];
    }
    encoder.closeTuple(this.items.length, this.place);
    return DONE;
  }

  segment(): string {
    return `[${this.at - 1}]`;
  }
}

/** CPython 3.12 `batch_dict_exact`; a call of `next` for each key and each value. */
export class DictSaving extends Saving {
  private readonly entries: Iterator<readonly [unknown, unknown]>;
  private readonly isSingle: boolean;
  private key: unknown;
  private value: unknown;
  private hasValue = false;
  private count = 0;

  constructor(entries: Iterable<readonly [unknown, unknown]>, size: number) {
    super();
    this.entries = entries[Symbol.iterator]();
    this.isSingle = size === 1;
  }

  next(encoder: Encoder): unknown {
    if (this.hasValue) {
      this.hasValue = false;
      return this.value;
    }
    const isBatched = encoder.protocol > 0 && !this.isSingle;
    if (this.count > 0 && !isBatched) encoder.writeOpcode(op.SETITEM);
    const next = this.entries.next();
    if (isBatched && this.count % BATCH_SIZE === 0) {
      // Also after the last full batch, where CPython writes an empty one.
      if (this.count > 0) encoder.writeOpcode(op.SETITEMS);
      encoder.writeOpcode(op.MARK);
    }
    if (next.done === true) {
      if (isBatched) encoder.writeOpcode(op.SETITEMS);
      return DONE;
    }
    const [key, value] = next.value;
    this.count++;
    this.key = key;
    this.value = encoder.checkDefined(value);
    this.hasValue = true;
    return encoder.checkKey(key);
  }

  segment(): string {
    return this.hasValue ? "" : keySegment(this.key);
  }
}

/** CPython 3.12 `save_set`, protocol 4 and above. */
export class SetSaving extends Saving {
  private readonly items: Iterator<unknown>;
  private count = 0;

  constructor(items: Iterable<unknown>) {
    super();
    this.items = items[Symbol.iterator]();
  }

  next(encoder: Encoder): unknown {
    const next = this.items.next();
    if (this.count % BATCH_SIZE === 0) {
      if (this.count > 0) encoder.writeOpcode(op.ADDITEMS);
      encoder.writeOpcode(op.MARK);
    }
    if (next.done === true) {
      encoder.writeOpcode(op.ADDITEMS);
      return DONE;
    }
    this.count++;
    return encoder.checkKey(next.value);
  }

  segment(): string {
    return `{${this.count - 1}}`;
  }
}

/** CPython 3.12 `save_frozenset`, protocol 4 and above: no batches. */
export class FrozenSetSaving extends Saving {
  private readonly set: Iterable<unknown> & object;
  private items: Iterator<unknown> | undefined;
  private count = 0;

  constructor(set: Iterable<unknown> & object) {
    super();
    this.set = set;
  }

  next(encoder: Encoder): unknown {
    if (this.items === undefined) {
      this.items = this.set[Symbol.iterator]();
      encoder.writeOpcode(op.MARK);
    }
    const next = this.items.next();
    if (next.done !== true) {
      this.count++;
      return encoder.checkKey(next.value);
    }
    const known = encoder.objectMemo.find(this.set);
    if (known >= 0) {
      encoder.writeOpcode(op.POP_MARK);
      encoder.get(known);
    } else {
      encoder.writeOpcode(op.FROZENSET);
      encoder.memoize(this.set);
    }
    return DONE;
  }

  segment(): string {
    return `{${this.count - 1}}`;
  }
}

/** The list items of a reduced object. CPython 3.12 `batch_list`, whose last item of a batch of one is a plain APPEND. */
export class ItemsSaving extends Saving {
  private readonly items: Iterator<unknown>;
  private ahead: IteratorResult<unknown>;
  private count = 0;
  private inBatch = 0;

  constructor(items: Iterable<unknown>) {
    super();
    this.items = items[Symbol.iterator]();
    this.ahead = this.items.next();
  }

  next(encoder: Encoder): unknown {
    if (encoder.protocol === 0) {
      if (this.count > 0) encoder.writeOpcode(op.APPEND);
    } else if (this.inBatch === 1 || this.inBatch === BATCH_SIZE + 1) {
      encoder.writeOpcode(this.inBatch === 1 ? op.APPEND : op.APPENDS);
      this.inBatch = 0;
    }
    if (this.ahead.done === true) {
      if (this.inBatch > 1) encoder.writeOpcode(op.APPENDS);
      return DONE;
    }
    const item = this.ahead.value;
    this.ahead = this.items.next();
    this.count++;
    if (encoder.protocol > 0) {
      // In a batch, `inBatch` is one more than its items, so that 1 can stand for an item without a batch.
      if (this.inBatch === 0) {
        if (this.ahead.done === true) {
          this.inBatch = 1;
          return item;
        }
        encoder.writeOpcode(op.MARK);
        this.inBatch = 1;
      }
      this.inBatch++;
    }
    return item;
  }

  segment(): string {
    // The first item is asked for before there is one.
    return this.count === 0 ? "" : `[${this.count - 1}]`;
  }
}

/** The dict items of a reduced object. CPython 3.12 `batch_dict`. */
export class PairsSaving extends Saving {
  private readonly pairs: Iterator<readonly [unknown, unknown]>;
  private ahead: IteratorResult<readonly [unknown, unknown]>;
  private key: unknown;
  private value: unknown;
  private hasValue = false;
  private count = 0;
  private inBatch = 0;

  constructor(pairs: Iterable<readonly [unknown, unknown]>) {
    super();
    this.pairs = pairs[Symbol.iterator]();
    this.ahead = this.pairs.next();
  }

  next(encoder: Encoder): unknown {
    if (this.hasValue) {
      this.hasValue = false;
      return this.value;
    }
    if (encoder.protocol === 0) {
      if (this.count > 0) encoder.writeOpcode(op.SETITEM);
    } else if (this.inBatch === 1 || this.inBatch === BATCH_SIZE + 1) {
      encoder.writeOpcode(this.inBatch === 1 ? op.SETITEM : op.SETITEMS);
      this.inBatch = 0;
    }
    if (this.ahead.done === true) {
      if (this.inBatch > 1) encoder.writeOpcode(op.SETITEMS);
      return DONE;
    }
    const pair: unknown = this.ahead.value;
    if (!Array.isArray(pair) || pair.length !== 2) throw encoder.fail("Cannot pickle dict items that are no pairs");
    const [key, value] = pair as [unknown, unknown];
    this.ahead = this.pairs.next();
    this.count++;
    if (encoder.protocol > 0) {
      if (this.inBatch === 0) {
        if (this.ahead.done === true) {
          this.inBatch = 1;
        } else {
          encoder.writeOpcode(op.MARK);
          this.inBatch = 2;
        }
      } else {
        this.inBatch++;
      }
    }
    this.key = key;
    this.value = encoder.checkDefined(value);
    this.hasValue = true;
    return encoder.checkKey(key);
  }

  segment(): string {
    return this.hasValue || this.count === 0 ? "" : keySegment(this.key);
  }
}

/**
 * The arguments of a call: a tuple. Plain arrays are nobody else's, so they need no place in the memo of objects; nor do
 * those of NEWOBJ, of which CPython makes a new tuple each time.
 */
export function argumentsOf({ kind, args, ownsFirst }: Reduction, protocol: number): unknown {
  if (args instanceof Tuple && kind !== "newobj") return args;
  const isFresh = ownsFirst === true && typeof args[0] === "string";
  const items = isFresh ? [new FreshString(args[0] as string), ...args.slice(1)] : args;
  return new TupleSaving(items, undefined, protocol);
}
