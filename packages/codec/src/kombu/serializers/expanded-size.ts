/**
 * How long a value is in a format that has no references: what is shared is written each time. A pickle of 500 bytes holds
 * lists that are in each other so often that no machine would come to their end.
 */

/** From so many bytes written on it pays to know whether there is an end. */
export const WORTH_KNOWING = 1024 * 1024;

interface Frame {
  readonly source: object;
  readonly parts: Iterator<unknown>;
  size: number;
}

/** At least so many bytes. Takes time for each container once, however often it is there; not recursive. */
export function expandedSize(root: unknown): number {
  const sizes = new Map<object, number>();
  const open: Frame[] = [{ source: sizes, parts: [root].values(), size: 0 }];
  for (;;) {
    const frame = open.at(-1)!;
    const next = frame.parts.next();
    if (next.done) {
      open.pop();
      sizes.set(frame.source, frame.size);
      const outer = open.at(-1);
      if (outer === undefined) return frame.size;
      outer.size += frame.size;
      continue;
    }
    const part = next.value;
    const known = typeof part === "object" && part !== null ? sizes.get(part) : undefined;
    const parts = known === undefined ? partsOf(part) : undefined;
    if (known !== undefined) frame.size += known;
    else if (parts === undefined) frame.size += typeof part === "string" ? part.length + 1 : 1;
    else {
      // What contains itself is refused by who writes it.
      sizes.set(part as object, 1);
      open.push({ source: part as object, parts, size: 1 });
    }
  }
}

function partsOf(value: unknown): Iterator<unknown> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value) || value instanceof Set) return value.values();
  if (value instanceof Map) return pairs(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype ? pairs(Object.entries(value)) : undefined;
}

/** Keys and values in turn. */
export function* pairs(entries: Iterable<readonly [unknown, unknown]>): Generator<unknown> {
  for (const [key, value] of entries) {
    yield key;
    yield value;
  }
}
