/**
 * Two connections that tell when keys change. CLIENT TRACKING (Redis 6 and up, Valkey) has the server remember which keys the
 * first of them has read, and tell the second one once when such a key changes.
 */
import { listen, type RedisLike, send } from "../pickled/driver/client.js";

type Connection = RedisLike & { readonly status: string; disconnect(reconnect?: boolean): void };

export interface TrackingHooks {
  /** These keys changed, with the client's prefix. `undefined`: any may have. */
  onChange(keys: Iterable<string> | undefined): void;
  /** The server has no such thing. */
  onRefused(): void;
}

/** The channel on which Redis reports. */
const INVALIDATE = "__redis__:invalidate";

const CONNECTION_OPTIONS = {
  // Each connection has to be prepared after it was lost, so the driver must not repeat anything on it.
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  lazyConnect: false,
  enableAutoPipelining: false,
  // With RESP3, the server would report in another way, and only with it can the client's own mapping be.
  protocol: 2,
  replyMapping: "legacy",
};

/** Made anew by the driver when they are lost; `close` ends them. */
export class TrackingPair {
  /** What is read through it while {@link isTracking} is told of when it changes. */
  readonly reader: Connection;
  readonly #subscriber: Connection;
  /** The subscriber's, while it listens. */
  #subscriberId: number | undefined;
  #isTracking = false;
  readonly #hooks: TrackingHooks;

  constructor(client: RedisLike, hooks: TrackingHooks) {
    const connect = () =>
      (client.duplicate as (options: object) => unknown).call(client, { ...CONNECTION_OPTIONS }) as Connection;
    this.reader = connect();
    this.#subscriber = connect();
    this.#hooks = hooks;
    for (const connection of [this.reader, this.#subscriber]) {
      // The driver connects again by itself.
      listen(connection, "error", () => {});
      listen(connection, "close", () => {
        this.#isTracking = false;
        if (connection === this.#subscriber) this.#subscriberId = undefined;
        hooks.onChange(undefined);
      });
    }
    listen(this.#subscriber, "messageBuffer", (_channel: Buffer, keys: readonly Buffer[] | null) => {
      // `null`: the whole database was emptied.
      hooks.onChange(keys?.map(String));
    });
    const failed = (error: unknown) => {
      // What a lost connection leaves undone is done when it is back.
      if ((error as Error).name === "ReplyError") hooks.onRefused();
    };
    listen(this.#subscriber, "ready", () => void this.#subscribe().catch(failed));
    listen(this.reader, "ready", () => void this.#track().catch(failed));
  }

  /** Whether the server tells of changes. */
  get isTracking(): boolean {
    return this.#isTracking;
  }

  /** New connections: the driver makes them when the old ones are closed. */
  renew(): void {
    this.#isTracking = false;
    for (const connection of [this.reader, this.#subscriber]) connection.disconnect(true);
  }

  close(): void {
    this.#isTracking = false;
    this.reader.disconnect();
    this.#subscriber.disconnect();
  }

  async #subscribe(): Promise<void> {
    // A connection that has subscribed may not ask for its own id any more.
    const id = Number(await send(this.#subscriber, "client", ["ID"]));
    await (this.#subscriber as unknown as { subscribe(channel: string): Promise<unknown> }).subscribe(INVALIDATE);
    this.#subscriberId = id;
    await this.#track();
  }

  async #track(): Promise<void> {
    if (this.#subscriberId === undefined || this.reader.status !== "ready") return;
    await send(this.reader, "client", ["TRACKING", "ON", "REDIRECT", this.#subscriberId]);
    this.#isTracking = true;
    // Nothing is tracked yet: looking does that.
    this.#hooks.onChange(undefined);
  }
}
