import { optionNames } from "@brine/codec/options";
import {
  BaseRpcContext,
  type CustomTransportStrategy,
  type MessageHandler,
  type MsPattern,
  Server,
} from "@nestjs/microservices";
import type { Options } from "amqplib";
import { lastValueFrom } from "rxjs";
import { AmqpError } from "../errors.js";
import { checkNames } from "../option-names.js";
import type { PickledChannel } from "../pickled/pickled.js";
import type { PickledMessage } from "../pickled/pickled-message.js";
import { type RpcServer, serveRpc } from "../rpc/rpc-server.js";

/** Options of {@link PickledRmqServer}. */
export interface PickledRmqServerOptions {
  /** Consumes requests and sends answers: a channel wrapped by {@link pickled}. It stays yours. */
  readonly channel: PickledChannel;
  /** The name of the queue, which is declared with `queueOptions` when the server begins. */
  readonly queue: string;
  /** How the queue is declared. Default: durable. */
  readonly queueOptions?: Options.AssertQueue | undefined;
  /** Messages handled at once. Default 1. */
  readonly prefetch?: number | undefined;
}

const SERVER_OPTIONS = /* @__PURE__ */ optionNames<PickledRmqServerOptions>(
  { channel: true, queue: true, queueOptions: true, prefetch: true },
  {
    instead: [
      ["urls", "give channel, of a connection to them"],
      ["prefetchCount", "prefetch"],
    ],
  },
);

/**
 * The server of a NestJS microservice over RabbitMQ, for callers in Python and Node: a message is the dict
 * `{"pattern": ..., "data": ...}`, pickled or in another format that the channel accepts. One with `reply_to` is a request: what the
 * handler returns is sent there, in the request's format; of an Observable, the last value. What it throws is sent as an
 * exception, with header `x-rpc-error`.
 *
 * One without is an event. It is acknowledged once its handlers have returned, their promises are fulfilled and their Observables
 * complete. If one fails, or there is none, the channel's `onHandlerError` is followed: by default the event is refused without
 * requeueing, so that the queue's dead-letter exchange gets it, as Nest's own transport does with an event without a handler.
 *
 * @example
 * const connection = await connect("amqp://localhost");
 * const channel = pickled(await connection.createChannel());
 * const strategy = new PickledRmqServer({ channel, queue: "maths" });
 * const app = await NestFactory.createMicroservice(AppModule, { strategy });
 */
export class PickledRmqServer extends Server implements CustomTransportStrategy {
  /** By which Nest tells handlers of this transport from those of others. */
  override transportId = Symbol("brine-rmq");
  readonly #options: PickledRmqServerOptions;
  #server: RpcServer | undefined;

  /** @throws {@link AmqpError} `bad-option` for an option that there is not */
  constructor(options: PickledRmqServerOptions) {
    super();
    checkNames(options, SERVER_OPTIONS, "options of PickledRmqServer");
    this.#options = options;
  }

  /** For Nest: declares the queue and begins to consume; `callback` gets the error if that fails. */
  listen(callback: (error?: unknown) => void): void {
    this.#listen().then(() => callback(), callback);
  }

  /** For Nest: takes no more messages, and waits for those under way. The channel given stays open. */
  async close(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  /** Events of the channel: {@link PickledEvents}. */
  on(event: string, callback: unknown): void {
    this.#options.channel.on(event as never, callback as never);
  }

  /** The channel that was given. */
  unwrap<T>(): T {
    return this.#options.channel as T;
  }

  async #listen(): Promise<void> {
    const { channel, queue, queueOptions = { durable: true }, prefetch } = this.#options;
    await channel.assertQueue(queue, queueOptions);
    this.#server = await serveRpc(channel, queue, (value, message) => this.#handle(value, message), { prefetch });
  }

  async #handle(value: unknown, message: PickledMessage): Promise<unknown> {
    const packet = (value instanceof Map ? Object.fromEntries(value) : Object(value)) as Readonly<
      Record<string, unknown>
    >;
    if (!Object.hasOwn(packet, "pattern")) throw new AmqpError("The message has no pattern", { code: "bad-option" });
    const { data } = packet;
    const pattern =
      typeof packet.pattern === "string" ? packet.pattern : this.normalizePattern(packet.pattern as MsPattern);
    const context = new BaseRpcContext([message, this.#options.channel, pattern]);
    const handler = this.getHandlerByPattern(pattern);
    if (handler === null) throw new Error(`There is no handler of the pattern ${pattern}`);
    return new Promise((resolve, reject) => {
      const run = () => {
        const answer = this.#run(handler, data, context);
        resolve(answer);
        return answer;
      };
      // Somebody's hook: whether it returns what `run` does is not known.
      const hook = async () => this.onProcessingStartHook(this.transportId, context, run);
      hook().catch(reject);
    });
  }

  /** For events, too: Nest's `handleEvent` does not tell how they end. */
  async #run(handler: MessageHandler, data: unknown, context: BaseRpcContext): Promise<unknown> {
    try {
      const response$ = this.transformToObservable(await handler(data, context));
      return (await lastValueFrom(response$, { defaultValue: null })) ?? null;
    } catch (error) {
      throw errorOf(error);
    } finally {
      this.onProcessingEndHook?.(this.transportId, context);
    }
  }
}

/** Nest's exception filters make `{ status, message }` of what a handler threw. */
function errorOf(error: unknown): Error {
  if (error instanceof Error) return error;
  const { message } = Object(error) as { readonly message?: unknown };
  return new Error(typeof message === "string" ? message : String(error));
}
