/** Consumer groups of streams. */
import { extendOptionNames } from "@brine/codec/options";
import { isRedisAdapterError, RedisAdapterError } from "../../errors.js";
import { pairs } from "../commands/collections.js";
import { entryOf, type RawEntry, type StreamEntry } from "../commands/streams.js";
import type { CommandContext } from "../context.js";
import { type Arg, listen, type RedisLike, send } from "../driver/client.js";
import { READ_OPTIONS, type ReadOptions } from "../options.js";
import { stoppable } from "./stoppable.js";

/** An entry that cannot be decoded, as it is in the stream. */
export interface UndecodableEntry {
  /** The key of the stream, without what the dialect puts around it. */
  readonly stream: string;
  /** The entry's id, as Redis numbers it: `"1700000000000-0"`. */
  readonly id: string;
  /** Fields and values as they are stored. */
  readonly fields: readonly (readonly [field: Buffer, value: Buffer])[];
  /** Takes it off the group's list of pending entries. */
  ack(): Promise<void>;
}

/**
 * What becomes of an entry that cannot be decoded, or that the schema refuses. Whatever it is, the entry stays in the stream.
 *
 * - `"leave"` (default): passed over with a warning of the process, once each time a consumer comes back. It stays among the
 *   group's pending entries.
 * - `{ deadLetter: stream }`: added to that stream with fields and bytes as they are, and with fields `x-brine-id` and
 *   `x-brine-error`, and acknowledged.
 * - `"throw"`: the iteration ends with the error. The entry stays pending, and comes first when the consumer comes back.
 * - A function: may acknowledge it; else it stays pending. What it throws ends the iteration.
 */
export type OnUndecodableEntry =
  | "leave"
  | "throw"
  | { readonly deadLetter: string }
  | ((error: RedisAdapterError, entry: UndecodableEntry) => unknown);

/** Which stream is read, and for whom. */
export interface ConsumeStreamOptions<T = unknown> extends Omit<ReadOptions<T>, "onDecodeError"> {
  /** The user's key, to which the dialect adds its own. */
  readonly stream: string;
  /** Made when it is not there, from the beginning of the stream. */
  readonly group: string;
  /** Unique among those who read for the group; what it got and did not acknowledge it gets again when it comes back. */
  readonly consumer: string;
  /** Entries at a time. Default 10. */
  readonly count?: number | undefined;
  /** By default asked where the option of {@link pickled} is `"throw"`, which is about single values. */
  readonly onDecodeError?: OnUndecodableEntry | undefined;
  /** Ends the iteration. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

export const CONSUME_OPTIONS = /* @__PURE__ */ extendOptionNames<ConsumeStreamOptions, ReadOptions>(READ_OPTIONS, {
  stream: true,
  group: true,
  consumer: true,
  count: true,
  signal: true,
});

/** An entry of a stream, with its fields decoded, that is this consumer's until it acknowledges it. */
export interface ConsumedEntry {
  /** As Redis numbers it: `"1700000000000-0"`. */
  readonly id: string;
  /** Decoded values by field. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Takes it off the group's list of pending entries. */
  ack(): Promise<void>;
}

/** Milliseconds that one wait lasts; between waits the signal is looked at. */
const BLOCK_MS = 1000;

export function consumeStream(
  client: RedisLike,
  context: CommandContext,
  options: ConsumeStreamOptions,
): AsyncGenerator<ConsumedEntry, void, void> {
  return stoppable(options.signal, (signal) => consume(client, context, options, signal));
}

async function* consume(
  client: RedisLike,
  context: CommandContext,
  options: ConsumeStreamOptions,
  signal: AbortSignal,
): AsyncGenerator<ConsumedEntry, void, void> {
  await context.dialect.load?.();
  const { group, consumer, onDecodeError = "leave", ...read } = options;
  const stream = context.key(options.stream);
  try {
    await send(client, "xgroup", ["CREATE", stream, group, "0", "MKSTREAM"]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("BUSYGROUP")) throw error;
  }
  // A blocked connection takes no other commands.
  const blocking = client.duplicate() as RedisLike & { disconnect(): void };
  listen(blocking, "error", () => {});
  let isLost = false;
  listen(blocking, "close", () => {
    isLost = true;
  });
  const ack = async (id: string) => {
    await send(client, "xack", [stream, group, id]);
  };
  try {
    // First what this consumer got before and did not acknowledge, then what is new.
    let last = "0";
    for (let isNew = false; !signal.aborted; ) {
      isLost = false;
      const wait: Arg[] = isNew ? ["BLOCK", BLOCK_MS] : [];
      const from = isNew ? ">" : last;
      const args = ["GROUP", group, consumer, "COUNT", options.count ?? 10, ...wait, "STREAMS", stream, from];
      const raw = pairs(await send(blocking, "xreadgroup", args)).flatMap(([, list]) => (list ?? []) as RawEntry[]);
      // The driver asked a second time: what it was given the first time is pending, and so is what it has now.
      if (isNew && isLost) {
        isNew = false;
        continue;
      }
      for (const each of raw) {
        const id = String(each[0]);
        last = id;
        // Deleted while it was pending: nothing is left of it but its id.
        if (each[1] === null) {
          await ack(id);
          continue;
        }
        let entry: StreamEntry;
        try {
          entry = await entryOf(context, options.stream, each, read);
        } catch (error) {
          if (!isUndecodable(error)) throw error;
          await settle(
            client,
            context,
            error,
            undecodable(options.stream, each, () => ack(id)),
            onDecodeError,
          );
          if (signal.aborted) return;
          continue;
        }
        yield { id, fields: entry.fields, ack: () => ack(id) };
        if (signal.aborted) return;
      }
      if (raw.length === 0) isNew = true;
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

function isUndecodable(error: unknown): error is RedisAdapterError {
  return isRedisAdapterError(error) && (error.code === "decode" || error.code === "schema");
}

function undecodable(stream: string, [id, items]: RawEntry, ack: () => Promise<void>): UndecodableEntry {
  return { stream, id: String(id), fields: pairs(items) as [Buffer, Buffer][], ack };
}

async function settle(
  client: RedisLike,
  context: CommandContext,
  error: RedisAdapterError,
  entry: UndecodableEntry,
  policy: OnUndecodableEntry,
): Promise<void> {
  if (policy === "throw") throw error;
  if (policy === "leave") process.emitWarning(error);
  else if (typeof policy === "function") await policy(error, entry);
  else {
    const fields = [...entry.fields.flat(), "x-brine-id", entry.id, "x-brine-error", error.message];
    // Not one transaction, as the streams may be in two slots: after a failure in between it is there twice, and never lost.
    await send(client, "xadd", [context.key(policy.deadLetter), "*", ...fields]);
    await entry.ack();
  }
}
