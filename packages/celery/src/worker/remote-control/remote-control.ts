/** The worker's end of remote control: receives requests, runs commands, replies. kombu 5.2 `pidbox.py`. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Consumer, type Delivery, isKombuError } from "@brine/codec/kombu";
import type { Celery } from "../../client/app.js";
import { type ControlRequest, decodeControlRequest, isAddressedTo, mailboxQueue } from "../../protocol/pidbox.js";
import { saferepr } from "../../protocol/saferepr.js";
import type { Command } from "./command-host.js";

const START_ATTEMPTS = 5;
const START_RETRY_MS = 50;

export interface RemoteControlOptions {
  readonly app: Celery;
  readonly hostname: string;
  readonly commands: ReadonlyMap<string, Command>;
  readonly onWarning: (error: Error) => void;
}

export class RemoteControl {
  readonly #options: RemoteControlOptions;
  #consumer: Consumer | undefined;

  constructor(options: RemoteControlOptions) {
    this.#options = options;
  }

  /**
   * The mailbox of a worker of this name that has just died may still be there when it is declared, and be deleted by the
   * broker, with its last consumer, before it is consumed.
   */
  async start(): Promise<void> {
    const { app, hostname } = this.#options;
    const queue = mailboxQueue(hostname, app.settings.controlExchange);
    for (let attempt = 1; ; attempt++) {
      try {
        await app.transport.declareQueue(queue);
        const onMessage = (delivery: Delivery): void => void this.#onRequest(delivery);
        this.#consumer = await app.transport.consume([queue], onMessage, { noAck: true });
        return;
      } catch (error) {
        if (attempt === START_ATTEMPTS) throw error;
        await sleep(START_RETRY_MS * attempt);
      }
    }
  }

  async stop(): Promise<void> {
    await this.#consumer?.cancel();
    this.#consumer = undefined;
  }

  async #onRequest(delivery: Delivery): Promise<void> {
    const { app, hostname, onWarning } = this.#options;
    try {
      app.clock.adjust(delivery.headers.clock);
      const expires = delivery.headers.expires;
      // 0 is never, as of a command without a timeout: `result.revoke()`.
      if (typeof expires === "number" && expires !== 0 && expires * 1000 < Date.now()) return;
      const request = decodeControlRequest(await app.content.decode(delivery));
      if (request === undefined || !isAddressedTo(request, hostname)) return;
      await this.#answer(request);
    } catch (error) {
      onWarning(error as Error);
    }
  }

  async #answer(request: ControlRequest): Promise<void> {
    const command = this.#options.commands.get(request.method);
    const run = async (isSafe: boolean): Promise<unknown> => {
      if (command === undefined) return { error: `KeyError(${saferepr(request.method)})` };
      try {
        return await command(request.arguments, isSafe);
      } catch (error) {
        return { error: saferepr(error) };
      }
    };
    const value = await run(false);
    if (request.replyTo === null || value === undefined) return;
    try {
      await this.#reply(request, value);
    } catch (error) {
      // Arguments of running tasks may be of types that the control serializer cannot carry: then as text.
      if (!isKombuError(error)) throw error;
      await this.#reply(request, await run(true));
    }
  }

  async #reply(request: ControlRequest, value: unknown): Promise<void> {
    const { app, hostname } = this.#options;
    const { exchange, routingKey } = request.replyTo!;
    const encoded = await app.content.encode({ [hostname]: value }, app.settings.taskSerializer);
    await app.transport.publish(
      {
        ...encoded,
        headers: { ticket: request.ticket, clock: app.clock.forward() },
        properties: { deliveryMode: 1, priority: 0 },
      },
      { exchange, routingKey },
    );
  }
}
