/**
 * The machine that runs a pickle: a stack, a memo and one switch. It never calls itself, however deep the data is, and
 * every opcode costs what its bytes and operands cost. Semantics: CPython 3.12 `_pickle.c` load(), with the strict frames
 * of 3.13.15 and 3.14.7.
 */
import { MAX_KEY } from "../../bytes/key-interner.js";
import { decodeLong } from "../../bytes/longs.js";
import { PyDict } from "../../python/containers/dict.js";
import { Tuple } from "../../python/containers/sequences.js";
import { beginSharing, endSharing } from "../../python/hash.js";
import { PyFloat } from "../../python/numbers/numbers.js";
import { PyGlobal } from "../../python/objects/objects.js";
import * as op from "../opcodes.js";
import { appendItems, isList } from "./containers/fill.js";
import { fault, located, noMark, overLimit, underflow } from "./faults.js";
import { int32, uint32, uint64 } from "./input.js";
import type { Machine } from "./machine.js";
import { ANYWHERE, belowMark, fenceOf, IN_LIST, markEntry, placeOf } from "./marks.js";
import { memoOpcodeSize } from "./memo.js";
import { runOther } from "./other-opcodes.js";
import { bytesCallOf, callOnBytes } from "./runs/bytes-call.js";
import { readListRun } from "./runs/list-run.js";
import { startsNumber } from "./runs/number-run.js";

/** More than most messages stack; V8 makes room for so few right where the array is made. */
const STACK_ROOM = 16;

/** Runs the next pickle of the machine's input. @throws UnpicklingError */
export function loadNext(machine: Machine): unknown {
  const { input, options } = machine;
  const { bytes } = input;
  const start = machine.position;
  machine.at = start;
  machine.protocol = 0;
  machine.stack = new Array(STACK_ROOM);
  if (machine.marks.length > 0) machine.marks.length = 0;
  input.limit = bytes.length;
  const outer = beginSharing();
  try {
    const { maxBytes } = options.limits;
    if (bytes.length - machine.position > maxBytes) throw overLimit("maxBytes", maxBytes);
    const value = machine.finish(run(machine));
    machine.memo.end();
    return value;
  } catch (error) {
    throw located(error, machine.at, bytes, start);
  } finally {
    endSharing(outer);
  }
}

/**
 * The opcodes that today's pickles are made of. The others are one call away in other-opcodes.ts: V8 compiles a loop as
 * a whole, which takes it a quarter of a second with all of them here, and it starts again at each opcode that it has
 * not met before.
 */
