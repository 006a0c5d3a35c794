import { type PickleErrorCode, UnpicklingError } from "../errors.js";
import { checkOptions } from "../options/check.js";
import { optionNames } from "../options/option-names.js";
import {
  BINGET,
  BINPUT,
  GET,
  LONG_BINGET,
  LONG_BINPUT,
  MEMOIZE,
  type OpcodeInfo,
  type OpcodeName,
  POP,
  PUT,
  type StackObject,
} from "../pickle/opcodes.js";
import { ANNOTATIONS } from "./annotations.js";
import { genops, type PickleOp } from "./genops.js";
import { argumentRepr, isLong, longRepr } from "./literal.js";
import { Memo } from "./memo.js";

/** What {@link dis} takes. Everything is optional. */
export interface DisOptions {
  /** Gets each line as it is made, without its newline: also those before an error. Default: none. */
  readonly out?: ((line: string) => void) | undefined;
  /**
   * The memo to start with, and to fill. Pass the same one for pickles that one pickler wrote one after another.
   * Default: an empty one.
   */
  readonly memo?: Map<number, StackObject> | undefined;
  /** Spaces by which each MARK indents. Default 4. */
  readonly indentLevel?: number | undefined;
  /** Column at which a description of each opcode starts, in Brine's words, not those of `pickletools`; 0 (default) for none. */
  readonly annotate?: number | undefined;
  /** The byte where the pickle starts. Default 0. */
  readonly offset?: number | undefined;
}

const DIS_OPTIONS = /* @__PURE__ */ optionNames<DisOptions>({
  out: true,
  memo: true,
  indentLevel: true,
  annotate: true,
  offset: true,
});

const PUTS: ReadonlySet<number> = new Set([PUT, BINPUT, LONG_BINPUT, MEMOIZE]);
const GETS: ReadonlySet<number> = new Set([GET, BINGET, LONG_BINGET]);
/** The most decimal digits that CPython prints of an int since 3.11. */
const MAX_INT_DIGITS = 4300;
/** Characters of a string, at most: V8's bound, and the smallest there is. */
const MAX_TEXT = 2 ** 29 - 24;

/**
 * A symbolic disassembly of one pickle, the first of `bytes`: the text that `pickletools.dis` prints. Nothing is built.
 *
 * Like CPython's it checks on the way that every opcode finds what it needs on the stack and in the memo.
 *
 * @returns the lines, each with its newline
 * @throws {@link UnpicklingError} with CPython's message, after `out` got the line at fault; `limit-exceeded` for a text that
 *   is longer than a string can be
 * @throws PickleError `bad-option` for an option that there is not
 * @see CPython 3.12 `pickletools.dis`
 * @example
 * console.log(dis(dumps([1, 2])));
 */
export function dis(bytes: Uint8Array | ArrayBuffer, options: DisOptions = {}): string {
  const pieces: string[] = [];
  let length = 0;
  let line = "";
  for (const piece of disPieces(bytes, options)) {
    pieces.push(piece);
    length += piece.length;
    if (length > MAX_TEXT) {
      throw new UnpicklingError("The text is longer than a string can be: use genops(), or the command brine dis", {
        code: "limit-exceeded",
      });
    }
    if (options.out === undefined) continue;
    line += piece;
    if (!line.endsWith("\n")) continue;
    options.out(line.slice(0, -1));
    line = "";
  }
  return pieces.join("");
}

/**
 * The text of {@link dis}; each line is a piece, with its newline, or of a large argument several. What `dis` would throw
 * comes after the line at fault.
 *
 * @param reached - is told where the opcode ends whose line comes
 */
export function* disPieces(
  bytes: Uint8Array | ArrayBuffer,
  options: Omit<DisOptions, "out"> = {},
  reached = { position: 0 },
): Generator<string, void, undefined> {
  const disassembler = new Disassembler(options);
  for (const op of genops(bytes, options.offset)) {
    reached.position = op.end;
    if (isLong(op.arg)) yield* disassembler.longLineOf(op, op.arg);
    else yield disassembler.lineOf(op);
    disassembler.carryOut(op);
  }
  yield disassembler.summary();
  disassembler.finish();
}

