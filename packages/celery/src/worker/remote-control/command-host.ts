/** What the commands of remote control work on: the parts of a worker. */
import type { Celery } from "../../client/app.js";
import type { Task } from "../../client/task.js";
import type { Gossip } from "../gossip/gossip.js";
import type { QueueConsumer } from "../intake/queue-consumer.js";
import type { RevokedTasks } from "../intake/revoked.js";
import type { RunQueue } from "../intake/run-queue.js";
import type { TaskLimits } from "../intake/task-limits.js";
import type { Reporter } from "../reporter.js";

/** `isSafe`: the first answer could not be serialized; give text instead of values. `undefined`: no reply, where Celery's raises; `null` is one. */
export type Command = (args: Readonly<Record<string, unknown>>, isSafe: boolean) => unknown;

export type CommandArguments = Parameters<Command>[0];

export interface CommandHost {
  readonly app: Celery;
  readonly hostname: string;
  readonly runQueue: RunQueue;
  readonly consumer: QueueConsumer;
  readonly limits: TaskLimits;
  readonly revoked: RevokedTasks;
  readonly reporter: Reporter;
  /** Absent with `gossip: false`. */
  readonly gossip: Gossip | undefined;
  /** Messages it holds at most. */
  readonly prefetch: number;
  /** The task of that name if this worker can run it. */
  findTask(name: string): Task | undefined;
  /** Ends its threads; those of running tasks with them. */
  restartPool(): Promise<void>;
  shutdown(): void;
}
