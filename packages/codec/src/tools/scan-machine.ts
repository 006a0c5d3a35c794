/**
 * A pickle machine that builds nothing: it keeps the stack, the marks and the memo as the decoder does, so that names
 * given through the stack or the memo are known, and reports what the decoder would resolve, call or set.
 */
import { decodeUtf8, latin1 } from "../bytes/utf8-decode.js";
import { UnpicklingError } from "../errors.js";
import * as op from "../pickle/opcodes.js";
import { parseQuoted, parseRawUnicode } from "../pickle/text.js";
import type { Cursor } from "./cursor.js";
import { type Report, ScanEffects } from "./scan-effects.js";
import { FrameWatch } from "./scan-frames.js";
import { OperandReader } from "./scan-operands.js";
import type { GlobalJudge } from "./scan-policy.js";
import type { ScanFinding } from "./scan-report.js";
import { ScanStack } from "./scan-stack.js";
import { expandedSize, type Fail, itemsOf, PLAIN, type ScanValue } from "./scan-values.js";

/** A finding without what only the scan knows. */
export type MachineFinding = Omit<ScanFinding, "pickle" | "within">;

export interface MachineHooks {
  readonly judge: GlobalJudge;
  report(finding: MachineFinding): void;
  /** A str or bytes that may hold a pickle. */
  content(bytes: Uint8Array, offset: number): void;
}

/** Walking a value takes this long, and so much longer than loading it: only hostile pickles get there. */
const MAX_EXPANDED = 10_000_000;
const MAX_EXPANSION = 1000;
const HIGHEST_PROTOCOL = 5;

/** Carries out one pickle, from the cursor's position to behind STOP. */
export class ScanMachine {
  readonly #cursor: Cursor;
  readonly #hooks: MachineHooks;
  readonly #operands: OperandReader;
  readonly #stack: ScanStack;
  readonly #effects: ScanEffects;
  readonly #frames = new FrameWatch();
  #protocol = 0;
  #offset = 0;
  #opcode: op.OpcodeInfo | undefined;

  readonly #fail: Fail = (message, code) =>
    new UnpicklingError(message, {
      code,
      offset: this.#offset,
      opcode: this.#opcode?.name as op.OpcodeName | undefined,
    });

  readonly #report: Report = (kind, verdict, message, module, name) =>
    this.#hooks.report({ kind, verdict, offset: this.#offset, opcode: this.#opcode?.name, module, name, message });

  constructor(cursor: Cursor, hooks: MachineHooks) {
    this.#cursor = cursor;
    this.#hooks = hooks;
    this.#operands = new OperandReader(cursor, this.#fail);
    this.#stack = new ScanStack(this.#fail);
    this.#effects = new ScanEffects(hooks.judge, this.#report);
  }

