/** Finding a host that takes the connection: which is tried when, how often, and when to give up. */
import type { ChannelModel, SocketOptions } from "amqplib";
import { AmqpError, type AmqpErrorCode, ConnectionError, closedError, isAmqpError, toAmqpError } from "../errors.js";
import { backOffMs, pause } from "./back-off.js";
import type { AmqplibModule, ConnectionOptions } from "./connection-options.js";
import { explainHandshake } from "./handshake.js";
import { describeUrl, withHeartbeat } from "./urls.js";

/** With these the first connection is given up at once: trying again does not help. */
const HOPELESS: ReadonlySet<AmqpErrorCode> = new Set(["access-refused", "tls-failed", "bad-option"]);

/** What it is done for. */
export interface Connecting {
  /** Aborted when the connection is closed for good. */
  readonly closing: AbortSignal;
  /** Makes the connection ready. Rejects when it is lost meanwhile, and the next host is tried. */
  readonly adopt: (model: ChannelModel) => Promise<void>;
  /** `more`: for those who see the text only. */
  readonly warn: (error: Error, more: string) => void;
}

/** How amqplib takes them; without any, it takes user and password from the URL. */
interface Credentials {
  readonly mechanism: string;
  response(): Buffer;
}

function credentialsFor(loginMethod: ConnectionOptions["loginMethod"] = "PLAIN"): Credentials | undefined {
  if (loginMethod === "PLAIN") return undefined;
  if (loginMethod === "EXTERNAL") return { mechanism: "EXTERNAL", response: () => Buffer.alloc(0) };
  const shown = JSON.stringify(loginMethod);
  throw new AmqpError(`Cannot use loginMethod ${shown}: want "PLAIN" or "EXTERNAL"`, { code: "bad-option" });
}

export class HostFinder {
  /** For logs: never has a password. */
  readonly description: string;
  readonly #urls: readonly string[];
  readonly #options: ConnectionOptions;
  readonly #connection: Connecting;
  readonly #credentials: Credentials | undefined;
  #nextUrl = 0;

  constructor(urls: readonly string[], options: ConnectionOptions, connection: Connecting) {
    this.description = urls.map(describeUrl).join(";");
    this.#urls = urls;
    this.#options = options;
    this.#connection = connection;
    this.#credentials = credentialsFor(options.loginMethod);
  }

  /**
   * Tries host after host, again and again with pauses, until one is adopted. The first time there is an end to it, and no
   * second attempt at what will be refused again; a connection that was there before is looked for without end.
   */
  async find(isFirst: boolean): Promise<void> {
    const maxAttempts = isFirst ? (this.#options.maxConnectAttempts ?? 100) : Number.POSITIVE_INFINITY;
    for (let attempt = 1; !this.#connection.closing.aborted; attempt++) {
      const failure = await this.#round(isFirst);
      if (failure === undefined) return;
      // An attempt that `close` ended is no failure to tell of.
      if (this.#connection.closing.aborted) break;
      if (attempt >= maxAttempts) {
        const reason = failure.message.replace(`Cannot connect to ${this.description}: `, "");
        throw new ConnectionError(`Cannot connect to ${this.description}: ${reason}`, {
          code: "unreachable",
          cause: failure,
        });
      }
      const delayMs = backOffMs(attempt, this.#options.backOff);
      const attempts = Number.isFinite(maxAttempts) ? `${attempt} of ${maxAttempts}` : String(attempt);
      this.#connection.warn(failure, ` (attempt ${attempts}, the next in ${delayMs} ms)`);
      await pause(delayMs, this.#connection.closing);
    }
    throw closedError();
  }

  /** Tries every host once, from the one after the last tried. Resolves to the last failure, or nothing on success. */
  async #round(isFirst: boolean): Promise<Error | undefined> {
    let failure: Error | undefined;
    for (let tried = 0; tried < this.#urls.length && !this.#connection.closing.aborted; tried++) {
      const url = this.#urls[this.#nextUrl % this.#urls.length] as string;
      this.#nextUrl++;
      try {
        await this.#connection.adopt(await this.#connectTo(url));
        // Stay with a host that works.
        this.#nextUrl--;
        return undefined;
      } catch (error) {
        failure = toAmqpError(error, `connect to ${describeUrl(url)}`);
        // A refused login, or a certificate, will be refused again. Later on it may be a broker that has not loaded its users yet.
        if (isFirst && isAmqpError(failure) && HOPELESS.has(failure.code)) throw failure;
      }
    }
    return failure ?? closedError();
  }

  async #connectTo(url: string): Promise<ChannelModel> {
    const { heartbeatSeconds = 60, connectTimeoutMs = 10_000, socket, connectionName } = this.#options;
    const amqplib = this.#options.amqplib ?? (await loadAmqplib());
    const clientProperties = {
      ...socket?.clientProperties,
      ...(connectionName && { connection_name: connectionName }),
    };
    // Without noDelay a body that amqplib writes apart from its header waits for the broker's delayed TCP acknowledgement:
    // 44 ms for each confirmed publish of 5 kB, against 0.9 ms.
    const options: SocketOptions & { readonly credentials?: Credentials } = {
      noDelay: true,
      ...socket,
      timeout: connectTimeoutMs,
      clientProperties,
      ...(this.#credentials && { credentials: this.#credentials }),
    };
    const attempt = new AbortController();
    const giveUp = () => attempt.abort(closedError());
    this.#connection.closing.addEventListener("abort", giveUp);
    try {
      // Node ends the socket with it; once there is a connection, that is closed as AMQP has it.
      const socketOptions = Object.assign(options, { signal: attempt.signal });
      return await amqplib.connect(withHeartbeat(url, heartbeatSeconds), socketOptions);
    } catch (error) {
      throw this.#connection.closing.aborted ? closedError() : explainHandshake(error, url);
    } finally {
      this.#connection.closing.removeEventListener("abort", giveUp);
    }
  }
}

async function loadAmqplib(): Promise<AmqplibModule> {
  try {
    return await import("amqplib");
  } catch (cause) {
    throw new AmqpError("Cannot connect: amqplib cannot be loaded; npm install amqplib", { code: "bad-option", cause });
  }
}
