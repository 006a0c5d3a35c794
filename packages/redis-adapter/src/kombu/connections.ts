/** The connections of one transport: made alike, watched for its events, closed together. */
import type { EventEmitter } from "node:events";
import type { TransportEvents } from "@brine/codec/kombu";
import type { Redis } from "ioredis";
import { type ConnectionFactory, quit } from "../connection.js";

export class Connections {
  readonly #factory: ConnectionFactory;
  readonly #events: EventEmitter<TransportEvents>;
  readonly #clients = new Set<Redis>();
  #lastError: Error | undefined;
  /** Whether `disconnect` and `reconnect` are told: from when the transport is connected to when it is being closed. */
  #isWatched = false;
  #isUp = false;

  constructor(factory: ConnectionFactory, events: EventEmitter<TransportEvents>) {
    this.#factory = factory;
    this.#events = events;
  }

  /** Why the last connection was lost or not made: ioredis' promises say less. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** A connection that is not connected yet. */
  open(options: Parameters<ConnectionFactory["create"]>[0]): Redis {
    const client = this.#factory.create(options);
    this.#clients.add(client);
    client.on("error", (error: Error) => {
      this.#lastError = error;
    });
    client.on("close", () => {
      if (!this.#isUp || !this.#isWatched) return;
      this.#isUp = false;
      this.#events.emit("disconnect", this.#lastError ?? new Error("Connection is closed"));
    });
    client.on("ready", () => {
      if (this.#isUp || !this.#isWatched) return;
      if ([...this.#clients].some((one) => one.status !== "ready")) return;
      this.#isUp = true;
      this.#lastError = undefined;
      this.#events.emit("reconnect");
    });
    return client;
  }

  connect(client: Redis): Promise<void> {
    return this.#factory.connect(client);
  }

  /** Whether it is connected, or is again within that time. */
  isReady(client: Redis, milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        client.off("ready", settle);
        resolve(client.status === "ready");
      };
      const timer = setTimeout(settle, milliseconds);
      if (client.status === "ready") settle();
      else client.once("ready", settle);
    });
  }

  /** Gives up a connection that was not made, or is not needed. */
  drop(client: Redis): void {
    this.#clients.delete(client);
    client.disconnect();
  }

  watch(): void {
    this.#isWatched = true;
    this.#isUp = true;
  }

  unwatch(): void {
    this.#isWatched = false;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients].map((client) => quit(client)));
    this.#clients.clear();
  }
}
