/** Waiting for a connection before anything is sent, as what the driver has queued cannot be taken back. */
import { isLasting } from "../driver-errors.js";
import { RedisAdapterError } from "../errors.js";
import type { RedisLike } from "../pickled/driver/client.js";

interface Connecting {
  readonly status?: string;
  readonly options?: {
    readonly enableOfflineQueue?: boolean;
    readonly maxRetriesPerRequest?: number | null;
    readonly redisOptions?: { readonly maxRetriesPerRequest?: number | null };
  };
  connect(): Promise<unknown>;
  on(event: string, listener: (error: unknown) => void): unknown;
  off(event: string, listener: (error: unknown) => void): unknown;
}

/**
 * ioredis queues what is called while it has no connection, and sends it when it has one again: hours later, if need be, and
 * after its `commandTimeout` as well.
 */
export class Readiness {
  readonly #client: Connecting;
  #waiting: Promise<void> | undefined;

  constructor(client: RedisLike) {
    this.#client = client as unknown as Connecting;
  }

  /**
   * `undefined`: commands are sent at once, or refused at once. Else resolves when that is so.
   *
   * @throws RedisAdapterError `unavailable` after as many failed connections as the client's `maxRetriesPerRequest` allows
   * @throws what Redis says when it lets the client do nothing at all: NOAUTH, WRONGPASS
   */
  wait(): Promise<void> | undefined {
    const { status, options } = this.#client;
    if (status === undefined || status === "ready" || status === "end") return undefined;
    if (options?.enableOfflineQueue === false) return undefined;
    if (status === "wait") this.#client.connect().catch(() => {});
    this.#waiting ??= this.#connected().finally(() => {
      this.#waiting = undefined;
    });
    return this.#waiting;
  }

  /** One for all who wait: a client warns of many listeners. */
  #connected(): Promise<void> {
    const client = this.#client;
    const retries = client.options?.redisOptions?.maxRetriesPerRequest ?? client.options?.maxRetriesPerRequest;
    return new Promise((resolve, reject) => {
      let closed = 0;
      const settle = (done: () => void) => {
        for (const [event, listener] of listeners) client.off(event, listener);
        done();
      };
      const onReady = () => settle(resolve);
      const onClose = () => {
        if (typeof retries !== "number" || closed++ < retries) return;
        settle(() => reject(new RedisAdapterError("Redis is out of reach", { code: "unavailable" })));
      };
      const onError = (error: unknown) => {
        if (isLasting(error)) settle(() => reject(error));
      };
      const listeners = [
        ["ready", onReady],
        ["end", onReady],
        ["close", onClose],
        ["error", onError],
      ] as const;
      for (const [event, listener] of listeners) client.on(event, listener);
    });
  }
}
