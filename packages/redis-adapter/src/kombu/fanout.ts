/** Fanout exchanges: PUBLISH and PSUBSCRIBE. Who is not listening misses the message, as with kombu. */
import type { Redis } from "ioredis";
import type { TransportSettings } from "./settings.js";

type Listener = (text: string) => void;

/** The channel of a fanout exchange. kombu 5.6 `transport/redis.py` `_get_publish_topic`. */
export function fanoutChannel(settings: TransportSettings, exchange: string, routingKey: string): string {
  const { globalKeyprefix, fanoutPrefix, fanoutPatterns } = settings;
  const suffix = routingKey !== "" && fanoutPatterns ? `/${routingKey}` : "";
  return `${globalKeyprefix}${fanoutPrefix}${exchange}${suffix}`;
}

export class Fanout {
  readonly #subscriber: Redis;
  readonly #settings: TransportSettings;
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(subscriber: Redis, settings: TransportSettings) {
    this.#subscriber = subscriber;
    this.#settings = settings;
    subscriber.on("pmessageBuffer", (pattern: string, _channel: Buffer, message: Buffer) => {
      const listeners = this.#listeners.get(pattern);
      if (listeners === undefined) return;
      const text = message.toString();
      for (const listener of [...listeners]) listener(text);
    });
  }

  /** Subscribes again after a reconnection. */
  async restore(): Promise<void> {
    if (this.#listeners.size > 0) await this.#subscriber.psubscribe(...this.#listeners.keys());
  }

  /** Resolves when the subscription is in place, to what ends it. */
  async join(exchange: string, routingKey: string, listener: Listener): Promise<() => Promise<void>> {
    const pattern = fanoutChannel(this.#settings, exchange, routingKey.replaceAll("#", "*"));
    const listeners = this.#listeners.get(pattern) ?? new Set<Listener>();
    listeners.add(listener);
    this.#listeners.set(pattern, listeners);
    const leave = async (): Promise<void> => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#listeners.get(pattern) !== listeners) return;
      this.#listeners.delete(pattern);
      if (this.#subscriber.status === "ready") await this.#subscriber.punsubscribe(pattern);
    };
    try {
      await this.#subscriber.psubscribe(pattern);
    } catch (error) {
      await leave().catch(() => {});
      throw error;
    }
    return leave;
  }
}
