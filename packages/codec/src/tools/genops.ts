import { isPickleError, UnpicklingError } from "../errors.js";
import { type OpcodeInfo, type OpcodeName, opcodeOf, STOP } from "../pickle/opcodes.js";
import { bytesRepr } from "../python/str-repr.js";
import { ARGUMENTS } from "./args.js";
import { Cursor } from "./cursor.js";
import type { OpcodeArgument } from "./literal.js";

/** One opcode of a pickle. */
export interface PickleOp {
  /** Its row of the table: the same object for each opcode of that code. */
  readonly opcode: OpcodeInfo;
  /** Its argument; `undefined` for an opcode without one. Bytes are views on the input. */
  readonly arg: OpcodeArgument | undefined;
  /** Byte of the opcode, counted from the first byte of the input. */
  readonly offset: number;
  /** The first byte after its argument, which is where the next opcode starts. */
  readonly end: number;
}

/**
 * All opcodes of one pickle, the first of `bytes`, up to and with STOP. Nothing is built.
 *
 * @param offset - the byte where the pickle starts; default 0
 * @throws {@link UnpicklingError} at a byte that is no opcode, or an argument that is damaged; its message is CPython's
 * @see CPython 3.12 `pickletools.genops`
 * @example
 * const ops = [...genops(dumps(1))];
 * ops.map(({ opcode, arg }) => [opcode.name, arg]) // => [ [ 'PROTO', 4 ], [ 'BININT1', 1 ], [ 'STOP', undefined ] ]
 */
export function* genops(bytes: Uint8Array | ArrayBuffer, offset = 0): Generator<PickleOp, void, undefined> {
  const cursor = new Cursor(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes, offset);
  for (;;) {
    const op = nextOp(cursor);
    yield op;
    if (op.opcode.code === STOP) return;
  }
}

/** Reads one opcode and its argument. */
function nextOp(cursor: Cursor): PickleOp {
  const start = cursor.position;
  const code = cursor.bytes[start];
  if (code === undefined) {
    throw new UnpicklingError("pickle exhausted before seeing STOP", { code: "truncated", offset: start });
  }
  cursor.position++;
  const opcode = opcodeOf(code);
  if (opcode === undefined) {
    throw new UnpicklingError(`at position ${start}, opcode ${bytesRepr(Uint8Array.of(code))} unknown`, {
      code: "unknown-opcode",
      offset: start,
    });
  }
  if (opcode.arg === null) return { opcode, arg: undefined, offset: start, end: cursor.position };
  try {
    const arg = ARGUMENTS[opcode.arg].read(cursor);
    return { opcode, arg, offset: start, end: cursor.position };
  } catch (error) {
    if (!isPickleError(error)) throw error;
    throw new UnpicklingError(error.message, {
      code: error.code,
      offset: start,
      opcode: opcode.name as OpcodeName,
      cause: error,
    });
  }
}
