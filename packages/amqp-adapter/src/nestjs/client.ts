import { extendOptionNames } from "@brine/codec/options";
import { ClientProxy, type ReadPacket, type WritePacket } from "@nestjs/microservices";
import { checkNames } from "../option-names.js";
import type { PickledChannel } from "../pickled/pickled.js";
import { CLIENT_OPTIONS as RPC_OPTIONS, RpcClient, type RpcClientOptions } from "../rpc/rpc-client.js";

/** Options of {@link PickledRmqClient}: those of {@link RpcClient}, and where to send. */
export interface PickledRmqClientOptions extends RpcClientOptions {
  /** Sends requests and gets answers: a confirm channel, wrapped by {@link pickled}. It stays yours. */
  readonly channel: PickledChannel;
  /** The name of the server's queue. */
  readonly queue: string;
}

const CLIENT_OPTIONS = /* @__PURE__ */ extendOptionNames<PickledRmqClientOptions, RpcClientOptions>(
  RPC_OPTIONS,
  { channel: true, queue: true },
  {
    instead: [
      ["urls", "give channel, of a connection to them"],
      ["timeout", "timeoutMs"],
    ],
  },
);

/**
 * The client for {@link PickledRmqServer}, or for a Python consumer that takes its messages: `{"pattern", "data"}`, with `reply_to` and
 * `correlation_id` when an answer is awaited.
 *
 * `send` gives the answer, or the errors of {@link RpcClient.call}; `emit` resolves when the broker has the message.
 *
 * @example
 * const connection = await connect("amqp://localhost");
 * const channel = pickled(await connection.createChannel());
 * const provider = { provide: "MATHS", useFactory: () => new PickledRmqClient({ channel, queue: "maths" }) };
 * // where "MATHS" is injected as `maths`
 * await firstValueFrom(maths.send("sum", [1, 2]).pipe(timeout(5_000)));
 */
export class PickledRmqClient extends ClientProxy {
  readonly #options: PickledRmqClientOptions;
  #rpc: RpcClient | undefined;

  /** @throws {@link AmqpError} `bad-option` for an option that there is not */
  constructor(options: PickledRmqClientOptions) {
    super();
    checkNames(options, CLIENT_OPTIONS, "options of PickledRmqClient");
    this.#options = options;
  }

  /** For Nest. Does nothing: the channel that was given is open. */
  async connect(): Promise<void> {
    this.#client();
  }

  /** Stops listening for answers; requests under way fail. The channel given stays open. */
  async close(): Promise<void> {
    const rpc = this.#rpc;
    this.#rpc = undefined;
    await rpc?.close();
  }

  /** The channel that was given. */
  unwrap<T>(): T {
    return this.#options.channel as T;
  }

  /** For Nest: sends a request, whose answer `callback` gets. Gives what ends the waiting for it. */
  protected publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const pattern = this.normalizePattern(packet.pattern);
    const controller = new AbortController();
    this.#client()
      .call(this.#options.queue, { pattern, data: packet.data }, { signal: controller.signal })
      .then(
        (response) => callback({ response, isDisposed: true }),
        (err: unknown) => callback({ err, isDisposed: true }),
      );
    return () => controller.abort();
  }

  /** For Nest: sends a persistent event; rejects when no queue takes it. Resolves to nothing. */
  protected async dispatchEvent<T>(packet: ReadPacket): Promise<T> {
    const pattern = this.normalizePattern(packet.pattern);
    const { channel, queue } = this.#options;
    await channel.sendToQueue(queue, { pattern, data: packet.data }, { deliveryMode: 2, mandatory: true });
    return undefined as T;
  }

  #client(): RpcClient {
    const { channel, replyTo, timeoutMs } = this.#options;
    this.#rpc ??= new RpcClient(channel, { replyTo, timeoutMs });
    return this.#rpc;
  }
}
