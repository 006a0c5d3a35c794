/** The callables that belong to pickle itself: safe with any arguments, known whatever the registry. */
import { globalOfEntry } from "../../../globals/global-of.js";
import { keyOf } from "../../../globals/registration.js";
import type { GlobalEntry } from "../../../globals/registry.js";
import { Tuple } from "../../../python/containers/sequences.js";
import { PyGlobal, PyObject } from "../../../python/objects/objects.js";
import { shortText } from "../../../python/short-text.js";
import { typeName } from "../../type-name.js";
import { badOperand, refused } from "../faults.js";
import { encodeText } from "./codecs-encode.js";
import type { ObjectBuilder } from "./object-builder.js";

export class MachineryEntry implements GlobalEntry {
  readonly module: string;
  readonly name: string;
  readonly nameStrings: "interned" | "function";
  readonly run: (builder: ObjectBuilder, args: readonly unknown[]) => unknown;
  readonly copiesArguments: boolean;

  constructor(
    module: string,
    name: string,
    run: (builder: ObjectBuilder, args: readonly unknown[]) => unknown,
    nameStrings: "interned" | "function" = "interned",
    copiesArguments = false,
  ) {
    this.module = module;
    this.name = name;
    this.run = run;
    this.nameStrings = nameStrings;
    this.copiesArguments = copiesArguments;
  }
}

const GETATTR = new MachineryEntry("builtins", "getattr", getAttribute, "function");

export const RECONSTRUCTOR = new MachineryEntry(
  "copyreg",
  "_reconstructor",
  (builder, args) => builder.reconstruct(args),
  "interned",
  true,
);

const MACHINERY: ReadonlyMap<string, MachineryEntry> = new Map(
  [
    GETATTR,
    RECONSTRUCTOR,
    new MachineryEntry("_codecs", "encode", (_builder, args) => encodeText(args), "function", true),
    new MachineryEntry("copyreg", "__newobj__", (builder, args) => builder.newobj(args[0], Tuple.from(args.slice(1)))),
    new MachineryEntry("copyreg", "__newobj_ex__", (builder, args) => builder.newobjEx(args[0], args[1], args[2])),
  ].map((entry) => [keyOf(entry.module, entry.name), entry]),
);

/** The callable of this name (Python 3's), if it is one of pickle's own. */
export function machineryOf(module: string, name: string): MachineryEntry | undefined {
  return MACHINERY.get(keyOf(module, name));
}

/**
 * `getattr(owner, name)`: only what the owner's entry offers, and `__new__`. Any other is an error, or kept as what it is,
 * which nothing can call, with `unregistered: "opaque"`.
 */
function getAttribute(builder: ObjectBuilder, args: readonly unknown[]): unknown {
  const [owner, name] = args;
  if (args.length !== 2 || typeof name !== "string") throw badOperand("getattr takes an object and a str");
  if (builder.isOpaque && !(owner instanceof PyGlobal && PyGlobal.entryOf(owner)?.getAttribute !== undefined)) {
    return new PyObject("reduce", globalOfEntry(GETATTR), Tuple.from(args));
  }
  if (!(owner instanceof PyGlobal)) throw notAllowed(`getattr on ${typeName(owner)}`);
  const entry = PyGlobal.entryOf(owner);
  if (entry === undefined || (name === "__new__" && entry.create !== undefined)) {
    return new PyObject("reduce", globalOfEntry(GETATTR), Tuple.from(args));
  }
  if (entry.getAttribute === undefined) throw notAllowed(`getattr(${owner}, ${shortText(name)})`);
  let result: unknown;
  try {
    result = entry.getAttribute(name, builder);
  } catch (error) {
    throw refused(entry, `attribute ${shortText(name)}`, error);
  }
  if (result === undefined) {
    throw badOperand(
      `${owner} has no attribute ${shortText(name)}; an Enum is for registerEnum, and a nested class has a name of its own`,
    );
  }
  return result;
}

function notAllowed(what: string): Error {
  return badOperand(`${what} is not allowed; unregistered: "opaque" keeps it as data`);
}

/** `getattr(cls, "__new__")`, kept as what it is until it is called. */
export function isNewMethod(value: unknown): boolean {
  if (!(value instanceof PyObject) || value.args[1] !== "__new__") return false;
  return value.callable instanceof PyGlobal && PyGlobal.entryOf(value.callable) === GETATTR;
}
