/** What the scanner's stack holds in place of values: just enough to follow names, calls and sharing. */
import type { PickleErrorCode, UnpicklingError } from "../../errors.js";
import type { Verdict } from "./policy.js";

/** Makes the error of the opcode at hand. */
export type Fail = (message: string, code: PickleErrorCode) => UnpicklingError;

/** Something whose content does not matter: numbers, None, and what nothing is known about. */
export const PLAIN = Object.freeze({ kind: "plain" });

export interface TextValue {
  readonly kind: "text";
  readonly text: string;
}

/** A class or function; also one named by an extension code. */
export interface GlobalValue {
  readonly kind: "global";
  readonly module: string;
  readonly name: string;
  readonly verdict: Verdict;
}

/** The result of a call. `verdict` is that of what was called. */
export interface CallValue {
  readonly kind: "call";
  readonly callable: string;
  readonly verdict: Verdict;
  /** Whether others have the same object: an enum's member. */
  readonly isShared: boolean;
  readonly items: ScanValue[];
}

/** A list, tuple, dict or set: what it refers to. */
export interface ContainerValue {
  readonly kind: "container";
  readonly items: ScanValue[];
}

export type ScanValue = typeof PLAIN | TextValue | GlobalValue | CallValue | ContainerValue;

/** A value that refers to others. */
export function itemsOf(value: ScanValue): ScanValue[] | undefined {
  return "items" in value ? value.items : undefined;
}

interface Visit {
  readonly value: ScanValue;
  readonly items: readonly ScanValue[];
  next: number;
  size: number;
}

/**
 * How many values one meets at most walking one of `roots` as a tree, shared ones each time, and how many references there
 * are in all of them. Cycles count once. Linear in the references, not recursive.
 */
export function expandedSize(roots: Iterable<ScanValue>): { readonly expanded: number; readonly references: number } {
  const sizes = new Map<ScanValue, number>();
  const path: Visit[] = [];
  let references = 0;
  let expanded = 1;
  /** The size of a value that is known; otherwise begins to find it out. */
  const enter = (value: ScanValue): number | undefined => {
    const items = itemsOf(value);
    if (items === undefined || items.length === 0) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    // Stands until the value is finished: a reference back to it is a cycle.
    sizes.set(value, 1);
    references += items.length;
    path.push({ value, items, next: 0, size: 1 });
    return undefined;
  };
  for (const root of roots) {
    enter(root);
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      if (visit.next < visit.items.length) {
        const size = enter(visit.items[visit.next]!);
        if (size === undefined) continue;
        visit.size += size;
        visit.next++;
      } else {
        sizes.set(visit.value, visit.size);
        expanded = Math.max(expanded, visit.size);
        path.pop();
      }
    }
  }
  return { expanded, references };
}
