/** Keyword arguments of calls: a dict on the stack, or what a `functools.partial` holds. */
import { typeName } from "../../type-name.js";
import { isDictObject } from "../containers/fill.js";
import { badOperand } from "../faults.js";

/** A `functools.partial`, by what it has. */
interface PartialLike {
  readonly func: unknown;
  readonly args: unknown;
  readonly keywords: unknown;
}

export function partialOf(value: unknown): PartialLike | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const partial = value as Partial<PartialLike>;
  return "func" in partial && Array.isArray(partial.args) && "keywords" in partial
    ? (partial as PartialLike)
    : undefined;
}

/** A dict of keyword arguments as a Map. */
export function keywordsOf(value: unknown): Map<string, unknown> {
  if (value === null || value === undefined) return new Map();
  const entries = value instanceof Map ? [...value] : isDictObject(value) ? Object.entries(value) : undefined;
  if (entries === undefined) throw badOperand(`keyword arguments are ${typeName(value)}, not a dict`);
  for (const [key] of entries) {
    if (typeof key !== "string") throw badOperand(`a keyword is ${typeName(key)}, not a str`);
  }
  return new Map(entries as [string, unknown][]);
}
