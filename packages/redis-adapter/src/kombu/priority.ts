/**
 * Priorities of kombu's Redis transport: a queue is one list per step, and BRPOP serves the lists in order. 0 is served
 * first, unlike in AMQP. kombu 5.2 and 5.6 `transport/redis.py` `_q_for_pri`, `priority`.
 */

/** Between a queue's name and its step, and between the parts of a binding. */
export const SEPARATOR = "\x06\x16";

export const PRIORITY_STEPS: readonly number[] = Object.freeze([0, 3, 6, 9]);

/** `properties.priority` as kombu reads it: an integer of 0 to 9, 0 when there is none. */
export function clampPriority(priority: unknown): number {
  if (typeof priority !== "number" || Number.isNaN(priority)) return 0;
  return Math.max(0, Math.min(9, Math.trunc(priority)));
}

/** The largest step that is not above `priority`. */
export function priorityStep(priority: number, steps: readonly number[]): number {
  let found = steps[0] ?? 0;
  for (const step of steps) if (step <= priority) found = step;
  return found;
}

/** The list that holds messages of one step. */
export function queueKey(queue: string, step: number, separator: string): string {
  return step === 0 ? queue : `${queue}${separator}${step}`;
}
