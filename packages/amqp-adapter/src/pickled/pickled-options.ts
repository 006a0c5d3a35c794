/** The options of a channel of values and of consuming from it, and what becomes of messages that cannot be handled. */
import { extendOptionNames, optionNames } from "@brine/codec/options";
import type { Options } from "amqplib";
import { BODY_OPTIONS, type BodyOptions } from "./bodies.js";
import type { PickledMessage, ReceivedMessage } from "./pickled-message.js";

/**
 * What happens to a message whose body cannot be decoded. `"reject"` (default): refused without requeueing, so that the queue's
 * dead-letter exchange gets it, and it is dropped where there is none. `"ack"`: dropped, as Celery does. `{ deadLetter }`:
 * published there as it is with headers `x-brine-error` and `x-brine-queue`, then acknowledged; rejected if no queue takes it
 * there. A function settles the
 * message itself; if it does not, or throws, the message is rejected. In no case does it go back to its queue unasked.
 */
export type OnDecodeError =
  | "reject"
  | "ack"
  | { readonly deadLetter: { readonly exchange: string; readonly routingKey?: string | undefined } }
  | ((message: ReceivedMessage, error: Error) => unknown);

/**
 * What happens to a message whose handler threw or rejected before settling it. `"reject"` (default): refused without requeueing.
 * `"requeue"`: back to its queue the first time, rejected when it was redelivered already. A function settles it itself; if
 * it does not, or throws, the message is rejected.
 */
export type OnHandlerError = "reject" | "requeue" | ((message: PickledMessage, error: unknown) => unknown);

/** What {@link pickled} takes. Everything is optional. */
export interface PickledOptions extends BodyOptions {
  /** What happens to a message that cannot be decoded. Default `"reject"`. */
  readonly onDecodeError?: OnDecodeError | undefined;
  /** What happens to a message whose handler threw. Default `"reject"`. */
  readonly onHandlerError?: OnHandlerError | undefined;
}

export const PICKLED_OPTIONS = /* @__PURE__ */ extendOptionNames<PickledOptions, BodyOptions>(
  BODY_OPTIONS,
  { onDecodeError: true, onHandlerError: true },
  { instead: [["prefetch", "call prefetch()"]] },
);

/** How {@link PickledChannel.consume} consumes. */
export interface ConsumeValueOptions extends Options.Consume {
  /** Acknowledge when the handler has returned, or its promise is fulfilled, and it did not settle the message. Default false. */
  readonly autoAck?: boolean | undefined;
  /** What happens to a message that cannot be decoded. Default: the channel's `onDecodeError`. */
  readonly onDecodeError?: OnDecodeError | undefined;
  /**
   * Gets a message that cannot be decoded before `onDecodeError` is followed, to answer its sender. It must not settle it.
   * Default: none.
   */
  readonly onUndecodable?: ((message: ReceivedMessage, error: Error) => unknown) | undefined;
  /**
   * The broker cancelled the consumer: its queue was deleted or moved. amqplib calls the consumer with null for that. By default the
   * process is warned.
   */
  readonly onCancel?: (() => void) | undefined;
}

export const CONSUME_OPTIONS = /* @__PURE__ */ optionNames<ConsumeValueOptions>(
  {
    consumerTag: true,
    noLocal: true,
    noAck: true,
    exclusive: true,
    priority: true,
    arguments: true,
    autoAck: true,
    onDecodeError: true,
    onUndecodable: true,
    onCancel: true,
  },
  {
    instead: [
      ["prefetch", "call prefetch()"],
      ["onHandlerError", "give it to pickled()"],
    ],
  },
);

export const GET_OPTIONS = optionNames<Options.Get>({ noAck: true });
