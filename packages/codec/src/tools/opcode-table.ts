/** The table of opcodes, as a value. */
import { opcodes } from "../pickle/opcodes.js";

/** All opcodes, a row each, in the order of CPython's `pickletools.opcodes`. */
export const OPCODES = /* @__PURE__ */ opcodes();
