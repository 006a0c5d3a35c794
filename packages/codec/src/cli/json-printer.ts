/** Prints a decoded value as JSON: not recursive, and values that are shared are printed once. */
import { LargeMap } from "../tools/large-map.js";
import { type Form, formOf, isLong, isScalar, longText, Nested, quote, scalarText } from "./json-form.js";

interface Level {
  readonly form: Form;
  next: number;
}

/** A value that is met more than once. */
interface Shared {
  /** From 1 in the order they are printed. */
  readonly id: number;
  isPrinted: boolean;
}

/** The text of a value in pieces; `indent` 0 for none. */
export function* jsonText(root: unknown, indent: number): Generator<string, void, undefined> {
  const shared = sharedValues(root);
  const levels: Level[] = [];
  const line = (): string => (indent === 0 ? "" : `\n${" ".repeat(indent * levels.length)}`);

  /** Text of a scalar or a reference, in pieces if it is long; otherwise opens a level and gives its bracket. */
  const begin = (value: unknown): string | Iterable<string> => {
    if (isScalar(value)) return isLong(value) ? longText(value) : scalarText(value);
    const form = value instanceof Nested ? value.form : identified(value as object, shared);
    if (typeof form === "string") return form;
    levels.push({ form, next: 0 });
    return form.kind === "array" ? "[" : "{";
  };

  const first = begin(root);
  if (typeof first === "string") yield first;
  else yield* first;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const { form } = level;
    const parts = form.kind === "array" ? form.items : form.entries;
    if (level.next >= parts.length) {
      levels.pop();
      yield `${parts.length === 0 ? "" : line()}${form.kind === "array" ? "]" : "}"}`;
      continue;
    }
    const separator = level.next === 0 ? "" : indent === 0 ? ", " : ",";
    let start = `${separator}${line()}`;
    let value: unknown;
    if (form.kind === "array") value = form.items[level.next++];
    else {
      const [key, item] = form.entries[level.next++]!;
      start += `${quote(key)}: `;
      value = item;
    }
    const text = begin(value);
    if (typeof text === "string") yield start + text;
    else {
      yield start;
      yield* text;
    }
  }
}

/** The form of a value, or text that refers to where it was printed. */
function identified(value: object, shared: LargeMap<object, Shared>): Form | string {
  const known = shared.get(value);
  if (known === undefined) return formOf(value);
  if (known.isPrinted) return `{"$ref": ${known.id}}`;
  known.isPrinted = true;
  const form = formOf(value);
  const entries = form.kind === "array" ? [["$list", new Nested(form)] as const] : form.entries;
  return { kind: "object", entries: [["$id", BigInt(known.id)], ...entries] };
}

/** The values that are met more than once. */
function sharedValues(root: unknown): LargeMap<object, Shared> {
  const met = new LargeMap<object, true>();
  const shared = new LargeMap<object, Shared>();
  let count = 0;
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (isScalar(value)) continue;
    if (!(value instanceof Nested)) {
      if (met.has(value as object)) {
        if (!shared.has(value as object)) shared.set(value as object, { id: ++count, isPrinted: false });
        continue;
      }
      met.set(value as object, true);
    }
    const form = value instanceof Nested ? value.form : formOf(value as object);
    // Pushed in reverse, so that they are met in order.
    if (form.kind === "array") for (let i = form.items.length - 1; i >= 0; i--) pending.push(form.items[i]);
    else for (let i = form.entries.length - 1; i >= 0; i--) pending.push(form.entries[i]![1]);
  }
  return shared;
}