  /** @throws UnpicklingError where the decoder would stop */
  run(): void {
    for (;;) {
      this.#offset = this.#cursor.position;
      const code = this.#cursor.bytes[this.#offset];
      if (code === undefined) throw this.#fail("the pickle ends without STOP", "truncated");
      this.#cursor.position++;
      this.#opcode = op.opcodeOf(code);
      if (this.#opcode === undefined) throw this.#fail(`0x${code.toString(16)} is no opcode`, "unknown-opcode");
      if (code === op.STOP) {
        this.#finish(this.#stack.pop());
        return;
      }
      this.#step(code);
      const crossed = this.#frames.pass(this.#offset, this.#cursor.position);
      if (crossed !== undefined) this.#report("frame", "dangerous", crossed);
    }
  }

  #step(code: number) {
    switch (code) {
      case op.PROTO:
        this.#protocol = this.#operands.number(1);
        if (this.#protocol > HIGHEST_PROTOCOL)
          throw this.#fail("the protocol is not supported", "unsupported-protocol");
        return;
      case op.FRAME:
        return this.#startFrame();
      case op.MARK:
        return this.#stack.mark();
      case op.POP:
        return this.#stack.drop();
      case op.POP_MARK:
        this.#stack.popMark();
        return;
      case op.DUP:
        this.#stack.push(this.#stack.top());
        return;

      case op.GET:
        return this.#stack.get(this.#operands.index());
      case op.BINGET:
        return this.#stack.get(this.#operands.number(1));
      case op.LONG_BINGET:
        return this.#stack.get(this.#operands.number(4));
      case op.PUT:
        return this.#stack.put(this.#operands.index());
      case op.BINPUT:
        return this.#stack.put(this.#operands.number(1));
      case op.LONG_BINPUT:
        return this.#stack.put(this.#operands.number(4));
      case op.MEMOIZE:
        return this.#stack.memoize();

      case op.EMPTY_LIST:
      case op.EMPTY_DICT:
      case op.EMPTY_SET:
      case op.EMPTY_TUPLE:
        return this.#stack.push({ kind: "container", items: [] });
      case op.LIST:
      case op.TUPLE:
      case op.DICT:
      case op.FROZENSET:
        return this.#stack.push({ kind: "container", items: this.#stack.popMark() });
      case op.TUPLE1:
        return this.#stack.push({ kind: "container", items: this.#stack.take(1) });
      case op.TUPLE2:
        return this.#stack.push({ kind: "container", items: this.#stack.take(2) });
      case op.TUPLE3:
        return this.#stack.push({ kind: "container", items: this.#stack.take(3) });
      case op.APPEND:
        return this.#stack.add([this.#stack.pop()]);
      case op.SETITEM:
        return this.#stack.add(this.#stack.take(2));
      case op.APPENDS:
      case op.SETITEMS:
      case op.ADDITEMS:
        return this.#stack.add(this.#stack.popMark());

      case op.GLOBAL:
        return this.#global(this.#operands.textLine(), this.#operands.textLine());
      case op.STACK_GLOBAL:
        return this.#stackGlobal();
      case op.INST:
        return this.#inst(this.#operands.textLine(), this.#operands.textLine());
      case op.OBJ:
        return this.#obj();
      case op.REDUCE:
      case op.NEWOBJ: {
        const [callable, args] = this.#stack.take(2);
        return this.#call(callable!, [args!]);
      }
      case op.NEWOBJ_EX: {
        const [callable, args, kwargs] = this.#stack.take(3);
        return this.#call(callable!, [args!, kwargs!]);
      }
      case op.BUILD:
        return this.#build();
      case op.EXT1:
        return this.#stack.push(this.#effects.extension(this.#operands.number(1)));
      case op.EXT2:
        return this.#stack.push(this.#effects.extension(this.#operands.number(2)));
      case op.EXT4:
        return this.#stack.push(this.#effects.extension(this.#operands.number(4) | 0));
      case op.PERSID:
        return this.#stack.push(this.#effects.persistentId(this.#operands.textLine()));
      case op.BINPERSID:
        this.#stack.pop();
        return this.#stack.push(this.#effects.persistentId(undefined));
      case op.READONLY_BUFFER:
        this.#stack.top();
        return;
      default:
        return this.#stack.push(this.#scalar(code));
    }
  }

  /** Opcodes that push a value that refers to nothing. */
  #scalar(code: number): ScanValue {
    switch (code) {
      case op.SHORT_BINUNICODE:
        return this.#text(this.#operands.counted(1));
      case op.BINUNICODE:
        return this.#text(this.#operands.counted(4));
      case op.BINUNICODE8:
        return this.#text(this.#operands.counted(8));
      case op.UNICODE: {
        const line = this.#operands.line();
        return this.#string(parseRawUnicode(latin1(line, 0, line.length)));
      }
      case op.STRING: {
        // C's reader allows blanks behind the quote.
        const bytes = parseQuoted(trimEnd(this.#operands.line()));
        return this.#content(bytes);
      }
      case op.SHORT_BINSTRING:
        return this.#content(this.#operands.counted(1));
      case op.BINSTRING:
        return this.#content(this.#operands.counted(4, true));
      case op.SHORT_BINBYTES:
        return this.#bytes(this.#operands.counted(1));
      case op.BINBYTES:
        return this.#bytes(this.#operands.counted(4));
      case op.BINBYTES8:
      case op.BYTEARRAY8:
        return this.#bytes(this.#operands.counted(8));
      case op.LONG1:
        this.#operands.counted(1);
        return PLAIN;
      case op.LONG4:
        this.#operands.counted(4, true);
        return PLAIN;
      case op.INT:
      case op.LONG:
      case op.FLOAT:
        this.#operands.line();
        return PLAIN;
      case op.BININT1:
        this.#operands.bytes(1);
        return PLAIN;
      case op.BININT2:
        this.#operands.bytes(2);
        return PLAIN;
      case op.BININT:
        this.#operands.bytes(4);
        return PLAIN;
      case op.BINFLOAT:
        this.#operands.bytes(8);
        return PLAIN;
      default:
        // NONE, NEWTRUE, NEWFALSE, NEXT_BUFFER.
        return PLAIN;
    }
  }

  // -- globals and calls

  #global(module: string, name: string): void {
    this.#stack.push(this.#effects.resolve(module, name, this.#protocol));
  }

  #stackGlobal() {
    const [module, name] = this.#stack.take(2) as [ScanValue, ScanValue];
    if (isText(module) && isText(name)) return this.#global(module.text, name.text);
    this.#stack.push(this.#effects.computedName());
  }

