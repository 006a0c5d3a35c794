/**
 * Celery's native delayed delivery (kombu 5.5 transport/native_delayed_delivery.py): a message waits in queues whose
 * time-to-live are powers of two seconds, one level for each bit of its delay. Names, keys and arguments; no I/O.
 *
 * Level n has an exchange and a queue `celery_delayed_<n>`. The routing key is the delay in 28 bits, most significant first,
 * joined by dots, then the real key. The exchange of a level looks at its own bit: 1 goes to the queue, which dead-letters to
 * the level below after 2^n seconds; 0 goes straight there. Below level 0 is `celery_delayed_delivery`.
 */
import { AmqpError } from "../errors.js";

/** How many bits a delay has, and so how many levels there are: kombu's `MAX_NUMBER_OF_BITS_TO_USE`. */
export const DELAYED_LEVELS = 28;

/** The longest delay, in seconds: 2^28 - 1, eight and a half years. */
export const MAX_DELAY_SECONDS = 2 ** DELAYED_LEVELS - 1;

/** What AMQP can carry. */
const MAX_KEY_BYTES = 255;

/** Where messages come out; every task queue's exchange is bound to it. */
export const DELAYED_DELIVERY_EXCHANGE = "celery_delayed_delivery";

/** The name of the exchange and the queue of level `level`, 0 to 27: `celery_delayed_27`. */
export function delayedName(level: number): string {
  return `celery_delayed_${level}`;
}

/** Whether a message that came from this exchange, or is published to it, was delayed: its routing key has the delay in front. */
export function isDelayedExchange(name: string): boolean {
  return name === DELAYED_DELIVERY_EXCHANGE || /^celery_delayed_\d{1,2}$/.test(name);
}

/** One level as it is declared: all exchanges are durable and of type topic. */
export interface DelayedLevel {
  /** Name of the exchange and of the queue. */
  readonly name: string;
  /** With which Celery declares its queue. */
  readonly queueArguments: Readonly<Record<string, unknown>>;
  /** Binds the queue to the exchange: this level's bit is 1. */
  readonly waitKey: string;
  /** Binds the exchange below to this one: this level's bit is 0. */
  readonly passKey: string;
  /** The exchange of the level below, or {@link DELAYED_DELIVERY_EXCHANGE}. */
  readonly next: string;
}

/**
 * All levels, from 27 down to 0.
 *
 * @param queueType - Celery's `broker_native_delayed_delivery_queue_type`; its default is quorum
 */
export function delayedLevels(queueType: "classic" | "quorum" = "quorum"): DelayedLevel[] {
  const levels: DelayedLevel[] = [];
  for (let level = DELAYED_LEVELS - 1; level >= 0; level--) {
    const before = "*.".repeat(DELAYED_LEVELS - 1 - level);
    const next = level > 0 ? delayedName(level - 1) : DELAYED_DELIVERY_EXCHANGE;
    levels.push({
      name: delayedName(level),
      queueArguments: {
        "x-queue-type": queueType,
        "x-overflow": "reject-publish",
        "x-message-ttl": 2 ** level * 1000,
        "x-dead-letter-exchange": next,
        ...(queueType === "quorum" && { "x-dead-letter-strategy": "at-least-once" }),
      },
      waitKey: `${before}1.#`,
      passKey: `${before}0.#`,
      next,
    });
  }
  return levels;
}

/** The key that binds a task queue, and its exchange, to what comes out: `#.` and the real key, as the delay is still in front of that. */
export function delayedBindingKey(routingKey: string): string {
  return `#.${routingKey}`;
}

/**
 * Where to publish a message for `routingKey` that is due in `seconds`. Fractions are dropped, as in Celery.
 *
 * @throws {@link AmqpError} `bad-option` below 1 second, where kombu raises ValueError, or above {@link MAX_DELAY_SECONDS};
 * for a routing key of more than 199 bytes, which leaves no room for the delay
 */
export function delayedAddress(
  routingKey: string,
  seconds: number,
): { readonly exchange: string; readonly routingKey: string } {
  const whole = Math.trunc(seconds);
  if (!(whole >= 1 && whole <= MAX_DELAY_SECONDS)) {
    throw new AmqpError(`Cannot delay by ${seconds} s: want 1 to ${MAX_DELAY_SECONDS}`, { code: "bad-option" });
  }
  const bits = whole.toString(2).padStart(DELAYED_LEVELS, "0").split("").join(".");
  const key = `${bits}.${routingKey}`;
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_KEY_BYTES) {
    throw new AmqpError(
      `Cannot delay: the routing key has ${bytes} bytes with the delay in front, want ${MAX_KEY_BYTES}`,
      {
        code: "bad-option",
      },
    );
  }
  return { exchange: delayedName(DELAYED_LEVELS - 1), routingKey: key };
}
