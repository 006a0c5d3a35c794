/**
 * What this transport holds unsettled: kombu's acknowledgement emulation (`transport/redis.py` `QoS`).
 *
 * A message that was popped is in the hash `unacked` (tag -> `[envelope, exchange, routing key]`) and in `unacked_index`
 * (tag -> time). Settling removes both; whoever finds an old entry puts it back. Two things are better than kombu's:
 * popping and marking is one step (see `scripts.ts`), and what is still being worked on is renewed, so that a long task
 * is not given away while it runs.
 */
import { randomUUID } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Redis } from "ioredis";
import { isWrongType } from "../driver-errors.js";
import { RedisAdapterError } from "../errors.js";
import type { Bindings } from "./bindings.js";
import { markRedelivered, objectText } from "./envelope.js";
import { clampPriority, priorityStep, queueKey } from "./priority.js";
import { parsePythonJson } from "./python-json.js";
import { ACK, RELEASE, RESTORE, runScript, TOUCH } from "./scripts.js";
import type { TransportSettings } from "./settings.js";

/** A message that was delivered and is not settled. */
export interface Held {
  readonly tag: string;
  readonly queue: string;
  readonly raw: string;
  readonly priority: number;
  /** Called when it turns out that others took it back. */
  lost(): void;
}

/** Tags per command: keeps one command well below what Lua can unpack. */
const CHUNK = 1000;
/** Entries that one sweep puts back at most before others get a turn. */
const SWEEP = 500;

export class Unacked {
  readonly #client: Redis;
  readonly #settings: TransportSettings;
  readonly #bindings: Bindings;
  readonly #warn: (error: Error) => void;
  readonly #held = new Map<string, Held>();
  /** Settled, and not told to Redis yet: all of one turn of the event loop go in one command. */
  #settled: string[] = [];
  #forgetting: Promise<unknown> | undefined;
  /** What Redis was told of settled ones and has not answered yet. */
  readonly #underWay = new Set<Promise<unknown>>();
  #timers: NodeJS.Timeout[] = [];
  #sweeping = false;

  constructor(client: Redis, settings: TransportSettings, bindings: Bindings, warn: (error: Error) => void) {
    this.#client = client;
    this.#settings = settings;
    this.#bindings = bindings;
    this.#warn = warn;
  }

