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

/** The call that makes a name known; numpy's are made known all at once. */
function registration(module: string, name: string): string {
  if (/^numpy(\.|$)/.test(module)) return "registerNumpy(registry), of @brine/codec/numpy";
  return `registry.register(${JSON.stringify(shownName(module, name))}, ${jsNameOf(name)})`;
}

function shownName(module: string, name: string): string {
  const full = `${module}.${name}`;
  return full.length > MAX_SHOWN_NAME ? `${full.slice(0, MAX_SHOWN_NAME)}...` : full;
}

/** The last part of a qualified name where JavaScript could call a class so, to show in a line of code. */
function jsNameOf(name: string): string {
  const last = name.slice(name.lastIndexOf(".") + 1);
  return last.length <= MAX_SHOWN_NAME && /^[A-Za-z_$][\w$]*$/.test(last) ? last : "YourClass";
}
