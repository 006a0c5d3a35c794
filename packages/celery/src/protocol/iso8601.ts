/** Times as Celery's headers carry them: ISO 8601 text, naive meaning UTC. */

const PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/**
 * Milliseconds since the epoch of an ISO 8601 time, `undefined` when `text` is none. Digits beyond the millisecond are
 * dropped; a time without an offset is UTC, as Celery's workers read it with `enable_utc`.
 */
export function parseIsoTime(text: string): number | undefined {
  const match = PATTERN.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = "Z"] = match;
  const fields = [+year!, +month! - 1, +day!, +hour, +minute, +second] as const;
  const milliseconds = +fraction.padEnd(3, "0").slice(0, 3);
  const date = new Date(0);
  date.setUTCFullYear(fields[0], fields[1], fields[2]);
  date.setUTCHours(fields[3], fields[4], fields[5], milliseconds);
  // setUTC* roll over (31 February is 2 or 3 March); Python refuses such a date, and so does this.
  const isReal =
    date.getUTCMonth() === fields[1] &&
    date.getUTCDate() === fields[2] &&
    date.getUTCHours() === fields[3] &&
    date.getUTCMinutes() === fields[4] &&
    date.getUTCSeconds() === fields[5];
  if (!isReal) return undefined;
  return date.getTime() - offsetMs(zone);
}

function offsetMs(zone: string): number {
  if (zone === "Z" || zone === "z") return 0;
  const digits = zone.slice(1).replace(":", "");
  const minutes = +digits.slice(0, 2) * 60 + +digits.slice(2, 4).padEnd(2, "0");
  return (zone[0] === "-" ? -minutes : minutes) * 60_000;
}

/** `2030-01-02T03:04:05.678000+00:00`, as Python's `isoformat()` writes an aware UTC datetime. */
export function formatIsoTime(ms: number): string {
  const text = new Date(ms).toISOString();
  const fraction = text.slice(20, 23);
  return `${text.slice(0, 19)}${fraction === "000" ? "" : `.${fraction}000`}+00:00`;
}
