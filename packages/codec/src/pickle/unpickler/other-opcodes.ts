/**
 * The opcodes that few pickles hold, or few times: those of protocols 0 and 1, of large values, sets, extensions and
 * buffers. They work on the machine's registers; see {@link Machine}.
 */
import { decodeLong } from "../../bytes/longs.js";
import { newBytes } from "../../bytes/new-bytes.js";
import { latin1 } from "../../bytes/utf8-decode.js";
import { PyDict } from "../../python/containers/dict.js";
import { ByteArray } from "../../python/containers/sequences.js";
import { PyFloat } from "../../python/numbers/numbers.js";
import * as op from "../opcodes.js";
import {
  decodePython2,
  parseFloatLine,
  parseIndex,
  parseInt0,
  parseLong,
  parseQuoted,
  parseRawUnicode,
} from "../text.js";
import { typeName } from "../type-name.js";
import { newFrozenSet } from "./containers/fill.js";
import { badOperand, fault, noMark, overLimit, underflow } from "./faults.js";
import { int32, uint32, uint64 } from "./input.js";
import type { Machine } from "./machine.js";
import { belowMark, fenceOf, placeOf } from "./marks.js";
import { noOpcode } from "./not-a-pickle.js";

/** Runs the opcode `code`, whose argument starts at the machine's position. @throws UnpicklingError */
export function runOther(machine: Machine, code: number): void {
  const { input, stack, memo, options } = machine;
  switch (code) {
    // -- strings
    case op.BINUNICODE8: {
      const start = counted(machine, 8);
      push(machine, input.text.utf8(start, machine.pos));
      break;
    }
    case op.UNICODE:
      push(machine, parseRawUnicode(line(machine)));
      break;

    // -- Python 2's str
    case op.SHORT_BINSTRING: {
      const start = counted(machine, 1);
      push(machine, python2(machine, start, machine.pos));
      break;
    }
    case op.BINSTRING: {
      input.need(machine.pos, 4);
      const length = int32(input.bytes, machine.pos);
      if (length < 0) throw fault("bad-argument", `negative length ${length}`);
      const start = counted(machine, 4);
      push(machine, python2(machine, start, machine.pos));
      break;
    }
    case op.STRING: {
      const start = machine.pos;
      machine.pos = input.lineEnd(start);
      push(machine, python2Text(machine, parseQuoted(input.bytes.subarray(start, machine.pos - 1)), true));
      break;
    }

    // -- bytes
    case op.BINBYTES: {
      const start = counted(machine, 4);
      push(machine, machine.bytesOf(start, machine.pos));
      break;
    }
    case op.BINBYTES8: {
      const start = counted(machine, 8);
      push(machine, machine.bytesOf(start, machine.pos));
      break;
    }
    case op.BYTEARRAY8: {
      const start = counted(machine, 8);
      push(machine, byteArray(machine, start, machine.pos));
      break;
    }
    case op.NEXT_BUFFER:
      push(machine, machine.resolver().nextBuffer());
      break;
    case op.READONLY_BUFFER: {
      const top = peek(machine);
      if (!(top instanceof Uint8Array)) throw badOperand(`${typeName(top)} is no buffer`);
      // A view that may not be written to, on the bytearray's memory: bytes here. The memo keeps the bytearray.
      if (top instanceof ByteArray) {
        machine.sp--;
        push(machine, new Uint8Array(top.buffer, top.byteOffset, top.length));
      }
      break;
    }

    // -- numbers
    case op.LONG4: {
      input.need(machine.pos, 4);
      const length = int32(input.bytes, machine.pos);
      const { maxIntBytes } = options.limits;
      if (length < 0) throw fault("bad-argument", `negative length ${length}`);
      if (length > maxIntBytes) throw overLimit("maxIntBytes", maxIntBytes);
      const start = counted(machine, 4);
      push(machine, int(machine, decodeLong(input.bytes, start, machine.pos)));
      break;
    }
    case op.INT: {
      const value = parseInt0(line(machine, 1), options.limits);
      push(machine, typeof value === "boolean" ? value : int(machine, value));
      break;
    }
    case op.LONG:
      push(machine, int(machine, parseLong(line(machine, 1), options.limits)));
      break;
    case op.FLOAT: {
      const value = parseFloatLine(line(machine, 1));
      push(machine, options.float === "exact" ? new PyFloat(value) : value);
      break;
    }

    // -- the stack and the memo
    case op.POP:
      // A bare mark counts as an item here.
      if (machine.sp === machine.fence && machine.marks.length > 0) endMark(machine);
      else {
        peek(machine);
        machine.sp--;
      }
      break;
    case op.POP_MARK:
      endMark(machine);
      break;
    case op.DUP: {
      const top = peek(machine);
      machine.isSharing = true;
      push(machine, top);
      break;
    }
    case op.PUT: {
      const text = line(machine, 1);
      // As in CPython, an empty stack is noticed before the index is read.
      const value = peek(machine);
      const index = parseIndex(text);
      if (index < 0) throw fault("bad-memo", `negative index ${index}`);
      memo.put(index, value);
      break;
    }
    case op.GET:
      push(machine, machine.recall(parseIndex(line(machine, 1))));
      break;

    // -- containers
    case op.LIST: {
      const { fence, sp } = machine;
      endMark(machine);
      machine.count(sp - fence);
      push(machine, stack.slice(fence, sp));
      break;
    }
    case op.DICT: {
      const { fence, sp } = machine;
      endMark(machine);
      push(machine, machine.setItems(options.dict === "map" ? new PyDict() : {}, fence, sp));
      break;
    }
    case op.EMPTY_SET:
      push(machine, new Set());
      break;
    case op.ADDITEMS: {
      const { fence, sp } = machine;
      leaveMark(machine, belowMark(machine.marks, fence));
      if (sp > fence) stack[fence - 1] = machine.addItems(stack[fence - 1], fence, sp);
      break;
    }
    case op.FROZENSET: {
      const { fence, sp } = machine;
      endMark(machine);
      machine.count(sp - fence);
      push(machine, newFrozenSet(stack.slice(fence, sp)));
      break;
    }

    // -- globals and objects
    case op.GLOBAL:
      push(machine, namedGlobal(machine));
      break;
    case op.EXT1:
      input.need(machine.pos, 1);
      push(machine, machine.resolver().extension(input.bytes[machine.pos++]!));
      break;
    case op.EXT2:
      input.need(machine.pos, 2);
      push(machine, machine.resolver().extension(input.bytes[machine.pos]! | (input.bytes[machine.pos + 1]! << 8)));
      machine.pos += 2;
      break;
    case op.EXT4:
      input.need(machine.pos, 4);
      push(machine, machine.resolver().extension(int32(input.bytes, machine.pos)));
      machine.pos += 4;
      break;
    case op.NEWOBJ_EX: {
      const sp = machine.sp - 3;
      if (sp < machine.fence) throw underflow(machine.marks.length > 0);
      machine.sp = sp;
      push(machine, machine.builder().newobjEx(stack[sp], stack[sp + 1], stack[sp + 2]));
      break;
    }
    case op.INST: {
      if (machine.marks.length === 0) throw noMark();
      const cls = namedGlobal(machine);
      const { fence, sp } = machine;
      endMark(machine);
      push(machine, machine.builder().instantiate(cls, machine.newTuple(fence, sp)));
      break;
    }
    case op.OBJ: {
      const { fence, sp } = machine;
      if (machine.marks.length === 0) throw noMark();
      if (sp === fence) throw underflow(true);
      endMark(machine);
      push(machine, machine.builder().instantiate(stack[fence], machine.newTuple(fence + 1, sp)));
      break;
    }
    case op.PERSID: {
      const id = line(machine);
      if (/[^\0-\x7f]/.test(id)) throw fault("bad-argument", "a persistent id of protocol 0 must be ASCII");
      push(machine, machine.resolver().persistent(id));
      break;
    }
    case op.BINPERSID:
      stack[machine.sp - 1] = machine.resolver().persistent(peek(machine));
      break;

    default:
      throw fault("unknown-opcode", noOpcode(code));
  }
}

