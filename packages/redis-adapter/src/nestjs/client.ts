import { randomUUID } from "node:crypto";
import { ClientProxy, type ReadPacket, type WritePacket } from "@nestjs/microservices";
import { RedisAdapterError } from "../errors.js";
import type { PickledRedis } from "../pickled/pickled.js";
import { type PickledRedisTransportOptions, packetOf, replyChannel, type Subscriber, valuesOf } from "./options.js";

const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g;

/**
 * The client for {@link PickledRedisServer}, or for a Python process that answers in its form.
 *
 * An answer that cannot be decoded, as one with a class that is not registered, is its caller's DecodeError.
 *
 * @example
 * const provider = { provide: "MATHS", useFactory: () => new PickledRedisClient({ client: new Redis() }) };
 * // where "MATHS" is injected as `maths`
 * await firstValueFrom(maths.send("sum", [1, 2]).pipe(timeout(5_000)));
 */
export class PickledRedisClient extends ClientProxy {
  readonly #options: PickledRedisTransportOptions;
  readonly #values: PickledRedis;
  readonly #waiting = new Map<string, (packet: WritePacket) => void>();
  /** How many requests wait for answers of a channel. */
  readonly #listeners = new Map<string, number>();
  #subscriber: Subscriber | undefined;

  /** @throws RedisAdapterError `bad-option` for an option that there is not */
  constructor(options: PickledRedisTransportOptions) {
    super();
    this.#options = options;
    this.#values = valuesOf(options);
  }

  /** For Nest, before the first message: opens the connection that listens for answers. Does nothing when there is one. */
  async connect(): Promise<void> {
    if (this.#subscriber !== undefined) return;
    const subscriber = this.#options.client.duplicate() as Subscriber;
    // ioredis reports lost connections here and restores them with their subscriptions.
    subscriber.on("error", () => {});
    subscriber.on("messageBuffer", (channel, raw) => this.#onAnswer(String(channel), raw!));
    this.#subscriber = subscriber;
  }

  /** Closes the connection that listens; requests under way fail with a RedisAdapterError `closed`. The client given stays open. */
  close(): void {
    this.#subscriber?.disconnect();
    this.#subscriber = undefined;
    const error = new RedisAdapterError("The client was closed", { code: "closed" });
    for (const callback of [...this.#waiting.values()]) callback({ err: error, isDisposed: true });
    this.#waiting.clear();
    this.#listeners.clear();
  }

  /**
   * The connection that listens: a client of ioredis.
   *
   * @throws RedisAdapterError `closed` before {@link connect} and after {@link close}
   */
  unwrap<T>(): T {
    if (this.#subscriber === undefined) throw new RedisAdapterError("The client is not connected", { code: "closed" });
    return this.#subscriber as T;
  }

  /** For Nest: sends a request, whose answers `callback` gets. Gives what ends the waiting for them. */
  protected publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const pattern = this.normalizePattern(packet.pattern);
    const id = randomUUID();
    this.#waiting.set(id, callback);
    this.#ask(pattern, packet.data, id).catch((err: unknown) => callback({ err, isDisposed: true }));
    return () => {
      if (this.#waiting.delete(id)) this.#forget(pattern);
    };
  }

  /** For Nest: sends an event; resolves to how many subscribers Redis had for it. */
  protected async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    const pattern = this.normalizePattern(packet.pattern);
    return (await this.#send(pattern, { pattern, data: packet.data })) as T;
  }

  async #ask(pattern: string, data: unknown, id: string): Promise<void> {
    const count = this.#listeners.get(pattern) ?? 0;
    this.#listeners.set(pattern, count + 1);
    // Before asking, or the answer could be missed. To subscribe again does nothing, and waits for the first time.
    await this.unwrap<Subscriber>().subscribe(replyChannel(pattern));
    await this.#send(pattern, { pattern, data, id });
  }

  async #send(pattern: string, packet: Readonly<Record<string, unknown>>): Promise<unknown> {
    const bytes = this.#values.encode(packet);
    const client = this.#options.client as unknown as {
      publish(channel: string, message: Buffer | string): Promise<number>;
    };
    return client.publish(pattern, bytes);
  }

  #forget(pattern: string): void {
    const count = (this.#listeners.get(pattern) ?? 1) - 1;
    if (count > 0) this.#listeners.set(pattern, count);
    else {
      this.#listeners.delete(pattern);
      this.#subscriber?.unsubscribe(replyChannel(pattern)).catch(() => {});
    }
  }

  #onAnswer(channel: string, raw: Buffer): void {
    let packet: Readonly<Record<string, unknown>> | undefined;
    try {
      packet = packetOf(this.#values.decode(raw, channel));
    } catch (err) {
      // Whose it is stands in it: every form of a pickle has the letters of a UUID as they are.
      for (const [id] of raw.toString("latin1").matchAll(UUID)) this.#waiting.get(id)?.({ err, isDisposed: true });
      return;
    }
    const callback = this.#waiting.get(String(packet?.id));
    if (packet === undefined || callback === undefined) return;
    const { err, response, isDisposed } = packet;
    if (err !== undefined && err !== null) callback({ err, isDisposed: true });
    else if (isDisposed === true) callback({ response, isDisposed: true });
    else callback({ response });
  }
}
