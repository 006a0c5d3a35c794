/** Prints a decoded value as JSON: not recursive, and values that are shared are printed once. */
import { type Form, formOf, Nested, quote, scalarText } from "./json-form.js";

interface Level {
  readonly form: Form;
  next: number;
}

/** The text of a value in pieces; `indent` 0 for none. */
export function* jsonText(root: unknown, indent: number): Generator<string, void, undefined> {
  const ids = sharedValues(root);
  const printed = new Set<object>();
  const levels: Level[] = [];
  const line = (): string => (indent === 0 ? "" : `\n${" ".repeat(indent * levels.length)}`);

  /** Text of a scalar or a reference; otherwise opens a level and gives its bracket. */
  const begin = (value: unknown): string => {
    const text = scalarText(value);
    if (text !== undefined) return text;
    const form = value instanceof Nested ? value.form : identified(value as object, ids, printed);
    if (typeof form === "string") return form;
    levels.push({ form, next: 0 });
    return form.kind === "array" ? "[" : "{";
  };

  yield begin(root);
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const { form } = level;
    const parts = form.kind === "array" ? form.items : form.entries;
    if (level.next >= parts.length) {
      levels.pop();
      yield `${parts.length === 0 ? "" : line()}${form.kind === "array" ? "]" : "}"}`;
      continue;
    }
    const separator = level.next === 0 ? "" : indent === 0 ? ", " : ",";
    const start = `${separator}${line()}`;
    if (form.kind === "array") {
      yield start;
      yield begin(form.items[level.next++]);
    } else {
      const [key, value] = form.entries[level.next++]!;
      yield `${start}${quote(key)}: `;
      yield begin(value);
    }
  }
}

/** The form of a value, or text that refers to where it was printed. */
function identified(value: object, ids: ReadonlyMap<object, number>, printed: Set<object>): Form | string {
  const id = ids.get(value);
  if (id === undefined) return formOf(value);
  if (printed.has(value)) return `{"$ref": ${id}}`;
  printed.add(value);
  const form = formOf(value);
  if (form.kind === "array") {
    return {
      kind: "object",
      entries: [
        ["$id", BigInt(id)],
        ["$list", new Nested(form)],
      ],
    };
  }
  return { kind: "object", entries: [["$id", BigInt(id)], ...form.entries] };
}

/** The values that are met more than once, numbered from 1 in the order they are printed. */
function sharedValues(root: unknown): ReadonlyMap<object, number> {
  const met = new Set<object>();
  const shared = new Map<object, number>();
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (scalarText(value) !== undefined) continue;
    if (!(value instanceof Nested)) {
      if (met.has(value as object)) {
        if (!shared.has(value as object)) shared.set(value as object, shared.size + 1);
        continue;
      }
      met.add(value as object);
    }
    const form = value instanceof Nested ? value.form : formOf(value as object);
    // Pushed in reverse, so that they are met in order.
    if (form.kind === "array") for (let i = form.items.length - 1; i >= 0; i--) pending.push(form.items[i]);
    else for (let i = form.entries.length - 1; i >= 0; i--) pending.push(form.entries[i]![1]);
  }
  return shared;
}
