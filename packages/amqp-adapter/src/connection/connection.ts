/**
 * A connection to RabbitMQ that restores itself.
 *
 * Why a thin layer of our own on `amqplib.connect`, and not amqplib 2's `recovery` option or amqp-connection-manager. Both were
 * tried with connections cut and publishes refused:
 * - `recovery` reopens the connection to one URL. Channels, declarations, consumers and unconfirmed messages are left to the
 *   caller, which is where the work is, and there is no second host. A connection that is reset while its `setup` runs ends
 *   the process with an uncaught ECONNRESET: nobody listens for `error` yet (amqplib 2.3.1, lib/recovery.js `_connect` calls
 *   `runSetup` before `_bindModel`).
 * - amqp-connection-manager 5.0.0 restores channels and messages, but takes the whole connection down over one publish to an
 *   exchange that does not exist, and rejects every message in flight with "channel closed", the good ones too. An ack for a delivery of a lost
 *   connection is sent on the new one, where its tag is another message's.
 */
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { extendOptionNames, type OptionNames } from "@brine/codec/options";
import type { ChannelModel } from "amqplib";
import { type Deferred, deferred, raceAbort } from "../deferred.js";
import { AmqpError, ConnectionError, closedError } from "../errors.js";
import { patchFieldTables } from "../headers/patch-field-tables.js";
import { checkNames } from "../option-names.js";
import { warn } from "../warn.js";
import { BACK_OFF_OPTIONS, pause } from "./back-off.js";
import { coalesceWrites } from "./coalesce-writes.js";
import { rememberEnd } from "./connection-ends.js";
import { CONNECTION_OPTIONS, type ConnectionOptions } from "./connection-options.js";
import { HostFinder } from "./host-finder.js";
import { RECOVERING_OPTIONS, RecoveringChannel, type RecoveringChannelOptions } from "./recovering-channel.js";
import { parseUrls } from "./urls.js";

/** Milliseconds at most that the broker may take to answer `connection.close`. */
const ANSWER_MS = 5000;

interface ConnectOptions extends ConnectionOptions {
  readonly signal?: AbortSignal | undefined;
}

const CONNECT_OPTIONS = extendOptionNames<ConnectOptions, ConnectionOptions>(CONNECTION_OPTIONS, { signal: true });

interface ChannelOptions extends RecoveringChannelOptions {
  readonly signal?: AbortSignal | undefined;
}

const CHANNEL_OPTIONS = extendOptionNames<ChannelOptions, RecoveringChannelOptions>(RECOVERING_OPTIONS, {
  signal: true,
});

/** What an {@link AmqpConnection} tells of itself. */
export interface ConnectionEvents {
  /** The connection is lost; it is being restored unless `close` was called. */
  disconnect: [error: Error];
  /** Connection, topology and consumers are back. */
  reconnect: [];
  /** Something to log that harmed nothing, such as a failed attempt to connect. Without a listener: a warning of the process. */
  warning: [error: Error];
  /** RabbitMQ takes no messages for now (memory or disk alarm); publishing waits. Without a listener: a `warning` with code `"blocked"`. */
  blocked: [reason: string];
  /** It takes messages again, or its connection was lost. */
  unblocked: [];
}

/** Run on every new connection before the connection counts as ready. */
export type Restorer = (model: ChannelModel) => Promise<void>;

/** A connection to RabbitMQ that restores itself, with its channels: what {@link connect} gives. */
export class AmqpConnection extends EventEmitter<ConnectionEvents> {
  readonly #hosts: HostFinder;
  readonly #options: ConnectionOptions;
  readonly #restorers = new Set<Restorer>();
  readonly #closing = new AbortController();
  #model: ChannelModel | undefined;
  #ready: Deferred<ChannelModel> = deferred();
  #isReady = false;
  /** Why the broker takes no messages, while it does not. */
  #blocked: string | undefined;
  #started: Promise<void> | undefined;

