import { extendOptionNames } from "@brine/codec/options";
import type { RedisLike } from "./client.js";
import type { CommandContext } from "./context.js";
import { READ_OPTIONS, type ReadOptions } from "./options.js";

export interface SubscribeOptions<T = unknown> extends ReadOptions<T> {
  /** The names are glob patterns. */
  readonly pattern?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const SUBSCRIBE_OPTIONS = /* @__PURE__ */ extendOptionNames<SubscribeOptions, ReadOptions>(READ_OPTIONS, {
  pattern: true,
  signal: true,
});

interface Subscriber {
  subscribe(...channels: string[]): Promise<unknown>;
  psubscribe(...patterns: string[]): Promise<unknown>;
  on(event: string, listener: (...args: Buffer[]) => void): unknown;
  disconnect(): void;
}

export async function* subscribe<T>(
  client: RedisLike,
  context: CommandContext,
  channels: readonly string[],
  options: SubscribeOptions<T>,
): AsyncGenerator<{ readonly channel: string; readonly value: T }, void, void> {
  await context.dialect.load?.();
  options.signal?.throwIfAborted();
  const subscriber = client.duplicate() as Subscriber;
  const waiting: { readonly channel: string; readonly raw: Buffer }[] = [];
  let wake: (() => void) | undefined;
  const take = (channel: Buffer, raw: Buffer) => {
    waiting.push({ channel: channel.toString(), raw });
    wake?.();
  };
  // ioredis reports lost connections here and restores them with their subscriptions.
  subscriber.on("error", () => {});
  subscriber.on("messageBuffer", take);
  subscriber.on("pmessageBuffer", (_pattern, channel, raw) => take(channel!, raw!));
  const abort = () => wake?.();
  options.signal?.addEventListener("abort", abort);
  try {
    await (options.pattern ? subscriber.psubscribe(...channels) : subscriber.subscribe(...channels));
    for (;;) {
      for (const { channel, raw } of waiting.splice(0)) {
        const value = (await context.decode(raw, channel, channel, options)) as T;
        // A value that cannot be decoded and is to be passed over.
        if (value !== undefined) yield { channel, value };
        if (options.signal?.aborted) return;
      }
      if (options.signal?.aborted) return;
      if (waiting.length > 0) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
  } finally {
    options.signal?.removeEventListener("abort", abort);
    subscriber.disconnect();
  }
}
