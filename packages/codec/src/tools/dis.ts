import { type PickleErrorCode, UnpicklingError } from "../errors.js";
import { checkOptions } from "../options/check.js";
import { optionNames } from "../options/option-names.js";
import type { OpcodeName, StackObject } from "../pickle/opcodes.js";
import { ANNOTATIONS } from "./annotations.js";
import { genops, type PickleOp } from "./genops.js";
import { argumentRepr } from "./literal.js";

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

const PUTS: ReadonlySet<string> = new Set(["PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"]);
const GETS: ReadonlySet<string> = new Set(["GET", "BINGET", "LONG_BINGET"]);
/** The most decimal digits that CPython prints of an int since 3.11. */
const MAX_INT_DIGITS = 4300;

/**
 * A symbolic disassembly of one pickle, the first of `bytes`: the text that `pickletools.dis` prints. Nothing is built.
 *
 * Like CPython's it checks on the way that every opcode finds what it needs on the stack and in the memo.
 *
 * @returns the lines, each with its newline
 * @throws {@link UnpicklingError} with CPython's message, after `out` got the line at fault
 * @throws PickleError `bad-option` for an option that there is not
 * @see CPython 3.12 `pickletools.dis`
 * @example
 * console.log(dis(dumps([1, 2])));
 */
export function dis(bytes: Uint8Array | ArrayBuffer, options: DisOptions = {}): string {
  const lines: string[] = [];
  for (const line of disLines(bytes, options)) {
    lines.push(line);
    options.out?.(line);
  }
  return `${lines.join("\n")}\n`;
}

/** The lines of {@link dis}, one at a time; what it would throw comes after the line at fault. */
export function* disLines(
  bytes: Uint8Array | ArrayBuffer,
  options: Omit<DisOptions, "out"> = {},
): Generator<string, void, undefined> {
  const disassembler = new Disassembler(options);
  for (const op of genops(bytes, options.offset)) {
    yield disassembler.lineOf(op);
    disassembler.carryOut(op);
  }
  yield disassembler.summary();
  disassembler.finish();
}

class Disassembler {
  readonly #memo: Map<number, StackObject>;
  readonly #indent: string;
  readonly #annotate: number;
  #annotationColumn: number;
  /** What kinds of object the decoder's stack would hold, and where its marks were set. */
  readonly #stack: StackObject[] = [];
  readonly #marks: number[] = [];
  #highestProtocol = -1;
  #op: PickleOp | undefined;
  /** What is left to do with the opcode whose line was made. */
  #toPop = 0;
  #problem: { readonly message: string; readonly code: PickleErrorCode } | undefined;

  constructor(options: Omit<DisOptions, "out">) {
    checkOptions(options, DIS_OPTIONS, "options of dis()");
    this.#memo = options.memo ?? new Map();
    this.#indent = " ".repeat(options.indentLevel ?? 4);
    this.#annotate = options.annotate ?? 0;
    this.#annotationColumn = this.#annotate;
  }

  lineOf(op: PickleOp): string {
    this.#op = op;
    const { opcode, offset } = op;
    const place = `${String(offset).padStart(5)}: `;
    const line = `${place}${codeText(opcode.code).padEnd(4)} ${this.#indent.repeat(this.#marks.length)}${opcode.name}`;
    this.#highestProtocol = Math.max(this.#highestProtocol, opcode.proto);
    const { toPop, note, problem } = this.#check(op);
    this.#toPop = toPop;
    this.#problem = problem;
    return this.#describe(line, place.length, op, note);
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
    return `highest protocol among opcodes = ${this.#highestProtocol}`;
  }

  finish(): void {
    if (this.#stack.length > 0) {
      throw this.#fail(`stack not empty after STOP: [${this.#stack.join(", ")}]`, "bad-operand");
    }
  }

  /** Pops a mark if the opcode takes one, and checks the memo: what to note on the line, what is wrong. */
  #check(op: PickleOp): {
    toPop: number;
    note: string | undefined;
    problem: { message: string; code: PickleErrorCode } | undefined;
  } {
    const { opcode, arg } = op;
    const before = opcode.stackBefore;
    let toPop = before.length;
    let note: string | undefined;
    let problem: { message: string; code: PickleErrorCode } | undefined;

    if (before.includes("mark") || (opcode.name === "POP" && this.#stack.at(-1) === "mark")) {
      const mark = this.#marks.pop();
      if (mark === undefined) {
        note = "no MARK exists on stack";
        problem = { message: note, code: "missing-mark" };
      } else {
        note = `(MARK at ${mark})`;
        this.#popMark();
        toPop = Math.max(0, before.indexOf("mark"));
      }
    }

    if (PUTS.has(opcode.name)) {
      const index = arg === undefined ? this.#memo.size : Number(arg);
      if (arg === undefined) note = `(as ${index})`;
      if (this.#memo.has(index)) {
        problem = {
          message: `memo key ${arg === undefined ? "None" : argumentOf(op)} already defined`,
          code: "bad-memo",
        };
      } else if (this.#stack.length === 0) {
        problem = { message: "stack is empty -- can't store into memo", code: "stack-underflow" };
      } else if (this.#stack.at(-1) === "mark") {
        problem = { message: "can't store markobject in the memo", code: "bad-operand" };
      } else {
        this.#memo.set(index, this.#stack.at(-1)!);
      }
    } else if (GETS.has(opcode.name) && !this.#memo.has(Number(arg))) {
      problem = { message: `memo key ${argumentOf(op)} has never been stored into`, code: "bad-memo" };
    }
    return { toPop, note, problem };
  }

  /** Drops everything down to the topmost mark. An opcode may have taken the mark itself for an item. */
  #popMark(): void {
    const mark = this.#stack.lastIndexOf("mark");
    if (mark < 0) throw this.#fail("no MARK exists on stack", "missing-mark");
    this.#stack.length = mark;
  }

  #push(op: PickleOp): void {
    if (GETS.has(op.opcode.name)) this.#stack.push(this.#memo.get(Number(op.arg))!);
    else for (const object of op.opcode.stackAfter) this.#stack.push(object);
  }

  #describe(start: string, prefix: number, op: PickleOp, note: string | undefined): string {
    let line = start;
    if (op.arg !== undefined || note !== undefined) {
      line += " ".repeat(Math.max(0, 10 - op.opcode.name.length));
      if (op.arg !== undefined) line += ` ${this.#argument(op)}`;
      if (note !== undefined) line += ` ${note}`;
    }
    if (this.#annotate === 0) return line;
    // The column counts from behind the offset, and in characters, not in UTF-16 units.
    const length = characters(line) - prefix;
    const column = Math.max(length, this.#annotationColumn);
    line += " ".repeat(column - length);
    this.#annotationColumn = column > 50 ? this.#annotate : column;
    return `${line} ${ANNOTATIONS[op.opcode.name as OpcodeName]}`;
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

/** `repr` of the opcode's character, without its quotes. */
function codeText(code: number): string {
  return code < 0x80 ? String.fromCharCode(code) : `\\x${code.toString(16)}`;
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
