/** Asking the broker for something on a channel of amqplib. */
import { AmqpError, toAmqpError } from "../errors.js";

const MAX_NAME_BYTES = 255;
const MAX_PREFETCH = 0xffff;

/**
 * Runs one request of amqplib's, with this package's errors.
 *
 * The name is checked before: what amqplib could not write it would wait for an answer to, for ever, with everything that
 * follows on the channel (2.3.1, lib/channel.js `sendOrEnqueue`).
 *
 * @param action - for the error, in front of the name: "declare queue"
 * @throws {@link AmqpError} `bad-option`; {@link ChannelError}; {@link ConnectionError} `connection-lost`
 */
export async function request<T>(action: string, name: string, send: () => PromiseLike<T>): Promise<T> {
  const described = `${action} ${name}`.slice(0, 300);
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new AmqpError(`Cannot ${described}: a name has ${MAX_NAME_BYTES} bytes at most`, { code: "bad-option" });
  }
  try {
    return await send();
  } catch (error) {
    throw toAmqpError(error, described);
  }
}

/** @throws {@link AmqpError} `bad-option` */
export function checkPrefetch(count: unknown): void {
  if (Number.isInteger(count) && (count as number) >= 0 && (count as number) <= MAX_PREFETCH) return;
  throw new AmqpError(`Cannot set the prefetch to ${count}: want 0 (no limit) to ${MAX_PREFETCH}`, {
    code: "bad-option",
  });
}
