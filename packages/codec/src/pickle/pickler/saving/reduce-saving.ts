/** Objects that are being written as a call. CPython 3.12 `pickle.py` `save_reduce`. */
import type { Reduction } from "../../../globals/registry.js";
import { Tuple } from "../../../python/containers/sequences.js";
import { FreshString, type PyObject, type PyObjectStep } from "../../../python/objects/objects.js";
import * as op from "../../opcodes.js";
import type { Encoder } from "../encoder.js";
import { NO_PLACE } from "../memo/identity-memo.js";
import { TupleSaving } from "./container-saving.js";
import { ItemsSaving, PairsSaving } from "./items-saving.js";
import { DONE, Saving } from "./saving.js";

/** Whether something follows the call. */
export function hasMore(reduction: Reduction): boolean {
  const { listItems, dictItems, state } = reduction;
  return listItems !== undefined || dictItems !== undefined || (state !== undefined && state !== null);
}

export class ReduceSaving extends Saving {
  /** The object in the data; none for calls that the encoder makes up. */
  readonly object: object | undefined;
  readonly reduction: Reduction;
  private readonly steps: readonly PyObjectStep[] | undefined;
  private phase = 0;
  private place = NO_PLACE;
  private step = 0;

  /** @param steps - of a {@link PyObject}: what follows construction, instead of the reduction's items and state */
  constructor(object: object | undefined, reduction: Reduction, steps?: readonly PyObjectStep[]) {
    super();
    this.object = object;
    this.reduction = reduction;
    this.steps = steps;
  }

  /** The call has been written; says whether something follows it, which {@link next} then hands out. */
  resume(): boolean {
    this.phase = this.steps === undefined ? 4 : 10;
    return this.steps !== undefined || hasMore(this.reduction);
  }

  next(encoder: Encoder): unknown {
    const { reduction } = this;
    for (;;) {
      switch (this.phase++) {
        case 0:
          this.place = encoder.reserve(this.object);
          return reduction.callable;
        case 1:
          encoder.ready();
          return argumentsOf(reduction, encoder.protocol);
        case 2:
          if (reduction.kind === "newobj_ex") return reduction.kwargs ?? new Map();
          break;
        case 3:
          if (!encoder.closeCall(reduction.kind, this.place)) return DONE;
          if (this.steps !== undefined) this.phase = 10;
          break;
        case 4:
          if (reduction.listItems !== undefined) return new ItemsSaving(reduction.listItems);
          break;
        case 5:
          if (reduction.dictItems !== undefined) return new PairsSaving(reduction.dictItems);
          break;
        case 6:
          if (reduction.state === undefined || reduction.state === null) return DONE;
          return reduction.stateSetter ?? reduction.state;
        case 7:
          if (reduction.stateSetter === undefined) {
            encoder.writeOpcode(op.BUILD);
            return DONE;
          }
          return this.object;
        case 8:
          return reduction.state;
        case 9:
          encoder.writeOpcode(op.TUPLE2);
          encoder.writeOpcode(op.REDUCE);
          encoder.writeOpcode(op.POP);
          return DONE;
        default:
          return nextStep(encoder, this.steps!, this.step++);
      }
    }
  }

  segment(): string {
    return "";
  }
}

/**
 * An instance of an old-style class, back as OBJ at every protocol: a call in its place would run `__init__`. Python 2.7
 * `pickle.py` `save_inst`.
 */
export class ObjSaving extends Saving {
  readonly object: PyObject;
  private place = NO_PLACE;
  private at = 0;

  constructor(object: PyObject) {
    super();
    this.object = object;
  }

  next(encoder: Encoder): unknown {
    const { callable, args, steps } = this.object;
    const at = this.at++;
    if (at === 0) {
      this.place = encoder.reserve(this.object);
      encoder.writeOpcode(op.MARK);
      return callable;
    }
    if (at <= args.length) return args[at - 1];
    if (at === args.length + 1) {
      encoder.writeOpcode(op.OBJ);
      const known = encoder.objectMemo.indexAt(this.place);
      if (known >= 0) {
        encoder.writeOpcode(op.POP);
        encoder.get(known);
        return DONE;
      }
      encoder.putAt(this.place);
    }
    return nextStep(encoder, steps, at - args.length - 1);
  }

  segment(): string {
    return "";
  }
}

/** What the step at `at` adds, after the end of the one before; {@link DONE} after the last. */
function nextStep(encoder: Encoder, steps: readonly PyObjectStep[], at: number): unknown {
  if (at > 0 && steps[at - 1]!.kind === "state") encoder.writeOpcode(op.BUILD);
  const step = steps[at];
  if (step === undefined) return DONE;
  if (step.kind === "state") return step.state;
  return step.kind === "items" ? new ItemsSaving(step.items) : new PairsSaving(pairsOf(step.pairs));
}

/**
 * The arguments of a call: a tuple. Plain arrays are nobody else's, so they need no place in the memo of objects; nor do
 * those of NEWOBJ, of which CPython makes a new tuple each time.
 */
function argumentsOf({ kind, args, ownsFirst }: Reduction, protocol: number): unknown {
  if (args instanceof Tuple && kind !== "newobj") return args;
  const isFresh = ownsFirst === true && typeof args[0] === "string";
  const items = isFresh ? [new FreshString(args[0] as string), ...args.slice(1)] : args;
  return new TupleSaving(items, undefined, protocol);
}

function* pairsOf(flat: readonly unknown[]): Iterable<readonly [unknown, unknown]> {
  for (let i = 0; i + 1 < flat.length; i += 2) yield [flat[i], flat[i + 1]];
}

/** From this many open values on, and each time they have doubled, {@link isEndless} is asked. */
export const FIRST_LOOK = 4096;

/** Beyond CPython's own limit of recursion. */
const MAX_ENTRIES = 1000;

/**
 * Whether an object is being written within itself again and again. It may be within itself, by way of a list, which is
 * referred to the next time; but at protocols 0 and 1 a subclass of list is made of a list that is new each time.
 */
export function isEndless(open: readonly Saving[]): boolean {
  const entries = new Map<object, number>();
  for (const saving of open) {
    if (!(saving instanceof ReduceSaving || saving instanceof ObjSaving) || saving.object === undefined) continue;
    const count = (entries.get(saving.object) ?? 0) + 1;
    if (count > MAX_ENTRIES) return true;
    entries.set(saving.object, count);
  }
  return false;
}
