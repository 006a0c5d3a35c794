import { BaseRpcContext, type CustomTransportStrategy, Server, type WritePacket } from "@nestjs/microservices";
import { RedisAdapterError } from "../errors.js";
import type { PickledRedis } from "../pickled/pickled.js";
import { type PickledRedisTransportOptions, packetOf, replyChannel, type Subscriber, valuesOf } from "./options.js";

/**
 * The server of a NestJS microservice over Redis' pub/sub: the channels and packets of Nest's own Redis transport, but pickled.
 *
 * A request `{"pattern", "data", "id"}` is published on the channel of its pattern and answered on `<pattern>.reply` with
 * `{"response", "isDisposed", "id"}` or `{"err", "isDisposed", "id"}`; a message without an `id` is an event. Pub/sub keeps nothing: what is
 * published while nobody listens is gone. A message that cannot be decoded is logged; if it is a request, the answer is an `err`.
 *
 * @example
 * const app = await NestFactory.createMicroservice(AppModule, { strategy: new PickledRedisServer({ client: new Redis() }) });
 */
export class PickledRedisServer extends Server implements CustomTransportStrategy {
  /** By which Nest tells handlers of this transport from those of others. */
  override transportId = Symbol("brine-redis");
  readonly #options: PickledRedisTransportOptions;
  readonly #values: PickledRedis;
  /** Reads packets whatever they hold: unknown classes are not built, but kept as what they are called. */
  readonly #anything: PickledRedis;
  #subscriber: Subscriber | undefined;

  /** @throws RedisAdapterError `bad-option` for an option that there is not */
  constructor(options: PickledRedisTransportOptions) {
    super();
    this.#options = options;
    this.#values = valuesOf(options);
    this.#anything = valuesOf({ ...options, pickle: { ...options.pickle, unregistered: "opaque" } });
  }

  /** For Nest: subscribes to the patterns of all handlers; `callback` gets the error if that fails. */
  listen(callback: (error?: unknown) => void): void {
    this.#listen().then(() => callback(), callback);
  }

  /** For Nest: closes the connection that listens. The client given stays open. */
  close(): void {
    this.#subscriber?.disconnect();
    this.#subscriber = undefined;
  }

  /** Events of the connection that listens, as ioredis' client has them. Throws as {@link unwrap}. */
  on(event: string, callback: unknown): void {
    this.#connection().on(event, callback as never);
  }

  /**
   * The connection that listens: a client of ioredis.
   *
   * @throws RedisAdapterError `closed` before {@link listen} and after {@link close}
   */
  unwrap<T>(): T {
    return this.#connection() as T;
  }

  #connection(): Subscriber {
    if (this.#subscriber === undefined) throw new RedisAdapterError("The server does not listen", { code: "closed" });
    return this.#subscriber;
  }

  async #listen(): Promise<void> {
    const subscriber = this.#options.client.duplicate() as Subscriber;
    this.#subscriber = subscriber;
    subscriber.on("error", (error) => this.handleError(String(error)));
    subscriber.on("messageBuffer", (channel, raw) => {
      this.#handle(String(channel), raw!).catch((error: unknown) => this.handleError(String(error)));
    });
    for (const pattern of this.messageHandlers.keys()) await subscriber.subscribe(pattern);
  }

  async #handle(channel: string, raw: Buffer): Promise<void> {
    let value: unknown;
    try {
      value = this.#values.decode(raw, channel);
    } catch (error) {
      await this.#refuse(channel, raw, error as Error);
      throw error;
    }
    const packet = packetOf(value);
    if (packet === undefined) throw new RedisAdapterError(`No packet on ${channel}`, { code: "decode" });
    const { id, data } = packet;
    const context = new BaseRpcContext([channel]);
    if (id === undefined || id === null) return this.handleEvent(channel, { pattern: channel, data }, context);
    const answer = (written: WritePacket) => this.#answer(channel, id, written);
    const handler = this.getHandlerByPattern(channel);
    if (handler === null) return answer({ err: "There is no matching message handler", isDisposed: true });
    return this.onProcessingStartHook(this.transportId, context, async () => {
      const response$ = this.transformToObservable(await handler(data, context));
      this.send(response$, async (written) => {
        if (written.isDisposed) this.onProcessingEndHook?.(this.transportId, context);
        await answer(written).catch((error: unknown) => this.handleError(String(error)));
      });
    });
  }

  /** Answers a request that has classes which are not known here, but whose packet can be read. */
  async #refuse(channel: string, raw: Buffer, error: Error): Promise<void> {
    let packet: ReturnType<typeof packetOf>;
    try {
      packet = packetOf(this.#anything.decode(raw, channel));
    } catch {
      return;
    }
    const id = packet?.id;
    if (typeof id !== "string" && typeof id !== "number") return;
    await this.#answer(channel, id, { err: `The request cannot be decoded: ${error.message}`, isDisposed: true });
  }

  async #answer(channel: string, id: unknown, written: WritePacket): Promise<void> {
    const packet: Record<string, unknown> = { ...written, id };
    for (const [name, value] of Object.entries(packet)) if (value === undefined) delete packet[name];
    let bytes: Buffer | string;
    try {
      bytes = this.#values.encode(packet);
    } catch (error) {
      // An answer that has no form: the caller must not wait for it in vain.
      bytes = this.#values.encode({
        err: `The answer cannot be pickled: ${(error as Error).message}`,
        isDisposed: true,
        id,
      });
    }
    const client = this.#options.client as unknown as {
      publish(channel: string, message: Buffer | string): Promise<number>;
    };
    await client.publish(replyChannel(channel), bytes);
  }
}
