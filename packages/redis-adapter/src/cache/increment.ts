/** Django's and cachelib's `incr`, and what becomes of values that Redis cannot count with. */
import { PyFloat } from "@brine/codec";
import { RedisAdapterError } from "../errors.js";
import { script } from "../kombu/scripts.js";
import { counted, INCR } from "../pickled/commands/counters.js";
import { toBoolean } from "../pickled/context.js";
import { send } from "../pickled/driver/client.js";
import type { PickledRedis } from "../pickled/pickled.js";
import type { InTime } from "./deadline.js";
import { evaluate } from "./lock.js";

/** Django's `incr` fails on a key that is not there; Redis would make one, which cachelib's lets it. */
const INCR_EXISTING = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
${INCR}`);

/** Puts a value in the place of another one, with its lifetime. KEYS: value. ARGV: the one before, the new one. */
const REPLACE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1`);

/** The new number; `undefined`: there is none to add to. @throws RedisAdapterError `unsupported` for what is no number */
export async function increment(
  redis: PickledRedis,
  key: string,
  step: number | bigint,
  inTime: InTime,
): Promise<number | bigint | undefined> {
  const { client, dialect } = redis;
  try {
    if (dialect.incrCreates) return await redis.incr<number | bigint>(key, step);
    const reply = await evaluate(client, INCR_EXISTING, [redis.key(key)], [String(step)]);
    return reply === null ? undefined : counted(reply, step, key);
  } catch (error) {
    if (!isNoCounter(error)) throw error;
    if (dialect.incrAny) return addTo(redis, key, step, inTime);
    throw noNumber(key, error);
  }
}

/** As django-redis does: it reads, adds and stores what INCRBY refuses. Here nobody's change in between is lost. */
async function addTo(
  redis: PickledRedis,
  key: string,
  step: number | bigint,
  inTime: InTime,
): Promise<number | bigint | undefined> {
  const place = redis.key(key);
  for (;;) {
    const raw = (await send(redis.client, "get", [place])) as Buffer | null;
    if (raw === null) return undefined;
    const sum = plus(redis.decode(raw, place), step);
    if (sum === undefined) throw noNumber(key);
    inTime();
    const stored = redis.encode(sum, place);
    if (!toBoolean(await evaluate(redis.client, REPLACE, [place], [raw, stored]))) continue;
    return sum instanceof PyFloat ? sum.valueOf() : counted(sum, step, key);
  }
}

/** Python's sum of a stored number and an int: a float stays one, True is 1. */
function plus(value: unknown, step: number | bigint): PyFloat | bigint | undefined {
  // Ints that are numbers are digits, which Redis counts with.
  if (typeof value === "number" || value instanceof PyFloat) return new PyFloat(Number(value) + Number(step));
  if (typeof value === "bigint" || typeof value === "boolean") return BigInt(value) + BigInt(step);
  return undefined;
}

/** Redis counts in 64 bits, and with digits only. */
function isNoCounter(error: unknown): boolean {
  return error instanceof Error && /not an integer or out of range|would overflow/.test(error.message);
}

function noNumber(key: string, cause?: unknown): RedisAdapterError {
  return new RedisAdapterError(`Cannot increment ${JSON.stringify(key)}: its value is no int of 64 bits`, {
    code: "unsupported",
    cause,
  });
}