  /**
   * Connects nothing yet: {@link connect} makes one and connects it.
   *
   * @param names - those of the options, where they have more than a connection's
   * @throws {@link AmqpError} `bad-option` for an option that there is not, or no URL
   */
  constructor(
    urls: string | readonly string[],
    options: ConnectionOptions = {},
    names: OptionNames<never> = CONNECT_OPTIONS,
  ) {
    super();
    checkNames(options, names, "options of a connection");
    checkNames(options.backOff, BACK_OFF_OPTIONS, "backOff");
    this.#options = options;
    this.#hosts = new HostFinder(parseUrls(urls), options, {
      closing: this.#closing.signal,
      adopt: (model) => this.#adopt(model),
      warn: (error, more) => this.warn(error, more),
    });
  }

  /** For logs: never has a password. */
  get description(): string {
    return this.#hosts.description;
  }

  /** Milliseconds that `close` waits for what is under way: the option {@link ConnectionOptions.closeTimeoutMs}. */
  get closeTimeoutMs(): number {
    return this.#options.closeTimeoutMs ?? 10_000;
  }

  /** Whether there is a connection and everything on it is restored. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether RabbitMQ takes no messages for now: see the event `blocked`. */
  get isBlocked(): boolean {
    return this.#blocked !== undefined;
  }

  /** Whether `close` was called. A connection that was lost is not closed. */
  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /**
   * Resolves when the first connection is there. Later calls give the same promise.
   *
   * @throws {@link ConnectionError} `access-refused` at once when the broker refuses the login or the virtual host, `tls-failed`
   * when its certificate is not trusted; `unreachable` after the last attempt
   */
  connect(signal?: AbortSignal): Promise<void> {
    if (this.isClosed) return Promise.reject(closedError());
    this.#started ??= this.#hosts.find(true).catch((error) => {
      this.#started = undefined;
      throw error;
    });
    return raceAbort(this.#started, signal);
  }

  /**
   * amqplib's open connection, once it is ready; waits while it is being restored. Do not keep it: the next one is another.
   *
   * @throws {@link ConnectionError} `closed`; the reason of `signal`
   */
  async ready(signal?: AbortSignal): Promise<ChannelModel> {
    if (this.isClosed) throw closedError();
    if (this.#started === undefined) await this.connect(signal);
    return raceAbort(this.#ready.promise, signal);
  }

  /**
   * Opens a confirm channel that is opened, set up and consumed from again after a loss.
   *
   * @throws what `setup` threw; {@link ConnectionError}; the signal's reason
   */
  createChannel(options: ChannelOptions = {}): Promise<RecoveringChannel> {
    checkNames(options, CHANNEL_OPTIONS, "options of createChannel()");
    return new RecoveringChannel(this, options).open(options.signal);
  }

  /** Adds what is to run on every new connection, in the order added. */
  addRestorer(restorer: Restorer): void {
    this.#restorers.add(restorer);
  }

  /** From the next connection on it is not run any more. */
  removeRestorer(restorer: Restorer): void {
    this.#restorers.delete(restorer);
  }

  /** Closes for good, within `closeTimeoutMs`; what is unsettled goes back to its queues. A second call does nothing. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.#closing.abort();
    this.#isReady = false;
    this.#ready.reject(closedError());
    const model = this.#model;
    this.#model = undefined;
    if (model !== undefined) await this.#end(model);
  }

  /** As AMQP has it; by force when the broker does not answer. */
  async #end(model: ChannelModel): Promise<void> {
    const answered = new AbortController();
    const closed = model.close().then(
      () => answered.abort(),
      () => answered.abort(),
    );
    await Promise.race([closed, pause(Math.min(this.closeTimeoutMs, ANSWER_MS), answered.signal)]);
    if (!answered.signal.aborted) destroySocket(model);
  }

  /** Tells of something that harmed nothing; without a listener, as a warning of the process. */
  warn(error: Error, more = ""): void {
    if (this.listenerCount("warning") > 0) this.emit("warning", error);
    else warn(error.message + more);
  }

  async #adopt(model: ChannelModel): Promise<void> {
    let lost: Error | undefined;
    // Always listened to: an `error` event that nobody hears ends the process. `close` follows and says the same.
    model.on("error", (error) => {
      lost ??= error;
      rememberEnd(model, error);
    });
    model.on("blocked", (reason) => this.#setBlocked(model, reason));
    model.on("unblocked", () => this.#setBlocked(model, undefined));
    if (this.isClosed) {
      await this.#end(model);
      throw closedError();
    }
    if (!patchFieldTables(model)) {
      this.warn(new AmqpError("Cannot read 64-bit headers: unknown version of amqplib", { code: "bad-option" }));
    }
    coalesceWrites(model);
    this.#model = model;
    const ended = new Promise<Error>((resolve) => {
      model.on("close", (error?: Error) => resolve(lost ?? error ?? new Error("Connection closed")));
    });
    void ended.then((error) => this.#onEnd(model, error));
    try {
      for (const restorer of this.#restorers) {
        await Promise.race([restorer(model), ended.then((error) => Promise.reject(error))]);
      }
      if (this.#model !== model) throw closedError();
    } catch (error) {
      if (this.#model === model) this.#model = undefined;
      await this.#end(model);
      throw error;
    }
    this.#isReady = true;
    this.#ready.resolve(model);
  }

  #setBlocked(model: ChannelModel, reason: string | undefined): void {
    if (this.#model !== model || this.#blocked === reason) return;
    const wasBlocked = this.#blocked !== undefined;
    this.#blocked = reason;
    if (reason === undefined) this.emit("unblocked");
    else if (this.listenerCount("blocked") > 0) this.emit("blocked", reason);
    else if (!wasBlocked) {
      this.warn(new AmqpError(`RabbitMQ takes no messages for now: ${reason}. Publishing waits`, { code: "blocked" }));
    }
  }

  #onEnd(model: ChannelModel, cause: Error): void {
    if (this.#model !== model) return;
    // The broker will not say so any more, and the next connection is told anew.
    this.#setBlocked(model, undefined);
    this.#model = undefined;
    // While restoring, the loop that called the restorers goes on by itself.
    if (!this.#isReady || this.isClosed) return;
    this.#isReady = false;
    this.#ready = deferred();
    const error = new ConnectionError(`Connection to ${this.description} lost: ${cause.message}`, {
      code: "connection-lost",
      cause,
    });
    this.#started = this.#hosts.find(false).then(
      () => void this.emit("reconnect"),
      () => undefined,
    );
    this.emit("disconnect", error);
  }
}

/**
 * Connects to RabbitMQ, and again whenever the connection is lost, with growing and random delays, host after host.
 *
 * @param urls - one URL, several, or several separated by `;` as kombu takes them
 * @throws {@link ConnectionError} when the first connection cannot be had
 * @example
 * const connection = await connect("amqp://guest:guest@localhost//");
 * const channel = await connection.createChannel({ setup: (raw) => raw.assertQueue("jobs"), prefetch: 10 });
 * await pickled(channel).sendToQueue("jobs", { id: 1 });
 */
export async function connect(urls: string | readonly string[], options: ConnectOptions = {}): Promise<AmqpConnection> {
  const connection = new AmqpConnection(urls, options);
  try {
    await connection.connect(options.signal);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return connection;
}

/** By force; amqplib hears of it and ends the channels. Does nothing to a connection whose socket is not where amqplib has it. */
function destroySocket(model: ChannelModel): void {
  const { stream } = model.connection as unknown as { readonly stream?: Socket };
  if (typeof stream?.destroy === "function") stream.destroy(new Error("The broker did not answer"));
}