function run(machine: Machine): unknown {
  const { input, memo, stack, marks } = machine;
  const { bytes, text } = input;
  const { values } = memo;
  const { limits, int, float, dict } = machine.options;
  const { maxDepth } = limits;
  const isPlainInt = int === "auto";
  const isPlainFloat = float === "number";
  const isPlainNumber = isPlainInt && isPlainFloat;
  const isPlainDict = dict !== "map";
  // With `| 0` V8 keeps positions as 32-bit integers, which the constructor made sure they are.
  let pos = machine.position | 0;
  let limit = bytes.length | 0;
  let room = memo.room;
  let sp = 0;
  let fence = 0;
  let place = ANYWHERE;
  /** Where the key of a dict with one item is. */
  let onlyKey = -1;
  for (;;) {
    const at = pos;
    machine.at = at;
    if (pos >= limit) limit = input.need(pos, 1) | 0;
    if (sp > maxDepth) throw overLimit("maxDepth", maxDepth);
    const code = bytes[pos++]! as op.Opcode;
    switch (code) {
      // -- strings and bytes
      case op.SHORT_BINUNICODE:
      case op.BINUNICODE: {
        let length: number;
        if (code === op.SHORT_BINUNICODE) {
          if (pos >= limit) limit = input.need(pos, 1) | 0;
          length = bytes[pos++]!;
        } else {
          if (pos + 4 > limit) limit = input.need(pos, 4) | 0;
          length = uint32(bytes, pos);
          pos += 4;
        }
        if (pos + length > limit) limit = input.need(pos, length) | 0;
        const isKey = ((sp & 1) === place || at === onlyKey) && length <= MAX_KEY;
        const value = isKey ? text.key(pos, length) : text.utf8(pos, pos + length);
        stack[sp++] = value;
        pos = (pos + length) | 0;
        // Nearly every str is memoised: do it here.
        if (memo.count < room) {
          const memoSize = memoOpcodeSize(bytes, pos, limit, memo.count);
          if (memoSize > 0) memo.add(value);
          pos += memoSize;
        }
        break;
      }
      case op.SHORT_BINBYTES: {
        if (pos >= limit) limit = input.need(pos, 1) | 0;
        const length = bytes[pos++]!;
        if (pos + length > limit) limit = input.need(pos, length) | 0;
        const below = sp > fence ? stack[sp - 1] : undefined;
        if (below instanceof PyGlobal && sp + 2 <= maxDepth) {
          const call = bytesCallOf(below, length);
          const made = call === undefined ? undefined : callOnBytes(machine, below, call, pos, limit);
          if (made !== undefined) {
            stack[sp - 1] = made;
            pos = machine.pos | 0;
            break;
          }
        }
        stack[sp++] = machine.bytesOf(pos, pos + length);
        pos = (pos + length) | 0;
        break;
      }

      // -- numbers and constants
      case op.BININT1: {
        if (pos >= limit) limit = input.need(pos, 1) | 0;
        const value = bytes[pos++]!;
        stack[sp++] = isPlainInt ? value : BigInt(value);
        break;
      }
      case op.BININT2: {
        if (pos + 2 > limit) limit = input.need(pos, 2) | 0;
        const value = bytes[pos]! | (bytes[pos + 1]! << 8);
        stack[sp++] = isPlainInt ? value : BigInt(value);
        pos += 2;
        break;
      }
      case op.BININT: {
        if (pos + 4 > limit) limit = input.need(pos, 4) | 0;
        const value = int32(bytes, pos);
        stack[sp++] = isPlainInt ? value : BigInt(value);
        pos += 4;
        break;
      }
      case op.LONG1: {
        if (pos >= limit) limit = input.need(pos, 1) | 0;
        const length = bytes[pos++]!;
        if (pos + length > limit) limit = input.need(pos, length) | 0;
        const value = decodeLong(bytes, pos, pos + length);
        stack[sp++] = isPlainInt ? value : BigInt(value);
        pos = (pos + length) | 0;
        break;
      }
      case op.BINFLOAT: {
        if (pos + 8 > limit) limit = input.need(pos, 8) | 0;
        const value = input.float64(pos);
        stack[sp++] = isPlainFloat ? value : new PyFloat(value);
        pos += 8;
        break;
      }
      case op.NONE:
        stack[sp++] = null;
        break;
      case op.NEWTRUE:
        stack[sp++] = true;
        break;
      case op.NEWFALSE:
        stack[sp++] = false;
        break;

      // -- the mark and the memo
      case op.MARK:
        marks.push(markEntry(fence, place));
        fence = sp;
        place = ANYWHERE;
        break;
      case op.MEMOIZE:
        if (sp <= fence) throw underflow(marks.length > 0);
        if (memo.count < room) {
          memo.add(stack[sp - 1]);
        } else {
          memo.append(stack[sp - 1]);
          room = memo.room;
        }
        break;
      case op.BINPUT:
      case op.LONG_BINPUT: {
        let index: number;
        if (code === op.BINPUT) {
          if (pos >= limit) limit = input.need(pos, 1) | 0;
          index = bytes[pos++]!;
        } else {
          if (pos + 4 > limit) limit = input.need(pos, 4) | 0;
          index = uint32(bytes, pos);
          pos += 4;
        }
        if (sp <= fence) throw underflow(marks.length > 0);
        memo.put(index, stack[sp - 1]);
        room = memo.room;
        break;
      }
      case op.BINGET:
      case op.LONG_BINGET: {
        let index: number;
        if (code === op.BINGET) {
          if (pos >= limit) limit = input.need(pos, 1) | 0;
          index = bytes[pos++]!;
        } else {
          if (pos + 4 > limit) limit = input.need(pos, 4) | 0;
          index = uint32(bytes, pos);
          pos += 4;
        }
        // Most of what is shared are keys.
        const value = index < values.length ? values[index] : undefined;
        stack[sp++] = typeof value === "string" ? value : machine.recall(index);
        break;
      }

      // -- tuples
      case op.EMPTY_TUPLE:
        stack[sp++] = new Tuple();
        break;
      case op.TUPLE1:
      case op.TUPLE2:
      case op.TUPLE3: {
        const size = (code - op.TUPLE1 + 1) | 0;
        if (sp - size < fence) throw underflow(marks.length > 0);
        sp -= size;
        const tuple = new Tuple(size);
        for (let i = 0; i < size; i++) tuple[i] = stack[sp + i];
        stack[sp++] = tuple;
        break;
      }
      case op.TUPLE: {
        const outer = marks.pop();
        if (outer === undefined) throw noMark();
        stack[fence] = machine.newTuple(fence, sp);
        sp = fence + 1;
        fence = fenceOf(outer);
        place = placeOf(outer);
        break;
      }

      // -- lists
      case op.EMPTY_LIST: {
        const memoSize = memoOpcodeSize(bytes, pos, limit, memo.count);
        const first = (pos + memoSize + 1) | 0;
        if (memo.count >= room) {
          if (!memo.hasRoomFor(1)) {
            stack[sp++] = [];
            break;
          }
          room = memo.room;
        }
        if (first >= limit || bytes[first - 1] !== op.MARK) {
          const list = newShortList();
          stack[sp++] = list;
          if (memoSize > 0) {
            memo.add(list);
            pos += memoSize;
          }
          break;
        }
        const next = bytes[first]!;
        // Before protocol 4 short ones are BINUNICODE as well. Long ones take the same time one by one.
        const isText = next === op.SHORT_BINUNICODE || (next === op.BINUNICODE && bytes[first + 2] === 0);
        const isRun = isText || (isPlainNumber && startsNumber(next));
        const whole = isRun ? readListRun(machine, first, limit, memoSize > 0) : undefined;
        if (whole !== undefined) {
          stack[sp++] = whole;
          pos = machine.pos | 0;
          limit = input.limit | 0;
          break;
        }
        const list: unknown[] = [];
        stack[sp++] = list;
        if (memoSize > 0) memo.add(list);
        pos = first;
        marks.push(markEntry(fence, place));
        fence = sp;
        place = IN_LIST;
        break;
      }
      case op.APPEND: {
        if (sp - 1 <= fence) throw underflow(marks.length > 0);
        const list = stack[sp - 2];
        if (isList(list)) list.push(stack[sp - 1]);
        else machine.builder().extend(list, [stack[sp - 1]]);
        sp--;
        break;
      }
      case op.APPENDS: {
        const outer = belowMark(marks, fence);
        const base = fence;
        if (place === IN_LIST) {
          machine.count(sp - base);
          appendItems(stack[base - 1] as unknown[], stack, base, sp);
        } else if (sp > base) {
          machine.append(stack[base - 1], base, sp);
        }
        fence = fenceOf(outer);
        place = placeOf(outer);
        sp = base;
        break;
      }

      // -- dicts
      case op.EMPTY_DICT: {
        const value = dict === "map" ? new PyDict() : {};
        stack[sp++] = value;
        const memoSize = memoOpcodeSize(bytes, pos, limit, memo.count);
        if (memoSize === 0 || memo.count >= room) break;
        memo.add(value);
        pos += memoSize;
        // The mark of the first batch, seen together with its dict, tells that keys come next.
        if (pos < limit && bytes[pos] === op.MARK) {
          pos++;
          marks.push(markEntry(fence, place));
          fence = sp;
          place = sp & 1;
        } else {
          onlyKey = pos;
        }
        break;
      }
      case op.SETITEM:
        if (sp - 2 <= fence) throw underflow(marks.length > 0);
        stack[sp - 3] = machine.setItems(stack[sp - 3], sp - 2, sp);
        sp -= 2;
        break;
      case op.SETITEMS: {
        const outer = belowMark(marks, fence);
        const base = fence;
        if (sp > base) {
          const isNewObject = isPlainDict && place < ANYWHERE;
          stack[base - 1] = isNewObject
            ? machine.setKeys(stack[base - 1] as object, base, sp, true)
            : machine.setItems(stack[base - 1], base, sp);
        }
        fence = fenceOf(outer);
        place = placeOf(outer);
        sp = base;
        break;
      }

      // -- globals and objects
      case op.STACK_GLOBAL: {
        if (sp - 2 < fence) throw underflow(marks.length > 0);
        sp--;
        stack[sp - 1] = machine.resolver().global(stack[sp - 1], stack[sp]);
        break;
      }
      case op.REDUCE:
        if (sp - 2 < fence) throw underflow(marks.length > 0);
        sp--;
        stack[sp - 1] = machine.builder().reduce(stack[sp - 1], stack[sp]);
        break;
      case op.NEWOBJ:
        if (sp - 2 < fence) throw underflow(marks.length > 0);
        sp--;
        stack[sp - 1] = machine.builder().newobj(stack[sp - 1], stack[sp]);
        break;
      case op.BUILD:
        if (sp - 2 < fence) throw underflow(marks.length > 0);
        sp--;
        machine.builder().build(stack[sp - 1], stack[sp]);
        break;

      // -- the pickle itself
      case op.PROTO: {
        if (pos >= limit) limit = input.need(pos, 1) | 0;
        const protocol = bytes[pos++]!;
        if (protocol > op.HIGHEST_PROTOCOL) {
          throw fault("unsupported-protocol", `protocol ${protocol} is above ${op.HIGHEST_PROTOCOL}`);
        }
        machine.protocol = protocol;
        break;
      }
      case op.FRAME: {
        if (pos + 8 > limit) limit = input.need(pos, 8) | 0;
        const length = uint64(bytes, pos);
        pos += 8;
        limit = input.startFrame(pos, length) | 0;
        break;
      }
      case op.STOP:
        if (sp <= fence) throw underflow(marks.length > 0);
        machine.position = pos;
        return stack[sp - 1];

      default:
        machine.pos = pos;
        machine.sp = sp;
        machine.fence = fence;
        machine.place = place;
        runOther(machine, code);
        pos = machine.pos | 0;
        sp = machine.sp | 0;
        fence = machine.fence | 0;
        place = machine.place | 0;
        limit = input.limit | 0;
        room = memo.room;
    }
  }
}

/** An empty list with room for the one item of an APPEND; at the first push V8 makes room for seventeen. */
function newShortList(): unknown[] {
  const list = [null];
  list.pop();
  return list;
}
