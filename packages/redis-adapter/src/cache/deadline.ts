/** Keeps a slow or absent Redis from making its users slow: a deadline a call, and a pause after several that failed. */
import { isPickleError } from "@brine/codec";
import { isKombuError } from "@brine/codec/kombu";
import { RedisAdapterError } from "../errors.js";
import type { RedisLike } from "../pickled/driver/client.js";
import { Readiness } from "./readiness.js";

/** Failures in a row after which Redis is left alone for {@link PAUSE_MS}. */
const FAILURES = 3;
const PAUSE_MS = 1000;

/** What a call with several steps asks before each that writes. @throws RedisAdapterError `timeout` when its time is over */
export type InTime = () => void;

export class Deadline {
  readonly #timeoutMs: number;
  readonly #readiness: Readiness;
  #failures = 0;
  /** By a clock that does not jump. */
  #pausedUntil = 0;

  constructor(client: RedisLike, timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#readiness = new Readiness(client);
  }

  /**
   * Runs one call to Redis, once there is a connection: what is not sent in time is not sent at all.
   *
   * @param onLate - told when what was sent in time was carried out after it
   * @throws RedisAdapterError `timeout`, or `unavailable` at once while Redis is being left alone
   */
  async run<T>(call: (inTime: InTime) => Promise<T>, onLate?: () => void): Promise<T> {
    if (this.#pausedUntil > performance.now()) {
      throw new RedisAdapterError("Redis is left alone for a second: it failed several times in a row", {
        code: "unavailable",
      });
    }
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    const tooLate = () =>
      new RedisAdapterError(`Redis did not answer within ${this.#timeoutMs} ms`, { code: "timeout" });
    const inTime = () => {
      if (isOver) throw tooLate();
    };
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isOver = true;
        reject(tooLate());
      }, this.#timeoutMs);
    });
    try {
      const calling = this.#start(call, inTime);
      if (onLate !== undefined) {
        const check = () => {
          if (isOver) onLate();
        };
        calling.then(check, () => {});
      }
      const result = await Promise.race([calling, late]);
      this.#failures = 0;
      return result;
    } catch (error) {
      if (isOutage(error) && ++this.#failures >= FAILURES) {
        this.#failures = 0;
        this.#pausedUntil = performance.now() + PAUSE_MS;
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #start<T>(call: (inTime: InTime) => Promise<T>, inTime: InTime): Promise<T> {
    const connecting = this.#readiness.wait();
    if (connecting === undefined) return call(inTime);
    return connecting.then(() => {
      inTime();
      return call(inTime);
    });
  }
}

/** Redis is away, as opposed to an answer that is an error, or a value that is bad. */
function isOutage(error: unknown): boolean {
  if (error instanceof RedisAdapterError) return error.code === "timeout" || error.code === "unavailable";
  return error instanceof Error && error.name !== "ReplyError" && !isPickleError(error) && !isKombuError(error);
}
