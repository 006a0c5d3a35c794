/** What the scanner's stack holds in place of values: just enough to follow names, calls and sharing. */
import type { PickleErrorCode, UnpicklingError } from "../../errors.js";
import type { Verdict } from "./policy.js";

/** Makes the error of the opcode at hand. */
export type Fail = (message: string, code: PickleErrorCode) => UnpicklingError;

/** Something that refers to nothing: numbers, None, bytes, small tuples of these, and what nothing is known about. */
export interface PlainValue {
  readonly kind: "plain";
  /** How many values one meets walking it. */
  readonly size: number;
}

/** By size. A tuple of more values is a container: if one is shared, that counts. */
const PLAIN_VALUES: readonly PlainValue[] = Array.from({ length: 8 }, (_, i) =>
  Object.freeze({ kind: "plain", size: i + 1 }),
);

export const PLAIN = PLAIN_VALUES[0]!;

/** A str is the offset of the opcode that pushed it: there are millions of them, and few of them are asked for as names. */
export type TextValue = number;

/** A class or function; also one named by an extension code. */
export interface GlobalValue {
  readonly kind: "global";
  readonly module: string;
  readonly name: string;
  readonly verdict: Verdict;
}

/** What a value refers to. */
interface Referring {
  items: readonly (CallValue | ContainerValue)[];
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

/** A list, dict or set, or a tuple that is not plain. */
export interface ContainerValue extends Referring {
  readonly kind: "container";
}

export type ScanValue = PlainValue | TextValue | GlobalValue | CallValue | ContainerValue;

/** Of all that refer to nothing yet, which is most. */
const NO_ITEMS: readonly (CallValue | ContainerValue)[] = Object.freeze([]);

/** A list, dict or set, which more may be added to. */
export function containerOf(items: readonly ScanValue[]): ContainerValue {
  const container: ContainerValue = { kind: "container", items: NO_ITEMS, leaves: 0, expanded: 0 };
  for (const item of items) addItem(container, item);
  return container;
}

/** A tuple or frozenset. */
export function tupleOf(items: readonly ScanValue[]): ContainerValue | PlainValue {
  let size = 1;
  for (const item of items) {
    if (size >= PLAIN_VALUES.length || isReferring(item)) return containerOf(items);
    size += sizeOf(item);
  }
  return PLAIN_VALUES[size - 1] ?? containerOf(items);
}

/** What was called, with what: a class's arguments are part of what it made. */
export function callOf(
  { callable, verdict, isShared }: Pick<CallValue, "callable" | "verdict" | "isShared">,
  items: readonly ScanValue[],
): CallValue {
  const call: CallValue = { kind: "call", callable, verdict, isShared, items: NO_ITEMS, leaves: 0, expanded: 0 };
  for (const item of items) addItem(call, item);
  return call;
}

export function isText(value: ScanValue): value is TextValue {
  return typeof value === "number";
}

/** Whether a value may refer to others. */
function isReferring(value: ScanValue): value is CallValue | ContainerValue {
  return typeof value === "object" && (value.kind === "container" || value.kind === "call");
}

function sizeOf(value: PlainValue | TextValue | GlobalValue): number {
  return typeof value === "object" && value.kind === "plain" ? value.size : 1;
}

/** Lets `target` refer to `item`, if it can. */
export function addItem(target: ScanValue, item: ScanValue): void {
  if (!isReferring(target)) return;
  if (!isReferring(item)) target.leaves += sizeOf(item);
  else if (target.items === NO_ITEMS) target.items = [item];
  else (target.items as (CallValue | ContainerValue)[]).push(item);
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
    if (!isReferring(value)) return sizeOf(value);
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
