/** Why the broker ended a connection. Its channels are told that they are closed, and not why. */
import type { Channel, ChannelModel } from "amqplib";

const REASONS = new WeakMap<object, Error>();

export function rememberEnd(model: ChannelModel, reason: Error): void {
  if (!REASONS.has(model.connection)) REASONS.set(model.connection, reason);
}

/** What ended the connection of `channel`, if it has ended by an error. */
export function endOf(channel: Channel): Error | undefined {
  const { connection } = channel as { readonly connection?: object };
  return connection && REASONS.get(connection);
}
