/** A task that reports progress and goes on when its client has seen it: one that only asks for what is stored sees the last state. */
import type { Celery, TaskContext } from "@brine/celery";

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
