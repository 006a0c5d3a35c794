/** Queues that belong to one worker each. */
import { randomUUID } from "node:crypto";
import type { Queue } from "@brine/codec/kombu";

/**
 * The queue that only the worker of that node name (`w1@example.com`) consumes, if it has `workerDirect`: for a call's `queue`.
 * Celery 5.2 `utils/nodenames.py` worker_direct.
 */
export function workerDirect(hostname: string): Queue {
  return { name: `${hostname}.dq2`, exchange: { name: "C.dq2", type: "direct" }, routingKey: hostname };
}

/**
 * A queue of `taskQueues` whose tasks every worker runs that has it, as kombu's `Broadcast(name)`: a queue of its own for each app,
 * deleted with its last consumer, on the fanout exchange `name`, by which calls and routes name it too. Workers that are not there
 * miss the message. Celery 5.2, kombu 5.2 `common.py` Broadcast.
 */
export function broadcast(name: string): Queue {
  return { name: `bcast.${randomUUID()}`, exchange: { name, type: "fanout" }, autoDelete: true };
}

/** Whether who sends to it does not declare it: it would hold messages that nobody consumes. */
export function isBroadcast(queue: Queue): boolean {
  return queue.autoDelete === true && queue.exchange?.type === "fanout";
}
