/** Offsets of IANA time zones, from the data that the JavaScript engine has. */
import { epochDays } from "./calendar.js";
import type { WallTime } from "./tzinfo.js";

interface Zone {
  readonly formatter: Intl.DateTimeFormat;
  /** Seconds east of UTC at the beginnings of days, by their number since 1970: asking the formatter costs a hundred times more. */
  readonly offsets: Map<number, number>;
}

/** By name: making a formatter costs a hundred times what using it does. Bounded; names that fail are kept too. */
const ZONES = new Map<string, Zone | null>();
const MAX_ZONES = 1000;
const MAX_OFFSETS = 500;

function zoneOf(name: string): Zone | undefined {
  let zone = ZONES.get(name);
  if (zone === undefined) {
    try {
      const formatter = new Intl.DateTimeFormat("en-US", {
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
      zone = { formatter, offsets: new Map() };
    } catch {
      zone = null;
    }
    if (ZONES.size >= MAX_ZONES) ZONES.clear();
    ZONES.set(name, zone);
  }
  return zone ?? undefined;
}

function offsetOfDay({ formatter, offsets }: Zone, day: number): number {
  let offset = offsets.get(day);
  if (offset === undefined) {
    offset = offsetAt(formatter, day * 86400);
    if (offsets.size >= MAX_OFFSETS) offsets.clear();
    offsets.set(day, offset);
  }
  return offset;
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

/** Zones that never had more than one offset. Not EST, MST and HST: newer time zone data makes them names of other zones. */
const FIXED = /^(?:Etc\/)?(?:GMT(?:0|[+-]\d{1,2})?|Greenwich|UCT|UTC|Universal|Zulu)$/;
const ANY_TIME: WallTime = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, microsecond: 0, fold: 0 };

/** Whether the offset of an IANA zone is the same at all times, so that a time of day without a date has one. */
export function isFixed(name: string): boolean {
  return FIXED.test(name);
}

/**
 * Microseconds east of UTC of a wall clock time in an IANA zone. PEP 495: of a time that happens twice, `fold` 0 is the
 * earlier; in a gap, `fold` 0 is read with the offset before it. `undefined` when the engine does not know the zone.
 *
 * @param time - default: any, for a zone that has only one offset
 */
export function ianaOffset(name: string, time = ANY_TIME): bigint | undefined {
  const zone = zoneOf(name);
  if (zone === undefined) return undefined;
  const day = epochDays(time.year, time.month, time.day);
  // Two offsets can apply around a transition: the one in force before and the one after. No zone is a day from UTC, so that
  // the moment is between the beginnings of these days.
  const before = offsetOfDay(zone, day - 1);
  const after = offsetOfDay(zone, day + 2);
  let offset = before;
  if (before !== after) {
    const { formatter } = zone;
    const wall = day * 86400 + time.hour * 3600 + time.minute * 60 + time.second;
    const fitsBefore = offsetAt(formatter, wall - before) === before;
    const fitsAfter = offsetAt(formatter, wall - after) === after;
    if (fitsBefore === fitsAfter) offset = time.fold === 1 ? after : before;
    else offset = fitsBefore ? before : after;
  }
  return BigInt(offset) * 1_000_000n;
}
