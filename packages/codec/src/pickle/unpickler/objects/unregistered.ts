/** What to say of a global that nobody registered. */
import type { UnpicklingError } from "../../../errors.js";
import type { ClassRegistryView } from "../../../globals/registry.js";
import { fault } from "../faults.js";

/** Characters of a name in a message. */
const MAX_SHOWN_NAME = 500;

/** Libraries whose objects are made of numpy's arrays by classes and functions of their own, but for pandas' dates. */
const OF_ARRAYS = /^(?!pandas\._libs\.tslibs\.)(pandas|scipy|sklearn|xarray)(\.|$)/;

/** How Python's conventions end the name of an exception. */
const EXCEPTION = /(?:Error|Exception|Warning)$/;

export function unregistered(module: string, name: string, registry: ClassRegistryView): UnpicklingError {
  return fault(
    "unregistered-global",
    `${shownName(module, name)} is not registered; ${remedy(module, name, registry)}`,
  );
}

/** Whether what follows the name is no pickle, so that nothing made of it could be kept as data. */
export function isBeforeRawBytes(module: string, name: string): boolean {
  // Of arrays of objects it is a pickle of its own, whose end would be taken for that of all.
  return module === "joblib.numpy_pickle" && name === "NumpyArrayWrapper";
}

/** What makes it readable: numpy's names are made known all at once, but for some. */
function remedy(module: string, name: string, registry: ClassRegistryView): string {
  // Whose bytes stand between the opcodes, where no reader of pickles could step over them.
  if (module === "joblib.numpy_pickle") return "joblib.dump() of arrays is no pickle: have Python use pickle.dump()";
  const withNumpy = "registerNumpy(registry), of @brine/codec/numpy";
  const isNumpyKnown = registry.find("numpy", "ndarray") !== undefined;
  if (OF_ARRAYS.test(module) && !EXCEPTION.test(name)) {
    const arrays = isNumpyKnown ? "its arrays" : `its arrays, with ${withNumpy}`;
    return `pass unregistered: "opaque" to read ${arrays}, or have Python send plain data`;
  }
  const isNumpy = /^numpy(\.|$)/.test(module) && !isNumpyKnown;
  return `register it with ${isNumpy ? withNumpy : registration(module, name)}, or pass unregistered: "opaque"`;
}

/** The call that makes a name known: by what Python's conventions say it names. */
function registration(module: string, name: string): string {
  const last = name.slice(name.lastIndexOf(".") + 1);
  const key = registrationName(module, name);
  if (/^_*[a-z][a-z\d_]*$/.test(last)) return `registry.registerFunction(${key})`;
  if (EXCEPTION.test(last)) return `registry.registerException(${key})`;
  return `registry.register(${key}, ${jsNameOf(last)})`;
}

/** A nested class has a name of two parts, which a single text would put down to the module. */
function registrationName(module: string, name: string): string {
  if (!name.includes(".")) return JSON.stringify(shownName(module, name));
  return `{ module: ${JSON.stringify(cut(module))}, name: ${JSON.stringify(cut(name))} }`;
}

function shownName(module: string, name: string): string {
  return cut(`${module}.${name}`);
}

function cut(text: string): string {
  return text.length > MAX_SHOWN_NAME ? `${text.slice(0, MAX_SHOWN_NAME)}...` : text;
}

/** The last part of a qualified name where JavaScript could call a class so, to show in a line of code. */
function jsNameOf(last: string): string {
  return last.length <= MAX_SHOWN_NAME && /^[A-Za-z_$][\w$]*$/.test(last) ? last : "YourClass";
}
