/** Python's `repr` of what an opcode's argument can be. */
import { floatRepr } from "../python/numbers/numbers.js";
import { bytesRepr, strRepr } from "../python/str-repr.js";

/** What an opcode's argument is in JavaScript: ints are numbers while they are safe, else bigints; `bytearray8` is a Uint8Array too. */
export type OpcodeArgument = number | bigint | boolean | string | Uint8Array;

/** `repr` of a bytearray, which escapes single quotes also between double ones. CPython 3.12 `bytearray_repr`. */
function bytearrayRepr(bytes: Uint8Array): string {
  const inner = bytesRepr(bytes);
  return `bytearray(${inner.startsWith('b"') ? inner.replaceAll("'", "\\'") : inner})`;
}

/** `repr` of an argument; `type` is the name of its descriptor. */
export function argumentRepr(argument: OpcodeArgument, type: string): string {
  switch (typeof argument) {
    case "string":
      return strRepr(argument);
    case "boolean":
      return argument ? "True" : "False";
    case "bigint":
      return String(argument);
    case "number":
      return type === "float8" || type === "floatnl" ? floatRepr(argument) : String(argument);
    default:
      return type === "bytearray8" ? bytearrayRepr(argument) : bytesRepr(argument);
  }
}
