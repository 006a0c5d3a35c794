/** Tasks that report and go on when their client has seen it, on either side: a client that is late finds only the last state. */
import type { AsyncResult, Celery, StateChange, TaskContext } from "@brine/celery";
import type { Redis } from "ioredis";

/** What the client sends for each PROGRESS that it sees, with the id of the task. */
export const SEEN = "node.seen";

/** Defines {@link SEEN}; the answer sets PROGRESS and resolves when the client has seen it. */
export function progressSeen(app: Celery): (context: TaskContext, meta: unknown) => Promise<void> {
  const waiting = new Map<string, () => void>();
  app.task(SEEN, { ignoreResult: true }, (_, id: string) => waiting.get(id)?.());
  return async (context, meta) => {
    const seen = new Promise<void>((resolve) => waiting.set(context.id, resolve));
    await context.updateState("PROGRESS", meta);
    await seen;
    waiting.delete(context.id);
  };
}

/** Every state of a task of `celery_app.py`, which is told in the Redis of its SEEN that each but the last has been seen. */
export async function statesSeen(
  result: AsyncResult,
  redis: Redis,
  timeoutMs: number,
): Promise<StateChange<unknown>[]> {
  const states: StateChange<unknown>[] = [];
  for await (const change of result.states({ timeoutMs })) {
    states.push(change);
    if (change.state === "PROGRESS" || change.state === "RETRY") await redis.lpush(`seen-${result.id}`, change.state);
  }
  return states;
}
