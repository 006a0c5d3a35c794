/** The items of a reduced object that are being written: unlike those of a container, nobody knows how many there are. */
import * as op from "../../opcodes.js";
import type { Encoder } from "../encoder.js";
import { keySegment } from "../trail.js";
import { BATCH_SIZE } from "../writers/container-writer.js";
import { DONE, Saving } from "./saving.js";

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
