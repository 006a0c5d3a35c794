/** Python's `repr` of what an opcode's argument can be. */
import { floatRepr } from "../python/numbers/numbers.js";
import {
  bytearrayRepr,
  bytearrayReprPieces,
  bytesRepr,
  bytesReprPieces,
  strRepr,
  strReprPieces,
} from "../python/str-repr.js";

/** What an opcode's argument is in JavaScript: ints are numbers while they are safe, else bigints; `bytearray8` is a Uint8Array too. */
export type OpcodeArgument = number | bigint | boolean | string | Uint8Array;

/** More characters or bytes than this are shown in pieces. */
const LONG = 64 * 1024;

/** Whether the `repr` of an argument is made in pieces: it may be longer than a string can be. */
export function isLong(argument: OpcodeArgument | undefined): argument is string | Uint8Array {
  return (typeof argument === "string" || argument instanceof Uint8Array) && argument.length > LONG;
}

/** The pieces of {@link argumentRepr}. */
export function* longRepr(argument: string | Uint8Array, type: string): Generator<string, void, undefined> {
  if (typeof argument === "string") yield* strReprPieces(argument);
  else if (type === "bytearray8") yield* bytearrayReprPieces(argument);
  else yield* bytesReprPieces(argument);
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
