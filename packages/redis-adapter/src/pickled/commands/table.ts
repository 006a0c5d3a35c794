/** All commands, by ioredis' names, as functions that make a {@link Command}. */

import { type CommandContext, command, text, toNumber } from "../context.js";
import { hashCommands, listCommands, setCommands } from "./collections.js";
import { withCheckedOptions } from "./command-options.js";
import { keyCommands } from "./keys.js";
import { streamCommands } from "./streams.js";
import { stringCommands } from "./strings.js";

export function commandsOf(context: CommandContext) {
  return withCheckedOptions({
    ...keyCommands(context),
    ...stringCommands(context),
    ...hashCommands(context),
    ...listCommands(context),
    ...setCommands(context),
    ...streamCommands(context),
    /** Channels are not keys: neither prefixed nor versioned. */
    publish: (channel: string, value: unknown) =>
      command("publish", [text(channel, "a channel"), context.encode(value, channel)], toNumber),
  });
}

/** Commands that change nothing, and do not wait: a replica can answer them. */
export const READS: ReadonlySet<string> = new Set(
  (
    "get mget exists ttl pttl type hget hmget hgetall hexists hkeys hlen lrange lindex llen " +
    "sismember smembers scard zscore zrange zrevrange zrangebyscore zcard xlen xrange"
  ).split(" "),
);

export type CommandTable = ReturnType<typeof commandsOf>;
export type CommandName = keyof CommandTable;
