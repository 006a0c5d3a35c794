/** The proleptic Gregorian calendar: just enough to validate and to name instants. */

const DAYS_BEFORE = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01. */
export function epochDays(year: number, month: number, day: number): number {
  const y = year - 1;
  const before = y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return before + DAYS_BEFORE[month]! + (month > 2 && isLeap(year) ? 1 : 0) + day - 719163;
}

export function isDate(year: number, month: number, day: number): boolean {
  return (
    Number.isInteger(year) &&
    Number.isInteger(month) &&
    Number.isInteger(day) &&
    year >= 1 &&
    year <= 9999 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysInMonth(year, month)
  );
}

export function isTime(hour: number, minute: number, second: number, microsecond: number): boolean {
  return (
    Number.isInteger(hour) &&
    Number.isInteger(minute) &&
    Number.isInteger(second) &&
    Number.isInteger(microsecond) &&
    hour >= 0 &&
    hour <= 23 &&
    minute >= 0 &&
    minute <= 59 &&
    second >= 0 &&
    second <= 59 &&
    microsecond >= 0 &&
    microsecond <= 999999
  );
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}

export function dateText(year: number, month: number, day: number): string {
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}`;
}

/** `HH:MM:SS`, and `.ffffff` unless it is zero. */
export function timeText(hour: number, minute: number, second: number, microsecond: number): string {
  const micros = microsecond === 0 ? "" : `.${pad(microsecond, 6)}`;
  return `${pad(hour)}:${pad(minute)}:${pad(second)}${micros}`;
}

/** `+HH:MM`, with seconds and microseconds only where there are any. */
export function offsetText(microseconds: bigint): string {
  const sign = microseconds < 0n ? "-" : "+";
  const total = Number(microseconds < 0n ? -microseconds : microseconds);
  const seconds = Math.floor(total / 1e6);
  const micros = total - seconds * 1e6;
  const text = `${sign}${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}`;
  if (micros > 0) return `${text}:${pad(seconds % 60)}.${pad(micros, 6)}`;
  return seconds % 60 === 0 ? text : `${text}:${pad(seconds % 60)}`;
}
