/**
 * How consumers learn that a queue has something, without popping it and without asking all the time.
 *
 * Popping and marking has to be one step, so it is a script, and a script cannot block. What can:
 *
 * - BRPOP, as kombu does, takes the message off the list before it is marked: a crash in between loses it.
 * - BLMOVE from a list to itself leaves it as it is, but watches one list: a queue has four (one a priority step), so
 *   that is four connections a queue, and every message crosses the wire twice. Redis 6.2 and up.
 * - Keyspace notifications are off by default, and changing a server's settings is not ours to do.
 * - CLIENT TRACKING (Redis 6 and up, Valkey) exists for caches: the server remembers which keys a connection has read and
 *   tells it once when one changes. One read-only EXISTS over all lists of all queues arms it and says at the same time
 *   whether something is there already, so nothing is missed; a push by anyone, Python included, is then reported to the
 *   subscriber connection at once. This is what is done here.
 *
 * An idle consumer sends one pop a `SAFETY_POLL_MS`; kombu sends one BRPOP a second. Python workers blocked in BRPOP on
 * the same lists are served first, by the server itself; Node takes what they leave.
 * Where the server refuses CLIENT TRACKING, consumers poll every `pollingIntervalMs`.
 */
import type { Redis } from "ioredis";
import { RedisAdapterError } from "../errors.js";

const INVALIDATE = "__redis__:invalidate";

/** A reported change may be lost with its connection before we notice: look now and then anyway. */
const SAFETY_POLL_MS = 10_000;

export class Wake {
  readonly #reader: Redis;
  readonly #subscriber: Redis;
  readonly #warn: (error: Error) => void;
  readonly #sleepers = new Set<() => void>();
  #subscriberId: number | undefined;
  #isTracking = false;
  #isRefused = false;
  /** Counts arrivals, so that one between a look and a sleep is not slept through. */
  #arrivals = 0;

  /**
   * @param reader - the connection that looks at the lists
   * @param subscriber - the connection that gets the reports; must not resubscribe by itself
   */
  constructor(reader: Redis, subscriber: Redis, warn: (error: Error) => void) {
    this.#reader = reader;
    this.#subscriber = subscriber;
    this.#warn = warn;
    subscriber.on("messageBuffer", (channel: Buffer) => {
      if (channel.toString() === INVALIDATE) this.wakeAll();
    });
    reader.on("close", () => {
      this.#isTracking = false;
    });
    subscriber.on("close", () => {
      this.#isTracking = false;
      this.#subscriberId = undefined;
    });
  }

  get isTracking(): boolean {
    return this.#isTracking;
  }

  get arrivals(): number {
    return this.#arrivals;
  }

  /** Call when the subscriber has just connected, before it subscribes to anything else. */
  async subscribe(): Promise<void> {
    // A connection that has subscribed may not ask for its own id any more.
    this.#subscriberId = await this.#subscriber.client("ID");
    await this.#subscriber.subscribe(INVALIDATE);
  }

  /** Call when reader and subscriber are connected. Arms nothing yet: looking at the lists does. */
  async track(): Promise<void> {
    if (this.#subscriberId === undefined || this.#isRefused) return;
    try {
      // NOLOOP: our own pops are no news.
      await this.#reader.client("TRACKING", "ON", "REDIRECT", this.#subscriberId, "NOLOOP");
      this.#isTracking = true;
    } catch (cause) {
      if (this.#reader.status !== "ready") return;
      this.#isRefused = true;
      this.#warn(
        new RedisAdapterError("The server has no CLIENT TRACKING: queues are polled", { code: "unsupported", cause }),
      );
    }
    this.wakeAll();
  }

  wakeAll(): void {
    this.#arrivals++;
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Resolves at the next arrival after `seen`, or when it is time to look anyway. */
  sleep(seen: number, pollingIntervalMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (seen !== this.#arrivals || signal.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        this.#sleepers.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, this.#isTracking ? SAFETY_POLL_MS : pollingIntervalMs);
      this.#sleepers.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}
