/** Offsets of IANA time zones, from the data that the JavaScript engine has. */
import { epochDays } from "./calendar.js";
import type { WallTime } from "./tzinfo.js";

/** Formatters by zone name: making one costs a hundred times what using it does. Bounded; names that fail are kept too. */
const FORMATTERS = new Map<string, Intl.DateTimeFormat | null>();
const MAX_FORMATTERS = 1000;

function formatterOf(name: string): Intl.DateTimeFormat | undefined {
  let formatter = FORMATTERS.get(name);
  if (formatter === undefined) {
    try {
      formatter = new Intl.DateTimeFormat("en-US", {
        timeZone: name,
        calendar: "gregory",
        numberingSystem: "latn",
        hourCycle: "h23",
        era: "short",
        year: "numeric",
        month: "numeric",
        day: "numeric",
        hour: "numeric",
        minute: "numeric",
        second: "numeric",
      });
    } catch {
      formatter = null;
    }
    if (FORMATTERS.size >= MAX_FORMATTERS) FORMATTERS.clear();
    FORMATTERS.set(name, formatter);
  }
  return formatter ?? undefined;
}

/** Seconds east of UTC at an instant. */
function offsetAt(formatter: Intl.DateTimeFormat, epochSeconds: number): number {
  const field = { era: 0, year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
  for (const part of formatter.formatToParts(epochSeconds * 1000)) {
    if (part.type === "era") field.era = part.value === "BC" ? 1 : 0;
    else if (part.type in field) field[part.type as keyof typeof field] = Number(part.value);
  }
  const year = field.era === 1 ? 1 - field.year : field.year;
  const days = epochDays(year, field.month, field.day);
  return days * 86400 + field.hour * 3600 + field.minute * 60 + field.second - epochSeconds;
}

/**
 * Microseconds east of UTC of a wall clock time in an IANA zone. PEP 495: of a time that happens twice, `fold` 0 is the
 * earlier; in a gap, `fold` 0 is read with the offset before it. `undefined` when the engine does not know the zone.
 */
export function ianaOffset(name: string, time: WallTime): bigint | undefined {
  const formatter = formatterOf(name);
  if (formatter === undefined) return undefined;
  const wall = epochDays(time.year, time.month, time.day) * 86400 + time.hour * 3600 + time.minute * 60 + time.second;
  // Two offsets can apply around a transition: the one in force a day before and the one a day after.
  const before = offsetAt(formatter, wall - 86400);
  const after = offsetAt(formatter, wall + 86400);
  let offset = before;
  if (before !== after) {
    const fitsBefore = offsetAt(formatter, wall - before) === before;
    const fitsAfter = offsetAt(formatter, wall - after) === after;
    if (fitsBefore === fitsAfter) offset = time.fold === 1 ? after : before;
    else offset = fitsBefore ? before : after;
  }
  return BigInt(offset) * 1_000_000n;
}
