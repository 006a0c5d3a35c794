/** Consumer groups of streams. */
import { extendOptionNames } from "@brine/codec/options";
import { RedisAdapterError } from "../errors.js";
import { type Arg, type RedisLike, send } from "./client.js";
import type { CommandContext } from "./context.js";
import { READ_OPTIONS, type ReadOptions } from "./options.js";
import { streamsOf } from "./stream-commands.js";

export interface ConsumeStreamOptions<T = unknown> extends ReadOptions<T> {
  readonly stream: string;
  /** Made when it is not there, from the beginning of the stream. */
  readonly group: string;
  /** Unique among those who read for the group; what it got and did not acknowledge it gets again when it comes back. */
  readonly consumer: string;
  /** Entries at a time. Default 10. */
  readonly count?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const CONSUME_OPTIONS = /* @__PURE__ */ extendOptionNames<ConsumeStreamOptions, ReadOptions>(READ_OPTIONS, {
  stream: true,
  group: true,
  consumer: true,
  count: true,
  signal: true,
});

export interface ConsumedEntry {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Takes it off the group's list of pending entries. */
  ack(): Promise<void>;
}

/** Milliseconds that one wait lasts; between waits the signal is looked at. */
const BLOCK_MS = 1000;

export async function* consumeStream(
  client: RedisLike,
  context: CommandContext,
  options: ConsumeStreamOptions,
): AsyncGenerator<ConsumedEntry, void, void> {
  await context.dialect.load?.();
  const { group, consumer, signal } = options;
  const stream = context.key(options.stream);
  try {
    await send(client, "xgroup", ["CREATE", stream, group, "0", "MKSTREAM"]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("BUSYGROUP")) throw error;
  }
  // A blocked connection takes no other commands.
  const blocking = client.duplicate() as RedisLike & { disconnect(): void };
  blocking.on(...(["error", () => {}] as unknown as never[]));
  try {
    // First what this consumer got before and did not acknowledge, then what is new.
    for (let from = "0"; !signal?.aborted; ) {
      const wait: Arg[] = from === ">" ? ["BLOCK", BLOCK_MS] : [];
      const args = ["GROUP", group, consumer, "COUNT", options.count ?? 10, ...wait, "STREAMS", stream, from];
      const entries = await streamsOf(context, await send(blocking, "xreadgroup", args), options);
      for (const { id, fields } of entries) {
        if (from !== ">") from = id;
        yield {
          id,
          fields,
          ack: async () => {
            await send(client, "xack", [stream, group, id]);
          },
        };
        if (signal?.aborted) return;
      }
      if (entries.length === 0) from = ">";
    }
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("NOGROUP")) {
      throw new RedisAdapterError(`Cannot consume ${options.stream}: the stream was deleted`, {
        code: "unavailable",
        cause: error,
      });
    }
    throw error;
  } finally {
    blocking.disconnect();
  }
}