/** What is known of the memo. */
interface Kinds {
  readonly size: number;
  has(index: number): boolean;
  get(index: number): StackObject | undefined;
  set(index: number, kind: StackObject): unknown;
}

class Disassembler {
  readonly #memo: Kinds;
  readonly #indent: string;
  readonly #annotate: number;
  #annotationColumn: number;
  /** What kinds of object the decoder's stack would hold, and where its marks were set. */
  readonly #stack: StackObject[] = [];
  readonly #marks: number[] = [];
  #highestProtocol = -1;
  #op: PickleOp | undefined;
  /** Of the opcode whose line is made: what it takes from the stack, what to note on the line, what is wrong. */
  #toPop = 0;
  #note: string | undefined;
  #problem: { readonly message: string; readonly code: PickleErrorCode } | undefined;

  constructor(options: Omit<DisOptions, "out">) {
    checkOptions(options, DIS_OPTIONS, "options of dis()");
    this.#memo = options.memo ?? new Memo<StackObject>();
    this.#indent = " ".repeat(options.indentLevel ?? 4);
    this.#annotate = options.annotate ?? 0;
    this.#annotationColumn = this.#annotate;
  }

  lineOf(op: PickleOp): string {
    let line = this.#beginning(op);
    if (op.arg !== undefined) line += this.#argument(op);
    return line + this.#end(op, this.#annotate === 0 ? 0 : characters(line));
  }

