/** django-redis' `HerdClient`: values that carry their end, so that few readers at a time find them gone. `client/herd.py`. */
import { BaseRegistry, defaultRegistry, Tuple, tuple } from "@brine/codec";
import { RedisAdapterError } from "../errors.js";
import type { Dialect, PickleOptions, Ttl, ValueCodec } from "./dialect.js";
import { withDigits } from "./dialect.js";

/** What stands before a value that carries its end. */
class Marker {
  /** A Python object without attributes has no state. */
  __getstate__(): null {
    return null;
  }
}

/** The user's registry, which then knows the marker, too. */
export function herdPickle(options: PickleOptions = {}): PickleOptions {
  const registry = new BaseRegistry({ extends: options.registry ?? defaultRegistry });
  registry.register("django_redis.client.herd.Marker", Marker);
  return { ...options, registry };
}

/** `CACHE_HERD_TIMEOUT`, in milliseconds. */
const HERD_TTL = 60_000;

/**
 * What the client stores: a tuple of the marker, the value and the Unix time of its end, kept in Redis for a minute longer.
 * In that minute a reader gets the value, or nothing and is to make it anew, the likelier the later it is. A value without
 * an end is stored as by the default client.
 *
 * @param inner - the serializer and compressor, whose pickles know the marker
 */
export function herd(
  inner: ValueCodec,
  herdTtl: number = HERD_TTL,
  int: "auto" | "bigint" | undefined = "auto",
): ValueCodec & Pick<Dialect, "graceTtl" | "timed"> {
  if (!(herdTtl >= 1000)) {
    throw new RedisAdapterError(`Cannot use ${herdTtl} as herdTtl: it must be 1000 ms or more`, { code: "bad-option" });
  }
  const unmarked = withDigits(inner, int);
  const herdSeconds = Math.trunc(herdTtl / 1000);
  return {
    timed: true,
    graceTtl: herdSeconds * 1000,
    encode(value, place, ttl?: Ttl) {
      if (ttl === undefined || ttl === null || ttl <= 0 || ttl === Number.POSITIVE_INFINITY)
        return unmarked.encode(value, place);
      return inner.encode(tuple(new Marker(), value, nowSeconds() + Math.ceil(ttl / 1000)), place);
    },
    decode(raw, place) {
      const stored = unmarked.decode(raw, place);
      if (!(stored instanceof Tuple) || stored.length !== 3 || !(stored[0] instanceof Marker)) return stored;
      const late = nowSeconds() - Number(stored[2]);
      return late > 0 && isExpired(late, herdSeconds) ? undefined : (stored[1] as unknown);
    },
  };
}

const nowSeconds = (): number => Math.trunc(Date.now() / 1000);

/** `_is_expired`: x >= timeout, or x + randint(1, timeout) >= timeout. */
function isExpired(late: number, herdSeconds: number): boolean {
  return late + 1 + Math.floor(Math.random() * herdSeconds) >= herdSeconds;
}
