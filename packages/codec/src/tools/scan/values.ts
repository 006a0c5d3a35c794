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

/** What a value refers to. */
interface Referring {
  readonly items: ScanValue[];
  /** So many more, which refer to nothing themselves: most of what is in lists and dicts. */
  leaves: number;
  /** How many values one meets walking it as a tree; 0 as long as nobody has. */
  expanded: number;
}

/** The result of a call. `verdict` is that of what was called. */
export interface CallValue extends Referring {
  readonly kind: "call";
  readonly callable: string;
  readonly verdict: Verdict;
  /** Whether others have the same object: an enum's member. */
  readonly isShared: boolean;
}

/** A list, tuple, dict or set. */
export interface ContainerValue extends Referring {
  readonly kind: "container";
}

export type ScanValue = typeof PLAIN | TextValue | GlobalValue | CallValue | ContainerValue;

export function containerOf(items: readonly ScanValue[]): ContainerValue {
  const container: ContainerValue = { kind: "container", items: [], leaves: 0, expanded: 0 };
  for (const item of items) addItem(container, item);
  return container;
}

/** Whether a value may refer to others. */
export function isReferring(value: ScanValue): value is CallValue | ContainerValue {
  return "items" in value;
}

/** Lets `target` refer to `item`, if it can. */
export function addItem(target: ScanValue, item: ScanValue): void {
  if (!isReferring(target)) return;
  if (isReferring(item)) target.items.push(item);
  else target.leaves++;
}

interface Visit {
  readonly value: CallValue | ContainerValue;
  next: number;
  size: number;
}

/**
 * How many values one meets at most walking one of `roots` as a tree, shared ones each time, and how many references there
 * are in all of them. Cycles count once. Linear in the references, not recursive.
 */
export function expandedSize(roots: Iterable<ScanValue>): { readonly expanded: number; readonly references: number } {
  const path: Visit[] = [];
  let references = 0;
  let expanded = 1;
  /** The size of a value that is known; otherwise begins to find it out. */
  const enter = (value: ScanValue): number | undefined => {
    if (!isReferring(value)) return 1;
    if (value.expanded > 0) return value.expanded;
    const { items, leaves } = value;
    references += items.length + leaves;
    if (items.length === 0) {
      value.expanded = 1 + leaves;
      expanded = Math.max(expanded, value.expanded);
      return value.expanded;
    }
    // Stands until the value is finished: a reference back to it is a cycle.
    value.expanded = 1;
    path.push({ value, next: 0, size: 1 + leaves });
    return undefined;
  };
  for (const root of roots) {
    enter(root);
    for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
      const { value } = visit;
      if (visit.next < value.items.length) {
        const size = enter(value.items[visit.next]!);
        if (size === undefined) continue;
        visit.size += size;
        visit.next++;
      } else {
        value.expanded = visit.size;
        expanded = Math.max(expanded, visit.size);
        path.pop();
      }
    }
  }
  return { expanded, references };
}