  /** In pieces: the `repr` of a large argument may be longer than a string can be. */
  *longLineOf(op: PickleOp, arg: string | Uint8Array): Generator<string, void, undefined> {
    const beginning = this.#beginning(op);
    yield beginning;
    let length = characters(beginning);
    for (const piece of longRepr(arg, op.opcode.arg!)) {
      yield piece;
      if (this.#annotate !== 0) length += characters(piece);
    }
    yield this.#end(op, length);
  }

  /** What the opcode does to the stack; throws what is wrong with it. */
  carryOut(op: PickleOp): void {
    if (this.#problem !== undefined) throw this.#fail(this.#problem.message, this.#problem.code);
    const toPop = this.#toPop;
    const { length } = this.#stack;
    if (length < toPop) {
      throw this.#fail(`tries to pop ${toPop} items from stack with only ${length} items`, "stack-underflow");
    }
    if (toPop > 0) this.#stack.length -= toPop;
    if (op.opcode.stackAfter.includes("mark")) this.#marks.push(op.offset);
    this.#push(op);
  }

  summary(): string {
    return `highest protocol among opcodes = ${this.#highestProtocol}\n`;
  }

  finish(): void {
    if (this.#stack.length > 0) {
      throw this.#fail(`stack not empty after STOP: [${this.#stack.join(", ")}]`, "bad-operand");
    }
  }

  /** The line up to the opcode's argument. */
  #beginning(op: PickleOp): string {
    this.#op = op;
    const { opcode } = op;
    const indent = this.#indent.repeat(this.#marks.length);
    const line = `${placeOf(op)}${codeText(opcode.code)} ${indent}${opcode.name}`;
    this.#highestProtocol = Math.max(this.#highestProtocol, opcode.proto);
    this.#check(op);
    if (op.arg === undefined && this.#note === undefined) return line;
    return line + " ".repeat(Math.max(0, 10 - opcode.name.length)) + (op.arg === undefined ? "" : " ");
  }

  /** The line behind the opcode's argument; `length` in characters, not in UTF-16 units. */
  #end(op: PickleOp, length: number): string {
    let end = this.#note === undefined ? "" : ` ${this.#note}`;
    if (this.#annotate !== 0) {
      // The column counts from behind the offset.
      const width = length + end.length - placeOf(op).length;
      const column = Math.max(width, this.#annotationColumn);
      this.#annotationColumn = column > 50 ? this.#annotate : column;
      end += `${" ".repeat(column - width)} ${ANNOTATIONS[op.opcode.name as OpcodeName]}`;
    }
    return `${end}\n`;
  }

  /** Pops a mark if the opcode takes one, and checks the memo. */
  #check(op: PickleOp): void {
    const { opcode, arg } = op;
    this.#note = undefined;
    this.#problem = undefined;
    this.#toPop = opcode.stackBefore.length;
    if (opcode.stackBefore.includes("mark") || (opcode.code === POP && this.#stack.at(-1) === "mark")) {
      this.#popMark(opcode);
    }
    if (PUTS.has(opcode.code)) {
      const index = arg === undefined ? this.#memo.size : Number(arg);
      if (arg === undefined) this.#note = `(as ${index})`;
      if (this.#memo.has(index)) {
        this.#problem = {
          message: `memo key ${arg === undefined ? "None" : argumentOf(op)} already defined`,
          code: "bad-memo",
        };
      } else if (this.#stack.length === 0) {
        this.#problem = { message: "stack is empty -- can't store into memo", code: "stack-underflow" };
      } else if (this.#stack.at(-1) === "mark") {
        this.#problem = { message: "can't store markobject in the memo", code: "bad-operand" };
      } else {
        this.#memo.set(index, this.#stack.at(-1)!);
      }
    } else if (GETS.has(opcode.code) && !this.#memo.has(Number(arg))) {
      this.#problem = { message: `memo key ${argumentOf(op)} has never been stored into`, code: "bad-memo" };
    }
  }

  /** Drops everything down to the topmost mark. */
  #popMark(opcode: OpcodeInfo): void {
    const mark = this.#marks.pop();
    // An opcode may have taken the mark itself for an item.
    const start = this.#stack.lastIndexOf("mark");
    if (mark === undefined || start < 0) {
      this.#note = "no MARK exists on stack";
      this.#problem = { message: this.#note, code: "missing-mark" };
      return;
    }
    this.#note = `(MARK at ${mark})`;
    this.#stack.length = start;
    this.#toPop = Math.max(0, opcode.stackBefore.indexOf("mark"));
  }

  #push(op: PickleOp): void {
    if (GETS.has(op.opcode.code)) this.#stack.push(this.#memo.get(Number(op.arg))!);
    else for (const object of op.opcode.stackAfter) this.#stack.push(object);
  }

  #argument(op: PickleOp): string {
    const { arg } = op;
    if (typeof arg === "bigint" && hasTooManyDigits(arg)) {
      throw this.#fail(`Exceeds the limit (${MAX_INT_DIGITS} digits) for integer string conversion`, "limit-exceeded");
    }
    return argumentOf(op);
  }

  #fail(message: string, code: PickleErrorCode): UnpicklingError {
    return new UnpicklingError(message, {
      code,
      offset: this.#op?.offset,
      opcode: this.#op?.opcode.name as OpcodeName | undefined,
    });
  }
}

function argumentOf(op: PickleOp): string {
  return argumentRepr(op.arg!, op.opcode.arg!);
}

function placeOf(op: PickleOp): string {
  return `${String(op.offset).padStart(5)}: `;
}

/** `repr` of the opcode's character, without its quotes, in a column of its own. */
function codeText(code: number): string {
  return (code < 0x80 ? String.fromCharCode(code) : `\\x${code.toString(16)}`).padEnd(4);
}

function characters(line: string): number {
  let count = 0;
  for (const _ of line) count++;
  return count;
}

function hasTooManyDigits(value: bigint): boolean {
  // Comparing is linear, printing is not.
  const bound = 10n ** BigInt(MAX_INT_DIGITS);
  return value >= bound || value <= -bound;
}
