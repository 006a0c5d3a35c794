/** The calls that objects are written as, in opcodes that the protocol has. CPython 3.12 `pickle.py` `save_reduce`, `copyreg.py`. */
import type { EncodeContext, Reduction } from "../../../globals/registry.js";
import { Tuple } from "../../../python/containers/sequences.js";
import { FrozenSet } from "../../../python/containers/sets.js";
import { PyGlobal, type PyObject } from "../../../python/objects/objects.js";
import { isTrue } from "../../../python/truth.js";
import { ObjSaving, ReduceSaving } from "./reduce-saving.js";
import type { Saving } from "./saving.js";

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

/** An object without a registered class, back as the call it was read as. */
export function savingOfPyObject(object: PyObject, encoder: EncodeContext): Saving {
  const { kind, callable } = object;
  if (!isObject(callable)) throw encoder.fail("Cannot pickle a PyObject whose callable is no object");
  if (kind === "obj") return new ObjSaving(object);
  return new ReduceSaving(object, reductionOfPyObject(object, kind, callable, encoder), object.steps);
}

function reductionOfPyObject(
  { args, kwargs }: PyObject,
  kind: Reduction["kind"],
  callable: object,
  encoder: EncodeContext,
): Reduction {
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
