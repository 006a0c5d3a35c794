/**
 * A pickle machine that builds nothing: it keeps the stack, the marks and the memo as the decoder does, so that names
 * given through the stack or the memo are known, and reports what the decoder would resolve, call or set.
 */
import { decodeUtf8, latin1 } from "../bytes/utf8-decode.js";
import { type PickleErrorCode, UnpicklingError } from "../errors.js";
import { fixImport } from "../pickle/fix-imports.js";
import * as op from "../pickle/opcodes.js";
import { parseIndex, parseQuoted, parseRawUnicode } from "../pickle/text.js";
import type { Cursor } from "./cursor.js";
import type { GlobalJudge, Verdict } from "./scan-policy.js";
import type { ScanFinding } from "./scan-report.js";
import { worse } from "./scan-report.js";
import { expandedSize, itemsOf, PLAIN, type ScanValue } from "./scan-values.js";

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
  #stack: ScanValue[] = [];
  /** The stacks below the marks. */
  readonly #below: ScanValue[][] = [];
  readonly #memo = new Map<number, ScanValue>();
  /** Where the frame at hand ends; undefined outside of frames. */
  #frameEnd: number | undefined;
  #protocol = 0;
  #offset = 0;
  #opcode: op.OpcodeInfo | undefined;

  constructor(cursor: Cursor, hooks: MachineHooks) {
    this.#cursor = cursor;
    this.#hooks = hooks;
  }

  /** @throws UnpicklingError where the decoder would stop */
  run(): void {
    for (;;) {
      this.#offset = this.#cursor.position;
      const code = this.#cursor.bytes[this.#offset];
      if (code === undefined) throw this.#fail("the pickle ends without STOP", "truncated");
      this.#cursor.position++;
      this.#opcode = op.OPCODES_BY_CODE[code];
      if (this.#opcode === undefined) throw this.#fail(`0x${code.toString(16)} is no opcode`, "unknown-opcode");
      if (code === op.STOP) {
        this.#finish(this.#pop());
        return;
      }
      this.#step(code);
      this.#checkFrame();
    }
  }

  #step(code: number) {
    switch (code) {
      case op.PROTO:
        this.#protocol = this.#number(1);
        if (this.#protocol > HIGHEST_PROTOCOL)
          throw this.#fail("the protocol is not supported", "unsupported-protocol");
        return;
      case op.FRAME:
        return this.#startFrame();
      case op.MARK:
        this.#below.push(this.#stack);
        this.#stack = [];
        return;
      case op.POP:
        // On an empty slice it takes the mark.
        if (this.#stack.length === 0 && this.#below.length > 0) this.#popMark();
        else this.#pop();
        return;
      case op.POP_MARK:
        this.#popMark();
        return;
      case op.DUP:
        this.#push(this.#top());
        return;

      case op.GET:
        return this.#get(this.#index());
      case op.BINGET:
        return this.#get(this.#number(1));
      case op.LONG_BINGET:
        return this.#get(this.#number(4));
      case op.PUT:
        return this.#put(this.#index());
      case op.BINPUT:
        return this.#put(this.#number(1));
      case op.LONG_BINPUT:
        return this.#put(this.#number(4));
      case op.MEMOIZE:
        return this.#put(this.#memo.size);

      case op.EMPTY_LIST:
      case op.EMPTY_DICT:
      case op.EMPTY_SET:
      case op.EMPTY_TUPLE:
        return this.#push({ kind: "container", items: [] });
      case op.LIST:
      case op.TUPLE:
      case op.DICT:
      case op.FROZENSET:
        return this.#push({ kind: "container", items: this.#popMark() });
      case op.TUPLE1:
        return this.#push({ kind: "container", items: this.#take(1) });
      case op.TUPLE2:
        return this.#push({ kind: "container", items: this.#take(2) });
      case op.TUPLE3:
        return this.#push({ kind: "container", items: this.#take(3) });
      case op.APPEND:
        return this.#add([this.#pop()]);
      case op.SETITEM:
        return this.#add(this.#take(2));
      case op.APPENDS:
      case op.SETITEMS:
      case op.ADDITEMS:
        return this.#add(this.#popMark());

      case op.GLOBAL:
        return this.#global(this.#textLine(), this.#textLine());
      case op.STACK_GLOBAL:
        return this.#stackGlobal();
      case op.INST:
        return this.#inst(this.#textLine(), this.#textLine());
      case op.OBJ:
        return this.#obj();
      case op.REDUCE:
      case op.NEWOBJ: {
        const [callable, args] = this.#take(2);
        return this.#call(callable!, [args!]);
      }
      case op.NEWOBJ_EX: {
        const [callable, args, kwargs] = this.#take(3);
        return this.#call(callable!, [args!, kwargs!]);
      }
      case op.BUILD:
        return this.#build();
      case op.EXT1:
        return this.#extension(this.#number(1));
      case op.EXT2:
        return this.#extension(this.#number(2));
      case op.EXT4:
        return this.#extension(this.#number(4) | 0);
      case op.PERSID:
        return this.#persistent(this.#textLine());
      case op.BINPERSID:
        this.#pop();
        return this.#persistent(undefined);
      case op.READONLY_BUFFER:
        this.#top();
        return;
      default:
        return this.#push(this.#scalar(code));
    }
  }

  /** Opcodes that push a value that refers to nothing. */
  #scalar(code: number): ScanValue {
    switch (code) {
      case op.SHORT_BINUNICODE:
        return this.#text(this.#counted(1));
      case op.BINUNICODE:
        return this.#text(this.#counted(4));
      case op.BINUNICODE8:
        return this.#text(this.#counted(8));
      case op.UNICODE: {
        const line = this.#line();
        return this.#string(parseRawUnicode(latin1(line, 0, line.length)));
      }
      case op.STRING: {
        // C's reader allows blanks behind the quote.
        const bytes = parseQuoted(trimEnd(this.#line()));
        return this.#content(bytes);
      }
      case op.SHORT_BINSTRING:
        return this.#content(this.#counted(1));
      case op.BINSTRING:
        return this.#content(this.#counted(4, true));
      case op.SHORT_BINBYTES:
        return this.#bytes(this.#counted(1));
      case op.BINBYTES:
        return this.#bytes(this.#counted(4));
      case op.BINBYTES8:
      case op.BYTEARRAY8:
        return this.#bytes(this.#counted(8));
      case op.LONG1:
        this.#counted(1);
        return PLAIN;
      case op.LONG4:
        this.#counted(4, true);
        return PLAIN;
      case op.INT:
      case op.LONG:
      case op.FLOAT:
        this.#line();
        return PLAIN;
      case op.BININT1:
        this.#bytesOf(1);
        return PLAIN;
      case op.BININT2:
        this.#bytesOf(2);
        return PLAIN;
      case op.BININT:
        this.#bytesOf(4);
        return PLAIN;
      case op.BINFLOAT:
        this.#bytesOf(8);
        return PLAIN;
      default:
        // NONE, NEWTRUE, NEWFALSE, NEXT_BUFFER.
        return PLAIN;
    }
  }

  // -- globals and calls

  #global(module: string, name: string): void {
    this.#push(this.#resolve(module, name));
  }

  #stackGlobal() {
    const [module, name] = this.#take(2) as [ScanValue, ScanValue];
    if (isText(module) && isText(name)) return this.#global(module.text, name.text);
    this.#report("global", "dangerous", "names a global by values that are not plain strings");
    this.#push({ kind: "global", module: "?", name: "?", verdict: "dangerous" });
  }

  /** Judges and reports a name; protocols below 3 may mean Python 2's names, which readers translate unless told not to. */
  #resolve(givenModule: string, givenName: string): ScanValue {
    let verdict = this.#hooks.judge.judge(givenModule, givenName);
    let [module, name] = [givenModule, givenName];
    if (this.#protocol < 3) {
      [module, name] = fixImport(givenModule, givenName);
      if (module !== givenModule || name !== givenName) {
        const translated = this.#hooks.judge.judge(module, name);
        verdict = verdict === "dangerous" ? verdict : translated;
      }
    }
    const shown = `${module}.${name}`;
    this.#report("global", verdict, `names ${shown}`, module, name);
    return { kind: "global", module, name, verdict };
  }

  #inst(module: string, name: string): void {
    const items = this.#popMark();
    const global = this.#resolve(module, name);
    this.#call(global, items);
  }

  #obj(): void {
    const [callable, ...items] = this.#popMark();
    if (callable === undefined) throw this.#fail("needs a class above the mark", "stack-underflow");
    this.#call(callable, items);
  }

  #call(callable: ScanValue, items: ScanValue[]): void {
    let verdict: Verdict = "dangerous";
    let shown = "a computed value";
    let module: string | undefined;
    let name: string | undefined;
    if (isGlobal(callable)) {
      ({ module, name, verdict } = callable);
      shown = `${module}.${name}`;
    } else if (isCall(callable)) {
      // What a harmless class's instance does when called is not known.
      verdict = worse(callable.verdict, "unknown");
      shown = `the result of ${callable.callable}`;
    }
    this.#report("call", verdict, `calls ${shown}`, module, name);
    this.#push({ kind: "call", callable: shown, verdict, items });
  }

  #build(): void {
    const [target, state] = this.#take(2) as [ScanValue, ScanValue];
    if (isGlobal(target)) {
      const { module, name } = target;
      this.#report("build", "dangerous", `changes ${module}.${name} itself`, module, name);
    } else if (isCall(target)) {
      this.#report("build", target.verdict, `sets the state of what ${target.callable} made`);
    } else {
      this.#report("build", "unknown", "sets the state of a value that has none");
    }
    itemsOf(target)?.push(state);
    this.#push(target);
  }

  #extension(code: number): void {
    this.#report("extension", "unknown", `names extension code ${code}`);
    this.#push({ kind: "global", module: "copyreg", name: `extension ${code}`, verdict: "unknown" });
  }

  #persistent(id: string | undefined): void {
    this.#report("persistent-id", "unknown", id === undefined ? "loads a persistent id" : `loads persistent id ${id}`);
    this.#push({ kind: "call", callable: "persistent_load", verdict: "unknown", items: [] });
  }

  #report(
    kind: MachineFinding["kind"],
    verdict: Verdict,
    message: string,
    module?: string | undefined,
    name?: string | undefined,
  ): void {
    this.#hooks.report({ kind, verdict, offset: this.#offset, opcode: this.#opcode?.name, module, name, message });
  }

  #finish(result: ScanValue): void {
    // What the memo holds may have been hashed as a dict's key and dropped since.
    const { expanded, references } = expandedSize([result, ...this.#memo.values()]);
    if (expanded > MAX_EXPANDED && expanded > MAX_EXPANSION * references) {
      const times = expanded > 1e15 ? expanded.toExponential(0) : String(expanded);
      this.#report("sharing", "dangerous", `is ${times} values when walked, made of ${references} references`);
    }
  }

  // -- stack and memo

  #push(value: ScanValue): void {
    this.#stack.push(value);
  }

  #pop(): ScanValue {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #top(): ScanValue {
    const value = this.#stack.at(-1);
    if (value === undefined) throw this.#fail("the stack is empty", "stack-underflow");
    return value;
  }

  #take(count: number): ScanValue[] {
    const start = this.#stack.length - count;
    if (start < 0)
      throw this.#fail(`needs ${count} items on the stack, finds ${this.#stack.length}`, "stack-underflow");
    const items = this.#stack.slice(start);
    // Cheaper than splice, which counts here: most opcodes take one or two items.
    this.#stack.length = start;
    return items;
  }

  /** The items above the topmost mark. */
  #popMark(): ScanValue[] {
    const below = this.#below.pop();
    if (below === undefined) throw this.#fail("there is no mark", "missing-mark");
    const items = this.#stack;
    this.#stack = below;
    return items;
  }

  #add(items: readonly ScanValue[]): void {
    const target = itemsOf(this.#top());
    if (target !== undefined) for (const item of items) target.push(item);
  }

  #get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#fail(`memo index ${index} was never put`, "bad-memo");
    this.#push(value);
  }

  #put(index: number): void {
    if (index < 0) throw this.#fail("a memo index is negative", "bad-memo");
    this.#memo.set(index, this.#top());
  }

  // -- arguments

  #bytesOf(length: number): Uint8Array {
    const { remaining } = this.#cursor;
    if (length > remaining) throw this.#fail(`needs ${length} bytes, ${remaining} remain`, "truncated");
    return this.#cursor.read(length);
  }

  /** An unsigned little-endian number; beyond 2^53 only its size matters. */
  #number(size: 1 | 2 | 4 | 8): number {
    let value = 0;
    let scale = 1;
    for (const byte of this.#bytesOf(size)) {
      value += byte * scale;
      scale *= 256;
    }
    return value;
  }

  #counted(size: 1 | 4 | 8, signed = false): Uint8Array {
    const length = this.#number(size);
    if (signed && length > 0x7fffffff) throw this.#fail("a length is negative", "bad-argument");
    return this.#bytesOf(length);
  }

  #line(): Uint8Array {
    const line = this.#cursor.readLine();
    if (line === undefined) throw this.#fail("a line does not end", "truncated");
    return line;
  }

  /** A line of UTF-8, as GLOBAL, INST and PERSID have it. */
  #textLine(): string {
    const line = this.#line();
    return decodeUtf8(line, 0, line.length);
  }

  #index(): number {
    const line = this.#line();
    return parseIndex(latin1(line, 0, line.length));
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

  // -- frames

  #startFrame(): void {
    const length = this.#number(8);
    const { position, remaining } = this.#cursor;
    if (this.#frameEnd !== undefined && this.#frameEnd !== position - 9) {
      this.#report("frame", "dangerous", `starts a frame before the one at hand ends at ${this.#frameEnd}`);
    }
    if (length > remaining) throw this.#fail(`a frame of ${length} bytes, ${remaining} remain`, "truncated");
    this.#frameEnd = position + length;
  }

  /** Readers that look at frames and readers that do not must see the same opcodes. */
  #checkFrame(): void {
    if (this.#frameEnd === undefined || this.#cursor.position <= this.#frameEnd) return;
    if (this.#offset < this.#frameEnd) {
      this.#report("frame", "dangerous", `crosses the end of its frame at ${this.#frameEnd}`);
    }
    this.#frameEnd = undefined;
  }

  #fail(message: string, code: PickleErrorCode): UnpicklingError {
    return new UnpicklingError(message, {
      code,
      offset: this.#offset,
      opcode: this.#opcode?.name as op.OpcodeName | undefined,
    });
  }

  /** Where the opcode at hand is. */
  get offset(): number {
    return this.#offset;
  }
}

function isText(value: ScanValue): value is ScanValue & { readonly kind: "text"; readonly text: string } {
  return value.kind === "text";
}

function isGlobal(value: ScanValue): value is Extract<ScanValue, { readonly kind: "global" }> {
  return value.kind === "global";
}

function isCall(value: ScanValue): value is Extract<ScanValue, { readonly kind: "call" }> {
  return value.kind === "call";
}

function trimEnd(line: Uint8Array): Uint8Array {
  let end = line.length;
  while (end > 0 && (line[end - 1] === 0x20 || (line[end - 1]! >= 0x09 && line[end - 1]! <= 0x0d))) end--;
  return line.subarray(0, end);
}
