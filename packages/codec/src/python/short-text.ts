/** Values in messages. */

const LARGE = 2n ** 128n;

/**
 * A value as a message shows it: short, and made at no cost, whatever a sender put there. Of containers and objects only the
 * kind is named: their text can be exponentially longer than they are, and a `toString` may run into a cycle.
 */
export function shortText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.slice(0, 80));
    case "bigint":
      return value > -LARGE && value < LARGE ? String(value) : "a large int";
    case "object":
      if (value === null) return "None";
      return Array.isArray(value) ? "a sequence" : "an object";
    case "function":
      return "a function";
    default:
      return String(value);
  }
}
