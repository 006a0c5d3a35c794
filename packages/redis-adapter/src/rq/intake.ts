/** Taking jobs from their queues, so that none is lost when this process ends before it has started them. */
import { setTimeout as delay } from "node:timers/promises";
import { untilAborted } from "../abort.js";
import { evaluate } from "../cache/lock.js";
import { isRedisAdapterError } from "../errors.js";
import { script } from "../kombu/scripts.js";
import { type RedisLike, send } from "../pickled/driver/client.js";
import { intermediateKey, queueKey } from "./keys.js";

/** Milliseconds that it may take to end a wait, and between two tries. */
const INTERRUPT_MS = 1000;
const INTERRUPT_PAUSE_MS = 20;

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
  async take(queue: string): Promise<Buffer | undefined> {
    const keys = [queueKey(queue), intermediateKey(queue)];
    if (this.#canMove) {
      try {
        return idOf(await send(this.#client, "lmove", [...keys, "LEFT", "RIGHT"]));
      } catch (error) {
        if (!isRedisAdapterError(error) || error.code !== "unsupported") throw error;
        this.#canMove = false;
      }
    }
    return idOf(await evaluate(this.#client, MOVE, keys, []));
  }

  /**
   * As {@link take}, after waiting for a job for some seconds at most, on a connection that nobody else uses, or until `signal`
   * aborts. What the server gave at that very moment is still the caller's: nobody else would find it.
   */
  async wait(blocking: RedisLike, queue: string, seconds: number, signal: AbortSignal): Promise<Buffer | undefined> {
    // Sent ahead of the wait, as a connection that waits cannot be asked. Where it is not allowed, the wait is left to itself.
    const asked = send(blocking, "client", ["ID"]).catch(() => undefined);
    let isOver = false;
    const args = [queueKey(queue), intermediateKey(queue), "LEFT", "RIGHT", seconds];
    const waiting = send(blocking, "blmove", args).finally(() => {
      isOver = true;
    });
    try {
      return idOf(await untilAborted(waiting, signal));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    const id = await Promise.race([asked, delay(INTERRUPT_MS)]);
    const end = performance.now() + INTERRUPT_MS;
    // Until it is over: it may be on its way to the server.
    while (id !== undefined && !isOver && performance.now() < end) {
      send(this.#client, "client", ["UNBLOCK", Number(id)]).catch(() => {});
      await Promise.race([waiting, delay(INTERRUPT_PAUSE_MS)]).catch(() => {});
    }
    return isOver ? idOf(await waiting.catch(() => null)) : undefined;
  }
}

/** In bytes: whoever wrote it may have written anything. */
function idOf(reply: unknown): Buffer | undefined {
  return reply === null ? undefined : (reply as Buffer);
}