// ---- the stack

function push(machine: Machine, value: unknown): void {
  machine.stack[machine.sp++] = value;
}

function peek(machine: Machine): unknown {
  if (machine.sp <= machine.fence) throw underflow(machine.marks.length > 0);
  return machine.stack[machine.sp - 1];
}

/** Drops the innermost mark and what is above it. */
function endMark(machine: Machine): void {
  const outer = machine.marks.pop();
  if (outer === undefined) throw noMark();
  leaveMark(machine, outer);
}

function leaveMark(machine: Machine, outer: number): void {
  machine.sp = machine.fence;
  machine.fence = fenceOf(outer);
  machine.place = placeOf(outer);
}

// ---- arguments

/** Reads a length of `size` bytes and goes behind what has it; returns where that starts. */
function counted(machine: Machine, size: 1 | 4 | 8): number {
  const { input } = machine;
  const { bytes } = input;
  const { pos } = machine;
  input.need(pos, size);
  const length = size === 1 ? bytes[pos]! : size === 4 ? uint32(bytes, pos) : uint64(bytes, pos);
  const start = pos + size;
  input.need(start, length);
  machine.pos = start + length;
  return start;
}

function line(machine: Machine, least = 0): string {
  const start = machine.pos;
  machine.pos = machine.input.lineEnd(start, least);
  return latin1(machine.input.bytes, start, machine.pos - 1);
}

/** The global of two lines. */
function namedGlobal(machine: Machine) {
  const { input } = machine;
  const start = machine.pos;
  const next = input.lineEnd(start, 1);
  machine.pos = input.lineEnd(next, 1);
  return machine.resolver().global(input.text.utf8(start, next - 1), input.text.utf8(next, machine.pos - 1));
}

// ---- values

function int(machine: Machine, value: number | bigint): number | bigint {
  if (machine.options.int === "bigint") return BigInt(value);
  if (typeof value === "number") return value;
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

function byteArray(machine: Machine, start: number, end: number): ByteArray {
  const { bytes } = machine.input;
  if (machine.options.bytes === "view") {
    return new ByteArray(bytes.buffer as ArrayBuffer, bytes.byteOffset + start, end - start);
  }
  const copy = new ByteArray(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

function python2(machine: Machine, start: number, end: number): string | Uint8Array {
  if (machine.options.encoding === "bytes") return machine.bytesOf(start, end);
  return python2Text(machine, machine.input.bytes.subarray(start, end), false);
}

function python2Text(machine: Machine, content: Uint8Array, isOwn: boolean): string | Uint8Array {
  const { encoding, errors } = machine.options;
  if (encoding !== "bytes") return decodePython2(content, encoding, errors);
  if (!isOwn) return content;
  const copy = newBytes(content.length);
  copy.set(content);
  return copy;
}
