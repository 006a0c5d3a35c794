/** Lists of nothing but numbers or nothing but str, read in one go. */

import { STOP } from "../../opcodes.js";
import type { Machine } from "../machine.js";
import { NumberRun, startsNumber } from "./number-run.js";
import { StringRun } from "./string-run.js";

/** Only used within one opcode, so one of each serves all. */
const numbers = new NumberRun();
const strings = new StringRun();
/** Below so many str a list is read in the ordinary way. */
const FEWEST_STRINGS = 32;

/**
 * The list of a list's batches from `start` on, if they hold only numbers or only str; moves the machine's `pos` behind
 * them.
 *
 * @param limit - where the frame at hand ends
 * @returns `undefined` when the list is to be read item by item
 */
export function readListRun(
  machine: Machine,
  start: number,
  limit: number,
  isMemoised: boolean,
): unknown[] | undefined {
  const { input, memo } = machine;
  const { bytes, text } = input;
  let list: unknown[];
  let run: NumberRun | StringRun;
  if (startsNumber(bytes[start]!)) {
    if (!numbers.measure(bytes, start, limit)) return undefined;
    const { count } = numbers;
    machine.count(count);
    list = numbers.read(bytes, input.view);
    machine.count(numbers.count - count);
    if (isMemoised) memo.add(list);
    run = numbers;
  } else {
    const next = memo.count + (isMemoised ? 1 : 0);
    if (!strings.measure(bytes, start, limit, next, FEWEST_STRINGS)) return undefined;
    // The limit is met where it is met item by item.
    if (!memo.takes(strings.count + 1)) return undefined;
    machine.count(strings.count);
    try {
      list = strings.read(bytes, start, text);
    } catch (error) {
      machine.at = strings.at;
      throw error;
    }
    if (isMemoised) memo.add(list);
    // Behind the last opcode nobody asks for them.
    if (machine.keepsMemo || bytes[strings.pos] !== STOP) memo.addAll(list);
    run = strings;
  }
  machine.pos = run.pos;
  input.continueTo(run.limit);
  return list;
}