  /** Starts renewing what is held and restoring what others left. */
  start(): void {
    if (this.#timers.length > 0) return;
    const { heartbeatIntervalMs, restoreIntervalMs } = this.#settings;
    this.#timers = [
      setInterval(() => void this.touch().catch(this.#warn), heartbeatIntervalMs),
      setInterval(() => void this.restoreVisible().catch(this.#warn), restoreIntervalMs),
    ];
    // Neither keeps a process alive that has nothing else to do.
    for (const timer of this.#timers) timer.unref();
    void this.restoreVisible().catch(this.#warn);
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  hold(held: Held): void {
    this.#held.set(held.tag, held);
  }

  /** Whether Redis has nothing to be told: no message is held, and none settled that it has not answered for. */
  get isIdle(): boolean {
    return this.#held.size === 0 && this.#settled.length === 0 && this.#underWay.size === 0;
  }

  /** What is marked with each of the tags, as {@link parseMark} reads it. */
  async marks(tags: readonly string[]): Promise<(Buffer | null)[]> {
    return this.#client.hmgetBuffer(this.#settings.unackedKey, ...tags);
  }

  /** Resolves when Redis has forgotten the message. */
  async ack(tag: string): Promise<void> {
    this.#held.delete(tag);
    this.#settled.push(tag);
    this.#forgetting ??= nextTurn().then(() => this.#forgetSettled());
    await this.#forgetting;
  }

  async #forgetSettled(): Promise<void> {
    const tags = this.#settled;
    this.#settled = [];
    this.#forgetting = undefined;
    const chunks = Array.from({ length: Math.ceil(tags.length / CHUNK) }, (_, i) =>
      tags.slice(i * CHUNK, (i + 1) * CHUNK),
    );
    await this.#answered(Promise.all(chunks.map((chunk) => runScript(this.#client, ACK, this.#keys(), chunk))));
  }

  async #answered(telling: Promise<unknown>): Promise<void> {
    this.#underWay.add(telling);
    try {
      await telling;
    } finally {
      this.#underWay.delete(telling);
    }
  }

  /** `"back"`: where new messages go, as kombu's reject. `"front"`: served next, as after a shutdown. */
  async requeue(held: Held, end: "front" | "back"): Promise<void> {
    this.#held.delete(held.tag);
    const { globalKeyprefix, prioritySteps, separator } = this.#settings;
    const key = globalKeyprefix + queueKey(held.queue, priorityStep(held.priority, prioritySteps), separator);
    const args = [held.tag, "", end === "front" ? "RPUSH" : "LPUSH", markRedelivered(held.raw)];
    await this.#answered(runScript(this.#client, RESTORE, [...this.#keys(), key], args));
  }

  /**
   * Gives back all that is held, so that it is served in the order it came in, after telling Redis what is settled. Settling
   * it later does nothing.
   */
  async restoreAll(): Promise<void> {
    await this.#forgetting?.catch(this.#warn);
    // The last one pushed is served first.
    for (const held of [...this.#held.values()].reverse()) {
      held.lost();
      await this.requeue(held, "front");
    }
    // A connection that seemed to be there may have been lost: then it is told on the next one.
    await Promise.allSettled(this.#underWay);
  }

  /** Renews what is held. */
  async touch(): Promise<void> {
    const tags = [...this.#held.keys()];
    for (let i = 0; i < tags.length; i += CHUNK) {
      const lost = await runScript(this.#client, TOUCH, this.#keys(), tags.slice(i, i + CHUNK));
      for (const tag of lost as Buffer[]) {
        const held = this.#held.get(tag.toString());
        if (held === undefined) continue;
        this.#held.delete(held.tag);
        held.lost();
        this.#warn(
          new RedisAdapterError(
            `A delivery of ${JSON.stringify(held.queue)} was taken back by another worker while it was running`,
            {
              code: "unavailable",
            },
          ),
        );
      }
    }
  }

  /** Puts back what was not settled within the visibility timeout, by whichever worker. */
  async restoreVisible(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    const { unackedMutexKey, unackedMutexExpireMs, unackedIndexKey, visibilityTimeoutSeconds } = this.#settings;
    const token = randomUUID();
    try {
      // redis-py's Lock: one sweeper at a time over all workers, Python's too.
      if ((await this.#client.set(unackedMutexKey, token, "PX", unackedMutexExpireMs, "NX")) !== "OK") return;
      try {
        const [seconds] = await this.#client.time();
        const ceiling = Number(seconds) - visibilityTimeoutSeconds;
        const reasons = new Set<string>();
        // What cannot be put back stays where it is, and must not be in the way of what can.
        let kept = 0;
        for (let restored = 0; restored < SWEEP; ) {
          const tags = await this.#client.zrangebyscoreBuffer(unackedIndexKey, 0, ceiling, "LIMIT", kept, SWEEP);
          // Newest first: the oldest ends up at the front.
          for (const tag of tags.reverse()) {
            const reason = await this.#restoreOne(tag, ceiling);
            if (reason === undefined) restored++;
            else {
              kept++;
              reasons.add(reason);
            }
          }
          if (tags.length < SWEEP) break;
        }
        for (const reason of reasons) {
          this.#warn(new RedisAdapterError(`Cannot restore a message: ${reason}`, { code: "unroutable" }));
        }
      } finally {
        await runScript(this.#client, RELEASE, [unackedMutexKey], [token]);
      }
    } finally {
      this.#sweeping = false;
    }
  }

  /** Why it stays, if it does. */
  async #restoreOne(tag: Buffer, ceiling: number): Promise<string | undefined> {
    const { unackedKey, globalKeyprefix, prioritySteps, separator } = this.#settings;
    const marked = await this.#client.hgetBuffer(unackedKey, tag);
    if (marked === null) {
      await runScript(this.#client, RESTORE, this.#keys(), [tag, String(ceiling), "RPUSH", ""]);
      return undefined;
    }
    const entry = parseMark(marked.toString());
    if (entry === undefined) {
      // kombu's worker would exit on it.
      this.#warn(
        new RedisAdapterError("Dropped an entry of the unacked hash that is no kombu mark", { code: "bad-envelope" }),
      );
      await runScript(this.#client, ACK, this.#keys(), [tag]);
      return undefined;
    }
    const { exchange, routingKey, priority, raw } = entry;
    try {
      const queues = await this.#bindings.lookup(exchange, routingKey);
      if (queues.length === 0) return `no queue is bound to ${JSON.stringify(exchange)}`;
      const step = priorityStep(priority, prioritySteps);
      const lists = queues.map((queue) => globalKeyprefix + queueKey(queue, step, separator));
      const args = [tag, String(ceiling), "RPUSH", markRedelivered(raw)];
      await runScript(this.#client, RESTORE, [...this.#keys(), ...lists], args);
      return undefined;
    } catch (error) {
      if (!isWrongType(error)) throw error;
      return `where ${JSON.stringify(exchange || routingKey)} should be, there is a key of another type`;
    }
  }

  #keys(): string[] {
    return [this.#settings.unackedKey, this.#settings.unackedIndexKey];
  }
}

interface Mark {
  readonly raw: string;
  readonly exchange: string;
  readonly routingKey: string;
  readonly priority: number;
}

/** Reads `[envelope, exchange, routing key]`, and keeps the envelope's own text. */
export function parseMark(text: string): Mark | undefined {
  try {
    const mark = parsePythonJson(text);
    if (!Array.isArray(mark) || mark.length !== 3) return undefined;
    const [envelope, exchange, routingKey] = mark as [unknown, unknown, unknown];
    if (typeof envelope !== "object" || envelope === null || typeof exchange !== "string") return undefined;
    const properties: unknown = Object.hasOwn(envelope, "properties")
      ? (envelope as { properties: unknown }).properties
      : undefined;
    const priority =
      typeof properties === "object" && properties !== null && Object.hasOwn(properties, "priority")
        ? (properties as { priority: unknown }).priority
        : 0;
    return {
      raw: objectText(text, text.indexOf("{")),
      exchange,
      routingKey: typeof routingKey === "string" ? routingKey : "",
      priority: clampPriority(priority),
    };
  } catch {
    return undefined;
  }
}
