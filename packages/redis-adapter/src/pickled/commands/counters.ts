/** Counters: Redis counts in 64 bits, a number of JavaScript in 53. */
import { RedisAdapterError } from "../../errors.js";

/** INCRBY whose reply is text, with all of its digits. KEYS: counter. ARGV: by. */
export const INCR = `
redis.call('INCRBY', KEYS[1], ARGV[1])
return redis.call('GET', KEYS[1])`;

/** @throws RedisAdapterError `bad-option` for what is no int, or is not exact */
export function checkStep(by: number | bigint): void {
  if (typeof by === "bigint" || Number.isSafeInteger(by)) return;
  throw new RedisAdapterError(`Cannot increment by ${by}: it is no safe integer; beyond 2**53 use a bigint`, {
    code: "bad-option",
  });
}

/**
 * The counter that a reply says, as a bigint for one who counts by bigints.
 *
 * @throws RedisAdapterError `too-large`
 */
export function counted(reply: unknown, by: number | bigint, key: string): number | bigint {
  const digits = String(reply);
  if (typeof by === "bigint") return BigInt(digits);
  const number = Number(digits);
  if (Number.isSafeInteger(number)) return number;
  throw new RedisAdapterError(
    `The counter ${JSON.stringify(key)} was incremented, and is beyond 2**53, where numbers lose digits: increment by a bigint`,
    { code: "too-large" },
  );
}
