/** What to say of a global that nobody registered. */
import type { UnpicklingError } from "../../../errors.js";
import { fault } from "../faults.js";

/** Characters of a name in a message. */
const MAX_SHOWN_NAME = 500;

export function unregistered(module: string, name: string): UnpicklingError {
  return fault(
    "unregistered-global",
    `${shownName(module, name)} is not registered; register it with ${registration(module, name)}, or pass unregistered: "opaque"`,
  );
}

/** The call that makes a name known: by what Python's conventions say it names. numpy's are made known all at once. */
function registration(module: string, name: string): string {
  if (/^numpy(\.|$)/.test(module)) return "registerNumpy(registry), of @brine/codec/numpy";
  const last = name.slice(name.lastIndexOf(".") + 1);
  const key = registrationName(module, name);
  if (/^_*[a-z][a-z\d_]*$/.test(last)) return `registry.registerFunction(${key})`;
  if (/(?:Error|Exception|Warning)$/.test(last)) return `registry.registerException(${key})`;
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
