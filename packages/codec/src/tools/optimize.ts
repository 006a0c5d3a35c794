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
import { sparseKey } from "../pickle/text.js";
import { genops, type PickleOp } from "./genops.js";
import { LargeMap } from "./large-map.js";
import { Memo } from "./memo.js";

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
  const { protocol, used } = survey(bytes);
  const output = new FramedOutput(protocol >= 4, bytes.length);
  const stored = new StoredIndices();
  const renumbered = new Memo<number>();
  let kept = 0;
  // Read anew, for the opcodes of a large pickle take a hundred times its memory.
  for (const op of genops(bytes)) {
    const { code } = op.opcode;
    if (code === FRAME) continue;
    if (code === PROTO && op.offset === 0) {
      output.header(bytes.subarray(0, op.end));
      continue;
    }
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
function survey(bytes: Uint8Array): { protocol: number; used: Memo<true> } {
  let protocol = 0;
  let unsupportedAt: number | undefined;
  const used = new Memo<true>();
  for (const { opcode, arg, offset } of genops(bytes)) {
    if (isGet(opcode.code)) {
      protocol = Math.max(protocol, opcode.proto);
      used.set(Number(arg), true);
    } else if (opcode.code === PROTO) {
      protocol = Math.max(protocol, Number(arg));
      if (protocol > HIGHEST_PROTOCOL) unsupportedAt ??= offset;
    }
  }
  // Not before the end: what is damaged is said first, as CPython does.
  if (unsupportedAt !== undefined) {
    throw new UnpicklingError(`pickle protocol must be <= ${HIGHEST_PROTOCOL}`, {
      code: "unsupported-protocol",
      offset: unsupportedAt,
      opcode: "PROTO",
    });
  }
  return { protocol, used };
}

/** Which memo indices something was stored under: mostly all of them up to one, which takes no memory. */
class StoredIndices {
  #below = 0;
  readonly #others = new LargeMap<string, true>();

  get size(): number {
    return this.#below + this.#others.size;
  }

  add(index: number): void {
    if (index < 0 || index > this.#below) this.#others.set(sparseKey(index), true);
    if (index !== this.#below) return;
    do {
      this.#below++;
    } while (this.#others.size > 0 && this.#others.delete(sparseKey(this.#below)));
  }
}

function isGet(code: number): boolean {
  return code === GET || code === BINGET || code === LONG_BINGET;
}

/** The memo index an opcode stores under; `undefined` if it stores nothing. */
function storedIndex(op: PickleOp, stored: StoredIndices): number | undefined {
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

/** Bytes of an opcode that are copied in a loop, which costs less than a native call. */
const SHORT_COPY = 16;

const FRAME_HEADER_SIZE = 9;

/** Writes opcodes into frames. CPython 3.12 `pickle.py` _Framer, as pickletools.optimize drives it. */
class FramedOutput {
  readonly #framing: boolean;
  #bytes: Uint8Array;
  #length = 0;
  /** Where the header of the open frame is to be. */
  #frameStart: number | undefined;

  /** @param expected - bytes; more are a matter of time */
  constructor(framing: boolean, expected: number) {
    this.#framing = framing;
    this.#bytes = new Uint8Array(expected + FRAME_HEADER_SIZE);
  }

  /** Bytes before the first frame. */
  header(bytes: Uint8Array): void {
    this.#append(bytes);
  }

  write(bytes: Uint8Array): void {
    if (this.#framing) {
      const isFrameless = bytes.length > FRAME_SIZE_TARGET;
      if (isFrameless || this.#frameLength() >= FRAME_SIZE_TARGET) this.#commit();
      if (!isFrameless && this.#frameStart === undefined) {
        this.#frameStart = this.#length;
        this.#reserve(FRAME_HEADER_SIZE);
      }
    }
    this.#append(bytes);
  }

  finish(): Uint8Array {
    this.#commit();
    const result = this.#bytes.slice(0, this.#length);
    return globalThis.Buffer === undefined ? result : Buffer.from(result.buffer);
  }

  #frameLength(): number {
    return this.#frameStart === undefined ? 0 : this.#length - this.#frameStart - FRAME_HEADER_SIZE;
  }

  #commit(): void {
    const start = this.#frameStart;
    if (start === undefined) return;
    const length = this.#frameLength();
    if (length >= FRAME_SIZE_MIN) {
      this.#bytes[start] = FRAME;
      new DataView(this.#bytes.buffer).setBigUint64(start + 1, BigInt(length), true);
    } else {
      this.#bytes.copyWithin(start, start + FRAME_HEADER_SIZE, this.#length);
      this.#length -= FRAME_HEADER_SIZE;
    }
    this.#frameStart = undefined;
  }

  #append(bytes: Uint8Array): void {
    const start = this.#reserve(bytes.length);
    if (bytes.length > SHORT_COPY) this.#bytes.set(bytes, start);
    else for (let i = 0; i < bytes.length; i++) this.#bytes[start + i] = bytes[i]!;
  }

  /** Makes room for `size` bytes at the end; returns where they start. */
  #reserve(size: number): number {
    const start = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
    }
    return start;
  }
}
