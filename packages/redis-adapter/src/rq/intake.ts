/** Taking jobs from their queues, so that none is lost when this process ends before it has started them. */
import { evaluate } from "../cache/lock.js";
import { isRedisAdapterError } from "../errors.js";
import { script } from "../kombu/scripts.js";
import { type RedisLike, send } from "../pickled/client.js";
import { intermediateKey, queueKey } from "./keys.js";

/**
 * LMOVE from left to right, for servers that have none. The id is in both lists before it leaves the first, so a script that
 * stops half-way (out of memory) loses nothing.
 *
 * KEYS: queue, intermediate list. Reply: the id, or nothing.
 */
const MOVE = script(`
local id = redis.call('LINDEX', KEYS[1], 0)
if not id then return false end
redis.call('RPUSH', KEYS[2], id)
redis.call('LPOP', KEYS[1])
return id`);

/**
 * A job passes through its queue's intermediate list, where rq 2 and `recoverStuck` find what was taken and never started. rq
 * itself does without that list where the server has no LMOVE, and loses such a job; here a script stands for it.
 */
export class Intake {
  readonly #client: RedisLike;
  /** Whether the server has LMOVE and BLMOVE: Redis 6.2 and up, Valkey. Unknown until the first try. */
  #canMove = true;

  constructor(client: RedisLike) {
    this.#client = client;
  }

  /** Whether {@link wait} works. Ask after {@link take}. */
  get canWait(): boolean {
    return this.#canMove;
  }

  /** The id of the queue's first job; `undefined` when there is none. */
  async take(queue: string): Promise<string | undefined> {
    const keys = [queueKey(queue), intermediateKey(queue)];
    if (this.#canMove) {
      try {
        return textOf(await send(this.#client, "lmove", [...keys, "LEFT", "RIGHT"]));
      } catch (error) {
        if (!isRedisAdapterError(error) || error.code !== "unsupported") throw error;
        this.#canMove = false;
      }
    }
    return textOf(await evaluate(this.#client, MOVE, keys, []));
  }

  /** As {@link take}, after waiting for a job for some seconds at most, on a connection that nobody else uses. */
  async wait(blocking: RedisLike, queue: string, seconds: number): Promise<string | undefined> {
    const args = [queueKey(queue), intermediateKey(queue), "LEFT", "RIGHT", seconds];
    return textOf(await send(blocking, "blmove", args));
  }
}

function textOf(reply: unknown): string | undefined {
  return reply === null ? undefined : String(reply);
}
