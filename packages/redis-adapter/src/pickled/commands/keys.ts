import { type CommandContext, command, toBoolean, toNumber, toText } from "../context.js";
import type { Command } from "../driver/client.js";
import { spread, sum } from "./spread.js";

/** Commands on keys, whatever they hold. */
export function keyCommands(context: CommandContext) {
  const onKeys =
    (name: string) =>
    (...keys: string[]): Command =>
      spread(
        keys.map((key) => context.key(key)),
        (some) => command(name, some, toNumber),
        sum,
      );
  return {
    /** How many there were. */
    del: onKeys("del"),
    /** As `del`, without waiting for memory to be freed. */
    unlink: onKeys("unlink"),
    exists: onKeys("exists"),
    expire: (key: string, seconds: number) => command("expire", [context.key(key), seconds], toBoolean),
    pexpire: (key: string, milliseconds: number) => command("pexpire", [context.key(key), milliseconds], toBoolean),
    persist: (key: string) => command("persist", [context.key(key)], toBoolean),
    /** Seconds; -1: no expiry, -2: no key. */
    ttl: (key: string) => command("ttl", [context.key(key)], toNumber),
    pttl: (key: string) => command("pttl", [context.key(key)], toNumber),
    type: (key: string) => command("type", [context.key(key)], toText),
  };
}
