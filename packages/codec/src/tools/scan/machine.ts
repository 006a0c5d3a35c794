/**
 * A pickle machine that builds nothing: it keeps the stack, the marks and the memo as the decoder does, so that names
 * given through the stack or the memo are known, and reports what the decoder would resolve, call or set.
 */
import { UnpicklingError } from "../../errors.js";
import * as op from "../../pickle/opcodes.js";
import { Cursor } from "../cursor.js";
import { LargeMap } from "../large-map.js";
import { type Report, ScanEffects } from "./effects.js";
import { FrameWatch } from "./frames.js";
import { OperandReader } from "./operands.js";
import type { GlobalJudge } from "./policy.js";
import type { ScanFinding } from "./report.js";
import { ScalarReader } from "./scalars.js";
import { ScanStack } from "./stack.js";
import { addItem, containerOf, expandedSize, type Fail, isText, PLAIN, type ScanValue, tupleOf } from "./values.js";

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

/** Carries out one pickle, from the cursor's position to behind STOP. */
export class ScanMachine {
  readonly #cursor: Cursor;
  readonly #hooks: MachineHooks;
  readonly #operands: OperandReader;
  readonly #scalars: ScalarReader;
  readonly #stack: ScanStack;
  readonly #effects: ScanEffects;
  readonly #frames = new FrameWatch();
  /** Texts that were used as names, by offset: one may be long, and used often. */
  readonly #names = new LargeMap<number, string>();
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
    this.#scalars = new ScalarReader(this.#operands, (bytes) => hooks.content(bytes, this.#offset));
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
        if (this.#protocol > op.HIGHEST_PROTOCOL)
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
        return this.#stack.push(containerOf([]));
      case op.LIST:
      case op.DICT:
        return this.#stack.push(containerOf(this.#stack.popMark()));
      case op.EMPTY_TUPLE:
        return this.#stack.push(PLAIN);
      case op.TUPLE:
      case op.FROZENSET:
        return this.#stack.push(tupleOf(this.#stack.popMark()));
      case op.TUPLE1:
        return this.#stack.push(tupleOf(this.#stack.take(1)));
      case op.TUPLE2:
        return this.#stack.push(tupleOf(this.#stack.take(2)));
      case op.TUPLE3:
        return this.#stack.push(tupleOf(this.#stack.take(3)));
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
        return this.#stack.push(typeof this.#scalars.read(code) === "string" ? this.#offset : PLAIN);
    }
  }

  // -- frames

  #startFrame(): void {
    const length = this.#operands.number(8);
    const { position, remaining } = this.#cursor;
    const broken = this.#frames.start(length, position);
    if (broken !== undefined) this.#report("frame", "dangerous", broken);
    if (length > remaining) throw this.#fail(`a frame of ${length} bytes, ${remaining} remain`, "truncated");
  }

  // -- globals and calls

  #global(module: string, name: string): void {
    this.#stack.push(this.#effects.resolve(module, name, this.#protocol));
  }

  #stackGlobal() {
    const [module, name] = this.#stack.take(2) as [ScanValue, ScanValue];
    if (isText(module) && isText(name)) return this.#global(this.#nameAt(module), this.#nameAt(name));
    this.#stack.push(this.#effects.computedName());
  }

  /** The text that the opcode at `offset` pushed. */
  #nameAt(offset: number): string {
    let name = this.#names.get(offset);
    if (name === undefined) {
      const { bytes } = this.#cursor;
      const operands = new OperandReader(new Cursor(bytes, offset + 1), this.#fail);
      // What it holds was looked at when it was pushed.
      name = new ScalarReader(operands, () => undefined).read(bytes[offset]!) as string;
      this.#names.set(offset, name);
    }
    return name;
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

  #call(callable: ScanValue, items: readonly ScanValue[]): void {
    this.#stack.push(this.#effects.call(callable, items));
  }

  #build(): void {
    const [target, state] = this.#stack.take(2) as [ScanValue, ScanValue];
    this.#effects.build(target);
    addItem(target, state);
    this.#stack.push(target);
  }

  #finish(result: ScanValue): void {
    // What the memo holds may have been hashed as a dict's key and dropped since.
    const { expanded, references } = expandedSize(this.#stack.memoizedAnd(result));
    if (expanded > MAX_EXPANDED && expanded > MAX_EXPANSION * references) {
      const times = expanded > 1e15 ? expanded.toExponential(0) : String(expanded);
      this.#report("sharing", "dangerous", `is ${times} values when walked, made of ${references} references`);
    }
  }

  /** Where the opcode at hand is. */
  get offset(): number {
    return this.#offset;
  }
}
