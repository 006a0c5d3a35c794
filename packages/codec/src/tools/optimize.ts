import { UnpicklingError } from "../errors.js";
import {
  BINGET,
  BINPUT,
  FRAME,
  GET,
  HIGHEST_PROTOCOL,
  LONG_BINGET,
  LONG_BINPUT,
  MEMOIZE,
  PROTO,
  PUT,
} from "../pickle/opcodes.js";
import { genops, type PickleOp } from "./genops.js";

/** A frame is closed once it holds this much, and not written as one when it holds less than that. */
const FRAME_SIZE_TARGET = 64 * 1024;
const FRAME_SIZE_MIN = 4;

/**
 * The same pickle without the PUTs that no GET refers to, and with frames laid out anew: the bytes that
 * `pickletools.optimize` gives. Nothing is built; what follows the first STOP is dropped.
 *
 * @returns a new array; `pickle` stays as it is
 * @throws {@link UnpicklingError} if the pickle is damaged, or a GET refers to nothing
 * @see CPython 3.12 `pickletools.optimize`
 * @example
 * optimize(dumps(["a", "b"])).length < dumps(["a", "b"]).length // => true
 */
export function optimize(pickle: Uint8Array | ArrayBuffer): Uint8Array {
  const bytes = pickle instanceof ArrayBuffer ? new Uint8Array(pickle) : pickle;
  const ops = [...genops(bytes)];
  const { protocol, used } = survey(ops);
  const output = new FramedOutput(protocol >= 4);
  const first = ops[0]!;
  if (first.opcode.code === PROTO) output.header(bytes.subarray(first.offset, first.end));

  const stored = new Set<number>();
  const renumbered = new Map<number, number>();
  let kept = 0;
  for (const op of ops) {
    const { code } = op.opcode;
    if (code === FRAME || (code === PROTO && op.offset === 0)) continue;
    const index = storedIndex(op, stored);
    if (index !== undefined) {
      stored.add(index);
      if (!used.has(index)) continue;
      // A second PUT of one index is kept too, under a number of its own.
      renumbered.set(index, kept);
      output.write(putOf(kept++, protocol));
    } else if (isGet(code)) {
      const target = renumbered.get(Number(op.arg));
      if (target === undefined) {
        throw new UnpicklingError(`memo key ${op.arg} has never been stored into`, {
          code: "bad-memo",
          offset: op.offset,
        });
      }
      output.write(getOf(target, protocol));
    } else {
      output.write(bytes.subarray(op.offset, op.end));
    }
  }
  return output.finish();
}

/** The protocol of the result, and the memo indices that a GET refers to. */
function survey(ops: readonly PickleOp[]): { protocol: number; used: ReadonlySet<number> } {
  let protocol = 0;
  const used = new Set<number>();
  for (const { opcode, arg, offset } of ops) {
    if (isGet(opcode.code)) {
      protocol = Math.max(protocol, opcode.proto);
      used.add(Number(arg));
    } else if (opcode.code === PROTO) {
      protocol = Math.max(protocol, Number(arg));
      if (protocol > HIGHEST_PROTOCOL) {
        throw new UnpicklingError(`pickle protocol must be <= ${HIGHEST_PROTOCOL}`, {
          code: "unsupported-protocol",
          offset,
          opcode: "PROTO",
        });
      }
    }
  }
  return { protocol, used };
}

function isGet(code: number): boolean {
  return code === GET || code === BINGET || code === LONG_BINGET;
}

/** The memo index an opcode stores under; `undefined` if it stores nothing. */
function storedIndex(op: PickleOp, stored: ReadonlySet<number>): number | undefined {
  const { code } = op.opcode;
  if (code === MEMOIZE) return stored.size;
  return code === PUT || code === BINPUT || code === LONG_BINPUT ? Number(op.arg) : undefined;
}

function putOf(index: number, protocol: number): Uint8Array {
  if (protocol >= 4) return Uint8Array.of(MEMOIZE);
  if (protocol === 0) return textLine(PUT, index);
  return index < 256 ? Uint8Array.of(BINPUT, index) : withUint32(LONG_BINPUT, index);
}

function getOf(index: number, protocol: number): Uint8Array {
  if (protocol === 0) return textLine(GET, index);
  return index < 256 ? Uint8Array.of(BINGET, index) : withUint32(LONG_BINGET, index);
}

function textLine(code: number, index: number): Uint8Array {
  return Uint8Array.from(`${String.fromCharCode(code)}${index}\n`, (character) => character.charCodeAt(0));
}

function withUint32(code: number, index: number): Uint8Array {
  return Uint8Array.of(code, index & 0xff, (index >>> 8) & 0xff, (index >>> 16) & 0xff, index >>> 24);
}

/** Writes opcodes into frames. CPython 3.12 `pickle.py` _Framer, as pickletools.optimize drives it. */
class FramedOutput {
  readonly #framing: boolean;
  readonly #chunks: Uint8Array[] = [];
  #frame: Uint8Array[] = [];
  #frameLength = 0;

  constructor(framing: boolean) {
    this.#framing = framing;
  }

  /** Bytes before the first frame. */
  header(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
  }

  write(bytes: Uint8Array): void {
    if (!this.#framing) {
      this.#chunks.push(bytes);
      return;
    }
    const frameless = bytes.length > FRAME_SIZE_TARGET;
    if (frameless || this.#frameLength >= FRAME_SIZE_TARGET) this.#commit();
    if (frameless) {
      this.#chunks.push(bytes);
    } else {
      this.#frame.push(bytes);
      this.#frameLength += bytes.length;
    }
  }

  finish(): Uint8Array {
    this.#commit();
    const length = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const result = new Uint8Array(length);
    let position = 0;
    for (const chunk of this.#chunks) {
      result.set(chunk, position);
      position += chunk.length;
    }
    return globalThis.Buffer === undefined ? result : Buffer.from(result.buffer);
  }

  #commit(): void {
    if (this.#frameLength >= FRAME_SIZE_MIN) {
      const header = new Uint8Array(9);
      header[0] = FRAME;
      new DataView(header.buffer).setBigUint64(1, BigInt(this.#frameLength), true);
      this.#chunks.push(header);
    }
    for (const chunk of this.#frame) this.#chunks.push(chunk);
    this.#frame = [];
    this.#frameLength = 0;
  }
}
