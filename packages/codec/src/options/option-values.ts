/** What options can be set to, and the message about what they cannot. Each layer throws it as its own error. */

/** Enough to find it by. */
const MAX_SHOWN = 80;

/** Whether a value is a bound: a number from 0 on. NaN, which `Number(undefined)` is, would be none at all. */
export function isBound(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}

/** @param wanted - in words, or the values that there are */
export function badValueText(name: string, value: unknown, wanted: string | readonly string[]): string {
  const words = typeof wanted === "string" ? wanted : wanted.map((choice) => JSON.stringify(choice)).join(" or ");
  return `Cannot use option ${name} ${shown(value)}: must be ${words}`;
}

/** What {@link badValueText} says of a bound. */
export const BOUND = "a number from 0";

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, MAX_SHOWN));
  if (typeof value === "function") return "that is a function";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "that is a list" : "that is an object";
  return String(value);
}
