/** Formats told from their first bytes, for values that carry no content type: results in Redis. */

/** What {@link sniff} guesses: kombu's names of its serializers. */
export type SniffedFormat = "pickle" | "json" | "msgpack" | "yaml";

/**
 * Guesses the serializer of bytes without a content type, such as a result that a Celery worker stored; `undefined` for
 * empty input. It only tells kombu's formats apart and validates nothing: what to do with a guess is up to an accept list.
 *
 * PROTO (0x80) is a pickle of protocol 2 or later, which is all that kombu writes; in msgpack it is the empty map, which is
 * one byte long. `{`, `[`, `"`, a digit, or a JSON word is json; other text is yaml; what else starts above 0x7f is msgpack.
 */
export function sniff(bytes: Uint8Array): SniffedFormat | undefined {
  let start = 0;
  while (start < bytes.length && isSpace(bytes[start]!)) start++;
  const first = bytes[start];
  if (first === undefined) return undefined;
  if (first === 0x80 && bytes.length > 1 && start === 0) return "pickle";
  if (first >= 0x80 || first < 0x09) return "msgpack";
  // `{status: SUCCESS}` is a mapping of YAML: JSON's keys are quoted.
  if (first === 0x7b) return /^\{\s*(?:["}]|$)/.test(head(bytes, start)) ? "json" : "yaml";
  if (first === 0x5b || first === 0x22) return "json";
  return /^(?:-?[0-9]|null\b|true\b|false\b|NaN\b|-?Infinity\b)[^:\n]*$/.test(head(bytes, start)) ? "json" : "yaml";
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function head(bytes: Uint8Array, start: number): string {
  let text = "";
  for (const byte of bytes.subarray(start, start + 64)) text += String.fromCharCode(byte);
  return text;
}
