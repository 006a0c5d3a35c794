/** Objects that are written as a call. CPython 3.12 `pickle.py` `save_reduce`, `copyreg.py`. */
import type { EncodeContext, Reduction } from "../../globals/registry.js";
import { Tuple } from "../../python/containers/sequences.js";
import { FrozenSet } from "../../python/containers/sets.js";
import { PyGlobal, type PyObject, type PyObjectStep } from "../../python/objects/objects.js";
import { isTrue } from "../../python/truth.js";
import * as op from "../opcodes.js";
import type { Encoder } from "./encoder.js";
import { NO_PLACE } from "./identity-memo.js";
import { argumentsOf, DONE, ItemsSaving, PairsSaving, Saving } from "./saving.js";

const NEWOBJ = new PyGlobal("copyreg", "__newobj__");
const NEWOBJ_EX = new PyGlobal("copyreg", "__newobj_ex__");
const RECONSTRUCTOR = new PyGlobal("copyreg", "_reconstructor");
const OBJECT = new PyGlobal("builtins", "object");
const SET = new PyGlobal("builtins", "set");
const FROZENSET = new PyGlobal("builtins", "frozenset");
const PARTIAL = new PyGlobal("functools", "partial");

function isObject(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

/** The same reduction in opcodes that the protocol has. */
export function lowerReduction(reduction: Reduction, encoder: EncodeContext): Reduction {
  const { kind, callable, args, kwargs, base, state } = reduction;
  if (kind === "reduce") return reduction;
  if (encoder.protocol < 2) {
    return {
      ...reduction,
      kind: "reduce",
      callable: RECONSTRUCTOR,
      args: [callable, base?.global ?? OBJECT, base?.value ?? null],
      // `if state:` of `copyreg._reduce_ex`.
      state: isTrue(state) ? state : undefined,
    };
  }
  if (kind === "newobj_ex" && encoder.protocol < 4) {
    if (!(callable instanceof PyGlobal))
      throw encoder.fail("Cannot pickle keyword arguments of a class without a name");
    // `functools.partial(cls.__new__, cls, *args, **kwargs)()`
    const create = new PyGlobal(callable.module, `${callable.name}.__new__`);
    const partial: Reduction = {
      kind: "reduce",
      callable: PARTIAL,
      args: [create],
      state: Tuple.of<unknown>(create, Tuple.of<unknown>(callable, ...args), kwargs ?? new Map(), null),
    };
    return { ...reduction, kind: "reduce", callable: new ReduceSaving(undefined, partial), args: [] };
  }
  return reduction;
}

/** An object without a registered class, back in the steps it was read in. */
export function reductionOfPyObject(object: PyObject, encoder: Encoder): Reduction {
  const { kind, callable, args, kwargs } = object;
  if (!isObject(callable)) throw encoder.fail("Cannot pickle a PyObject whose callable is no object");
  if (kind === "newobj" && encoder.protocol < 2) return { kind: "reduce", callable: NEWOBJ, args: [callable, ...args] };
  if (kind === "newobj_ex" && encoder.protocol < 4) {
    return { kind: "reduce", callable: NEWOBJ_EX, args: [callable, Tuple.from(args), kwargs ?? new Map()] };
  }
  return { kind, callable, args, kwargs };
}

/** `set([...])` or `frozenset([...])`, before protocol 4. */
export function callForSet(set: Set<unknown>): Reduction {
  return { kind: "reduce", callable: set instanceof FrozenSet ? FROZENSET : SET, args: [[...set]], ownsFirst: true };
}

function* pairsOf(flat: readonly unknown[]): Iterable<readonly [unknown, unknown]> {
  for (let i = 0; i + 1 < flat.length; i += 2) yield [flat[i], flat[i + 1]];
}

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
          return this.nextStep(encoder);
      }
    }
  }

  private nextStep(encoder: Encoder): unknown {
    const steps = this.steps!;
    if (this.step > 0 && steps[this.step - 1]!.kind === "state") encoder.writeOpcode(op.BUILD);
    const step = steps[this.step++];
    if (step === undefined) return DONE;
    if (step.kind === "state") return step.state;
    return step.kind === "items" ? new ItemsSaving(step.items) : new PairsSaving(pairsOf(step.pairs));
  }

  segment(): string {
    return "";
  }
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
    if (!(saving instanceof ReduceSaving) || saving.object === undefined) continue;
    const count = (entries.get(saving.object) ?? 0) + 1;
    if (count > MAX_ENTRIES) return true;
    entries.set(saving.object, count);
  }
  return false;
}