  #inst(module: string, name: string): void {
    const items = this.#stack.popMark();
    this.#call(this.#effects.resolve(module, name, this.#protocol), items);
  }

  #obj(): void {
    const [callable, ...items] = this.#stack.popMark();
    if (callable === undefined) throw this.#fail("needs a class above the mark", "stack-underflow");
    this.#call(callable, items);
  }

  #call(callable: ScanValue, items: ScanValue[]): void {
    this.#stack.push(this.#effects.call(callable, items));
  }

  #build(): void {
    const [target, state] = this.#stack.take(2) as [ScanValue, ScanValue];
    this.#effects.build(target);
    itemsOf(target)?.push(state);
    this.#stack.push(target);
  }

  #finish(result: ScanValue): void {
    // What the memo holds may have been hashed as a dict's key and dropped since.
    const { expanded, references } = expandedSize([result, ...this.#stack.memoized()]);
    if (expanded > MAX_EXPANDED && expanded > MAX_EXPANSION * references) {
      const times = expanded > 1e15 ? expanded.toExponential(0) : String(expanded);
      this.#report("sharing", "dangerous", `is ${times} values when walked, made of ${references} references`);
    }
  }

  // -- text

  #text(bytes: Uint8Array): ScanValue {
    this.#hooks.content(bytes, this.#offset);
    return this.#string(decodeUtf8(bytes, 0, bytes.length));
  }

  /** A str; protocols 0 to 2 write bytes as a str of their latin-1 characters. */
  #string(text: string): ScanValue {
    const first = text.charCodeAt(0);
    if (first === 0x80 && text.length > 2 && !/[^\0-\xff]/.test(text)) {
      this.#hooks.content(
        Uint8Array.from(text, (character) => character.charCodeAt(0)),
        this.#offset,
      );
    }
    return { kind: "text", text };
  }

  /** A Python 2 str, which is bytes, and may be a name. */
  #content(bytes: Uint8Array): ScanValue {
    this.#hooks.content(bytes, this.#offset);
    return { kind: "text", text: latin1(bytes, 0, bytes.length) };
  }

  #bytes(bytes: Uint8Array): ScanValue {
    this.#hooks.content(bytes, this.#offset);
    return PLAIN;
  }

  #startFrame(): void {
    const length = this.#operands.number(8);
    const { position, remaining } = this.#cursor;
    const broken = this.#frames.start(length, position);
    if (broken !== undefined) this.#report("frame", "dangerous", broken);
    if (length > remaining) throw this.#fail(`a frame of ${length} bytes, ${remaining} remain`, "truncated");
  }

  /** Where the opcode at hand is. */
  get offset(): number {
    return this.#offset;
  }
}

function isText(value: ScanValue): value is ScanValue & { readonly kind: "text"; readonly text: string } {
  return value.kind === "text";
}

function trimEnd(line: Uint8Array): Uint8Array {
  let end = line.length;
  while (end > 0 && (line[end - 1] === 0x20 || (line[end - 1]! >= 0x09 && line[end - 1]! <= 0x0d))) end--;
  return line.subarray(0, end);
}
