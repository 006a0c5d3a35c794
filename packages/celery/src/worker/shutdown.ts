/** How a worker comes to its end: a warm shutdown settles all it holds, a cold one gives it back, a soft one is first one, then the other. */
import { setTimeout as sleep } from "node:timers/promises";
import { patiently } from "../client/patience.js";
import type { ResolvedSettings } from "../client/settings/settings.js";
import { CeleryError } from "../errors.js";
import type { Gossip } from "./gossip/gossip.js";
import type { QueueConsumer } from "./intake/queue-consumer.js";
import type { RunQueue } from "./intake/run-queue.js";
import type { RemoteControl } from "./remote-control/remote-control.js";
import type { Reporter } from "./reporter.js";
import type { StopOptions } from "./worker-options.js";

/** Milliseconds that a cold shutdown waits for the broker at most before it aborts what runs. */
const ABORT_DELAY_MS = 1000;

export interface ShutdownOptions {
  readonly settings: ResolvedSettings;
  readonly hostname: string;
  readonly consumer: QueueConsumer;
  readonly runQueue: RunQueue;
  readonly control: RemoteControl;
  readonly gossip: Gossip | undefined;
  readonly reporter: Reporter;
  /** Resolves when the start has ended, however. */
  readonly started: () => Promise<unknown>;
  /** Resolves when no message is between its delivery and the run queue. */
  readonly received: () => Promise<unknown>;
  readonly onWarning: (error: Error) => void;
}

export class Shutdown {
  readonly #options: ShutdownOptions;
  readonly #givenUp: Promise<void>;
  #giveUp: () => void = () => {};
  #consumerStop: Promise<void> = Promise.resolve();
  /** The broker did not answer in time, and that was said. */
  #isSilent = false;
  /** A cold shutdown was asked for, and waits for what runs. */
  #isSoft = false;

  constructor(options: ShutdownOptions) {
    this.#options = options;
    this.#givenUp = new Promise<void>((resolve) => {
      this.#giveUp = resolve;
    });
  }

  /** Takes nothing more and settles what there is. Resolves when that is done or given up. */
  async settle(): Promise<void> {
    this.#options.runQueue.close();
    this.#options.reporter.stopHeartbeat();
    await Promise.race([this.#settleAll(), this.#givenUp]);
  }

  /** Makes a warm shutdown a cold one, now or after a time; `stopping` is all of it. */
  hasten({ timeoutMs, cold }: StopOptions, stopping: Promise<void>): void {
    if (cold === true && !this.#soften(stopping)) void this.#abortAll(stopping);
    else if (cold !== true && timeoutMs !== undefined) this.#abortAfter(timeoutMs, stopping);
  }

  /**
   * Whether a cold shutdown is to begin as a warm one. Asked for again, it is cold. Celery 5.5 `wait_for_soft_shutdown`, which
   * waits all of the time; this ends when nothing is left.
   */
  #soften(stopping: Promise<void>): boolean {
    const { settings, runQueue } = this.#options;
    const seconds = settings.workerSoftShutdownTimeout;
    const isBusy = runQueue.activeCount > 0 || settings.workerEnableSoftShutdownOnIdle;
    if (this.#isSoft || seconds === 0 || !isBusy) return false;
    this.#isSoft = true;
    settings.logger.info?.(`Soft shutdown of ${this.#options.hostname}: what runs has ${seconds} s to end`, {});
    this.#abortAfter(seconds * 1000, stopping);
    return true;
  }

  #abortAfter(timeoutMs: number, stopping: Promise<void>): void {
    const timer = setTimeout(() => void this.#abortAll(stopping), timeoutMs);
    const clear = (): void => clearTimeout(timer);
    stopping.then(clear, clear);
  }

  /** All of a shutdown that needs the broker or the result store. */
  async #settleAll(): Promise<void> {
    const { consumer, runQueue, control, gossip, reporter, started, received } = this.#options;
    await started();
    this.#consumerStop = this.#quietly(consumer.stop());
    const released = this.#consumerStop.then(async () => {
      await received();
      await runQueue.release();
    });
    const isReleased = await patiently(released);
    const isIdle = await runQueue.idle();
    const farewell = async (): Promise<void> => {
      await this.#quietly(control.stop());
      await this.#quietly(gossip?.stop());
      await reporter.stop();
    };
    const farewells = farewell();
    // Who did not answer before is not waited for a second time.
    if (!isReleased || !isIdle || !(await patiently(farewells))) this.#warnOfSilence();
  }

  /** Once nothing more comes, or what is given back would come again. A broker that is away must not hold it up. */
  async #abortAll(stopping: Promise<void>): Promise<void> {
    await Promise.race([this.#consumerStop, sleep(ABORT_DELAY_MS, undefined, { ref: false })]);
    this.#options.runQueue.abortAll();
    if (await patiently(stopping.catch(() => {}))) return;
    this.#warnOfSilence();
    this.#giveUp();
  }

  #warnOfSilence(): void {
    if (this.#isSilent) return;
    this.#isSilent = true;
    const { hostname, onWarning } = this.#options;
    onWarning(new CeleryError(`Gave up waiting for the broker to shut down ${hostname}`, { code: "bad-state" }));
  }

  async #quietly(action: Promise<unknown> | undefined): Promise<void> {
    await action?.catch(this.#options.onWarning);
  }
}
