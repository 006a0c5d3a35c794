/** Keeps a slow or absent Redis from making its users slow: a deadline a call, and a pause after several that failed. */
import { isPickleError } from "@brine/codec";
import { isKombuError } from "@brine/codec/kombu";
import { RedisAdapterError } from "../errors.js";

/** Failures in a row after which Redis is left alone for {@link PAUSE_MS}. */
const FAILURES = 3;
const PAUSE_MS = 1000;

export class Deadline {
  readonly #timeoutMs: number;
  #failures = 0;
  #pausedUntil = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Runs one call to Redis.
   *
   * @throws RedisAdapterError `timeout`, or `unavailable` at once while Redis is being left alone
   */
  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#pausedUntil > Date.now()) {
      throw new RedisAdapterError("Redis is left alone for a second: it failed several times in a row", {
        code: "unavailable",
      });
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new RedisAdapterError(`Redis did not answer within ${this.#timeoutMs} ms`, { code: "timeout" }));
      }, this.#timeoutMs);
    });
    try {
      const result = await Promise.race([call(), late]);
      this.#failures = 0;
      return result;
    } catch (error) {
      if (isOutage(error) && ++this.#failures >= FAILURES) {
        this.#failures = 0;
        this.#pausedUntil = Date.now() + PAUSE_MS;
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Redis is away, as opposed to an answer that is an error, or a value that is bad. */
function isOutage(error: unknown): boolean {
  if (error instanceof RedisAdapterError) return error.code === "timeout";
  return error instanceof Error && error.name !== "ReplyError" && !isPickleError(error) && !isKombuError(error);
}
